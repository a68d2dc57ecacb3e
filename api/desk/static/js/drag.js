// Dragging a visit to another person or time: what it would cost is said on the way, from the server's own verifier.

import { el, replace } from "./dom.js";
import { list, moment, t } from "./words.js";

const FAR = 5;
const EDGE = 48;

export class Drag {
  constructor(screen) {
    this.screen = screen;
    this.ending = new AbortController();
    this.going = null;
  }

  close() {
    this.stop();
    this.ending.abort();
  }

  get desk() {
    return this.screen.desk;
  }

  watch(...nodes) {
    const { signal } = this.ending;
    for (const node of nodes) node.addEventListener("pointerdown", (event) => this.press(event), { signal });
    document.addEventListener("pointermove", (event) => this.move(event), { signal });
    document.addEventListener("pointerup", (event) => this.drop(event), { signal });
    document.addEventListener("pointercancel", () => this.stop(), { signal });
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.going?.ghost && this.stop(), { signal });
    document.addEventListener("click", (event) => {
      if (!this.swallow) return;
      this.swallow = false;
      event.stopPropagation();
      event.preventDefault();
    }, { signal, capture: true });
  }

  press(event) {
    this.swallow = false;
    const node = event.target.closest("[data-visit]");
    // A finger scrolls; dragging is for mouse and pen, and everything can be done in the visit's dialog.
    if (!node || event.button !== 0 || event.pointerType === "touch" || this.desk.frozen) return;
    const { visit, role, start } = node.dataset;
    const box = node.getBoundingClientRect();
    this.going = { visit, role, node, x: event.clientX, y: event.clientY, start: start === undefined ? null : Number(start), grip: node.closest(".track") ? event.clientX - box.left : 0 };
  }

  move(event) {
    const { going } = this;
    if (!going) return;
    if (!going.ghost) {
      if (Math.hypot(event.clientX - going.x, event.clientY - going.y) < FAR) return;
      this.begin(going);
    }
    event.preventDefault();
    this.scroll(event.clientX, event.clientY);
    this.over(event.clientX, event.clientY);
    this.stand(event.clientX, event.clientY);
  }

  /** Keep what is said beside the pointer, and on the screen. */
  stand(x, y) {
    const { ghost } = this.going;
    Object.assign(this.going, { atX: x, atY: y });
    const left = x + 12 + ghost.offsetWidth < innerWidth ? x + 12 : Math.max(0, x - 12 - ghost.offsetWidth);
    const top = Math.max(0, Math.min(y + 12, innerHeight - ghost.offsetHeight - 4));
    ghost.style.transform = `translate(${left}px, ${top}px)`;
  }

  begin(going) {
    const { screen, desk } = this;
    going.tip = el("div", { class: "tip" });
    going.ghost = el("div", { class: "ghost", role: "status" }, el("strong", {}, screen.teller.visit(going.visit)), going.tip);
    going.node.classList.add("lifted");
    document.body.append(going.ghost);
    document.body.classList.add("dragging");
    going.ending = new AbortController();
    going.options = [];
    desk.recommend(going.visit, going.ending.signal).then((options) => {
      if (this.going !== going) return;
      going.options = options;
      going.unmark = screen.board.mark(options);
    }).catch(() => {});
  }

  scroll(x, y) {
    const { scroller } = this.screen.board;
    const box = scroller.getBoundingClientRect();
    if (x < box.left || x > box.right) return;
    if (y < box.top + EDGE) scroller.scrollTop -= 12;
    else if (y > box.bottom - EDGE) scroller.scrollTop += 12;
  }

  /** What is asked of the server for a place of the board. */
  asked(going, place) {
    const { desk } = this;
    const visit = desk.week.visits.get(going.visit);
    const assignment = desk.assigned.get(going.visit);
    let at = place.seconds;
    if (assignment && going.start !== null) at += desk.week.at(assignment.team[0].start) - going.start;
    const asked = { visit: going.visit, start: desk.week.moment(at).slice(0, 16) };
    const own = assignment?.team.find((service) => service.role === going.role);
    if (own?.provider === place.provider) return asked;
    const { kind } = desk.week.providers.get(place.provider);
    const role = going.role ?? (visit.roles.find((item) => [...item.role.kinds, ...(item.role.stand_ins ?? [])].includes(kind)) ?? visit.roles[0]).id;
    return { ...asked, provider: place.provider, role };
  }

  over(x, y) {
    const { going } = this;
    const mark = document.elementsFromPoint(x, y).find((node) => node.classList?.contains("place"));
    const place = this.screen.board.target(x - going.grip, y) && this.screen.board.target(x, y) && { ...this.screen.board.target(x, y), seconds: this.screen.board.target(x - going.grip, y).seconds };
    const option = mark ? Number(mark.dataset.option) : null;
    const key = option !== null ? `option ${option}` : place ? `${place.provider} ${place.seconds}` : "";
    if (key === going.key) return;
    Object.assign(going, { key, place, option, answer: null });
    for (const node of document.querySelectorAll(".track.over")) node.classList.remove("over");
    if (!place && option === null) {
      replace(going.tip, t("drag.nowhere"));
      return;
    }
    place?.track.classList.add("over");
    if (option !== null) this.say({ option: going.options[option], cost: going.options[option].cost, by_term: going.options[option].by_term, broken: [], after: going.options[option].assignment });
    else this.ask();
  }

  /** One question at a time; while it is answered, only the newest place waits. */
  async ask() {
    const { going, desk } = this;
    if (going.asking) return going.asking;
    going.asking = (async () => {
      while (this.going === going && going.place && going.option === null && !going.answer) {
        const { key } = going;
        const began = performance.now();
        let answer;
        try {
          answer = await desk.api.whatIf(desk.view.id, this.asked(going, going.place), going.ending.signal);
        } catch (error) {
          answer = { error, broken: [] };
        }
        if (this.going === going && going.key === key) {
          going.answer = answer;
          this.say(answer);
        }
        performance.measure("what-if", { start: began });
      }
      going.asking = null;
    })();
    return going.asking;
  }

  say(answer) {
    const { going, screen } = this;
    const { teller } = screen;
    if (answer.error) {
      replace(going.tip, answer.error.errors?.[0]?.detail ?? answer.error.message);
      return;
    }
    going.ghost.classList.toggle("bad", answer.broken.length > 0);
    going.ghost.classList.toggle("good", answer.broken.length === 0);
    const who = list(answer.after.team.map((service) => teller.person(service.provider)));
    replace(going.tip,
      el("div", {}, `${moment(answer.after.team[0].start)} · ${who}`),
      answer.broken.length === 0 ? el("div", { class: "ok" }, t(answer.option ? "drag.recommended" : "drag.allowed"))
        : el("ul", { class: "rules" }, answer.broken.slice(0, 4).map((item) => {
          const said = teller.violation(item, 2);
          return el("li", {}, el("strong", {}, said.rule), " ", said.detail);
        })),
      el("div", {}, teller.cost(answer.cost)),
      el("div", { class: "hint" }, teller.terms(answer.by_term).slice(0, 3).map((term) => el("span", { class: "term" }, term.text))));
    this.stand(going.atX, going.atY);
  }

  async drop(event) {
    const { going, screen, desk } = this;
    if (!going) return;
    if (!going.ghost) {
      this.going = null;
      return;
    }
    event.preventDefault();
    this.swallow = true;
    setTimeout(() => { this.swallow = false; }, 50);
    this.over(event.clientX, event.clientY);
    const { visit, role, place, option, options } = going;
    if (option !== null) {
      const chosen = options[option];
      this.stop();
      await screen.act(() => desk.apply(changesOf(visit, chosen), "step.move"), t("moved"));
      return;
    }
    if (!place) {
      this.stop();
      return;
    }
    const asked = this.asked(going, place);
    if (!going.answer) await this.ask();
    const { answer } = going;
    this.stop();
    if (answer && !answer.error && answer.is_allowed) await screen.act(() => desk.apply({ [visit]: answer.after }, "step.move"), t("moved"));
    else screen.open(visit, { role, attempt: { ...asked, provider: asked.provider ?? place.provider, role: asked.role ?? role } });
  }

  stop() {
    const { going } = this;
    this.going = null;
    if (!going) return;
    going.ending?.abort();
    going.unmark?.();
    going.ghost?.remove();
    going.node.classList.remove("lifted");
    document.body.classList.remove("dragging");
    for (const node of document.querySelectorAll(".track.over")) node.classList.remove("over");
  }
}

/** All that an option of the server changes: the visit itself, and others that make way. */
export function changesOf(visit, option) {
  return { ...Object.fromEntries((option.moved || []).map((item) => [item.visit, item.after])), [visit]: option.assignment };
}
