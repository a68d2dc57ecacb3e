// The form of a need that has come up: like one that is in the week, or of its own.

import { choice, clockField, clockOf, el, labelled, replace } from "./dom.js";
import { day, t } from "./words.js";

/** Who goes, where no need of the week says it: the kinds of each role. */
const TEAMS = {
  volunteer: [["volunteer"]],
  social_worker: [["social_worker"]],
  either: [["volunteer", "social_worker"]],
  both: [["social_worker"], ["volunteer"]],
  two: [["volunteer"], ["volunteer"]],
  organization: [["organization"]],
};
const NEW = "+";
const MOST = { visits: 14, minutes: 600 };

export function needForm(screen, { unclear }) {
  const { desk, teller } = screen;
  const { week } = desk;
  const like = new Map();
  // Meetings of groups have rooms, seats and teams of their own making; they belong into the file of the week.
  for (const need of week.problem.needs) if (need.resident && (need.place ?? "home") !== "venue" && !like.has(need.title || need.id)) like.set(need.title || need.id, need);
  const categories = new Set([...[...week.visits.values()].map((visit) => visit.category), ...week.categories.keys()]);
  const field = (name) => ({ data: { field: name } });
  const text = (name, value = "") => el("input", { type: "text", value, autocomplete: "off", ...field(name) });
  const number = (name, value, most) => el("input", { type: "number", min: "1", max: String(most), value: String(value), ...field(name) });
  const same = choice([["", t("need.own")], ...[...like.keys()].sort().map((title) => [title, title])], "", () => take(), field("like"));
  const residents = [...week.residents.values()].map((item) => [item.id, `${item.id} · ${week.communities.get(item.community)?.name ?? ""}`]);
  const resident = choice([[NEW, t("need.new_resident")], ...residents], residents[0]?.[0] ?? NEW, () => whose(), field("resident"));
  const id = text("resident_id");
  const communities = [...week.communities.values()].map((item) => [item.id, item.name || item.id]);
  const community = choice(communities, communities[0]?.[0], () => {}, field("community"));
  const added = el("div", { class: "row" });
  const title = text("title");
  const category = choice([...categories].map((item) => [item, teller.category(item)]), [...categories][0], () => {}, field("category"));
  const urgency = choice([1, 2, 3, 4, 5].map((n) => [n, t(`urgency.${n}`)]), 3, () => {}, field("urgency"));
  const minutes = number("minutes", 45, MOST.minutes);
  const visits = number("visits", 1, MOST.visits);
  const team = choice(Object.keys(TEAMS).map((name) => [name, t(`need.team.${name}`)]), "either", () => {}, field("team"));
  const skills = [...new Set([...week.providers.values()].flatMap((item) => Object.keys(item.skills ?? {})))].sort();
  const skill = choice([["", t("need.no_skill")], ...skills.map((name) => [name, screen.teller.skill(name)])], "", () => {}, field("skill"));
  const own = el("div", { class: "row" }, labelled(t("need.who"), team), skills.length > 0 && labelled(t("need.skill"), skill));
  const when = choice([["", t("happened.any_day")], ...Array.from({ length: week.days }, (_, i) => [week.date(i), day(week.date(i))])], "", () => {}, field("day"));
  const [from, to] = [clockField("09:00", null, field("from")), clockField("17:00", null, field("to"))];
  const whose = () => replace(added, resident.value === NEW && [labelled(t("need.resident_id"), id), labelled(t("filter.community"), community)]);
  const take = () => {
    const found = like.get(same.value);
    own.hidden = Boolean(found);
    if (!found) return;
    title.value = found.title ?? "";
    category.value = found.category;
    urgency.value = String(found.urgency ?? 3);
    minutes.value = String(found.minutes);
  };
  whose();

  const whole = (node, most) => {
    const value = Number(node.value);
    if (!Number.isInteger(value) || value < 1 || value > most) throw unclear(t("need.number_wrong", { what: node.labels[0].textContent, most }));
    return value;
  };
  const clock = (node) => {
    const found = clockOf(node.value);
    if (!found) throw unclear(t("happened.no_time"));
    return found;
  };
  const roles = () => TEAMS[team.value].map((kinds, i) => ({ id: TEAMS[team.value].length > 1 ? `${kinds[0]}-${i + 1}` : kinds[0], kinds, ...(skill.value && i === 0 ? { skills: { [skill.value]: 1 } } : {}) }));
  const read = () => {
    const isNew = resident.value === NEW;
    const who = isNew ? id.value.trim() : resident.value;
    if (!who) throw unclear(t("need.no_resident"));
    if (isNew && week.residents.has(who)) throw unclear(t("need.known", { id: who }));
    if (!title.value.trim()) throw unclear(t("need.no_title"));
    const [earliest, latest] = [clock(from), clock(to)];
    if (latest < earliest) throw unclear(t("happened.times_wrong"));
    const { first_team: _, visits: __, spacing: ___, preferred: ____, preferred_providers: _____, location: ______, ...kept } = like.get(same.value) ?? {};
    const need = {
      ...kept,
      id: idOf(), title: title.value.trim(), resident: who, category: category.value, urgency: Number(urgency.value), minutes: whole(minutes, MOST.minutes),
      visits: whole(visits, MOST.visits), windows: [{ ...(when.value ? { day: when.value } : {}), earliest, latest }], team: kept.team ?? roles(),
    };
    const said = t("happened.new_need.text", { what: need.title, who, when: `${when.value ? day(when.value) : t("happened.any_day")} ${earliest}–${latest}` });
    return { events: [{ kind: "new_need", need, ...(isNew ? { resident: { id: who, community: community.value } } : {}) }], text: said };
  };
  return {
    fields: [labelled(t("need.like"), same), labelled(t("need.resident"), resident)],
    more: [added, el("div", { class: "row" }, labelled(t("need.title"), title), labelled(t("filter.category"), category), labelled(t("need.urgency"), urgency), labelled(t("need.minutes"), minutes), labelled(t("need.visits"), visits)),
      own, el("div", { class: "row" }, labelled(t("happened.day"), when), labelled(t("happened.earliest"), from), labelled(t("happened.latest"), to))],
    read,
  };
}

/** An id for a need that no other has: what was not in the file of the week can be told by it. */
const idOf = () => `new-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
