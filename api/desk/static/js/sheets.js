// Sheets to print and to hand out: a page for each person and each community, with names, addresses and telephones from a sheet of contacts.

import { calendarHint, calendarOf } from "./calendars.js";
import { Contacts, contactsTemplate, readContacts } from "./contacts.js";
import { button, choice, el, labelled, replace, save } from "./dom.js";
import { Misread } from "./tables.js";
import { day, list, number, t, time } from "./words.js";

const BY = ["person", "community"];
/** Who lacks a contact: how many are named. */
const NAMED = 12;

export class Sheets {
  constructor(screen) {
    this.screen = screen;
    this.by = BY[0];
    this.said = el("div", { role: "status" });
    this.pages = el("div", { class: "pages" });
    this.node = el("section", { class: "sheets", "aria-label": t("shows.sheets") });
  }

  /** Contacts last as long as the page, not longer, and over the plans that are opened in it. */
  get contacts() {
    return (this.screen.app.contacts ??= new Contacts());
  }

  draw() {
    const file = el("input", { type: "file", accept: ".csv,.xlsx,.xlsm,text/csv" });
    file.addEventListener("change", async () => {
      const [chosen] = file.files;
      if (chosen) await this.take(chosen);
      file.value = "";
    });
    const by = choice(BY.map((name) => [name, t(`sheets.by.${name}`)]), this.by, (value) => {
      this.by = value;
      this.paint();
    }, { data: { sheets: "by" } });
    replace(this.node,
      el("div", { class: "card no-print" },
        el("div", { class: "row" }, labelled(t("sheets.by"), by), button(t("print"), () => print(), { class: "main", data: { act: "print" } }),
          el("label", { class: "file" }, file, el("span", {}, t("contacts.choose"))),
          button(t("contacts.template"), () => save(contactsTemplate(this.screen.desk.week), `${t("contacts.file")}.csv`), { data: { act: "contacts" } })),
        el("p", { class: "hint" }, t("contacts.about")), calendarHint(this.screen), this.said),
      this.pages);
    this.paint();
  }

  async take(file) {
    try {
      this.screen.app.contacts = await readContacts(file);
    } catch (error) {
      if (!(error instanceof Misread)) throw error;
      replace(this.said, el("p", { class: "wrong" }, t(error.key, error.values)));
      return;
    }
    this.paint();
    const lacking = this.lacking();
    const names = list([...lacking.slice(0, NAMED), ...(lacking.length > NAMED ? ["…"] : [])]);
    replace(this.said, el("p", {}, t("contacts.taken", { n: number(this.contacts.size) })),
      lacking.length > 0 && el("p", {}, t("contacts.lacking", { n: number(lacking.length), who: names })));
  }

  /** Who serves or is served in this plan, and has no contact. */
  lacking() {
    const { desk } = this.screen;
    const met = new Map();
    for (const [id, services] of desk.services) {
      if (services.length > 0) met.set(`provider ${id}`, ["provider", id]);
      for (const { visit } of services) if (visit.resident) met.set(`resident ${visit.resident.id}`, ["resident", visit.resident.id]);
    }
    return [...met.values()].filter(([sort, id]) => !this.contacts.has(sort, id)).map(([, id]) => id);
  }

  paint() {
    const pages = this.by === "person" ? this.people() : this.communities();
    replace(this.pages, pages.length > 0 ? pages : el("p", { class: "empty" }, t("sheets.none")));
  }

