// What the API says in codes, said in words: reasons, rules, costs, changes.

import { current, date, exact, day, has, join, list, minutes, moment, named, number, span, t, yuan } from "./words.js";

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const DATE = /^\d{4}-\d\d-\d\d$/;

export class Teller {
  constructor(desk) {
    this.desk = desk;
  }

  get week() {
    return this.desk.week;
  }

  person(id) {
    return this.week.name(id);
  }

  category(id) {
    const own = this.week.categories.get(id);
    return own && (own.name_zh || own.name_en) ? named(own) : has(`category.${id}`) ? t(`category.${id}`) : id;
  }

  kind(kind) {
    return t(`kind.${kind}`);
  }

  rule(code) {
    const rule = this.desk.rules.get(code);
    return rule ? named(rule) : code;
  }

  term(code) {
    const term = this.desk.terms.get(code);
    return term ? named(term) : code;
  }

  says(code) {
    return this.desk.rules.get(code)?.[`says_${current()}`] ?? "";
  }

  /** A visit in short: what and where. */
  visit(id) {
    const visit = this.desk.visit(id);
    if (!visit) return id;
    const count = visit.need.visits > 1 ? ` ${visit.number}/${visit.need.visits}` : "";
    return t("visit.short", { title: visit.title + count, where: visit.community?.name ?? "", who: visit.resident?.id ?? "" }).trim();
  }

  /** A skill by its usual name: weeks give skills none of their own. */
  skill(id) {
    return has(`skill.${id}`) ? t(`skill.${id}`) : id;
  }

  /** A role likewise; several of one kind have numbers. */
  role(id) {
    const [, name, number] = /^(.+?)(?:[.-](\d+))?$/.exec(id);
    const key = [`role.${name}`, `kind.${name}`].find(has);
    return key ? [t(key), number].filter(Boolean).join(" ") : id;
  }

  /** Who serves when, to the second if asked. */
  assignment(item, isExact = false) {
    const first = item.team[0];
    return t("assignment", { when: isExact ? exact(first.start) : moment(first.start), who: list(item.team.map((service) => this.person(service.provider))) });
  }

  /** What a move would cost or save, and of what. */
  cost(cost) {
    return t(cost > 0 ? "cost.more" : cost < 0 ? "cost.less" : "cost.same", { n: number(Math.abs(cost)) });
  }

  /** The terms that differ, each in the unit that people count it in. */
  terms(byTerm) {
    return Object.entries(byTerm || {}).filter(([, cost]) => cost !== 0).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
      .map(([code, cost]) => ({ code, cost, text: `${this.term(code)} ${this.#amount(code, cost)}` }));
  }

