// Names, addresses and telephones by id, out of a sheet that the coordinator picks. They stay in the memory of this page: nothing of them is sent or kept.

import { Misread, rowsOf } from "./tables.js";
import { t } from "./words.js";

const COLUMNS = ["id", "name", "phone", "address", "note", "sort"];
const SORTS = ["resident", "provider"];
const NOBODY = { name: "", phone: "", address: "", note: "" };

/** What two headers have in common that only differ in width, case and spaces. */
const folded = (text) => text.normalize("NFKC").replace(/[\s_*]+/g, "").toLowerCase();

const tidy = (text) => text.replace(/^[\s\u200b-\u200d\u2060\ufeff]+|[\s\u200b-\u200d\u2060\ufeff]+$/g, "");

/** The words for something in both languages, whichever is shown: sheets are written in either. */
const wordsFor = (key) => t(key).split("|");

export class Contacts {
  constructor(of = new Map()) {
    this.of = of;
  }

  get size() {
    return this.of.size;
  }

  has(sort, id) {
    return this.of.has(`${sort} ${id}`) || this.of.has(` ${id}`);
  }

  /** The contact of a ``resident`` or a ``provider``; one with nothing in it where there is none. */
  find(sort, id) {
    return this.of.get(`${sort} ${id}`) ?? this.of.get(` ${id}`) ?? NOBODY;
  }
}

/** Read a sheet of contacts. Raises `Misread`. */
export async function readContacts(file) {
  const rows = await rowsOf(file);
  const columns = {};
  (rows[0] ?? []).forEach((text, index) => {
    const key = COLUMNS.find((name) => wordsFor(`contacts.columns.${name}`).includes(folded(text)));
    if (key) columns[key] ??= index;
  });
  if (columns.id === undefined) throw new Misread("contacts.no_ids", { ids: wordsFor("contacts.columns.id")[0] });
  const found = new Map();
  rows.slice(1).forEach((row, index) => {
    const text = (name) => tidy(row[columns[name]] ?? "");
    const id = text("id");
    if (id === "") return;
    const sort = SORTS.find((name) => wordsFor(`contacts.sorts.${name}`).includes(folded(text("sort")))) ?? "";
    const key = `${sort} ${id}`;
    if (found.has(key)) throw new Misread("contacts.twice", { id, row: index + 2 });
    found.set(key, Object.fromEntries(Object.keys(NOBODY).map((name) => [name, text(name)])));
  });
  return new Contacts(found);
}

/** A sheet to fill in, with the ids of everybody in a week: CSV with a byte order mark, as spreadsheets want it. */
export function contactsTemplate(week) {
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (sort, id, name) => [id, name, "", "", "", wordsFor(`contacts.sorts.${sort}`)[0]];
  const rows = [COLUMNS.map((name) => wordsFor(`contacts.columns.${name}`)[0]),
    ...[...week.providers.values()].map((item) => line("provider", item.id, item.name ?? "")),
    ...[...week.residents.values()].map((item) => line("resident", item.id, ""))];
  return new Blob(["\ufeff", rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("")], { type: "text/csv" });
}
