// Choosing a week: one that is stored, or a file; its plans; asking for a new one and watching it being made.

import { button, choice, el, labelled, replace, save } from "./dom.js";
import { dropped } from "./desk.js";
import { plan as planning } from "./planning.js";
import { current, date, instant, number, t } from "./words.js";

const SECONDS = [10, 30, 120, 600];
const ZIP = "application/zip";
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/** Kinds of week files by the ends of their names; all others are JSON. Browsers guess the type, each in its own way. */
const KINDS = { xlsx: XLSX, xlsm: XLSX, zip: ZIP };

export async function chooseWeek(app, root) {
  const [problems, plans] = await Promise.all([app.api.all("/v1/problems", 400), app.api.all("/v1/plans", 1000)]);
  // A week that was changed by planning again is kept by the server as a problem of its own; it belongs with its plan, not among the weeks.
  const replanned = new Map(plans.filter((plan) => plan.kind === "replan").map((plan) => [plan.problem.id, plan]));
  const byId = new Map(plans.map((plan) => [plan.id, plan]));
  const origin = (plan) => {
    let found = plan;
    while (found.start && byId.has(found.start.id)) found = byId.get(found.start.id);
    return found.problem.id;
  };
  const plansOf = new Map();
  const hidden = dropped();
  for (const plan of plans.filter((item) => !hidden.has(item.id))) plansOf.set(origin(plan), [...(plansOf.get(origin(plan)) || []), plan]);
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
  const file = el("input", { type: "file", accept: ".xlsx,.xlsm,.zip,.json,.gz,application/json" });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    app.announce(t("weeks.loading"));
    try {
      const stored = await send(app.api, chosen);
      const said = t("weeks.loaded", { name: stored.facts.name || stored.id });
      app.announce(said);
      await app.show();
      // What was not read may be what somebody thinks is planned.
      if (stored.unread.length > 0) app.tell(`${said} ${t("weeks.unread")}`, stored.unread);
      document.querySelector(`[data-week="${stored.id}"] button`)?.focus();
    } catch (error) {
      app.failed(error);
    }
    file.value = "";
  });
  return el("section", { class: "card", "aria-labelledby": "load" }, el("h2", { id: "load" }, t("weeks.file")), el("p", {}, t("weeks.file_help")),
    el("div", { class: "row" }, el("label", { class: "file" }, file, el("span", {}, t("weeks.choose_file"))),
      button(t("weeks.template"), () => download(app, `/v1/template?lang=${current()}`, t("weeks.template_file")), { data: { act: "template" } })));
}

/** Store a week file of whatever kind. */
async function send(api, file) {
  const kind = KINDS[file.name.toLowerCase().split(".").pop()];
  if (kind) return api.post("/v1/problems", file, { headers: { "Content-Type": kind, "Accept-Language": current() } });
  const unpacked = file.name.endsWith(".gz") ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  return api.post("/v1/problems", await new Response(unpacked).text());
}

/** Fetch a workbook and have it saved. */
export async function download(app, path, name) {
  app.announce(t("download.going"));
  try {
    save(await app.api.file(path), `${name}.xlsx`);
    app.announce(t("download.done"));
  } catch (error) {
    app.failed(error);
  }
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
    el("div", { class: "row" },
      app.caller.scopes.includes("plan") && [labelled(t("weeks.budget"), seconds),
        button(t("weeks.plan"), start, { class: "main", "aria-label": t("weeks.plan_named", { name: facts.name || week.id }) })],
      button(t("weeks.workbook"), () => download(app, `/v1/problems/${week.id}/workbook?lang=${current()}`, facts.name || week.id),
        { class: "quiet", "aria-label": t("weeks.workbook_named", { name: facts.name || week.id }), data: { act: "workbook" } })),
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