  #amount(code, cost) {
    const weight = this.week.weights[code];
    if (!Number.isInteger(weight) || weight < 1) return number(cost, true);
    if (["travel", "waiting", "lateness", "max_lateness"].includes(code)) return t("unit.minutes_signed", { n: number(Math.round(cost / weight / 6) / 10, true) });
    if (code === "money") return yuan(cost / weight / 100, true);
    if (["preferred_window", "preferred_person", "pairing", "stand_in", "continuity", "pinned", "stability"].includes(code)) {
      return t("unit.times_signed", { n: number(cost / weight, true) });
    }
    return number(cost, true);
  }

  /** A violation: the rule by its name, whom it concerns, and what is against what would be. */
  violation(item, most = 6) {
    const about = list([item.visit && this.visit(item.visit), item.provider && this.person(item.provider)].filter(Boolean));
    const [was, allowed] = [this.value(item.was, most), this.value(item.allowed, most)];
    const detail = current() === "en" ? item.message : was || allowed ? t("violation.detail", { was: was || t("value.none"), allowed: allowed || t("value.none") }) : "";
    return { rule: this.rule(item.rule), says: this.says(item.rule), about, detail };
  }

  /** Any value of a violation, readably. */
  value(value, most = 6) {
    if (value === null || value === undefined) return "";
    if (typeof value === "boolean") return t(value ? "value.yes" : "value.no");
    if (typeof value === "number") return number(value);
    if (typeof value === "string") {
      if (MOMENT.test(value)) return moment(value);
      if (DATE.test(value)) return day(value);
      if (this.week.providers.has(value)) return this.person(value);
      if (this.week.visits.has(value)) return this.visit(value);
      if (has(`value.${value}`)) return t(`value.${value}`);
      return has(`kind.${value}`) ? t(`kind.${value}`) : this.skill(value);
    }
    if (Array.isArray(value)) {
      if (value.length === 2 && value.every((item) => typeof item === "string" && MOMENT.test(item))) return span(value[0], value[1]);
      const said = value.slice(0, most).map((item) => this.value(item, most));
      return list(value.length > most ? [...said, "…"] : said);
    }
    return list(Object.entries(value).map(([key, item]) => `${has(`value.${key}`) ? t(`value.${key}`) : this.skill(key)} ${this.value(item, most)}`));
  }

  /** Why a visit is left out, in a sentence. */
  reason(reason) {
    if (!reason) return t("reason.by_hand");
    const role = reason.role ? t("reason.role", { role: this.role(reason.role) }) : "";
    return t("reason.rule", { rule: this.rule(reason.rule), role });
  }

  /** How many people each rule removed. */
  removed(items) {
    return (items || []).map((item) => t("reason.removed", { rule: this.rule(item.rule), n: number(item.providers) }));
  }

  /** The least change that a plan gives with a visit left out, or one that an explanation tried. */
  change(change) {
    if (!change) return "";
    const key = change.code === "looser_spacing" ? `does.looser_spacing.${change.at_least_days !== undefined ? "least" : "most"}` : `does.${change.code}`;
    if (!has(key)) return this.value(change);
    const values = { ...change };
    for (const name of ["provider", "like"]) if (change[name]) values[name] = this.person(change[name]);
    if (change.room) values.provider = this.week.rooms.get(change.room)?.venue.name || change.room;
    if (change.need) values.need = this.week.visits.get(`${change.need}#1`)?.title ?? change.need;
    if (change.visit) values.visit = this.visit(change.visit);
    if (change.community) values.community = this.week.communities.get(change.community)?.name || change.community;
    if (change.fund) values.fund = this.week.funds.get(change.fund)?.name || change.fund;
    if (change.venue) values.venue = this.week.venues.get(change.venue)?.name || change.venue;
    if (change.kind) values.kind = this.kind(change.kind);
    if (change.code === "more_money" && !change.fund) return t("does.more_money_for", { ...values, yuan: yuan(change.yuan) });
    if (change.yuan !== undefined) values.yuan = yuan(change.yuan);
    for (const name of ["from", "to"]) if (change[name] && MOMENT.test(change[name])) values[name] = moment(change[name]);
    if (change.day) values.day = day(change.day);
    return t(key, values);
  }

  /** Who nearly could. */
  miss(miss) {
    const by = miss.number === undefined ? "" : t(`miss.${miss.unit}`, { n: number(miss.number) });
    return t("miss", { who: this.person(miss.provider), rule: this.rule(miss.rule), by });
  }

  /** All of a verdict in one sentence. */
  verdict(found) {
    const rule = found.rule ? t("verdict.rule", { rule: this.rule(found.rule) }) : "";
    return join([t(`verdict.${found.verdict}`), t(`certainty.${found.certainty}`), rule]);
  }

  horizon() {
    const last = new Date(this.week.zero + (this.week.days - 1) * 86_400_000);
    return t("week.dates", { from: date(this.week.zero), to: date(last.getTime()) });
  }

  pin(pin) {
    return join([pin.provider && this.person(pin.provider), pin.day && this.value(pin.day), pin.start !== undefined && pin.start !== null && String(pin.start)]);
  }

  way(seconds) {
    return t("way", { n: minutes(seconds) });
  }
}