  people() {
    const { desk, teller, filters } = this.screen;
    const wanted = filters.person.toLowerCase();
    return [...desk.week.providers.values()].map((provider) => {
      const contact = this.contacts.find("provider", provider.id);
      const services = desk.services.get(provider.id).filter((item) => this.isMeant(item));
      if (services.length === 0 || ![provider.id, provider.name ?? "", contact.name].some((text) => text.toLowerCase().includes(wanted))) return null;
      const line = [t(`kind.${provider.kind}`), contact.phone, desk.week.problem.name ?? ""].filter(Boolean).join(" · ");
      const rows = services.map((item) => {
        const mates = item.assignment.team.filter((service) => service.provider !== provider.id).map((service) => this.reached(service.provider));
        return [...this.what(item), this.phone(item.visit), [...new Set(mates)].join("\n")];
      });
      return this.page(contact.name || teller.person(provider.id), line, ["day", "time", "service", "resident", "where", "phone", "with"], services, rows, { sheet: provider.id },
        calendarOf(this.screen, provider.id));
    }).filter(Boolean);
  }

  communities() {
    const { desk, teller, filters } = this.screen;
    return [...desk.week.communities.values()].filter((item) => !filters.community || item.id === filters.community).map((community) => {
      const services = [...desk.services.values()].flat().filter((item) => item.visit.community === community && this.isMeant(item))
        .sort((a, b) => a.start - b.start || a.end - b.end);
      const left = desk.unassigned.filter(({ visit }) => visit.community === community && this.screen.matches(visit));
      if (services.length + left.length === 0) return null;
      const rows = services.map((item) => {
        const contact = this.contacts.find("provider", item.service.provider);
        return [...this.what(item), contact.name || teller.person(item.service.provider), contact.phone];
      });
      const line = [community.street, desk.week.problem.name].filter(Boolean).join(" · ");
      return this.page(community.name || community.id, line, ["day", "time", "service", "resident", "where", "provider", "phone"], services, rows, { sheet: community.id },
        left.length > 0 && el("section", {}, el("h4", {}, t("sheets.left")), el("ul", {}, left.map(({ visit, reason }) => el("li", {}, `${visit.title} (${visit.id}): ${teller.reason(reason)}`)))));
    }).filter(Boolean);
  }

  /** Whether a service is meant by the filters. */
  isMeant({ visit, start }) {
    const { filters } = this.screen;
    return this.screen.matches(visit) && (filters.day < 0 || Math.floor(start / 86_400) === filters.day);
  }

  reached(provider) {
    const contact = this.contacts.find("provider", provider);
    return [contact.name || this.screen.teller.person(provider), contact.phone].filter(Boolean).join(" ");
  }

  phone(visit) {
    return visit.resident ? this.contacts.find("resident", visit.resident.id).phone : "";
  }

  /** Day, time, service, resident and place. */
  what({ visit, role, service, assignment }) {
    const contact = visit.resident ? this.contacts.find("resident", visit.resident.id) : null;
    const venue = this.screen.desk.week.venues.get(visit.need.venue);
    const where = visit.place === "venue" ? [venue?.name || venue?.id, assignment.room].filter(Boolean).join(" ")
      : visit.place === "remote" ? t("place.remote") : contact?.address || visit.community?.name || visit.community?.id || "";
    const days = service.start.slice(0, 10) === service.end.slice(0, 10) ? "" : ` (${day(service.end)})`;
    return [day(service.start), `${time(service.start)}–${time(service.end)}${days}`, `${visit.title}\n${this.screen.teller.role(role)}`, contact?.name || visit.resident?.id || "", [where, contact?.note].filter(Boolean).join("\n")];
  }

  page(title, line, heads, services, rows, data, after) {
    // A day stands once, above all that is on it.
    let before = "";
    const body = rows.map(([first, ...others]) => {
      const isNew = first !== before;
      before = first;
      return el("tr", { class: isNew ? "day" : null }, el("th", { scope: "row" }, isNew ? first : el("span", { class: "hidden-text" }, first)), others.map((text) => el("td", {}, text)));
    });
    return el("article", { class: "sheet", data }, el("h3", {}, title), el("p", { class: "hint-print" }, line),
      rows.length > 0 && el("table", {}, el("thead", {}, el("tr", {}, heads.map((name) => el("th", { scope: "col" }, t(`sheets.head.${name}`))))), el("tbody", {}, body)), after);
  }
}
