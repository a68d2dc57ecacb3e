// What was done and can be undone, and done again. A step names where it leads: a plan, its version, what was locked there. The contents are
// the server's: it keeps every version, so that steps outlive a reload and a browser that was closed.

const KEPT = "sishe.desk.steps.";
/** Plans whose steps are kept in this browser, the newest. */
const PLANS = 40;

export class Steps {
  constructor() {
    this.past = [];
    this.future = [];
  }

  /** Take up the steps of a plan that was open before; says whether they still fit it. */
  take(view) {
    const kept = JSON.parse(localStorage.getItem(KEPT + view.id) || "null");
    const fits = kept !== null && kept.version === view.version;
    Object.assign(this, fits ? { past: kept.past, future: kept.future } : { past: [], future: [] });
    return fits;
  }

  /** Find the steps of a plan on the server: what was stored after the last version of the search was done by hand; before that is its origin. */
  find(view, versions, origin) {
    const made = versions.filter((item) => item.made_by === "matcher").map((item) => item.version);
    const base = made.length ? Math.max(...made) : view.version;
    this.past = [];
    if (origin) this.past.push({ what: "step.replan", plan: origin.id, version: origin.version });
    for (let version = base; version < view.version; version += 1) this.past.push({ what: "step.move", plan: view.id, version });
    this.future = [];
  }

  /** Something was done that led away from `from`. */
  did(what, from) {
    this.past.push({ ...from, what });
    this.future = [];
  }

  /** The last step goes back to where it came from, and could be done again from there. */
  undone(here) {
    this.future.push({ ...here, what: this.past.pop().what });
  }

  redone(here) {
    this.past.push({ ...here, what: this.future.pop().what });
  }

  clear() {
    this.past = [];
    this.future = [];
  }

  keep(view) {
    localStorage.setItem(KEPT + view.id, JSON.stringify({ version: view.version, past: this.past, future: this.future, at: Date.now() }));
    const all = Object.keys(localStorage).filter((key) => key.startsWith(KEPT));
    if (all.length <= PLANS) return;
    const age = (key) => JSON.parse(localStorage.getItem(key)).at;
    all.sort((a, b) => age(a) - age(b)).slice(0, all.length - PLANS).forEach((key) => localStorage.removeItem(key));
  }
}
