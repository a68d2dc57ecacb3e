// The dialog of one visit: what it is, why it is (not) served so, where else it could be; everything by keyboard alone.

import { changesOf } from "./drag.js";
import { button, choice, clockField, dialog, el, labelled, replace } from "./dom.js";
import { OF_VISIT } from "./happened.js";
import { askReplan } from "./replan.js";
import { KINDS } from "./week.js";
import { day, list, number, span, t, time } from "./words.js";

const PAUSE = 120;

export function openVisit(screen, id, { role = null, attempt = null } = {}) {
  const { desk, teller } = screen;
  const visit = desk.week.visits.get(id);
  dialog(teller.visit(id), (close, node) => {
    node.classList.add("visit");
    const assignment = desk.assigned.get(id) ?? null;
    const may = desk.frozen === null;
    const done = async (work, said) => {
      for (const item of node.querySelectorAll("button")) item.disabled = true;
      const ok = await screen.act(async () => {
        await work();
        return true;
      }, said);
      for (const item of node.querySelectorAll("button")) item.disabled = false;
      if (ok) {
        close();
        // A row that was drawn again has other blocks; the visit is found again where it is now.
        requestAnimationFrame(() => screen.board.reveal(id));
      }
    };
    return [
      facts(screen, visit, assignment),
      reasons(screen, visit),
      may && el("section", { class: "card" }, el("h3", {}, t("visit.recommended")), recommended(screen, visit, done)),
      may && moving(screen, visit, assignment, role, attempt, done),
      may && el("section", { class: "card" }, el("h3", {}, t("replan.happened")), el("div", { class: "acts" }, OF_VISIT.filter((kind) => assignment || kind === "withdrawn" || kind === "window" || kind === "done")
        .map((kind) => button(t(`happened.${kind}`), () => {
          close();
          askReplan(screen, { kind, given: { visit: id } });
        }, { data: { happened: kind } })))),
      el("div", { class: "acts" },
        assignment && may && (desk.isPinned(id) ? el("span", { class: "hint" }, t("visit.pinned", { pin: list(desk.week.pins.get(id).map((pin) => teller.pin(pin))) }))
          : button(t(desk.locks.has(id) ? "visit.unlock" : "visit.lock"), () => {
            desk.lock(id, !desk.locks.has(id));
            screen.app.announce(t(desk.locks.has(id) ? "locked" : "unlocked"));
            close();
          }, { data: { act: "lock" } })),
        assignment && may && button(t("visit.out"), () => done(() => desk.apply({ [id]: null }, "step.out"), t("taken_out")), { data: { act: "out" } }),
        button(t("close"), close, { class: "quiet", data: { act: "close" } })),
    ];
  });
}

function facts(screen, visit, assignment) {
  const { desk, teller } = screen;
  const rows = [
    [t("fact.category"), `${teller.category(visit.category)} · ${t(`urgency.${visit.urgency}`)}`],
    [t("fact.where"), list([visit.community?.name, t(`place.${visit.place}`), visit.resident && t("fact.resident", { id: visit.resident.id })].filter(Boolean))],
  ];
  for (const service of assignment?.team ?? []) {
    const money = service.fund ? ` · ${desk.week.funds.get(service.fund)?.name ?? service.fund}` : "";
    rows.push([assignment.team.length > 1 ? t("fact.role", { role: teller.role(service.role) }) : t("fact.served"), `${teller.person(service.provider)} · ${span(service.start, service.end)}${money}`]);
  }
  if (assignment?.room) rows.push([t("fact.room"), `${desk.week.rooms.get(assignment.room)?.venue.name ?? ""} ${assignment.room}`]);
  if (!assignment) rows.push([t("fact.served"), t("fact.nobody")]);
  const broken = desk.violations.filter((item) => item.visit === visit.id);
  return [el("dl", {}, rows.map(([term, text]) => [el("dt", {}, term), el("dd", {}, text)])), broken.length > 0 && rules(screen, broken)];
}

function rules(screen, broken) {
  return el("ul", { class: "rules" }, broken.map((item) => {
    const said = screen.teller.violation(item);
    return el("li", {}, el("strong", {}, said.rule), said.about && ` (${said.about})`, said.detail && `: ${said.detail}`, el("div", { class: "hint" }, said.says));
  }));
}

