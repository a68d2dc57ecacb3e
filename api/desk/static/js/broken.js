// Which rules the plan breaks, where, and what the server would change first to mend it.

import { changesOf } from "./drag.js";
import { button, dialog, el, replace } from "./dom.js";
import { number, t } from "./words.js";

const SHOWN = 100;

export function showBroken(screen) {
  const { desk, teller } = screen;
  dialog(t("broken.title", { n: number(desk.violations.length) }), (close, node) => {
    node.classList.add("wide");
    const places = desk.violations.slice(0, SHOWN).map((item) => {
      const said = teller.violation(item);
      const show = item.visit && desk.assigned.has(item.visit) && button(t("broken.show"), () => {
        close();
        screen.board.reveal(item.visit);
      }, { class: "link", "aria-label": t("broken.show_named", { what: said.about }) });
      return el("li", {}, el("strong", {}, said.rule), said.about && ` (${said.about})`, said.detail && `: ${said.detail}`, " ", show);
    });
    const mends = el("div", { class: "options", "aria-live": "polite" }, t("loading"));
    desk.api.post(`/v1/plans/${desk.view.id}/evaluate`, { top: 5 }).then((found) => {
      const useful = found.suggestions.filter((item) => item.mended.length > 0);
      replace(mends, useful.length === 0 ? el("p", {}, t("broken.no_mend")) : el("ol", {}, useful.map((item) => mend(screen, item, close))));
    }).catch((error) => replace(mends, error.message));
    return [
      el("ul", { class: "rules" }, places),
      el("section", { class: "card" }, el("h3", {}, t("broken.mend")), mends),
      el("div", { class: "acts" }, button(t("close"), close, { class: "quiet", data: { act: "close" } })),
    ];
  });
}

function mend(screen, item, close) {
  const { desk, teller } = screen;
  const what = `${teller.visit(item.visit)}: ${item.after ? teller.assignment(item.after) : t("visit.out")}`;
  const use = async () => {
    const changes = changesOf(item.visit, { assignment: item.after, moved: item.moved });
    if (await screen.act(() => desk.apply(changes, "step.move").then(() => true), t("moved"))) close();
  };
  return el("li", {}, el("strong", {}, what), ` — ${t("broken.mends", { n: number(item.mended.length) })}; ${teller.cost(item.cost)} `,
    desk.frozen === null && button(t("visit.use"), use, { "aria-label": t("visit.use_named", { what }), data: { mend: item.visit } }));
}
