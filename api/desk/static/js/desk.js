// What is open: a plan in its newest version, the week that it is of, what is locked, what was done and can be undone.

import { compose } from "./difference.js";
import { Steps } from "./steps.js";
import { Week, servicesOf } from "./week.js";

const LOCKS = "sishe.desk.locks.";
const DROPPED = "sishe.desk.dropped";
const ENDED = ["done", "stopped"];
/** Plans before this one that are looked at for what differs from the one in force. */
const BACK = 30;

/** Plans that were only tried out, and not taken. */
export const dropped = () => new Set(JSON.parse(localStorage.getItem(DROPPED) || "[]"));

function drop(...ids) {
  localStorage.setItem(DROPPED, JSON.stringify([...dropped(), ...ids].slice(-500)));
}

export class Desk extends EventTarget {
  constructor(api, caller, rules) {
    super();
    this.api = api;
    this.caller = caller;
    this.rules = new Map(rules.rules.map((rule) => [rule.code, rule]));
    this.terms = new Map(rules.terms.map((term) => [term.code, term]));
    this.steps = new Steps();
    /** Weeks that were open before, by their problem: what is withdrawn still has a name there. */
    this.weeks = new Map();
  }

  can(scope) {
    return this.caller.scopes.includes(scope);
  }

  /** Open a plan, with the steps that led to it. */
  async open(id) {
    await this.#load(id);
    this.#takeLocks(JSON.parse(localStorage.getItem(LOCKS + id) || "[]"));
    if (!this.steps.take(this.view) && this.view.standing === "draft") {
      this.steps.find(this.view, await this.#versions(this.view.id), await this.#origin(this.view));
    }
    this.#opened();
  }

  /** What a plan was planned again from, `{id, version}`; null where it was not. A search from a plan that was planned again belongs to that. */
  async #origin(view) {
    if (view.kind === "replan" || !view.start) return view.start;
    const from = await this.api.plan(view.start.id);
    return from.kind === "replan" && from.problem.id === view.problem.id ? from.start : null;
  }