/** Why the visit waits, and what would place it, on demand; for one that is served, why so. */
function reasons(screen, visit) {
  const { desk, teller } = screen;
  const place = el("div", { "aria-live": "polite" });
  const waits = desk.unassigned.find((item) => item.visit === visit);
  const ask = button(t(waits ? "visit.explain" : "visit.explain_assigned"), async () => {
    ask.disabled = true;
    replace(place, t("visit.explaining"));
    const found = await screen.act(() => desk.api.explain(desk.view.id, visit.id));
    ask.disabled = false;
    replace(place, found && explanation(screen, found));
  }, { data: { act: "explain" } });
  return el("section", { class: "card" }, el("h3", {}, t(waits ? "visit.why_not" : "visit.why_so")),
    waits && el("p", {}, teller.reason(waits.reason)),
    waits?.reason && el("p", { class: "hint" }, teller.says(waits.reason.rule)),
    waits?.reason?.removed?.length > 0 && el("details", {}, el("summary", {}, t("visit.removed")), el("ul", {}, teller.removed(waits.reason.removed).map((line) => el("li", {}, line)))),
    waits?.reason?.change && el("p", {}, t("waiting.change", { change: teller.change(waits.reason.change) })),
    ask, place);
}

function explanation(screen, found) {
  const { teller } = screen;
  const parts = [el("p", {}, el("strong", {}, teller.verdict(found)))];
  if (found.changes?.length) {
    parts.push(el("h4", {}, t("explain.changes")), el("ul", {}, found.changes.map((change) => el("li", {}, teller.change(change), ` — ${teller.cost(change.cost)}`,
      change.dropped.length > 0 && `; ${t("explain.dropped", { who: list(change.dropped.map((id) => teller.visit(id))) })}`))));
  } else if (found.verdict !== "assigned") parts.push(el("p", {}, t("explain.no_changes", { n: number(found.tried ?? 0) })));
  if (found.forced?.displaced?.length) parts.push(el("h4", {}, t("explain.displaced")), el("ul", {}, found.forced.displaced.map((item) => el("li", {}, `${teller.visit(item.visit)} (${t(`urgency.${item.urgency}`)})`))));
  if (found.misses?.length) parts.push(el("h4", {}, t("explain.misses")), el("ul", {}, found.misses.slice(0, 6).map((miss) => el("li", {}, teller.miss(miss)))));
  for (const one of found.choices ?? []) parts.push(el("p", {}, t("explain.choice", { role: teller.role(one.role), who: teller.person(one.provider), fit: number(one.fit), free: number(one.free) })));
  if (found.alternatives?.length) {
    parts.push(el("h4", {}, t("explain.alternatives")), el("ul", {}, found.alternatives.map((item) => el("li", {}, `${teller.assignment(item.assignment)} — ${teller.cost(item.cost)}`))));
  }
  return parts;
}

function recommended(screen, visit, done) {
  const { desk, teller } = screen;
  const place = el("div", { class: "options", "aria-live": "polite" }, t("loading"));
  desk.recommend(visit.id).then((options) => {
    replace(place, options.length === 0 ? el("p", {}, t("visit.no_place")) : el("ol", {}, options.slice(0, 6).map((option, n) => el("li", {},
      el("div", {}, el("strong", {}, teller.assignment(option.assignment)), ` — ${teller.cost(option.cost)}`,
        el("div", { class: "hint" }, teller.terms(option.by_term).slice(0, 4).map((term) => el("span", { class: "term" }, term.text))),
        option.moved.length > 0 && el("div", { class: "hint" }, t("visit.moves", { who: list(option.moved.map((item) => (item.after ? t("visit.moves_to", { visit: teller.visit(item.visit), when: time(item.after.team[0].start) }) : t("visit.moves_out", { visit: teller.visit(item.visit) })))) }))),
      button(t("visit.use"), () => done(() => desk.apply(changesOf(visit.id, option), "step.move"), t("moved")), { data: { option: n }, "aria-label": t("visit.use_named", { what: teller.assignment(option.assignment) }) })))));
  }).catch((error) => replace(place, error.message));
  return place;
}

