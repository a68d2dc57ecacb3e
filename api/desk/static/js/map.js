// A map: the shapes of the districts, communities, homes and venues, and the ways of one person or of everybody on a day.

import { colour } from "./colours.js";
import { button, choice, el, labelled, replace, svg } from "./dom.js";
import { routes } from "./travel.js";
import { DAY, KINDS } from "./week.js";
import { day, number, t, time } from "./words.js";

const SIDE = 1000;
/** Pixels: the height of a community's name. */
const NAME = 12;
const MOST_ROUTES = 120;
let shapes = null;

export class Chart {
  constructor(screen) {
    this.screen = screen;
    this.person = "";
    this.zoom = 1;
    this.node = el("section", { class: "map-place", "aria-label": t("shows.map") });
  }

  /** Show the ways of one person. */
  choose(person) {
    this.person = person;
    document.querySelector('[data-act="map"]').click();
  }

  async draw() {
    const { desk, filters } = this.screen;
    const { week } = desk;
    const people = [...week.providers.values()].map((item) => [item.id, item.name || item.id]);
    const who = choice([["", t("map.everybody")], ...people], this.person, (value) => {
      this.person = value;
      this.draw();
    }, { data: { map: "person" } });
    const zoom = (by) => () => {
      this.zoom = Math.min(32, Math.max(0.25, this.zoom * by));
      this.frame();
    };
    this.picture = svg("svg", { role: "img", "aria-label": t("shows.map"), class: "map" });
    this.said = el("div", { class: "map-list" });
    replace(this.node, el("div", { class: "row" }, labelled(t("map.person"), who),
      button("+", zoom(2), { "aria-label": t("map.in") }), button("−", zoom(0.5), { "aria-label": t("map.out") }), button(t("map.all"), () => {
        this.zoom = 1;
        this.frame();
      }), el("span", { class: "hint" }, filters.day < 0 ? t("map.pick_day") : day(week.date(filters.day)))), el("div", { class: "map-body" }, this.picture, this.said));
    if (shapes === null && (week.problem.coordinates ?? "wgs84") !== "plane") {
      shapes = await fetch(new URL("../shapes.json", import.meta.url)).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
    }
    this.paint();
  }

  /** Where a place is on the picture; null if it has none that can be drawn. */
  point(place) {
    if (!place) return null;
    if (place.x !== undefined && place.x !== null) return [place.x, -place.y];
    if (place.lat === undefined || place.lat === null) return null;
    return [place.lon * 111_320 * Math.cos((37.3 * Math.PI) / 180), -place.lat * 110_574];
  }

  paint() {
    const { desk } = this.screen;
    const { week } = desk;
    const places = [...week.communities.values(), ...week.residents.values(), ...week.venues.values(), ...week.providers.values()].map((item) => this.point(item.location)).filter(Boolean);
    if (places.length === 0) {
      replace(this.said, t("map.none"));
      return;
    }
    const [xs, ys] = [0, 1].map((i) => places.map((place) => place[i]));
    this.box = { x: Math.min(...xs), y: Math.min(...ys), width: Math.max(...xs) - Math.min(...xs) || 1, height: Math.max(...ys) - Math.min(...ys) || 1 };
    this.unit = Math.max(this.box.width, this.box.height) / SIDE;
    const chosen = this.routes();
    replace(this.picture, this.land(), this.homes(), this.centres(), chosen.map((route, i) => this.route(route, i, chosen.length)));
    this.frame();
    replace(this.said, this.words(chosen));
  }

  frame() {
    const { x, y, width, height } = this.box;
    const pad = Math.max(width, height) * 0.06;
    const [w, h] = [(width + 2 * pad) / this.zoom, (height + 2 * pad) / this.zoom];
    this.picture.setAttribute("viewBox", `${x + width / 2 - w / 2} ${y + height / 2 - h / 2} ${w} ${h}`);
    // How much of the map a pixel is: words have their size on the screen, however wide it is.
    const box = this.picture.getBoundingClientRect();
    const pixel = box.width > 0 ? Math.max(w / box.width, h / box.height) : this.unit / this.zoom;
    this.picture.style.setProperty("--unit", pixel);
    this.thin(pixel);
  }

