// The HTTP API as calls. The key is kept for this tab alone and goes nowhere but into the header of requests to this server.

const KEPT = "sishe.desk.key";
const BUSY = new Set([429, 503]);

/** The API refused a request: `kind` names the refusal, `errors` are all faults of what was sent. */
export class Refused extends Error {
  constructor(status, details) {
    super(details.detail || details.title || String(status));
    this.status = status;
    this.kind = (details.type || "").split("/").pop();
    this.errors = details.errors || [];
    this.count = details.count || this.errors.length;
  }
}

export class Api {
  constructor(key, { remember = false } = {}) {
    this.key = key;
    if (remember) sessionStorage.setItem(KEPT, key);
  }

  /** The API with the key of this tab; null if there is none. */
  static remembered() {
    const key = sessionStorage.getItem(KEPT);
    return key ? new Api(key) : null;
  }

  static forget() {
    sessionStorage.clear();
  }

  /** Send a request, again where the server is busy; returns the answer as it comes. */
  async send(method, path, { body, headers = {}, signal, tries = 3 } = {}) {
    const given = { Authorization: `Bearer ${this.key}`, ...headers };
    if (body !== undefined) given["Content-Type"] ||= "application/json";
    const content = typeof body === "string" || body instanceof Blob ? body : JSON.stringify(body);
    const answer = await fetch(path, { method, headers: given, body: content, signal, cache: "no-cache" });
    if (BUSY.has(answer.status) && tries > 1) {
      await pause(1000 * Math.min(10, Number(answer.headers.get("Retry-After") || 1)), signal);
      return this.send(method, path, { body, headers, signal, tries: tries - 1 });
    }
    return answer;
  }

  /** Send a request; returns the JSON of the answer. Raises `Refused`, or a TypeError where the server is not there. */
  async ask(method, path, options) {
    const answer = await this.send(method, path, options);
    const text = await answer.text();
    let found = null;
    try {
      found = text ? JSON.parse(text) : null;
    } catch {
      found = { detail: text.slice(0, 200) };
    }
    if (!answer.ok) throw new Refused(answer.status, found || {});
    return found;
  }

  get(path, options) {
    return this.ask("GET", path, options);
  }

  post(path, body, options = {}) {
    return this.ask("POST", path, { body, ...options });
  }

  /** A file that the server makes. Raises as `ask` does. */
  async file(path) {
    const answer = await this.send("GET", path);
    if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
    return answer.blob();
  }

  /** All pages of a list, up to `most` items. */
  async all(path, most = 1000) {
    const found = [];
    for (let next = null, more = true; more && found.length < most; more = next !== null) {
      const page = await this.get(`${path}${path.includes("?") ? "&" : "?"}limit=200${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
      found.push(...page.items);
      next = page.next;
    }
    return found;
  }

  caller() {
    return this.get("/v1/caller");
  }

  rules() {
    return this.get("/v1/rules");
  }

  plan(id) {
    return this.get(`/v1/plans/${id}`);
  }

  /** Ask for a plan; sent twice, it is made once. */
  makePlan(asked) {
    return this.post("/v1/plans", asked, { headers: { "Idempotency-Key": nonce() } });
  }

  whatIf(id, asked, signal) {
    return this.post(`/v1/plans/${id}/what-if`, asked, { signal, tries: 1 });
  }

  recommend(id, visit, signal) {
    return this.post(`/v1/plans/${id}/recommend`, { visit, top: 10 }, { signal });
  }

  explain(id, visit) {
    return this.get(`/v1/plans/${id}/explain/${encodeURIComponent(visit)}?budget=3`);
  }

  /** Follow a plan: calls `hear(kind, data)` for every event until it has ended; takes up a stream that breaks off. */
  async follow(id, hear, signal) {
    let last = "";
    for (let quiet = 0; !signal.aborted; quiet += 1) {
      try {
        const headers = { Authorization: `Bearer ${this.key}`, Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
        const answer = await fetch(`/v1/plans/${id}/events`, { headers, signal });
        if (answer.ok) {
          for await (const event of events(answer.body)) {
            last = event.id;
            quiet = 0;
            hear(event.event, JSON.parse(event.data));
          }
        } else if (!BUSY.has(answer.status)) throw new Refused(answer.status, await answer.json());
      } catch (error) {
        if (signal.aborted || error instanceof Refused) throw error;
      }
      const job = await this.plan(id);
      if (["done", "stopped", "failed"].includes(job.state)) return job;
      await pause(Math.min(5000, 300 * (quiet + 1)), signal);
    }
    return null;
  }
}

/** A word that was never used before. (`crypto.randomUUID` is there with TLS only.) */
const nonce = () => [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const parts = rest.split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const fields = {};
      for (const line of part.split("\n")) {
        const at = line.indexOf(":");
        if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).trimStart();
      }
      if (fields.data !== undefined) yield fields;
    }
  }
}

export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