  async #load(id) {
    const [view, plan] = await Promise.all([this.api.plan(id), this.api.get(`/v1/plans/${id}/plan`)]);
    this.week = await this.#weekOf(view);
    this.#take(view, plan);
    this.violations = [];
  }

  async #weekOf(view) {
    const key = `${view.problem.id}.${view.problem.version}`;
    if (!this.weeks.has(key)) this.weeks.set(key, new Week(await this.api.get(`/v1/plans/${view.id}/problem`)));
    return this.weeks.get(key);
  }

  #takeLocks(visits) {
    this.locks = new Set(visits.filter((visit) => this.assigned.has(visit)));
  }

  async #versions(id) {
    return (await this.api.get(`/v1/plans/${id}/versions`)).items;
  }

  #opened() {
    this.#tell("open");
    // The board stands before the verifier has spoken; what it says comes as an event of its own.
    this.judge().catch((error) => this.dispatchEvent(new CustomEvent("failed", { detail: error })));
  }

  /** A visit of this week, or of one that it has come from. */
  visit(id) {
    return this.week.visits.get(id) ?? [...this.weeks.values()].map((week) => week.visits.get(id)).find(Boolean) ?? null;
  }

  #take(view, plan) {
    this.view = view;
    this.plan = plan;
    /** Whether the verifier has spoken of the plan as it is. */
    this.isJudged = false;
    this.plan.assignments ??= [];
    this.assigned = new Map(plan.assignments.map((item) => [item.visit, item]));
    this.services = servicesOf(this.week, plan.assignments);
    const reasons = new Map((plan.unassigned || []).map((item) => [item.visit, item]));
    this.unassigned = [...this.week.visits.values()].filter((visit) => !this.assigned.has(visit.id))
      .map((visit) => ({ visit, reason: reasons.get(visit.id) || null }))
      .sort((a, b) => b.visit.urgency - a.visit.urgency || a.visit.id.localeCompare(b.visit.id));
  }

  /** Which plan is open, in which version. */
  get at() {
    return `${this.view.id}.${this.view.version}`;
  }

  #tell(what) {
    this.dispatchEvent(new CustomEvent("change", { detail: what }));
  }

  /** A resident of this week, or of one that it has come from. */
  resident(id) {
    return this.week.residents.get(id) ?? [...this.weeks.values()].map((week) => week.residents.get(id)).find(Boolean) ?? null;
  }

  /** Ask the verifier for the plan as it is; this also has the server compile the week, so that the first move is answered at once. */
  async judge() {
    const { at } = this;
    const report = await this.api.post(`/v1/plans/${this.view.id}/evaluate`, { top: 0 });
    if (at !== this.at) return;
    this.violations = report.violations;
    this.isJudged = true;
    this.terms_now = report.terms;
    this.#tell("judged");
  }

  /** The best places for a visit, each with what the plan would cost more than it does now. */
  async recommend(visit, signal) {
    const { id } = this.view;
    const [found, out] = await Promise.all([
      this.api.recommend(id, visit, signal),
      this.assigned.has(visit) ? this.api.whatIf(id, { visit, out: true }, signal) : { cost: 0, by_term: {} },
    ]);
    // The server compares with the plan without the visit; what leaving it out costs lies between that and the plan as it is.
    const now = JSON.stringify(this.assigned.get(visit)?.team.map(({ provider, start }) => [provider, start]));
    const isOther = (option) => JSON.stringify(option.assignment.team.map(({ provider, start }) => [provider, start])) !== now;
    return found.options.filter(isOther).map((option) => {
      const by_term = { ...out.by_term };
      for (const [term, cost] of Object.entries(option.by_term)) by_term[term] = (by_term[term] || 0) + cost;
      return { ...option, cost: option.cost + out.cost, by_term };
    });
  }

  /** Why nothing may be changed here: a word's key, or null. */
  get frozen() {
    return this.can("plan") ? null : "frozen.scope";
  }

  /** Put visits elsewhere, or (null) out of the plan, in one step that can be undone. A plan that is in force is copied to a draft first. */
  async apply(changes, what) {
    if (this.view.standing !== "draft") await this.#draft();
    const plan = this.plan;
    const changed = new Map(Object.entries(changes));
    const assignments = plan.assignments.filter((item) => !changed.has(item.visit)).concat([...changed.values()].filter(Boolean));
    const order = new Map([...this.week.visits.keys()].map((id, i) => [id, i]));
    assignments.sort((a, b) => order.get(a.visit) - order.get(b.visit));
    const unassigned = (plan.unassigned || []).filter((item) => !changed.get(item.visit));
    const { figures: _, ...rest } = plan;
    const before = this.#here();
    await this.#store({ ...rest, assignments, unassigned });
    for (const [visit, to] of changed) if (!to) this.locks.delete(visit);
    this.steps.did(what, before);
    this.#keep();
    this.#tell("edit");
    await this.judge();
  }

  /** Where a step leads: this plan in its version, with what is locked. */
  #here() {
    return { plan: this.view.id, version: this.view.version, locks: [...this.locks] };
  }

  async #store(plan) {
    const path = `/v1/plans/${this.view.id}/plan`;
    const view = await this.api.ask("PUT", path, { body: plan, headers: { "If-Match": `"v${this.view.version}"` } });
    this.#take(view, plan);
  }

  /** Work on a copy of a plan that is in force. */
  async #draft() {
    const before = this.#here();
    const made = await this.api.post(`/v1/plans/${this.view.id}/replan`, { events: [], promised: [] });
    await this.#load(made.plan.id);
    this.#takeLocks(before.locks);
    this.steps.did("step.draft", before);
    this.#keep();
    this.#opened();
  }

  lock(visit, is) {
    if (is) this.locks.add(visit);
    else this.locks.delete(visit);
    this.#keep();
    this.#tell("locks");
  }

  #keep() {
    localStorage.setItem(LOCKS + this.view.id, JSON.stringify([...this.locks]));
    this.steps.keep(this.view);
  }

  isPinned(visit) {
    return this.week.pins.has(visit);
  }

  /**
   * Plan again around what is locked, after what happened; returns a proposal, which `accept` takes and `refuse` drops. First comes the least that
   * must change; with `budget`, the whole week is then searched: `watch` gets the job of that, and returns a promise of how it ended.
   */
  async propose({ events = [], budget = null, price = null, now = null }, watch) {
    const asked = { events, promised: [...this.locks], price, now };
    const made = await this.api.post(`/v1/plans/${this.view.id}/replan`, asked, { tries: 1 });
    const proposal = { ...made, tried: [], locks: [...this.locks].map((visit) => made.renamed[visit] ?? visit) };
    proposal.week = await this.#weekOf(made.plan);
    let further = null;
    if (budget) further = await this.#searched(proposal, budget, now, watch);
    proposal.difference = compose([{ ...made.difference, renamed: made.renamed }, further], proposal.week);
    return proposal;
  }

  /** Have the whole week searched from a proposal; what it found is the proposal then, unless it would begin in the past. */
  async #searched(proposal, budget, now, watch) {
    const from = proposal.plan;
    const job = await this.api.makePlan({ problem_id: from.problem.id, start_id: from.id, budget });
    const done = await watch(job);
    if (!done || !ENDED.includes(done.state)) {
      drop(job.id);
      return null;
    }
    const [before, after] = await Promise.all([from.id, job.id].map((id) => this.api.get(`/v1/plans/${id}/plan`)));
    const known = new Map(before.assignments.map((item) => [item.visit, JSON.stringify(item.team)]));
    const isNew = (item) => known.get(item.visit) !== JSON.stringify(item.team);
    if (now && after.assignments.some((item) => isNew(item) && item.team.some((service) => service.start < now))) {
      drop(job.id);
      return null;
    }
    proposal.plan = done;
    proposal.tried.push(from.id);
    return this.api.get(`/v1/plans/${from.id}/diff/${job.id}`);
  }

  /** Take a proposal: it is what is open from now on. */
  async accept(proposal) {
    const before = this.#here();
    drop(...proposal.tried);
    await this.#load(proposal.plan.id);
    this.#takeLocks(proposal.locks);
    this.steps.did("step.replan", before);
    this.#keep();
    this.#opened();
  }

  refuse(proposal) {
    drop(...proposal.tried, proposal.plan.id);
  }

  get canUndo() {
    return this.steps.past.length > 0 && this.frozen === null;
  }

  get canRedo() {
    return this.steps.future.length > 0 && this.frozen === null;
  }

  /** Go back one step; returns what it was. */
  async undo() {
    const step = this.steps.past.at(-1);
    return step ? this.#go(step, (here) => this.steps.undone(here)) : null;
  }

  /** Do again what was undone. */
  async redo() {
    const step = this.steps.future.at(-1);
    return step ? this.#go(step, (here) => this.steps.redone(here)) : null;
  }

  async #go(to, done) {
    const here = this.#here();
    const isOther = to.plan !== here.plan;
    if (isOther) await this.#load(to.plan);
    if (this.view.version !== to.version && this.view.standing === "draft") {
      await this.#store(await this.api.get(`/v1/plans/${to.plan}/plan?version=${to.version}`));
    }
    this.#takeLocks(to.locks ?? here.locks);
    done(here);
    this.#keep();
    if (isOther) this.#opened();
    else {
      this.#tell("undo");
      await this.judge();
    }
    return to.what;
  }

  /** What differs from the plan that was in force before, or else from the first one: all replanning and all changes by hand together. */
  async changes() {
    const parts = [];
    let [view, version, isInForce] = [this.view, this.view.version, false];
    for (let step = 0; step < BACK; step += 1) {
      const made = (await this.#versions(view.id)).filter((item) => item.made_by === "matcher" && item.version <= version).map((item) => item.version);
      const base = made.length ? Math.max(...made) : 1;
      if (base !== version) parts.unshift(await this.api.get(`/v1/plans/${view.id}/diff/${view.id}?version=${base}&other_version=${version}`));
      if (!view.start) break;
      const from = await this.api.plan(view.start.id);
      if (view.kind === "replan") {
        const { replan } = await this.api.get(`/v1/plans/${view.id}/result`);
        parts.unshift({ ...replan.difference, renamed: replan.renamed });
        await this.#weekOf(from);
      } else if (from.kind === "replan" && view.problem.id === from.problem.id) {
        parts.unshift(await this.api.get(`/v1/plans/${from.id}/diff/${view.id}?version=${view.start.version}&other_version=${base}`));
      } else break;
      isInForce = from.standing !== "draft";
      [view, version] = [from, view.start.version];
      if (isInForce) break;
    }
    return { difference: compose(parts, this.week), isInForce };
  }

  async publish() {
    this.view = await this.api.post(`/v1/plans/${this.view.id}/publish`, { version: this.view.version });
    this.steps.clear();
    this.#keep();
    this.#tell("published");
  }
}
