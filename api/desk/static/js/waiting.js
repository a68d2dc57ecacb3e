// Who waits: visits that nobody serves, the most urgent first, each with the reason.

import { colour } from "./colours.js";
import { el, replace } from "./dom.js";
import { number, t } from "./words.js";

const SHOWN = 200;

export class Waiting {
  constructor(screen) {
    this.screen = screen;
    this.list = el("ul", {});
    this.heading = el("h2", { id: "waiting" });
    this.more = el("p", { class: "hint" });
    this.node = el("aside", { class: "waiting", "aria-labelledby": "waiting" }, this.heading, el("p", { class: "hint" }, t("waiting.help")), this.list, this.more);
  }

  draw() {
    const { desk } = this.screen;
    const found = desk.unassigned.filter(({ visit }) => this.screen.matches(visit));
    this.heading.textContent = t("waiting.title", { n: number(found.length) });
    replace(this.list, found.slice(0, SHOWN).map((item) => this.item(item)));
    this.more.textContent = found.length > SHOWN ? t("waiting.more", { n: number(found.length - SHOWN) }) : found.length === 0 ? t("waiting.none") : "";
  }

  item({ visit, reason }) {
    const { desk, teller } = this.screen;
    const hint = reason?.change ? teller.change(reason.change) : "";
    return el("li", {}, el("button", {
      type: "button", class: `left ${visit.urgency >= 4 ? "urgent" : ""}`, data: { visit: visit.id }, style: { "--colour": colour(desk.week, visit.category) },
      on: { click: () => this.screen.open(visit.id) },
    }, el("strong", {}, teller.visit(visit.id)), el("span", {}, t(`urgency.${visit.urgency}`), " · ", teller.category(visit.category)),
    el("span", { class: "why" }, teller.reason(reason)), hint && el("span", { class: "hint" }, t("waiting.change", { change: hint }))));
  }
}
