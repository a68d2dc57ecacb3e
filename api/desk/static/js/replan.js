// Something happened, or the locks are set: plan again, see what that would change and whom to tell, then take it or not.

import { told } from "./changes.js";
import { button, choice, clockField, clockOf, dialog, el, labelled, replace } from "./dom.js";
import { ALL, form, here } from "./happened.js";
import { watch } from "./planning.js";
import { day, moment, number, t } from "./words.js";

const SECONDS = [10, 30, 120];

/** Ask what happened; the form of `kind` is open from the start, about the visit or the person `given`. */
export function askReplan(screen, { kind: first = "", given = {} } = {}) {
  const { desk } = screen;
  const events = [];
  dialog(t(first ? `happened.${first}` : "replan.title"), (close, node) => {
    node.classList.add("wide");
    const ending = new AbortController();
    node.addEventListener("close", () => ending.abort());
    const happened = el("ul", { class: "events" });
    const place = el("div", {});
    let open = null;
    const listed = () => replace(happened, events.map((event, i) => el("li", {}, event.text, " ", button(t("remove"), () => {
      events.splice(i, 1);
      listed();
    }, { class: "quiet", "aria-label": t("remove_named", { what: event.text }) }))));
    const kind = choice([["", t("happened.nothing")], ...ALL.map((name) => [name, t(`happened.${name}`)])], first, () => show(), { data: { field: "kind" } });
    const show = () => {
      open = kind.value ? form(screen, kind.value, given) : null;
      replace(place, open && [open.node, button(t("replan.add"), () => take(), { data: { act: "add" } })]);
    };
    /** Take the open form in; says whether there is nothing wrong with it. */
    const take = () => {
      if (!open) return true;
      const found = open.read();
      if (!found) return false;
      events.push(found);
      screen.app.announce(t("replan.added", { what: found.text }));
      listed();
      kind.value = "";
      show();
      return true;
    };
    const asOf = moments(desk.week);
    const seconds = choice([[0, t("replan.touched")], ...SECONDS.map((n) => [n, t("replan.search", { n })])], 0, () => {}, { data: { replan: "seconds" } });
    const much = choice([["", t("replan.few")], ["0", t("replan.many")]], "", () => {}, { data: { replan: "price" } });
    const state = el("div", { role: "status" });
    const asks = el("div", {});
    const go = button(t("replan.go"), async () => {
      if (!take()) return;
      const now = asOf.read();
      if (now === undefined) return;
      go.disabled = true;
      asks.inert = true;
      replace(state, el("p", { class: "hint" }, t("replan.going")));
      const follow = (job) => {
        const watched = watch(screen.app, job, { budget: Number(seconds.value), signal: ending.signal });
        replace(state, watched.node);
        watched.stop.focus();
        return watched.done;
      };
      const asked = { events: events.flatMap((item) => item.events), budget: Number(seconds.value) || null, price: much.value === "" ? null : Number(much.value), now };
      const proposal = await screen.act(() => desk.propose(asked, follow), t("replan.done"));
      go.disabled = false;
      asks.inert = false;
      replace(state);
      if (!proposal) return;
      if (ending.signal.aborted) {
        desk.refuse(proposal);
        return;
      }
      close();
      preview(screen, proposal, events);
    }, { class: "main", data: { act: "go" } });
    show();
    listed();
    return [
      add(asks, [
        el("p", {}, desk.locks.size > 0 ? t("replan.about", { n: number(desk.locks.size) }) : t("replan.about_free")),
        el("section", { class: "card", "aria-label": t("replan.happened") }, el("h3", {}, t("replan.happened")), happened, labelled(t("happened.kind"), kind), place),
        el("div", { class: "row" }, asOf.node),
        el("div", { class: "row" }, labelled(t("replan.how_long"), seconds), labelled(t("replan.how_much"), much)),
      ]),
      state,
      el("div", { class: "acts" }, go, button(t("cancel"), close, { class: "quiet", data: { act: "close" } })),
    ];
  });
}

function add(node, children) {
  node.append(...children);
  return node;
}

/** As of when all this is known: before the week, now, or a moment of it. `read` gives null, a moment, or (nothing being clear) undefined. */
function moments(week) {
  const now = here();
  const isNow = week.date(0) <= now && now < week.moment(week.days * 86_400);
  const clock = clockField(isNow ? now.slice(11) : "08:00", null, { data: { field: "now_time" } });
  const days = Array.from({ length: week.days }, (_, i) => [week.date(i), day(week.date(i))]);
  const when = choice(days, isNow ? now.slice(0, 10) : week.date(0), () => {}, { data: { field: "now_day" } });
  const own = el("div", { class: "row" }, labelled(t("happened.day"), when), labelled(t("replan.clock"), clock));
  const show = () => {
    own.hidden = which.value !== "moment";
  };
  const options = [["", t("replan.before_week")], ...(isNow ? [["now", t("replan.now", { when: moment(now) })]] : []), ["moment", t("replan.moment")]];
  const which = choice(options, isNow ? "now" : "", show, { data: { replan: "now" } });
  show();
  return {
    node: [labelled(t("replan.as_of"), which), own],
    read() {
      if (which.value === "") return null;
      if (which.value === "now") return `${here()}:00`;
      const found = clockOf(clock.value);
      if (found) return `${when.value}T${found}:00`;
      clock.setAttribute("aria-invalid", "true");
      clock.focus();
      return undefined;
    },
  };
}

/** What a new plan would change, before it is taken. */
function preview(screen, proposal, events) {
  const { desk, teller } = screen;
  let isTaken = false;
  dialog(t("preview.title"), (close, node) => {
    node.classList.add("wide");
    node.addEventListener("close", () => !isTaken && desk.refuse(proposal));
    const go = button(t("preview.accept"), async () => {
      go.disabled = true;
      isTaken = true;
      const ok = await screen.act(() => desk.accept(proposal).then(() => true), t("preview.accepted"));
      go.disabled = false;
      if (ok) close();
      else isTaken = false;
    }, { class: "main", data: { act: "accept" } });
    return [
      el("p", {}, t("preview.about", { assigned: number(proposal.plan.assigned ?? 0), visits: number(proposal.plan.visits ?? 0) })),
      events.length > 0 && el("ul", { class: "events" }, events.map((event) => el("li", {}, event.text))),
      proposal.released.length > 0 && el("p", { class: "wrong" }, t("replan.released", { who: proposal.released.map((id) => teller.visit(id)).join(", ") })),
      told(screen, proposal.difference, proposal.plan.id),
      el("div", { class: "acts" }, go, button(t("preview.refuse"), close, { data: { act: "refuse" } })),
    ];
  });
}
