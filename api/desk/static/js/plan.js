// The screen of one plan: what it is, filters, the board or the map, who waits, and what can be done about it.

import { Board } from "./board.js";
import { showBroken } from "./broken.js";
import { showChanges, askPublish } from "./changes.js";
import { Desk } from "./desk.js";
import { button, choice, el, labelled, replace } from "./dom.js";
import { Drag } from "./drag.js";
import { Chart } from "./map.js";
import { plan as planning } from "./planning.js";
import { openPerson } from "./person.js";
import { askReplan } from "./replan.js";
import { Teller } from "./say.js";
import { Sheets } from "./sheets.js";
import { Waiting } from "./waiting.js";
import { openVisit } from "./visit.js";
import { download } from "./weeks.js";
import { current, day, list, number, t } from "./words.js";

/** Changes after which services are others than before. */
const MOVED = ["edit", "undo"];

export async function openPlan(app, root, id) {
  if (app.desk?.view?.id !== id || app.desk.api !== app.api) {
    const job = await app.api.plan(id);
    if (["queued", "running"].includes(job.state)) {
      planning(app, root, job, { name: "", budget: job.settings.budget });
      return null;
    }
    replace(root, el("main", { class: "loading" }, t("loading")));
    app.desk = new Desk(app.api, app.caller, app.rules);
  }
  const screen = new Screen(app, root, app.desk);
  if (app.desk.view?.id !== id) await app.desk.open(id);
  else screen.draw();
  return screen;
}

class Screen {
  constructor(app, root, desk) {
    Object.assign(this, { app, root, desk, teller: new Teller(desk), filters: { community: "", category: "", person: "", day: -1 }, shows: "board" });
    if (matchMedia("(max-width: 700px)").matches) this.filters.day = 0;
    this.hear = (event) => this.changed(event.detail);
    this.wail = (event) => app.failed(event.detail);
    desk.addEventListener("change", this.hear);
    desk.addEventListener("failed", this.wail);
  }

  close() {
    this.desk.removeEventListener("change", this.hear);
    this.desk.removeEventListener("failed", this.wail);
    this.board?.close();
    this.drag?.close();
  }

  changed(what) {
    if (!this.board || what === "open") this.draw();
    else {
      this.summary();
      this.board.update();
      this.waiting.draw();
      // What the verifier says, locks and publishing change nothing on a sheet; a link that was given out there stays in sight.
      if (this.shows === "map" || (this.shows === "sheets" && MOVED.includes(what))) this.views[this.shows].draw();
    }
    // The address follows the plan, unless somebody is on the way to another screen.
    const hash = `#/plans/${this.desk.view.id}`;
    if (location.hash === this.hash && hash !== this.hash) history.replaceState(null, "", hash);
    this.hash = hash;
  }

  redraw() {
    this.draw();
  }

  /** Do something that asks the server; says what went wrong. */
  async act(work, said) {
    this.root.setAttribute("aria-busy", "true");
    try {
      const found = await work();
      if (said) this.app.announce(typeof said === "function" ? said(found) : said);
      return found;
    } catch (error) {
      this.app.failed(error);
      return null;
    } finally {
      this.root.removeAttribute("aria-busy");
    }
  }

  /** The plan as it stands, as a workbook. */
  download() {
    const { view, week } = this.desk;
    return download(this.app, `/v1/plans/${view.id}/workbook?version=${view.version}&lang=${current()}`, t("plan.workbook_file", { name: week.problem.name || view.id }));
  }

  open(visit, more = {}) {
    openVisit(this, visit, more);
  }

  openPerson(id) {
    openPerson(this, id);
  }