  /** Of names that would cover one another, leave the first; nearer by, there is room for more. */
  thin(pixel) {
    const taken = [];
    for (const text of this.picture.querySelectorAll(".community")) {
      const wide = (NAME * pixel * [...text.textContent].reduce((sum, char) => sum + (char > "\u2e7f" ? 1 : 0.6), 0)) / 2;
      const [x, y] = ["x", "y"].map((name) => Number(text.getAttribute(name)));
      const isFree = taken.every(([atX, atY, other]) => Math.abs(atX - x) > wide + other || Math.abs(atY - y) > 1.3 * NAME * pixel);
      text.style.display = isFree ? "" : "none";
      if (isFree) taken.push([x, y, wide]);
    }
  }

  land() {
    if (!shapes || (this.screen.desk.week.problem.coordinates ?? "wgs84") === "plane") return null;
    return shapes.features.map((feature) => svg("path", {
      class: "land",
      d: feature.geometry.coordinates.flat(feature.geometry.type === "MultiPolygon" ? 1 : 0)
        .map((ring) => `M${ring.map(([lon, lat]) => this.point({ lat, lon }).map((value) => value.toFixed(0)).join(",")).join("L")}Z`).join(""),
    }, svg("title", {}, feature.properties.name)));
  }

  homes() {
    const { desk } = this.screen;
    const seen = new Set();
    const dots = [];
    for (const visit of desk.week.visits.values()) {
      const place = this.point(visit.location);
      if (!place || !this.screen.matches(visit)) continue;
      const key = `${place} ${visit.category}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const waits = !desk.assigned.has(visit.id);
      dots.push(svg("circle", { class: waits ? "home waits" : "home", cx: place[0], cy: place[1], r: 6 * this.unit, fill: colour(desk.week, visit.category) }, svg("title", {}, this.screen.teller.visit(visit.id))));
    }
    return dots;
  }

  centres() {
    return [...this.screen.desk.week.communities.values()].map((item) => {
      const place = this.point(item.location);
      return place && svg("text", { class: "community", x: place[0], y: place[1] }, item.name || item.id);
    });
  }

  /** The ways that are shown: of the person, else of everybody on the day. */
  routes() {
    const { desk, filters } = this.screen;
    if (!this.person && filters.day < 0) return [];
    const people = this.person ? [desk.week.providers.get(this.person)] : [...desk.week.providers.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
    const found = [];
    for (const provider of people) {
      const items = (desk.services.get(provider.id) ?? []).filter((item) => filters.day < 0 || Math.floor(item.start / DAY) === filters.day);
      for (const route of routes(desk.week, provider, items)) if (route.legs.length && found.length < MOST_ROUTES) found.push({ provider, ...route });
    }
    return found;
  }

  route({ provider, items, legs }, i, count) {
    const hue = (i * 137.5) % 360;
    const points = [provider.location, ...legs.map((leg) => leg.place)].map((place) => this.point(place)).filter(Boolean);
    const line = svg("polyline", { class: "route", points: points.map((place) => place.join(",")).join(" "), style: { stroke: `hsl(${hue} 70% 32%)` } }, svg("title", {}, provider.name || provider.id));
    const base = points[0] && svg("rect", { class: "base", x: points[0][0] - 5 * this.unit, y: points[0][1] - 5 * this.unit, width: 10 * this.unit, height: 10 * this.unit }, svg("title", {}, provider.name || provider.id));
    const stops = count > 12 ? [] : legs.filter((leg) => leg.to).map((leg) => {
      const [x, y] = this.point(leg.place) ?? [0, 0];
      return svg("text", { class: "stop", x, y }, String(items.indexOf(leg.to) + 1));
    });
    return [line, base, stops];
  }

  /** The same in words, for those who do not see the picture. */
  words(chosen) {
    const { teller } = this.screen;
    if (chosen.length === 0) return el("p", { class: "hint" }, this.person ? t("map.no_way") : t("map.choose"));
    return chosen.slice(0, 30).map(({ provider, items, legs }) => el("section", {},
      el("h3", {}, `${provider.name || provider.id} · ${day(items[0].service.start)}`),
      el("ol", {}, items.map((item) => {
        const leg = legs.find((one) => one.to === item);
        return el("li", {}, button(`${time(item.service.start)} ${teller.visit(item.visit.id)}`, () => this.screen.open(item.visit.id, { role: item.role }), { class: "link" }), leg && leg.seconds >= 30 && ` (${teller.way(leg.seconds)})`);
      })), el("p", { class: "hint" }, t("map.total", { n: number(Math.round(legs.reduce((sum, leg) => sum + leg.seconds, 0) / 60)) }))));
  }
}
