// Watching a plan being made: how far it is, what it has so far; stopping keeps the best.

import { button, el, replace, svg } from "./dom.js";
import { has, number, t } from "./words.js";

/** What is seen of a job while it runs: `node`, its button `stop`, and `done`, a promise of the job as it ended (null where nobody waits any more). */
export function watch(app, job, { budget, signal }) {
  const seen = [];
  let latest = null;
  let stopping = false;
  let spoken = 0;
  const bar = el("progress", { max: "1", "aria-label": t("planning.progress") });
  const phase = el("p", { class: "phase" });
  const placed = el("p", { class: "big" });
  const detail = el("p", { class: "hint" });
  const curve = el("div", { class: "curve" });
  const stop = button(t("planning.stop"), async () => {
    stopping = true;
    stop.disabled = true;
    phase.textContent = t("planning.stopping");
    try {
      await app.api.ask("DELETE", `/v1/plans/${job.id}`);
    } catch (error) {
      app.failed(error);
    }
  }, { class: "main" });

  const draw = () => {
    if (!latest) {
      phase.textContent = t(`state.${job.state}`);
      return;
    }
    const key = `phase.${latest.phase.split(" ")[0]}`;
    phase.textContent = stopping ? t("planning.stopping") : has(key) ? t(key) : latest.phase;
    if (latest.assigned !== undefined && latest.assigned !== null) placed.textContent = t("planning.placed", { assigned: number(latest.assigned), visits: number(latest.visits) });
    detail.textContent = t("planning.detail", { seconds: number(Math.round(latest.seconds)), cost: latest.cost === null ? "–" : number(latest.cost) });
    if (budget) bar.value = Math.min(1, latest.seconds / budget);
    replace(curve, line(seen));
  };
  const hear = (kind, data) => {
    if (kind === "state") job.state = data.state;
    if (kind === "progress") {
      latest = data;
      if (data.cost !== null) seen.push([data.seconds, data.cost]);
      if (data.seconds - spoken > 4 && data.assigned) {
        spoken = data.seconds;
        app.announce(placed.textContent);
      }
    }
    draw();
  };
  draw();
  const node = el("div", { class: "planning" }, phase, bar, placed, curve, detail, el("p", {}, t("planning.about")), stop);
  return { node, stop, done: app.api.follow(job.id, hear, signal) };
}

/** The screen of a plan that is being made. */
export function plan(app, root, job, { name, budget }) {
  const ending = new AbortController();
  const watched = watch(app, job, { budget, signal: ending.signal });
  replace(root, app.bar(name), el("main", { class: "page narrow" }, el("section", { class: "card", "aria-labelledby": "planning" },
    el("h2", { id: "planning" }, t("planning.title")), watched.node)));
  watched.stop.focus();
  addEventListener("hashchange", () => ending.abort(), { once: true });
  watched.done.then((done) => {
    if (!done) return;
    if (done.state === "failed") throw new Error(done.error?.detail || t("planning.failed"));
    app.announce(t("planning.done"));
    app.go(`#/plans/${job.id}`);
  }).catch((error) => app.failed(error));
}

/** How the cost came down, as a line. */
function line(points) {
  if (points.length < 2) return null;
  const [width, height] = [300, 60];
  const last = points.at(-1)[0] || 1;
  const costs = points.map((point) => point[1]);
  const [low, high] = [Math.min(...costs), Math.max(...costs)];
  const path = points.map(([x, y]) => `${(x / last) * width},${4 + ((high === low ? 1 : (high - y) / (high - low)) * (height - 8))}`).join(" ");
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t("planning.curve") }, svg("polyline", { points: path }));
}