  draw() {
    const { app, desk, teller } = this;
    this.board?.close();
    this.drag?.close();
    this.undo = button(t("undo"), () => this.act(() => desk.undo(), (what) => t("undone", { what: what ? t(what) : "" })), { data: { act: "undo" } });
    this.redo = button(t("redo"), () => this.act(() => desk.redo(), (what) => t("redone", { what: what ? t(what) : "" })), { data: { act: "redo" } });
    this.replan = button(t("replan"), () => askReplan(this), { data: { act: "replan" } });
    this.need = button(t("happened.new_need"), () => askReplan(this, { kind: "new_need" }), { data: { act: "need" } });
    this.publish = button(t("publish"), () => askPublish(this), { class: "main", data: { act: "publish" } });
    this.chips = el("div", { class: "chips" });
    this.board = new Board(this);
    this.waiting = new Waiting(this);
    this.chart = new Chart(this);
    this.views = { board: this.board, map: this.chart, sheets: new Sheets(this) };
    this.drag = new Drag(this);
    const stage = el("div", { class: "stage" });
    const stand = () => {
      replace(stage, this.views[this.shows].node);
      work.dataset.shows = this.shows;
      this.views[this.shows].draw();
      for (const [name, node] of Object.entries(tabs)) node.setAttribute("aria-pressed", String(this.shows === name));
    };
    const tab = (name) => button(t(`shows.${name}`), () => {
      this.shows = name;
      stand();
    }, { class: "tab", data: { act: name } });
    const tabs = { board: tab("board"), map: tab("map"), sheets: tab("sheets") };
    const work = el("main", { class: "work" }, stage, this.waiting.node);
    replace(this.root,
      app.bar(desk.week.problem.name || desk.view.id, button(t("weeks.back"), () => app.go("#/"), { class: "quiet", data: { act: "weeks" } })),
      el("div", { class: "tools" }, this.chips,
        el("div", { class: "acts" }, this.undo, this.redo, this.need, this.replan, button(t("changes"), () => showChanges(this), { data: { act: "changes" } }),
          button(t("plan.workbook"), () => this.download(), { data: { act: "workbook" } }), this.publish)),
      el("div", { class: "tools filters", role: "group", "aria-label": t("filters") }, el("div", { class: "tabs" }, Object.values(tabs)), this.filterFields(stand)),
      work);
    this.summary();
    stand();
    this.waiting.draw();
    this.drag.watch(this.board.node, this.waiting.node);
    this.teller = teller;
  }

  filterFields(again) {
    const { desk, filters, teller } = this;
    const set = (name) => (value) => {
      filters[name] = name === "day" ? Number(value) : value;
      again();
      this.waiting.draw();
    };
    const communities = [...desk.week.communities.values()].filter((item) => [...desk.week.visits.values()].some((visit) => visit.community === item));
    const categories = [...new Set([...desk.week.visits.values()].map((visit) => visit.category))];
    const days = Array.from({ length: desk.week.days }, (_, i) => [i, day(desk.week.date(i))]);
    const person = el("input", { type: "search", value: filters.person, autocomplete: "off", list: "people" });
    let waiting = 0;
    person.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => set("person")(person.value.trim()), 150);
    });
    return [
      labelled(t("filter.day"), choice([[-1, t("filter.week")], ...days], filters.day, set("day"), { data: { filter: "day" } })),
      labelled(t("filter.community"), choice([["", t("filter.all")], ...communities.map((item) => [item.id, item.name || item.id])], filters.community, set("community"), { data: { filter: "community" } })),
      labelled(t("filter.category"), choice([["", t("filter.all")], ...categories.map((id) => [id, teller.category(id)])], filters.category, set("category"), { data: { filter: "category" } })),
      labelled(t("filter.person"), person),
      el("datalist", { id: "people" }, [...desk.week.providers.values()].slice(0, 1500).map((item) => el("option", { value: item.name || item.id }))),
    ];
  }

  /** Whether a visit is meant by the filters. */
  matches(visit) {
    const { community, category } = this.filters;
    return (!community || visit.community?.id === community) && (!category || visit.category === category);
  }

  summary() {
    const { desk, teller } = this;
    const broken = desk.violations.length;
    const { view } = desk;
    const placed = desk.assigned.size;
    const rules = [...new Set(desk.violations.map((item) => item.rule))];
    this.chips.dataset.at = desk.at;
    replace(this.chips,
      el("span", { class: "chip" }, t("summary.placed", { assigned: number(placed), visits: number(desk.week.visits.size) })),
      !desk.isJudged ? el("span", { class: "chip dim" }, t("summary.unchecked"))
        : broken ? button(t("summary.broken", { n: number(broken) }), () => showBroken(this), { class: "chip bad", title: list(rules.map((rule) => teller.rule(rule))), data: { act: "broken" } })
          : el("span", { class: "chip good" }, t("summary.clean")),
      el("span", { class: "chip", data: { standing: view.standing } }, t(`standing.${view.standing}`)),
      view.cost !== null && el("span", { class: "chip dim", title: t("cost.about") }, t("summary.cost", { n: number(view.cost) })),
      desk.locks.size > 0 && el("span", { class: "chip" }, t("summary.locks", { n: number(desk.locks.size) })));
    this.undo.disabled = !desk.canUndo;
    this.redo.disabled = !desk.canRedo;
    this.replan.disabled = this.need.disabled = desk.frozen !== null;
    this.publish.disabled = !desk.can("publish") || view.standing === "published" || broken > 0;
    this.publish.title = broken > 0 ? t("publish.broken") : !desk.can("publish") ? t("publish.scope") : "";
  }
}
