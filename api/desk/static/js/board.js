// The board: a row for each person, a column for each day, a block for each service. Rows are filled when they come near.

import { colour } from "./colours.js";
import { add, button, el, replace } from "./dom.js";
import { routes } from "./travel.js";
import { DAY, KINDS } from "./week.js";
import { day, list, moment, number, span, t, time } from "./words.js";

/** Pixels: the height of a lane; a row; the least width of a block, that it can be seen and hit. */
const LANE = { week: 15, day: 22 };
const ROW = 34;
const LEAST = 7;
/** Pixels: the most and the least that a block's words take; the gap before them; a wide character of theirs and a narrow one. */
const WORDS = { week: 112, day: 260 };
const WORDS_LEAST = 34;
const GAP = 3;
const WIDE = { week: 11.6, day: 12.6 };
const NARROW = { week: 6.4, day: 7 };
const WHO = 168;
const DAY_WIDTH = 96;
const NEAR = 40;
const PARTS = ["at", "what", "where"];
const AHEAD = "600px 0px";
const URGENT = 4;
const AT_ONCE = 24;
const FRAME = 3;

export class Board {
  constructor(screen) {
    this.screen = screen;
    this.rows = new Map();
    this.heads = el("div", { class: "heads" });
    this.body = el("div", { class: "rows" });
    this.empty = el("p", { class: "empty", hidden: true }, t("board.empty"));
    this.scroller = el("div", { class: "board", tabindex: "0", role: "region", "aria-label": t("board.title") }, this.heads, this.body, this.empty);
    this.node = el("section", { class: "board-place", "aria-label": t("shows.board") }, this.legend(), this.scroller);
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => {
      const block = event.target.closest(".block");
      if (block) screen.open(block.dataset.visit, { role: block.dataset.role });
    });
    this.body.addEventListener("focusin", (event) => this.rove(event.target.closest(".block")));
    this.near = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) this.coming.add(entry.target.dataset.row);
      this.fillComing();
    }, { root: this.scroller, rootMargin: AHEAD });
    this.coming = new Set();
    // Another width of the window makes other blocks too narrow.
    this.wide = new ResizeObserver(() => {
      const width = this.scroller.clientWidth;
      if (this.width && this.rows.size > 0 && Math.abs(width - this.width) > NEAR) {
        this.draw();
        this.width = width;
      }
      this.width ||= width;
    });
    this.wide.observe(this.scroller);
  }

  close() {
    this.wide.disconnect();
    this.near.disconnect();
    this.coming.clear();
  }

  /** Fill the rows that come near, a few in each frame, so that scrolling never waits for them. */
  fillComing() {
    const until = performance.now() + FRAME;
    for (const id of this.coming) {
      this.coming.delete(id);
      this.fill(this.rows.get(id));
      if (performance.now() > until) break;
    }
    if (this.coming.size > 0) requestAnimationFrame(() => this.fillComing());
  }

  get desk() {
    return this.screen.desk;
  }

  legend() {
    const { week } = this.desk;
    const found = [...new Set([...week.visits.values()].map((visit) => visit.category))];
    return el("div", { class: "legend" },
      found.map((id) => el("span", {}, el("i", { style: { background: colour(week, id) } }), this.screen.teller.category(id))),
      el("span", {}, el("i", { class: "urgent" }), t("legend.urgent")), el("span", {}, el("i", { class: "locked" }), t("legend.locked")),
      el("span", {}, el("i", { class: "leg" }), t("legend.way")), el("span", {}, el("i", { class: "shift" }), t("legend.shift")),
      el("span", { class: "hint keys" }, t("board.keys")));
  }

  /** Draw everything, for other filters or another plan. */
  draw() {
    const { week } = this.desk;
    const shown = this.screen.filters.day;
    this.first = shown < 0 ? 0 : shown;
    this.count = shown < 0 ? week.days : 1;
    this.zoom = shown < 0 ? "week" : "day";
    this.range();
    this.scroller.className = `board ${this.zoom}`;
    this.scroller.style.setProperty("--days", this.count);
    replace(this.heads, el("div", { class: "corner" }, t("board.people")), Array.from({ length: this.count }, (_, i) => this.head(this.first + i)));
    this.near.disconnect();
    this.rows.clear();
    replace(this.body);
    this.findings();
    const order = [...week.providers.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
    const made = document.createDocumentFragment();
    for (const provider of order.filter((item) => this.shows(item))) made.append(this.row(provider));
    this.body.append(made);
    this.empty.hidden = this.rows.size > 0;
    [...this.rows.values()].slice(0, AT_ONCE).forEach((row) => this.fill(row));
    for (const row of this.rows.values()) this.near.observe(row.node);
    this.rove(null);
  }

  /** The hours that a day shows: all in which anybody works. */
  range() {
    let [low, high] = [12 * 3600, 13 * 3600];
    const take = (from, to) => {
      const start = Math.floor(from / DAY) * DAY;
      low = Math.min(low, from - start);
      high = Math.max(high, Math.min(DAY, to - start));
    };
    for (const spans of this.desk.week.shifts.values()) for (const [from, to] of spans) take(from, to);
    for (const items of this.desk.services.values()) for (const item of items) take(item.start, item.end);
    this.low = Math.floor(low / 3600) * 3600;
    this.high = Math.ceil(high / 3600) * 3600;
    this.dayWidth = Math.max(DAY_WIDTH, (this.scroller.clientWidth - WHO) / this.count);
  }

  head(i) {
    const { week } = this.desk;
    const step = this.zoom === "week" ? 4 : 1;
    const hours = [];
    // A number that would be cut off at the end of its day is left out.
    for (let hour = Math.ceil(this.low / 3600 / step) * step; hour * 3600 < this.high - (this.high - this.low) / 9; hour += step) {
      hours.push(el("span", { class: "hour", style: { left: `${((hour * 3600 - this.low) / (this.high - this.low)) * 100}%` } }, this.zoom === "week" ? String(hour) : time(week.moment(hour * 3600))));
    }
    return el("div", { class: "head" }, el("strong", {}, day(week.date(i))), el("div", { class: "hours", "aria-hidden": "true" }, hours));
  }

  shows(provider) {
    const { community, category, person } = this.screen.filters;
    const wanted = person.toLowerCase();
    if (wanted && !`${provider.name ?? ""} ${provider.id}`.toLowerCase().includes(wanted)) return false;
    if (this.zoom === "day" && !this.isThere(provider)) return false;
    if (!community && !category) return true;
    if (community && !category && provider.community === community) return true;
    return this.desk.services.get(provider.id).some((item) => this.screen.matches(item.visit));
  }

  /** Whether somebody works or serves on the days shown. */
  isThere(provider) {
    const spans = this.desk.week.shifts.get(provider.id).map(([start, end]) => ({ start, end }));
    return [...spans, ...this.desk.services.get(provider.id)].some((item) => this.isShown(item));
  }

  /** Which visits break which rules, and which people. */
  findings() {
    this.broken = new Map();
    for (const item of this.desk.violations) if (item.visit) this.broken.set(item.visit, [...(this.broken.get(item.visit) || []), item.rule]);
  }

  row(provider) {
    const { week } = this.desk;
    const row = { provider, isFilled: false, track: el("div", { class: "track" }) };
    row.name = el("div", { class: "who" }, button(provider.name || provider.id, () => this.screen.openPerson(provider.id), { class: "link name", title: t("board.open_person") }),
      el("span", { class: "kind" }, `${t(`kind.${provider.kind}`)}${provider.community ? ` · ${week.communities.get(provider.community)?.name ?? ""}` : ""}`));
    row.node = el("div", { class: `row ${provider.kind}`, role: "group", data: { row: provider.id } }, row.name, row.track);
    this.rows.set(provider.id, row);
    this.measure(row);
    return row.node;
  }

  /** Lanes in which no block and no words of one cover those of another; with them the height of a row. */
  measure(row) {
    const items = this.desk.services.get(row.provider.id).filter((item) => this.isShown(item));
    const ends = [];
    row.items = items.map((item) => {
      const { from, to, side, room } = this.extent(item);
      let lane = ends.findIndex((end) => end <= from);
      if (lane < 0) lane = ends.push(0) - 1;
      ends[lane] = to + GAP;
      return { ...item, lane, side, room };
    });
    const lanes = Math.max(1, ends.length);
    const high = LANE[this.zoom];
    row.node.style.setProperty("--lane-high", `${high}px`);
    row.node.style.setProperty("--high", `${Math.max(ROW, lanes * high + 8)}px`);
    row.node.classList.toggle("idle", items.length === 0);
    row.node.setAttribute("aria-label", t("board.row", { name: row.provider.name || row.provider.id, n: number(items.length) }));
    row.mark = JSON.stringify(row.items.map((item) => [item.visit.id, item.role, item.start, item.lane, item.side, this.state(item)]));
  }

  /** What a block takes of its row with its words, in pixels: they stand inside where they fit, else behind it or before it, within the day. */
  extent(item) {
    const all = (this.count * this.dayWidth) / 100;
    const left = this.x(item.start) * all;
    const right = Math.max(this.x(item.end) * all, left + LEAST);
    const dayLeft = Math.floor((left + 1e-6) / this.dayWidth) * this.dayWidth;
    const [wide, narrow] = [WIDE[this.zoom], NARROW[this.zoom]];
    const wanted = Math.min(WORDS[this.zoom], 8 + [...this.words(item).join(" ")].reduce((sum, char) => sum + (char > "\u2e7f" ? wide : narrow), 0));
    const [before, behind] = [left - dayLeft - GAP, dayLeft + this.dayWidth - right - GAP];
    // Where there is no room for a time on either side, the block itself has it.
    if (wanted + 2 * GAP <= right - left || Math.max(before, behind) < WORDS_LEAST) return { from: left, to: right, side: "inside", room: right - left - 2 * GAP };
    const room = Math.min(wanted, Math.max(before, behind));
    return behind >= wanted || behind >= before ? { from: left, to: right + GAP + room, side: "behind", room } : { from: left - GAP - room, to: right, side: "before", room };
  }

  /** What stands on a block. */
  words({ visit, service }) {
    const what = `${visit.urgency >= URGENT ? "!" : ""}${visit.title}`;
    return this.zoom === "day" ? [time(service.start), what, visit.community?.name ?? ""] : [time(service.start), what];
  }

  isShown(item) {
    return item.end > this.first * DAY && item.start < (this.first + this.count) * DAY;
  }

  state(item) {
    const { desk } = this;
    return [desk.locks.has(item.visit.id), desk.isPinned(item.visit.id), this.broken.get(item.visit.id)?.join() ?? "", this.screen.matches(item.visit)];
  }

  /** Draw what has changed. */
  update() {
    this.findings();
    const focused = document.activeElement?.closest?.(".block");
    const key = focused && [focused.dataset.visit, focused.dataset.role];
    for (const row of this.rows.values()) {
      const before = row.mark;
      this.measure(row);
      if (row.mark !== before && row.isFilled) {
        row.isFilled = false;
        this.fill(row);
      }
    }
    if (key && !focused.isConnected) this.block(...key)?.focus();
    this.rove(document.activeElement?.closest?.(".block") ?? null);
  }

  /** Where a moment stands, in percent of the track. */
  x(seconds) {
    const i = Math.min(this.first + this.count - 1, Math.max(this.first, Math.floor(seconds / DAY)));
    const within = Math.min(1, Math.max(0, (seconds - i * DAY - this.low) / (this.high - this.low)));
    return ((i - this.first + within) / this.count) * 100;
  }

  fill(row) {
    if (!row || row.isFilled) return;
    row.isFilled = true;
    const { week } = this.desk;
    const bands = [];
    for (const [from, to] of week.shifts.get(row.provider.id)) {
      if (to > this.first * DAY && from < (this.first + this.count) * DAY) bands.push(this.bar("shift", from, to));
    }
    const legs = [];
    const lanes = new Map(row.items.map((item) => [item.service, item.lane]));
    for (const { legs: found } of routes(week, row.provider, row.items)) {
      for (const leg of found) {
        if (leg.seconds < 30) continue;
        const [from, to] = leg.to ? [leg.to.start - leg.seconds, leg.to.start] : [leg.after.end, leg.after.end + leg.seconds];
        const bar = this.bar("leg", from, to);
        bar.style.setProperty("--lane", lanes.get((leg.to ?? leg.after).service));
        bar.title = this.screen.teller.way(leg.seconds);
        legs.push(bar);
      }
    }
    replace(row.track, bands, legs, row.items.map((item) => this.make(item)));
  }

  bar(name, from, to) {
    const left = this.x(from);
    return el("div", { class: name, style: { left: `${left}%`, width: `${Math.max(0, this.x(to) - left)}%` } });
  }

  make(item) {
    const { desk } = this;
    const { teller } = this.screen;
    const { visit } = item;
    const broken = this.broken.get(visit.id);
    const isLocked = desk.locks.has(visit.id) || desk.isPinned(visit.id);
    const others = item.assignment.team.filter((service) => service !== item.service).map((service) => teller.person(service.provider));
    const label = [
      span(item.service.start, item.service.end), teller.visit(visit.id), teller.category(visit.category), t(`urgency.${visit.urgency}`),
      others.length && t("block.with", { who: list(others) }), isLocked && t("legend.locked"), broken && t("block.broken", { rules: list(broken.map((rule) => teller.rule(rule))) }),
    ].filter(Boolean).join(", ");
    const classes = ["block", visit.urgency >= URGENT && "urgent", isLocked && "locked", broken && "broken", !this.screen.matches(visit) && "other"].filter(Boolean).join(" ");
    const left = this.x(item.start);
    const block = el("button", {
      type: "button", class: classes, tabindex: "-1", "aria-label": label, title: label, data: { visit: visit.id, role: item.role, provider: item.service.provider, start: item.start },
      style: { left: `${left}%`, width: `${this.x(item.end) - left}%`, "--lane": item.lane, "--colour": colour(desk.week, visit.category) },
    });
    // A week has very many: one text is enough for them.
    const words = this.words(item);
    const parts = this.zoom === "week" ? words.join(" ") : words.map((text, n) => el("span", { class: PARTS[n] }, text));
    return add(block, [el("span", { class: `words ${item.side}`, style: { "--room": `${Math.floor(item.room)}px` } }, parts)]);
  }

  block(visit, role) {
    for (const service of this.desk.assigned.get(visit)?.team ?? []) {
      if (role && service.role !== role) continue;
      const row = this.rows.get(service.provider);
      if (!row) continue;
      this.fill(row);
      return [...row.track.querySelectorAll(".block")].find((node) => node.dataset.visit === visit && node.dataset.role === service.role) ?? null;
    }
    return null;
  }

  /** Bring a visit into sight. */
  reveal(visit, role) {
    const node = this.block(visit, role);
    node?.scrollIntoView({ block: "center", inline: "nearest" });
    node?.focus();
    return node;
  }

  /** One block at a time is reached by Tab; arrow keys move on from it. */
  rove(block) {
    const old = this.body.querySelector('.block[tabindex="0"]');
    if (block === null && old) return;
    old?.setAttribute("tabindex", "-1");
    (block ?? this.body.querySelector(".block"))?.setAttribute("tabindex", "0");
  }

  key(event) {
    const block = event.target.closest(".block");
    if (!block) {
      if (event.target === this.scroller && event.key === "Enter") {
        // Otherwise the key would go on to open the block that has just got the focus.
        event.preventDefault();
        this.firstBlock()?.focus();
      }
      return;
    }
    const row = this.rows.get(block.closest(".row").dataset.row);
    const blocks = [...row.track.querySelectorAll(".block")];
    let next = null;
    if (event.key === "ArrowRight") next = blocks[blocks.indexOf(block) + 1];
    else if (event.key === "ArrowLeft") next = blocks[blocks.indexOf(block) - 1];
    else if (event.key === "Home") [next] = blocks;
    else if (event.key === "End") next = blocks.at(-1);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") next = this.beside(row, event.key === "ArrowDown" ? 1 : -1, Number(block.dataset.start));
    else if (event.key.toLowerCase() === "l" && !event.ctrlKey && !event.metaKey) {
      const { visit } = block.dataset;
      if (!this.desk.isPinned(visit)) this.desk.lock(visit, !this.desk.locks.has(visit));
      event.preventDefault();
      return;
    } else return;
    event.preventDefault();
    next?.focus();
    next?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  firstBlock() {
    const [row] = this.rows.values();
    return row ? this.body.querySelector(".block") ?? this.beside(row, 1, 0) : null;
  }

  beside(row, step, start) {
    const rows = [...this.rows.values()];
    for (let i = rows.indexOf(row) + step; i >= 0 && i < rows.length; i += step) {
      if (!rows[i].items.length) continue;
      this.fill(rows[i]);
      const blocks = [...rows[i].track.querySelectorAll(".block")];
      return blocks.reduce((best, node) => (Math.abs(node.dataset.start - start) < Math.abs(best.dataset.start - start) ? node : best));
    }
    return null;
  }

  /** The person and the time (to five minutes) at a point of the screen; null outside the tracks. */
  target(x, y) {
    const track = document.elementsFromPoint(x, y).map((node) => node.closest?.(".track")).find(Boolean);
    if (!track) return null;
    const box = track.getBoundingClientRect();
    const at = Math.min(this.count - 1e-9, Math.max(0, ((x - box.left) / box.width) * this.count));
    const i = Math.floor(at);
    const seconds = (this.first + i) * DAY + this.low + (at - i) * (this.high - this.low);
    return { provider: track.closest(".row").dataset.row, seconds: Math.round(seconds / 300) * 300, track };
  }

  /** Mark places, the best first; returns what takes the marks away. */
  mark(options) {
    const marks = [];
    options.forEach((option, n) => {
      for (const service of option.assignment.team) {
        const row = this.rows.get(service.provider);
        const [start, end] = [this.desk.week.at(service.start), this.desk.week.at(service.end)];
        if (!row || !this.isShown({ start, end })) continue;
        const left = this.x(start);
        const node = el("div", { class: "place", data: { option: n }, style: { left: `${left}%`, width: `${Math.max(1.2, this.x(end) - left)}%` }, title: moment(service.start) }, String(n + 1));
        this.fill(row);
        row.track.append(node);
        row.node.classList.add("wanted");
        marks.push([row, node]);
      }
    });
    return () => marks.forEach(([row, node]) => {
      node.remove();
      row.node.classList.remove("wanted");
    });
  }
}
