// What can happen to a plan, each with the form that asks for it. What a form gives are events as the API takes them (docs/living.md).

import { choice, clockField, clockOf, el, labelled, replace } from "./dom.js";
import { insteadOf } from "./difference.js";
import { needForm } from "./need.js";
import { KINDS as PEOPLE } from "./week.js";
import { day, list, moment, t, time } from "./words.js";

export const OF_VISIT = ["late", "done", "missed", "withdrawn", "window"];
export const OF_PERSON = ["absent", "extra_hours"];
export const ALL = ["absent", "new_need", "withdrawn", "window", "late", "done", "missed", "extra_hours", "venue_closed"];

/** A form was filled in so that nothing can be made of it. */
class Unclear extends Error {}

/**
 * The form for one kind of event: `node`, and `read`, which gives `{events, text}` or says on the form what is missing and gives null.
 * `given` names the visit or the person that it is about.
 */
export function form(screen, kind, given = {}) {
  const wrong = el("p", { class: "wrong", role: "alert" });
  const made = FORMS[kind](screen, given);
  const node = el("div", { class: "event", data: { event: kind } }, el("p", { class: "hint" }, t(`happened.${kind}.about`)), el("div", { class: "row" }, made.fields), made.more, wrong);
  const read = () => {
    replace(wrong);
    try {
      return made.read();
    } catch (error) {
      if (!(error instanceof Unclear)) throw error;
      replace(wrong, error.message);
      return null;
    }
  };
  return { node, read };
}

const FORMS = {
  absent: (screen, given) => away(screen, people(screen, given.provider), (who) => ({ kind: "absent", provider: who }), (who) => screen.teller.person(who), "absent"),
  venue_closed: (screen) => {
    const venues = [...screen.desk.week.venues.values()].map((item) => [item.id, item.name || item.id]);
    return away(screen, choice(venues, venues[0]?.[0], () => {}, { data: { field: "venue" } }), (venue) => ({ kind: "venue_closed", venue }),
      (venue) => screen.desk.week.venues.get(venue)?.name || venue, "venue_closed");
  },
  extra_hours(screen, given) {
    const who = people(screen, given.provider);
    const when = days(screen, "day");
    const [from, to] = [clockField("09:00", null, { data: { field: "from" } }), clockField("12:00", null, { data: { field: "to" } })];
    return {
      fields: [labelled(t("happened.person"), who), labelled(t("happened.day"), when), labelled(t("happened.from"), from), labelled(t("happened.to"), to)],
      read() {
        const hours = { day: when.value, ...span(from, to) };
        const said = t("happened.on", { when: `${day(when.value)} ${hours.from}–${hours.to}`, who: screen.teller.person(who.value) });
        return { events: [{ kind: "extra_hours", provider: who.value, hours }], text: t("happened.extra_hours.text", { what: said }) };
      },
    };
  },
  new_need: (screen) => needForm(screen, { unclear: (text) => new Unclear(text) }),
  withdrawn(screen, given) {
    const { week } = screen.desk;
    const which = visits(screen, given.visit, () => true);
    const scope = choice([["visit", t("happened.this_visit")], ["need", t("happened.whole_need")]], "visit", () => {}, { data: { field: "scope" } });
    return {
      fields: [labelled(t("happened.visit"), which), labelled(t("happened.scope"), scope)],
      read() {
        const { need } = week.visits.get(chosen(which));
        const isAll = scope.value === "need";
        const what = isAll ? need.title || need.id : screen.teller.visit(which.value);
        return { events: [{ kind: "withdrawn", ...(isAll ? { need: need.id } : { visit: which.value }) }], text: t("happened.withdrawn.text", { what }) };
      },
    };
  },
  window(screen, given) {
    const { desk } = screen;
    const which = visits(screen, given.visit, () => true);
    const when = days(screen, "day", true);
    const [from, to] = [clockField("", null, { data: { field: "from" } }), clockField("", null, { data: { field: "to" } })];
    return {
      fields: [labelled(t("happened.visit"), which), labelled(t("happened.day"), when), labelled(t("happened.earliest"), from), labelled(t("happened.latest"), to)],
      read() {
        const visit = desk.week.visits.get(chosen(which));
        const hours = span(from, to, true);
        const { first_team: first, spacing: _, preferred: __, visits: ___, ...need } = visit.need;
        const id = insteadOf(desk.week, visit.id);
        const team = visit.number === 1 && first ? first : need.team;
        const windows = [{ ...(when.value ? { day: when.value } : {}), earliest: hours.from, latest: hours.to }];
        const events = [{ kind: "withdrawn", visit: visit.id }, { kind: "new_need", need: { ...need, id, team, windows } }];
        const said = `${when.value ? day(when.value) : t("happened.any_day")} ${hours.from}–${hours.to}`;
        return { events, text: t("happened.window.text", { what: screen.teller.visit(visit.id), when: said }) };
      },
    };
  },
  late(screen, given) {
    const { desk } = screen;
    const which = visits(screen, given.visit, (visit) => desk.assigned.has(visit.id));
    const what = choice([["end", t("happened.ends")], ["start", t("happened.starts")]], "end", () => {}, { data: { field: "which" } });
    const at = clockField("", null, { data: { field: "at" } });
    return {
      fields: [labelled(t("happened.visit"), which), labelled(t("happened.which"), what), labelled(t("happened.at"), at)],
      read() {
        const visit = chosen(which);
        const clock = needed(at);
        const said = t(what.value === "end" ? "happened.late.ends" : "happened.late.starts", { what: screen.teller.visit(visit), at: clock });
        return { events: [{ kind: "late", visit, [what.value]: clock }], text: said };
      },
    };
  },
  done: (screen, given) => done(screen, given),
  missed(screen, given) {
    const which = visits(screen, given.visit, (visit) => screen.desk.assigned.has(visit.id));
    return {
      fields: [labelled(t("happened.visit"), which)],
      read: () => ({ events: [{ kind: "missed", visit: chosen(which) }], text: t("happened.missed.text", { what: screen.teller.visit(which.value) }) }),
    };
  },
};

