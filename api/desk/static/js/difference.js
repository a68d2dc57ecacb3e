// What differs between two plans, as the server tells it, and several such differences in a row put together into one.

/** A visit asked for at another time is, for the engine, one withdrawn and a new need, whose id says which visit it stands for. */
const INSTEAD = /^(.+)~(\d+)~*#1$/;

/** The id of a need that stands in for a visit at another time. */
export function insteadOf(week, visit) {
  const found = week.visits.get(visit);
  let id = `${found.need.id}~${found.number}`;
  while (week.visits.has(`${id}#1`)) id += "~";
  return id;
}

/**
 * Put differences in a row into one: from before the first to after the last. `renamed` of each says which visits it gave another number.
 * `week` is the one after the last.
 */
export function compose(parts, week) {
  const given = parts.filter(Boolean);
  if (given.length === 0) return null;
  const gone = new Map();
  let open = new Map();
  for (const part of given) {
    const withdrawn = part.visits.filter((item) => item.what === "withdrawn");
    for (const item of withdrawn) {
      const known = open.get(item.visit);
      open.delete(item.visit);
      const before = known ? known.before : item.before;
      if (before) gone.set(item.visit, before);
    }
    open = new Map([...open].map(([visit, item]) => [part.renamed?.[visit] ?? visit, item]));
    for (const item of part.visits.filter((one) => one.what !== "withdrawn")) {
      const known = open.get(item.visit);
      open.set(item.visit, { before: known ? known.before : item.before, after: item.after });
    }
  }
  for (const visit of week.visits.keys()) {
    const [, need, number] = INSTEAD.exec(visit) ?? [];
    const old = `${need}#${number}`;
    if (!need || !gone.has(old) || open.get(visit)?.before) continue;
    // What was to be at another time and found no place there is left out, not withdrawn: the resident has to hear of it.
    open.set(visit, { before: gone.get(old), after: open.get(visit)?.after ?? null });
    gone.delete(old);
  }
  const visits = [...open].map(([visit, { before, after }]) => ({ visit, what: became(before, after), before, after })).filter((item) => item.what);
  for (const [visit, before] of gone) visits.push({ visit, what: "withdrawn", before, after: null });
  const order = new Map([...week.visits.keys()].map((id, i) => [id, i]));
  visits.sort((a, b) => (order.get(a.visit) ?? Infinity) - (order.get(b.visit) ?? Infinity));
  const counts = {};
  for (const { what } of visits) counts[what] = (counts[what] || 0) + 1;
  const [a, b] = [given[0].cost.a, given.at(-1).cost.b];
  return { visits, counts, cost: { a, b, difference: b - a }, notices: visits.flatMap((item) => noticesOf(item, week)) };
}

/** What became of a visit: as `matcher.diff` says it; null where nothing did. */
function became(before, after) {
  if (!before || !after) return before ? "dropped" : after ? "assigned" : null;
  const [old, now] = [by("role", before), by("role", after)];
  const others = [...new Set([...old.keys(), ...now.keys()])].some((role) => old.get(role)?.provider !== now.get(role)?.provider);
  const moved = (before.room ?? null) !== (after.room ?? null) || [...old].some(([role, service]) => now.has(role) && now.get(role).start !== service.start);
  if (others || moved) return others && moved ? "moved_team" : others ? "team" : "moved";
  const differs = (key, usual) => [...old].some(([role, service]) => (service[key] ?? usual) !== (now.get(role)?.[key] ?? usual));
  return differs("crew", 1) ? "team" : differs("fund", null) ? "fund" : null;
}

const by = (key, assignment) => new Map((assignment?.team ?? []).map((service) => [service[key], service]));

/** Who has to be told what of a visit. */
function noticesOf({ visit, what, before, after }, week) {
  if (what === "fund") return [];
  const found = [];
  const need = week.needOf(visit);
  if (need?.resident && what !== "withdrawn") found.push({ resident: need.resident, visit, what, before: before?.team[0].start ?? null, after: after?.team[0].start ?? null });
  const [old, now] = [by("provider", before), by("provider", after)];
  for (const provider of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(provider), now.get(provider)];
    const part = partOf(was, is, (before?.room ?? null) !== (after?.room ?? null), what.includes("team"));
    if (part) found.push({ provider, visit, what: part, before: was?.start ?? null, after: is?.start ?? null });
  }
  return found;
}

function partOf(was, is, isElsewhere, hasOthers) {
  if (!was || !is) return was ? "gone" : "new";
  if (was.start !== is.start || isElsewhere) return "moved";
  if (was.role !== is.role || (was.crew ?? 1) !== (is.crew ?? 1)) return "team";
  return hasOthers ? "mates" : null;
}
