// What is open: a plan in its newest version, the week that it is of, what is locked, what was done and can be undone.

import { Week, servicesOf } from "./week.js";

const KEPT = "sishe.desk.locks.";

export class Desk extends EventTarget {
  constructor(api, caller, rules) {
    super();
    this.api = api;
    this.caller = caller;
    this.rules = new Map(rules.rules.map((rule) => [rule.code, rule]));
    this.terms = new Map(rules.terms.map((term) => [term.code, term]));
    this.past = [];
    this.replanned = null;
  }

  can(scope) {
    return this.caller.scopes.includes(scope);
  }

  /** Open a plan. */
  async open(id) {
    const [view, plan] = await Promise.all([this.api.plan(id), this.api.get(`/v1/plans/${id}/plan`)]);
    if (!this.week || this.view?.problem.id !== view.problem.id || this.view.problem.version !== view.problem.version) {
      this.week = new Week(await this.api.get(`/v1/plans/${id}/problem`));
    }
    this.#take(view, plan);
    this.locks = new Set(JSON.parse(sessionStorage.getItem(KEPT + id) || "[]").filter((visit) => this.assigned.has(visit)));
    this.violations = [];
    this.#tell("open");
    // The board stands before the verifier has spoken; what it says comes as an event of its own.
    this.judge().catch((error) => this.dispatchEvent(new CustomEvent("failed", { detail: error })));
  }

  #take(view, plan) {
    this.view = view;
    this.plan = plan;
    this.plan.assignments ??= [];
    this.assigned = new Map(plan.assignments.map((item) => [item.visit, item]));
    this.services = servicesOf(this.week, plan.assignments);
    const reasons = new Map((plan.unassigned || []).map((item) => [item.visit, item]));
    this.unassigned = [...this.week.visits.values()].filter((visit) => !this.assigned.has(visit.id))
      .map((visit) => ({ visit, reason: reasons.get(visit.id) || null }))
      .sort((a, b) => b.visit.urgency - a.visit.urgency || a.visit.id.localeCompare(b.visit.id));
  }

  #tell(what) {
    this.dispatchEvent(new CustomEvent("change", { detail: what }));
  }

  /** Ask the verifier for the plan as it is; this also has the server compile the week, so that the first move is answered at once. */
  async judge() {
    const at = `${this.view.id}.${this.view.version}`;
    const report = await this.api.post(`/v1/plans/${this.view.id}/evaluate`, { top: 0 });
    if (at !== `${this.view.id}.${this.view.version}`) return;
    this.violations = report.violations;
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
    const before = { plan, locks: [...this.locks] };
    await this.#store({ ...rest, assignments, unassigned });
    for (const [visit, to] of changed) if (!to) this.locks.delete(visit);
    this.past.push({ kind: "edit", what, ...before });
    this.#keepLocks();
    this.#tell("edit");
    await this.judge();
  }

  async #store(plan) {
    const path = `/v1/plans/${this.view.id}/plan`;
    const view = await this.api.ask("PUT", path, { body: plan, headers: { "If-Match": `"v${this.view.version}"` } });
    this.#take(view, plan);
  }

  /** Work on a copy of a plan that is in force. */
  async #draft() {
    const made = await this.api.post(`/v1/plans/${this.view.id}/replan`, { events: [], promised: [] });
    const from = this.view.id;
    const locks = [...this.locks];
    await this.open(made.plan.id);
    this.locks = new Set(locks);
    this.past.push({ kind: "plan", what: "step.draft", from });
  }

  lock(visit, is) {
    if (is) this.locks.add(visit);
    else this.locks.delete(visit);
    this.#keepLocks();
    this.#tell("locks");
  }

  #keepLocks() {
    sessionStorage.setItem(KEPT + this.view.id, JSON.stringify([...this.locks]));
  }

  isPinned(visit) {
    return this.week.pins.has(visit);
  }

  /** Plan again around what is locked, after what happened. */
  async replan({ events = [], budget = null, price = null, now = null }) {
    const asked = { events, promised: [...this.locks], budget, price, now };
    const made = await this.api.post(`/v1/plans/${this.view.id}/replan`, asked, { tries: 1 });
    const [from, locks] = [this.view.id, [...this.locks]];
    const kept = this.past;
    await this.open(made.plan.id);
    this.locks = new Set(locks.map((visit) => made.renamed[visit] ?? visit).filter((visit) => this.assigned.has(visit)));
    this.#keepLocks();
    this.past = [...kept, { kind: "plan", what: "step.replan", from, replanned: this.replanned }];
    this.replanned = { id: made.plan.id, ...made };
    this.#tell("replan");
    return made;
  }

  get canUndo() {
    return this.past.length > 0 && this.frozen === null;
  }

  async undo() {
    const step = this.past.pop();
    if (!step) return null;
    if (step.kind === "plan") {
      this.replanned = step.replanned ?? null;
      await this.open(step.from);
    } else {
      try {
        await this.#store(step.plan);
      } catch (error) {
        this.past.push(step);
        throw error;
      }
      this.locks = new Set(step.locks);
      this.#keepLocks();
      this.#tell("undo");
      await this.judge();
    }
    return step.what;
  }

  /** What differs from the plan as the search made it, and, where it was planned again, what that changed. */
  async changes() {
    const { items } = await this.api.get(`/v1/plans/${this.view.id}/versions`);
    const made = items.filter((item) => item.made_by === "matcher").map((item) => item.version);
    const base = made.length ? Math.max(...made) : 1;
    const byHand = base === this.view.version ? null
      : await this.api.get(`/v1/plans/${this.view.id}/diff/${this.view.id}?version=${base}&other_version=${this.view.version}`);
    let replanned = this.replanned?.id === this.view.id ? this.replanned.difference : null;
    if (!replanned && this.view.kind === "replan") replanned = (await this.api.get(`/v1/plans/${this.view.id}/result`)).replan?.difference ?? null;
    return { byHand, replanned };
  }

  async publish() {
    this.view = await this.api.post(`/v1/plans/${this.view.id}/publish`, { version: this.view.version });
    this.past = [];
    this.#tell("published");
  }
}
