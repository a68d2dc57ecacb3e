// A person's calendar: a link that calendar programs subscribe to, or a file. It follows what is published, whatever plan is open.

import { Refused } from "./api.js";
import { button, copy, el, replace, save } from "./dom.js";
import { current, t } from "./words.js";

/** What can be done with a person's calendar; what came of it is said beneath. */
export function calendarOf(screen, id) {
  const { app, desk, teller } = screen;
  const said = el("div", { class: "said", role: "status" });
  const name = teller.person(id);
  const act = (work) => async () => {
    try {
      await work();
    } catch (error) {
      // Nobody whom a published plan has told anything has a calendar yet.
      if (error instanceof Refused && error.kind === "not-found") replace(said, t("calendar.none"));
      else app.failed(error);
    }
  };
  const link = act(async () => {
    const made = await app.api.post("/v1/calendars", { person: id, lang: current(), area: desk.view.area });
    const address = new URL(made.links.feed, location.href).href;
    const isCopied = await copy(address);
    const field = el("input", { type: "url", readonly: true, value: address, "aria-label": t("calendar.link_of", { who: name }), data: { calendar: "link" } });
    replace(said, el("p", {}, t(isCopied ? "calendar.copied" : "calendar.not_copied")), field,
      button(t("calendar.revoke"), act(async () => {
        await app.api.ask("DELETE", made.links.self);
        replace(said, t("calendar.revoked"));
      }), { class: "quiet", "aria-label": t("calendar.revoke_of", { who: name }), data: { calendar: "revoke" } }));
  });
  const file = act(async () => {
    const path = `/v1/people/${encodeURIComponent(id)}/calendar.ics?lang=${current()}&area=${encodeURIComponent(desk.view.area)}`;
    save(await app.api.file(path), `${name}.ics`);
    replace(said, t("download.done"));
  });
  const gives = desk.can("publish") && app.caller.has_calendar_links;
  return el("div", { class: "calendar no-print" }, el("div", { class: "acts" },
    gives && button(t("calendar.copy"), link, { "aria-label": t("calendar.copy_of", { who: name }), data: { calendar: "copy" } }),
    button(t("calendar.file"), file, { "aria-label": t("calendar.file_of", { who: name }), data: { calendar: "file" } })), said);
}

/** What to know of calendars: that they follow publications, and who has no link to give. */
export function calendarHint(screen) {
  const { app, desk } = screen;
  return el("p", { class: "hint no-print" }, t("calendar.about"), desk.can("publish") && !app.caller.has_calendar_links && ` ${t("calendar.no_links")}`);
}
