// Choosing a week: one that is stored, or a file; its plans; asking for a new one and watching it being made.

import { button, choice, el, labelled, replace } from "./dom.js";
import { plan as planning } from "./planning.js";
import { date, instant, number, t } from "./words.js";

const SECONDS = [10, 30, 120, 600];

export async function chooseWeek(app, root) {
  const [problems, plans] = await Promise.all([app.api.all("/v1/problems", 400), app.api.all("/v1/plans", 1000)]);
  // A week that was changed by planning again is kept by the server as a problem of its own; it belongs with its plan, not among the weeks.
  const replanned = new Map(plans.filter((plan) => plan.kind === "replan").map((plan) => [plan.problem.id, plan]));
  const byId = new Map(plans.map((plan) => [plan.id, plan]));
  const origin = (plan) => {
    let found = plan;
    while (found.kind === "replan" && found.start && byId.has(found.start.id)) found = byId.get(found.start.id);
    return found.problem.id;
  };
  const plansOf = new Map();
  for (const plan of plans) plansOf.set(origin(plan), [...(plansOf.get(origin(plan)) || []), plan]);
  const weeks = problems.filter((problem) => !replanned.has(problem.id));
  const draw = () => {
    replace(root, app.bar(t("weeks.title")), el("main", { class: "page", data: { screen: "weeks" } },
      app.caller.scopes.includes("plan") && load(app),
      el("h2", {}, t("weeks.stored")),
      weeks.length === 0 && el("p", { class: "card" }, t("weeks.none")),
      el("ul", { class: "weeks" }, weeks.map((week) => card(app, root, week, plansOf.get(week.id) || [])))));
  };
  draw();
  return { redraw: draw };
}

function load(app) {
  const file = el("input", { type: "file", accept: ".json,.gz,application/json" });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    app.announce(t("weeks.loading"));
    try {
      const unpacked = chosen.name.endsWith(".gz") ? chosen.stream().pipeThrough(new DecompressionStream("gzip")) : chosen.stream();
      const text = await new Response(unpacked).text();
      const stored = await app.api.post("/v1/problems", text);
      app.announce(t("weeks.loaded", { name: stored.facts.name || stored.id }));
      await app.show();
      document.querySelector(`[data-week="${stored.id}"] button`)?.focus();
    } catch (error) {
      app.failed(error);
    }
    file.value = "";
  });
  return el("section", { class: "card", "aria-labelledby": "load" }, el("h2", { id: "load" }, t("weeks.file")), el("p", {}, t("weeks.file_help")),
    el("label", { class: "file" }, file, el("span", {}, t("weeks.choose_file"))));
}

function card(app, root, week, plans) {
  const { facts } = week;
  const seconds = choice(SECONDS.map((n) => [n, n < 60 ? t("unit.seconds", { n }) : t("unit.minutes", { n: n / 60 })]), SECONDS[0], () => {});
  const start = async () => {
    try {
      const made = await app.api.makePlan({ problem_id: week.id, budget: Number(seconds.value) });
      planning(app, root, made, { name: facts.name || week.id, budget: Number(seconds.value) });
    } catch (error) {
      app.failed(error);
    }
  };
  return el("li", { class: "card", data: { week: week.id } },
    el("h3", {}, facts.name || week.id),
    el("p", {}, t("weeks.facts", { start: date(facts.start), days: facts.days, communities: number(facts.communities.length), visits: number(facts.visits), providers: number(facts.providers) })),
    app.caller.scopes.includes("plan") && el("div", { class: "row" }, labelled(t("weeks.budget"), seconds),
      button(t("weeks.plan"), start, { class: "main", "aria-label": t("weeks.plan_named", { name: facts.name || week.id }) })),
    plans.length > 0 && el("h4", {}, t("weeks.plans")),
    plans.length > 0 && el("ul", { class: "plans" }, plans.slice(0, 8).map((plan) => el("li", {}, entry(app, root, plan, facts)))));
}

function entry(app, root, plan, facts) {
  const live = ["queued", "running"].includes(plan.state);
  const made = t("weeks.made", { when: instant(plan.made_at), state: t(`state.${plan.state}`), standing: t(`standing.${plan.standing}`) });
  const placed = plan.visits ? t("weeks.placed", { assigned: number(plan.assigned ?? 0), visits: number(plan.visits) }) : "";
  const open = () => (live ? planning(app, root, plan, { name: facts.name, budget: plan.settings.budget }) : app.go(`#/plans/${plan.id}`));
  const words = [made, placed].filter(Boolean).join(" · ");
  return plan.state === "failed" ? el("span", {}, words) : button(words, open, { class: "link", data: { plan: plan.id } });
}