/** Somebody is away, or a place is closed: from a day to a day, whole days or hours of them. */
function away(screen, who, event, name, kind) {
  const { week } = screen.desk;
  const [first, last] = [days(screen, "first"), days(screen, "last")];
  first.addEventListener("change", () => {
    if (last.value < first.value) last.value = first.value;
  });
  const [from, to] = [clockField("", null, { data: { field: "from" } }), clockField("", null, { data: { field: "to" } })];
  return {
    fields: [labelled(t(kind === "absent" ? "happened.person" : "happened.venue"), who), labelled(t("happened.first_day"), first), labelled(t("happened.last_day"), last),
      labelled(t("happened.from"), from), labelled(t("happened.to"), to)],
    read() {
      if (!who.value) throw new Unclear(t("happened.choose"));
      if (last.value < first.value) throw new Unclear(t("happened.days_wrong"));
      const isHours = from.value.trim() !== "" || to.value.trim() !== "";
      const hours = isHours ? span(from, to) : null;
      const isAll = !isHours && first.value === week.date(0) && last.value === week.date(week.days - 1);
      const dates = Array.from({ length: week.days }, (_, i) => week.date(i)).filter((date) => first.value <= date && date <= last.value);
      const events = isAll ? [event(who.value)] : dates.map((date) => ({ ...event(who.value), ...(hours ? { hours: { day: date, ...hours } } : { day: date }) }));
      const when = isAll ? t("happened.all_week") : `${first.value === last.value ? day(first.value) : `${day(first.value)}–${day(last.value)}`}${hours ? ` ${hours.from}–${hours.to}` : ""}`;
      return { events, text: t(`happened.${kind}.text`, { who: name(who.value), when }) };
    },
  };
}

