// The dialog of one person: who they are, what they do this week, what happened to them.

import { calendarHint, calendarOf } from "./calendars.js";
import { button, dialog, el } from "./dom.js";
import { OF_PERSON } from "./happened.js";
import { askReplan } from "./replan.js";
import { list, minutes, number, span, t } from "./words.js";

export function openPerson(screen, id) {
  const { desk, teller } = screen;
  const { week } = desk;
  const provider = week.providers.get(id);
  const services = desk.services.get(id);
  dialog(teller.person(id), (close, node) => {
    node.classList.add("person");
    const skills = Object.entries(provider.skills ?? {}).map(([skill, level]) => `${teller.skill(skill)} ${level}`);
    const hours = week.shifts.get(id).map(([from, to]) => span(week.moment(from), week.moment(to)));
    const busy = services.reduce((sum, item) => sum + item.end - item.start, 0);
    const rows = [
      [t("fact.kind"), list([t(`kind.${provider.kind}`), provider.community && (week.communities.get(provider.community)?.name ?? "")].filter(Boolean))],
      skills.length > 0 && [t("fact.skills"), list(skills)],
      [t("fact.hours"), hours.length > 0 ? el("ul", { class: "plain" }, hours.map((text) => el("li", {}, text))) : t("fact.none")],
      [t("fact.week"), t("fact.services", { n: number(services.length), minutes: minutes(busy) })],
    ].filter(Boolean);
    const leave = (act) => () => {
      close();
      act();
    };
    return [
      el("dl", {}, rows.map(([term, text]) => [el("dt", {}, term), el("dd", {}, text)])),
      services.length > 0 && el("section", { class: "card" }, el("h3", {}, t("person.services")), el("ul", { class: "plain" }, services.map((item) => el("li", {},
        button(`${span(item.service.start, item.service.end)} ${teller.visit(item.visit.id)}`, leave(() => screen.open(item.visit.id, { role: item.role })), { class: "link" }))))),
      el("section", { class: "card" }, el("h3", {}, t("calendar.title")), calendarHint(screen), calendarOf(screen, id)),
      desk.frozen === null && el("section", { class: "card" }, el("h3", {}, t("replan.happened")), el("div", { class: "acts" },
        OF_PERSON.map((kind) => button(t(`happened.${kind}`), leave(() => askReplan(screen, { kind, given: { provider: id } })), { data: { happened: kind } })))),
      el("div", { class: "acts" }, button(t("board.person"), leave(() => screen.chart.choose(id)), { data: { act: "ways" } }), button(t("close"), close, { class: "quiet", data: { act: "close" } })),
    ];
  });
}
