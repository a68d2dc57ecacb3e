// What changed and who must be told: the list of calls to make; putting the plan in force.

import { button, copy, dialog, el } from "./dom.js";
import { list, moment, number, t, time } from "./words.js";

const SHOWN = 300;
const KEPT = "sishe.desk.told.";

/** A difference as lists: visit by visit, and the calls to make, each to be ticked off once it is made (kept for `plan` in this browser). */
export function told(screen, difference, plan) {
  const { teller } = screen;
  const calls = callsOf(screen, difference);
  const counts = Object.entries(difference?.counts ?? {}).map(([what, n]) => t("diff.count", { what: t(`what.${what}`), n: number(n) }));
  if (calls.length === 0 && counts.length === 0) return el("p", {}, t("diff.none"));
  const ticked = new Set(JSON.parse(localStorage.getItem(KEPT + plan) || "[]"));
  const tick = (key) => (event) => {
    if (event.target.checked) ticked.add(key);
    else ticked.delete(key);
    localStorage.setItem(KEPT + plan, JSON.stringify([...ticked]));
  };
  const text = () => calls.map(({ who, lines }) => `${who}\n${lines.map((line) => `  ${line}`).join("\n")}`).join("\n");
  return [
    el("p", {}, counts.join(" · "), " — ", teller.cost(difference.cost.difference)),
    el("details", { class: "no-print" }, el("summary", {}, t("diff.visits", { n: number(difference.visits.length) })),
      el("ul", {}, difference.visits.slice(0, SHOWN).map((item) => el("li", {}, became(teller, item))))),
    el("div", { class: "calls" }, el("h3", {}, t("diff.people", { n: number(calls.length) })),
      el("div", { class: "acts no-print" }, button(t("calls.copy"), async () => screen.app.announce(t(await copy(text()) ? "calls.copied" : "calls.not_copied")), { data: { act: "copy" } }),
        button(t("print"), () => print(), { data: { act: "print" } }), el("span", { class: "hint" }, t("calls.tick")))),
    el("ul", { class: "told" }, calls.slice(0, SHOWN).map(({ key, who, lines }) => el("li", {},
      el("label", {}, el("input", { type: "checkbox", checked: ticked.has(key), on: { change: tick(key) } }), el("strong", {}, who)),
      el("ul", {}, lines.map((line) => el("li", {}, line)))))),
    calls.length > SHOWN && el("p", {}, t("calls.more", { n: number(calls.length - SHOWN) })),
  ];
}

/** What people know of an assignment: who comes, where, when to the minute. */
const known = ({ room, team }) => JSON.stringify([room ?? null, team.map(({ role, provider, crew, start }) => [role, provider, crew ?? 1, moment(start)])]);

/** Whom to call, residents first, and what to say to each. */
function callsOf(screen, difference) {
  const { teller, desk } = screen;
  const people = new Map();
  // What has moved within the minute is the same to everybody: nobody is called for that.
  const alike = new Set((difference?.visits ?? []).filter((item) => item.before && item.after && known(item.before) === known(item.after)).map((item) => item.visit));
  const notices = (difference?.notices ?? []).filter((item) => !alike.has(item.visit));
  const teams = new Map((difference?.visits ?? []).filter((item) => item.after).map((item) => [item.visit, item.after.team]));
  for (const notice of [...notices.filter((item) => item.resident), ...notices.filter((item) => !item.resident)]) {
    const key = notice.resident ? `r ${notice.resident}` : `p ${notice.provider}`;
    people.set(key, [...(people.get(key) || []), notice]);
  }
  return [...people].map(([key, found]) => {
    const [{ resident, provider }] = found;
    const community = resident && (desk.week.communities.get(desk.resident(resident)?.community)?.name ?? "");
    const who = resident ? t("diff.resident", { id: resident, community }) : teller.person(provider);
    return { key, who, lines: found.map((notice) => notified(teller, notice, resident && teams.get(notice.visit))) };
  });
}

function became(teller, { visit, what, before, after }) {
  const within = before && after && teller.assignment(before) === teller.assignment(after);
  const parts = [before, after].filter(Boolean).map((item) => teller.assignment(item, within));
  return t("diff.visit", { visit: teller.visit(visit), what: t(`what.${what}`), how: parts.join(" → ") });
}

/** What to say of one notice; a resident hears who comes. */
function notified(teller, { visit, what, before, after }, team) {
  const isOneDay = before?.slice(0, 10) === after?.slice(0, 10);
  const when = before && after && before !== after ? t("diff.from_to", { from: moment(before), to: isOneDay ? time(after) : moment(after) }) : before || after ? moment(after ?? before) : "";
  const said = t("diff.notice", { visit: teller.visit(visit), what: t(`what.${what}`), when });
  return team ? t("diff.comes", { said, who: list([...new Set(team.map((service) => teller.person(service.provider)))]) }) : said;
}

/** What changed since people last knew the plan. */
function since(screen, { difference, isInForce }) {
  if (!difference) return el("p", {}, t("diff.none"));
  return el("section", { class: "card" }, el("h3", {}, t(isInForce ? "changes.since_published" : "changes.since_first")), told(screen, difference, screen.desk.view.id));
}

export async function showChanges(screen) {
  const found = await screen.act(() => screen.desk.changes());
  if (!found) return;
  dialog(t("changes"), (close, node) => {
    node.classList.add("wide");
    return [since(screen, found), el("div", { class: "acts" }, button(t("close"), close, { data: { act: "close" } }))];
  });
}

export async function askPublish(screen) {
  const { desk } = screen;
  const found = await screen.act(() => desk.changes());
  if (!found) return;
  dialog(t("publish.title"), (close, node) => {
    node.classList.add("wide");
    const go = button(t("publish.go"), async () => {
      go.disabled = true;
      const ok = await screen.act(async () => {
        await desk.publish();
        return true;
      }, t("publish.done"));
      go.disabled = false;
      if (ok) close();
    }, { class: "main", data: { act: "go" } });
    return [
      el("p", {}, t("publish.about", { placed: number(desk.assigned.size), waiting: number(desk.unassigned.length) })),
      // Of a plan that nobody knows yet everybody has to be told, not only of what differs from an earlier draft.
      !found.isInForce && el("p", {}, t("publish.first")),
      (found.isInForce || found.difference?.visits.length > 0) && since(screen, found),
      el("div", { class: "acts" }, go, button(t("cancel"), close, { class: "quiet", data: { act: "close" } })),
    ];
  });
}