/** A person, a day and a time of one's own: what it would cost and which rules it would break, at once. */
function moving(screen, visit, assignment, role, attempt, done) {
  const { desk, teller } = screen;
  const { week } = desk;
  const first = assignment?.team[0];
  const chosen = {
    role: attempt?.role ?? role ?? visit.roles[0].id,
    start: attempt?.start ?? (first ? first.start.slice(0, 16) : `${week.date(0)}T09:00`),
  };
  const at = (name) => assignment?.team.find((service) => service.role === name)?.provider;
  chosen.provider = attempt?.provider ?? at(chosen.role) ?? likely(visit, chosen.role);
  const verdict = el("div", { class: "answer", role: "status" });
  const go = button(t("visit.move"), () => done(() => desk.apply({ [visit.id]: answer.after }, "step.move"), t("moved")), { class: "main", disabled: true, data: { act: "move" } });
  let [answer, timer, asked] = [null, 0, 0];

  function likely(item, name) {
    const wanted = item.roles.find((one) => one.id === name).role;
    const fits = (provider) => wanted.kinds.includes(provider.kind) && Object.entries(wanted.skills ?? {}).every(([skill, level]) => (provider.skills?.[skill] ?? 0) >= level);
    return ([...week.providers.values()].find(fits) ?? week.providers.values().next().value).id;
  }

  const question = () => {
    const wanted = { visit: visit.id, start: chosen.start };
    if (at(chosen.role) !== chosen.provider) Object.assign(wanted, { provider: chosen.provider, role: chosen.role });
    return wanted;
  };
  const isSame = () => assignment && chosen.start === first.start.slice(0, 16) && at(chosen.role) === chosen.provider;
  const look = () => {
    clearTimeout(timer);
    go.disabled = true;
    if (isSame()) {
      replace(verdict, t("visit.as_it_is"));
      return;
    }
    timer = setTimeout(async () => {
      const mine = (asked += 1);
      try {
        const found = await desk.api.whatIf(desk.view.id, question());
        if (mine !== asked) return;
        answer = found;
        go.disabled = false;
        go.textContent = t(found.is_allowed ? "visit.move" : "visit.move_anyway");
        verdict.className = `answer ${found.is_allowed ? "good" : "bad"}`;
        replace(verdict, found.is_allowed ? el("p", { class: "ok" }, t("drag.allowed")) : [el("p", {}, t("visit.breaks", { n: number(found.broken.length) })), rules(screen, found.broken)],
          el("p", {}, teller.cost(found.cost)), el("p", { class: "hint" }, teller.terms(found.by_term).slice(0, 5).map((term) => el("span", { class: "term" }, term.text))));
      } catch (error) {
        if (mine === asked) replace(verdict, error.errors?.[0]?.detail ?? error.message);
      }
    }, PAUSE);
  };
  const set = (name) => (value) => {
    chosen[name] = value;
    look();
  };
  const people = [...week.providers.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)).map((item) => [item.id, item.name || item.id, t(`kind.${item.kind}`)]);
  const who = choice(people, chosen.provider, set("provider"), { data: { move: "person" } });
  const days = Array.from({ length: week.days }, (_, i) => [week.date(i), day(week.date(i))]);
  const clock = clockField(chosen.start.slice(11, 16), (time) => {
    if (time) set("start")(`${chosen.start.slice(0, 10)}T${time}`);
    else go.disabled = true;
  }, { data: { move: "time" } });
  look();
  return el("section", { class: "card", "aria-label": t("visit.elsewhere") }, el("h3", {}, t("visit.elsewhere")), el("div", { class: "row" },
    visit.roles.length > 1 && labelled(t("visit.role"), choice(visit.roles.map((item) => [item.id, teller.role(item.id)]), chosen.role, (value) => {
      chosen.role = value;
      chosen.provider = at(value) ?? likely(visit, value);
      who.value = chosen.provider;
      look();
    })),
    labelled(t("visit.person"), who),
    labelled(t("visit.day"), choice(days, chosen.start.slice(0, 10), (value) => set("start")(`${value}T${chosen.start.slice(11, 16)}`), { data: { move: "day" } })),
    labelled(t("visit.time"), clock)), verdict, go);
}
