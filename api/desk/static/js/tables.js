// Tables out of files that somebody picks: CSV as spreadsheets write it, and the first sheet of an Excel workbook. Read here, in the page; sent nowhere.

/** Workbooks of both kinds that ECMA-376 has, transitional and strict, each with a namespace of its own. */
const ANY = "*";
/** Bytes that a file, or one part of a workbook, may have. */
const MOST = 64 * 2 ** 20;
/** What a spreadsheet keeps of a number: longer ones have been rounded. */
const DIGITS = 15;

/** A file cannot be read: `key` names what is said of it, `values` go into that. */
export class Misread extends Error {
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

/** The rows of a file, each a list of texts. Raises `Misread`. */
export async function rowsOf(file) {
  if (file.size > MOST) throw new Misread("table.too_large");
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return excelRows(bytes);
  if (bytes[0] === 0xd0 && bytes[1] === 0xcf) throw new Misread("table.old_excel");
  return csvRows(textOf(bytes));
}

/** Text as UTF-8, or as Chinese Excel writes it (GB 18030, of which GBK is a part). */
function textOf(bytes) {
  for (const encoding of ["utf-8", "gb18030"]) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // It is in the other one.
    }
  }
  throw new Misread("table.encoding");
}

function csvRows(text) {
  const first = text.slice(0, text.search(/\r|\n|$/));
  const count = (mark) => first.split(mark).length;
  const mark = [",", ";", "\t"].reduce((best, other) => (count(other) > count(best) ? other : best));
  const rows = [];
  let row = [];
  let cell = "";
  let isQuoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text[i + 1] === '"') cell += text[(i += 1)];
      else isQuoted = false;
    } else if (char === '"' && cell === "") isQuoted = true;
    else if (char === mark) {
      row.push(cell);
      cell = "";
    } else if (char === "\n" || char === "\r") {
      if (char === "\r" && text[i + 1] === "\n") i += 1;
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += char;
  }
  if (cell !== "" || row.length > 0) rows.push([...row, cell]);
  return rows;
}

/** The first sheet of a workbook: a zip (PKWARE's APPNOTE) of XML files (ECMA-376). */
async function excelRows(bytes) {
  const parts = directory(bytes);
  const read = async (name) => {
    const part = parts.get(name);
    if (!part) return null;
    const found = new DOMParser().parseFromString(new TextDecoder().decode(await unpacked(part)), "application/xml");
    if (found.querySelector("parsererror")) throw new Misread("table.no_excel");
    return found;
  };
  const [book, links, strings] = await Promise.all(["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"].map(read));
  const id = [...(book?.getElementsByTagName("*") ?? [])].find((node) => node.localName === "sheet")?.getAttribute("r:id");
  const link = [...(links?.getElementsByTagName("*") ?? [])].find((node) => node.getAttribute("Id") === id);
  const target = link?.getAttribute("Target") ?? "";
  const sheet = await read(target.startsWith("/") ? target.slice(1) : `xl/${target}`);
  if (!sheet) throw new Misread("table.no_excel");
  const shared = strings ? [...strings.getElementsByTagNameNS(ANY, "si")].map(stringOf) : [];
  const rows = [];
  for (const node of sheet.getElementsByTagNameNS(ANY, "c")) {
    const [, letters, number] = /^([A-Z]{1,3})(\d{1,7})$/.exec(node.getAttribute("r") ?? "") ?? [];
    const text = letters ? cellOf(node, shared, `${letters}${number}`) : "";
    if (text === "") continue;
    const column = [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
    while (rows.length < Number(number)) rows.push([]);
    const row = rows[Number(number) - 1];
    while (row.length < column) row.push("");
    row[column] = text;
  }
  return rows;
}

function cellOf(node, shared, place) {
  const kind = node.getAttribute("t");
  if (kind === "inlineStr") return stringOf(node);
  const value = node.getElementsByTagNameNS(ANY, "v")[0]?.textContent ?? "";
  if (kind === "s") return shared[Number(value)] ?? "";
  if (kind === "e") throw new Misread("table.broken", { place });
  if (kind === "str" || kind === "b" || value === "") return value;
  // An id or a telephone number that the spreadsheet took for a number.
  const number = Number(value);
  if (Number.isInteger(number) && Math.abs(number) >= 10 ** DIGITS) throw new Misread("table.rounded", { place });
  return Number.isFinite(number) ? String(number) : value;
}

/** A text of several runs, without the readings (phonetics) that Excel keeps beside them. */
const stringOf = (node) => [...node.getElementsByTagNameNS(ANY, "t")].filter((part) => part.parentNode.localName !== "rPh").map((part) => part.textContent).join("");

/** What is in a zip, by its directory: names with where they lie and how they are packed. */
function directory(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map();
  try {
    let end = bytes.length - 22;
    while (view.getUint32(end, true) !== 0x06054b50) end -= 1;
    let at = view.getUint32(end + 16, true);
    for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
      if (view.getUint32(at, true) !== 0x02014b50) throw new RangeError("no entry");
      const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
      const start = view.getUint32(at + 42, true);
      const data = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
      const packed = bytes.subarray(data, data + view.getUint32(at + 20, true));
      found.set(new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name)), { packed, method: view.getUint16(at + 10, true) });
      at += 46 + name + extra + comment;
    }
  } catch {
    throw new Misread("table.no_excel");
  }
  return found;
}

/** The bytes of one part. What it unpacks to is counted on the way: sizes in a zip are only what its maker claims. */
async function unpacked({ packed, method }) {
  if (method === 0) return packed;
  if (method !== 8) throw new Misread("table.no_excel");
  const pieces = [];
  let size = 0;
  try {
    const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > MOST) throw new Misread("table.too_large");
      pieces.push(value);
    }
  } catch (error) {
    throw error instanceof Misread ? error : new Misread("table.no_excel");
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
