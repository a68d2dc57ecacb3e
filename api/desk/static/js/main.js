// The desk's beginning: who is there, then the weeks, then a plan.

import { Api, Refused } from "./api.js";
import { openPlan } from "./plan.js";
import { signIn } from "./signin.js";
import { LANGS, current, number, t, usual, use } from "./words.js";
import { chooseWeek } from "./weeks.js";
import { announce, button, el, replace } from "./dom.js";

const root = document.getElementById("app");
/** Faults of a file that are listed at once; what is more comes when these are mended. */
const SHOWN = 200;
let screen = null;

/** Everything that screens share: the API, who asks, ways to other screens. */
const app = {
  api: null,
  caller: null,
  rules: null,
  /** Names and telephones that somebody picked, in memory alone. */
  contacts: null,
  async enter(api) {
    const [caller, rules] = await Promise.all([api.caller(), api.rules()]);
    Object.assign(app, { api, caller, rules });
  },
  leave() {
    Api.forget();
    Object.assign(app, { api: null, caller: null, rules: null, contacts: null });
    location.hash = "";
    show();
  },
  go(where) {
    if (location.hash === where) show();
    else location.hash = where;
  },
  /** What every screen has at its top. */
  bar(title, ...controls) {
    return el("header", { class: "bar" },
      el("div", { class: "brand" }, el("span", { lang: "zh-CN" }, "四社联动"), title && el("h1", {}, title)),
      el("div", { class: "controls" }, controls, languages(), app.api && button(t("leave"), app.leave, { class: "quiet" })));
  },
  /** Say what went wrong, in words that help. */
  failed(error) {
    if (error?.name === "AbortError") return;
    if (error instanceof Refused && error.status === 401) {
      Api.forget();
      app.api = null;
      show(t("signin.refused"));
      return;
    }
    const key = error instanceof Refused ? `refused.${error.kind}` : error instanceof TypeError && /fetch|network/i.test(error.message) ? "refused.away" : null;
    let text = error.message;
    try {
      if (key) text = t(key);
    } catch {
      // A kind of refusal that has no words here: the server's own are shown.
    }
    const lines = (error.errors || []).slice(0, SHOWN).map((fault) => el("li", {}, el("code", {}, fault.pointer || "/"), ` ${fault.detail}`));
    // Where the faults themselves are listed, there is nothing to add in the server's own English.
    const detail = error instanceof Refused && text !== error.message && lines.length === 0 ? error.message : "";
    const box = el("div", { class: "failed", role: "alert" }, el("strong", {}, text), detail && el("p", {}, detail),
      lines.length > 0 && el("ul", {}, lines), error.count > lines.length && el("p", {}, t("faults_more", { n: number(error.count - lines.length) })), button(t("close"), () => box.remove(), { class: "quiet" }));
    document.querySelector("dialog[open]:last-of-type") ? document.querySelector("dialog[open]:last-of-type").append(box) : root.append(box);
    if (!(error instanceof Refused)) console.error(error);
  },
  /** Say something that stays until it is closed. */
  tell(text, lines) {
    const box = el("div", { class: "failed told-once", role: "status" }, el("strong", {}, text), el("ul", {}, lines.map((line) => el("li", {}, line))),
      button(t("close"), () => box.remove(), { class: "quiet" }));
    root.append(box);
  },
  announce,
};

function languages() {
  const other = LANGS.find((lang) => lang !== current());
  return button(t("other_language"), async () => {
    await use(other);
    screen?.redraw ? screen.redraw() : show();
  }, { class: "quiet", lang: other === "zh" ? "zh-CN" : "en" });
}

let showing = null;
let isStale = false;

/** Show the screen that the address names; one that is asked for while another is being fetched comes after it, never before. */
function show(said = "") {
  if (showing) {
    isStale = true;
    return showing;
  }
  showing = (async () => {
    do {
      isStale = false;
      await showOnce(said);
    } while (isStale);
  })().finally(() => {
    showing = null;
  });
  return showing;
}

async function showOnce(said) {
  screen?.close?.();
  screen = null;
  try {
    if (!app.api) {
      const api = Api.remembered();
      if (api && !said) {
        replace(root, el("main", { class: "loading" }, t("loading")));
        await app.enter(api);
      } else {
        signIn(app, root, said);
        return;
      }
    }
    const plan = /^#\/plans\/([\w-]+)$/.exec(location.hash);
    screen = plan ? await openPlan(app, root, plan[1]) : await chooseWeek(app, root);
  } catch (error) {
    if (!app.api) Api.forget();
    if (!app.api) signIn(app, root, error instanceof Refused && error.status < 500 ? t("signin.refused") : t("refused.away"));
    else {
      replace(root, app.bar(""), el("main", { class: "page" }, button(t("weeks.back"), () => app.go("#/"))));
      app.failed(error);
    }
  }
}

addEventListener("hashchange", () => show());
app.show = show;
await use(usual());
await show();
