// The words of the desk in Chinese and English, and how dates, times and money are written in each.

export const LANGS = ["zh", "en"];
const LOCALE = { zh: "zh-CN", en: "en-GB" };
const KEPT = "sishe.desk.lang";
const catalogues = {};
let lang = "zh";

/** The language that is shown. */
export const current = () => lang;

/** The language of an earlier visit, else the browser's. */
export function usual() {
  const kept = localStorage.getItem(KEPT);
  return LANGS.includes(kept) ? kept : navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Show another language from now on. */
export async function use(wanted) {
  if (!catalogues[wanted]) {
    const answer = await fetch(new URL(`../words/${wanted}.json`, import.meta.url));
    catalogues[wanted] = await answer.json();
  }
  lang = wanted;
  localStorage.setItem(KEPT, lang);
  document.documentElement.lang = LOCALE[lang];
  document.title = t("app.title");
}

/** Whether there are words for a key. */
export const has = (key) => key in catalogues[lang];

/** The words of a key, with values put where they belong. */
export function t(key, values = {}) {
  const text = catalogues[lang][key];
  if (text === undefined) throw new Error(`no word for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** What has a name in both languages, in this one. */
export const named = (thing) => thing[`name_${lang}`] || thing.name || thing.id || thing.code;

/** Names in a row. */
export const list = (names) => names.join(lang === "zh" ? "、" : ", ");

/** Sentences in a row. */
export const join = (parts) => parts.filter(Boolean).join(lang === "zh" ? "；" : "; ");

const formats = new Map();
function format(options) {
  const key = lang + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(LOCALE[lang], { timeZone: "UTC", hourCycle: "h23", ...options }));
  return formats.get(key);
}

// Moments are local times without a zone; they are read and written as if they were UTC, so that the browser's own zone never matters.
const utc = (moment) => (typeof moment === "number" ? moment : Date.parse(`${moment.length === 10 ? `${moment}T00:00:00` : moment}Z`));

/** A day: 11月23日 周一, Mon 23 Nov. */
export function day(moment) {
  const date = utc(moment);
  const parts = Object.fromEntries(format({ day: "numeric", month: lang === "zh" ? "numeric" : "short", weekday: "short" })
    .formatToParts(date).map((part) => [part.type, part.value]));
  return lang === "zh" ? `${parts.month}月${parts.day}日 ${parts.weekday}` : `${parts.weekday} ${parts.day} ${parts.month}`;
}

/** A date with its year: 2026年11月23日, 23 November 2026. */
export const date = (moment) => format({ year: "numeric", month: "long", day: "numeric" }).format(utc(moment));

/** A clock time: 08:30. */
export const time = (moment) => format({ hour: "2-digit", minute: "2-digit" }).format(utc(moment));

/** A day and a clock time. */
export const moment = (at) => `${day(at)} ${time(at)}`;

/** The same to the second. */
export const exact = (at) => `${day(at)} ${format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(utc(at))}`;

/** When something was made, in the browser's own zone. */
export function instant(text) {
  const options = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(LOCALE[lang], options).format(new Date(text));
}

/** A stretch within one day: Mon 23 Nov 08:30–09:15. */
export const span = (from, to) => `${moment(from)}–${time(to)}`;

/** A number; with its sign, if asked. */
export const number = (value, signed = false) =>
  new Intl.NumberFormat(LOCALE[lang], { maximumFractionDigits: 2, signDisplay: signed ? "exceptZero" : "auto" }).format(value);

/** Seconds as minutes. */
export const minutes = (seconds) => t("unit.minutes", { n: number(Math.round(seconds / 60)) });

/** Money in yuan. */
export const yuan = (value, signed = false) =>
  new Intl.NumberFormat(LOCALE[lang], { style: "currency", currency: "CNY", signDisplay: signed ? "exceptZero" : "auto" }).format(value);