/** A visit was done by others: by people of the week, role by role, or by somebody outside it. */
function done(screen, given) {
  const { desk } = screen;
  const more = el("div", { class: "row" });
  const by = choice([["week", t("happened.done.week")], ["outside", t("happened.done.outside")]], "week", () => ask(), { data: { field: "by" } });
  const which = visits(screen, given.visit, () => true, () => ask());
  let [roles, when, at] = [new Map(), null, null];
  const ask = () => {
    const visit = desk.week.visits.get(which.value);
    const planned = desk.assigned.get(which.value);
    if (by.value === "outside" || !visit) {
      replace(more);
      return;
    }
    roles = new Map(visit.roles.map((item) => [item.id, people(screen, planned?.team.find((service) => service.role === item.id)?.provider, item.id)]));
    when = days(screen, "day", false, planned?.team[0].start.slice(0, 10));
    at = clockField(planned ? time(planned.team[0].start) : "", null, { data: { field: "at" } });
    replace(more, [...roles].map(([id, who]) => labelled(roles.size > 1 ? t("happened.role", { role: id }) : t("happened.person"), who)), labelled(t("happened.day"), when), labelled(t("happened.starts"), at));
  };
  ask();
  return {
    fields: [labelled(t("happened.visit"), which), labelled(t("happened.by"), by)],
    more,
    read() {
      const visit = chosen(which);
      if (by.value === "outside") return { events: [{ kind: "done", visit }], text: t("happened.done.text_outside", { what: screen.teller.visit(visit) }) };
      const team = Object.fromEntries([...roles].map(([id, who]) => [id, who.value]));
      const start = `${when.value}T${needed(at)}`;
      const who = list([...new Set(Object.values(team))].map((id) => screen.teller.person(id)));
      return { events: [{ kind: "done", visit, team, start }], text: t("happened.done.text", { what: screen.teller.visit(visit), who, when: moment(start) }) };
    },
  };
}

function people(screen, value, field = "person") {
  const found = [...screen.desk.week.providers.values()].sort((a, b) => PEOPLE.indexOf(a.kind) - PEOPLE.indexOf(b.kind));
  return choice(found.map((item) => [item.id, item.name || item.id, t(`kind.${item.kind}`)]), value ?? found[0]?.id, () => {}, { data: { field } });
}

/** The days of the week; the one that is today, where it is one of them. */
function days(screen, field, isAny = false, value = null) {
  const { week } = screen.desk;
  const all = Array.from({ length: week.days }, (_, i) => [week.date(i), day(week.date(i))]);
  const today = here().slice(0, 10);
  const usual = isAny ? "" : all.some(([date]) => date === today) ? today : all[0][0];
  return choice([...(isAny ? [["", t("happened.any_day")]] : []), ...all], value ?? usual, () => {}, { data: { field } });
}

function visits(screen, value, fits, act = () => {}) {
  const { desk, teller } = screen;
  const starts = (visit) => desk.assigned.get(visit.id)?.team[0].start ?? "";
  const found = [...desk.week.visits.values()].filter(fits).sort((a, b) => starts(a).localeCompare(starts(b)));
  const options = found.map((visit) => [visit.id, [starts(visit) && moment(starts(visit)), teller.visit(visit.id)].filter(Boolean).join(" ")]);
  return choice([["", t("happened.choose")], ...options], value ?? "", act, { data: { field: "visit" } });
}

function chosen(field) {
  if (!field.value) throw new Unclear(t("happened.choose"));
  return field.value;
}

function needed(field) {
  const found = clockOf(field.value);
  if (found) return found;
  field.setAttribute("aria-invalid", "true");
  throw new Unclear(t("happened.no_time"));
}

/** Two clock times, the second after the first (or, where it may be, the same). */
function span(from, to, mayMeet = false) {
  const found = { from: needed(from), to: needed(to) };
  if (found.to < found.from || (found.to === found.from && !mayMeet)) throw new Unclear(t("happened.times_wrong"));
  return found;
}

/** The moment that it is here, local, to the minute, as plans write moments. */
export function here() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
