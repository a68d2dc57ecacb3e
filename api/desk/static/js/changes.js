// What changed and who must be told; planning again after something happened; putting the plan in force.

import { button, choice, dialog, el, labelled, replace } from "./dom.js";
import { day, moment, number, t, time } from "./words.js";

const SHOWN = 300;

/** A difference of the server as lists: whom to tell, visit by visit. */
function told(screen, difference) {
  const { teller, desk } = screen;
  const people = new Map();
  for (const notice of difference.notices) {
    const key = notice.resident ? `r ${notice.resident}` : `p ${notice.provider}`;
    people.set(key, [...(people.get(key) || []), notice]);
  }
  const counts = Object.entries(difference.counts).map(([what, n]) => t("diff.count", { what: t(`what.${what}`), n: number(n) }));
  if (people.size === 0 && counts.length === 0) return el("p", {}, t("diff.none"));
  return [
    el("p", {}, counts.join(" · "), " — ", teller.cost(difference.cost.difference)),
    el("p", {}, el("strong", {}, t("diff.people", { n: number(people.size) }))),
    el("ul", { class: "told" }, [...people.values()].slice(0, SHOWN).map((notices) => {
      const [first] = notices;
      const resident = first.resident && desk.week.residents.get(first.resident);
      const who = first.resident ? t("diff.resident", { id: first.resident, community: desk.week.communities.get(resident?.community)?.name ?? "" }) : teller.person(first.provider);
      return el("li", {}, el("strong", {}, who), el("ul", {}, notices.map((notice) => el("li", {}, notified(teller, notice)))));
    })),
  ];
}

function notified(teller, { visit, what, before, after }) {
  const isOneDay = before?.slice(0, 10) === after?.slice(0, 10);
  const when = before && after && before !== after ? t("diff.from_to", { from: moment(before), to: isOneDay ? time(after) : moment(after) }) : before || after ? moment(after ?? before) : "";
  return t("diff.notice", { visit: teller.visit(visit), what: t(`what.${what}`), when });
}

export async function showChanges(screen) {
  const found = await screen.act(() => screen.desk.changes());
  if (!found) return;
  dialog(t("changes"), (close, node) => {
    node.classList.add("wide");
    return [
      found.replanned && el("section", { class: "card" }, el("h3", {}, t("changes.replanned")), told(screen, found.replanned)),
      found.byHand && el("section", { class: "card" }, el("h3", {}, t("changes.by_hand")), told(screen, found.byHand)),
      !found.replanned && !found.byHand && el("p", {}, t("diff.none")),
      el("div", { class: "acts" }, button(t("print"), () => print(), { class: "quiet" }), button(t("close"), close, { data: { act: "close" } })),
    ];
  });
}

/** Something happened, or the locks are set: plan again. */
export function askReplan(screen) {
  const { desk, teller } = screen;
  const events = [];
  dialog(t("replan.title"), (close, node) => {
    node.classList.add("wide");
    const happened = el("ul", { class: "events" });
    const listed = () => replace(happened, events.map((event, i) => el("li", {}, event.text, " ", button(t("remove"), () => {
      events.splice(i, 1);
      listed();
    }, { class: "quiet", "aria-label": t("remove_named", { what: event.text }) }))));
    const people = [...desk.week.providers.values()].map((item) => [item.id, item.name || item.id]);
    const days = [["", t("replan.all_week")], ...Array.from({ length: desk.week.days }, (_, i) => [desk.week.date(i), day(desk.week.date(i))])];
    const who = choice(people, people[0]?.[0], () => {}, { data: { absent: "person" } });
    const when = choice(days, "", () => {}, { data: { absent: "day" } });
    const add = button(t("replan.add"), () => {
      const event = { kind: "absent", provider: who.value, ...(when.value ? { day: when.value } : {}) };
      events.push({ event, text: t("replan.absent", { who: teller.person(who.value), when: when.value ? day(when.value) : t("replan.all_week") }) });
      listed();
    }, { data: { act: "absent" } });
    const seconds = choice([[0, t("replan.touched")], [10, t("replan.search", { n: 10 })], [30, t("replan.search", { n: 30 })]], 10, () => {}, { data: { replan: "seconds" } });
    const much = choice([["", t("replan.few")], ["0", t("replan.many")]], "", () => {}, { data: { replan: "price" } });
    const go = button(t("replan.go"), async () => {
      go.disabled = true;
      replace(state, t("replan.going"));
      const asked = { events: events.map((item) => item.event), budget: Number(seconds.value) || null, price: much.value === "" ? null : Number(much.value) };
      const made = await screen.act(() => desk.replan(asked), t("replan.done"));
      go.disabled = false;
      replace(state);
      if (!made) return;
      close();
      released(screen, made);
    }, { class: "main", data: { act: "go" } });
    const state = el("p", { class: "hint", role: "status" });
    return [
      el("p", {}, t("replan.about", { n: number(desk.locks.size) })),
      el("section", { class: "card" }, el("h3", {}, t("replan.happened")), el("div", { class: "row" }, labelled(t("replan.who"), who), labelled(t("replan.when"), when), add), happened),
      el("div", { class: "row" }, labelled(t("replan.how_long"), seconds), labelled(t("replan.how_much"), much)),
      state,
      el("div", { class: "acts" }, go, button(t("cancel"), close, { class: "quiet", data: { act: "close" } })),
    ];
  });
}

function released(screen, made) {
  const { teller } = screen;
  dialog(t("changes.replanned"), (close, node) => {
    node.classList.add("wide");
    return [
      made.released.length > 0 && el("p", { class: "wrong" }, t("replan.released", { who: made.released.map((id) => teller.visit(id)).join(", ") })),
      told(screen, made.difference),
      el("div", { class: "acts" }, button(t("close"), close, { class: "main", data: { act: "close" } })),
    ];
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
      found.replanned && el("section", { class: "card" }, el("h3", {}, t("changes.replanned")), told(screen, found.replanned)),
      found.byHand && el("section", { class: "card" }, el("h3", {}, t("changes.by_hand")), told(screen, found.byHand)),
      el("div", { class: "acts" }, go, button(t("cancel"), close, { class: "quiet", data: { act: "close" } })),
    ];
  });
}
