// Signing in with a key.

import { Api, Refused } from "./api.js";
import { el, replace } from "./dom.js";
import { t } from "./words.js";

export function signIn(app, root, said = "") {
  const key = el("input", { type: "password", id: "key", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "key-help" });
  const problem = el("p", { class: "wrong", role: "alert" }, said);
  const enter = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    const api = new Api(key.value.trim());
    try {
      await app.enter(api);
      new Api(api.key, { remember: true });
      app.show();
    } catch (error) {
      problem.textContent = error instanceof Refused && error.status < 500 ? t("signin.refused") : t("refused.away");
      key.focus();
    }
  };
  replace(root, app.bar(""), el("main", { class: "page narrow" },
    el("h1", {}, t("signin.title")),
    el("p", {}, t("signin.about")),
    el("form", { class: "card", on: { submit: enter } },
      el("label", { for: "key" }, t("signin.key")), key,
      el("p", { id: "key-help", class: "hint" }, t("signin.help")),
      problem,
      el("button", { type: "submit", class: "main" }, t("signin.enter")))));
  key.focus();
}
