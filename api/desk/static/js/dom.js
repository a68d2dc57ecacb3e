// Building elements. Text only ever becomes text nodes, so that nothing in a week can act as markup.

/** Make an element: `class`, `data`, `on`, `style` are read as such, everything else is an attribute; null and false are left out. */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Make an SVG element, likewise. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.setAttribute("class", value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "style") for (const [key, what] of Object.entries(value)) node.style.setProperty(key, what);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  add(node, children);
  return node;
}

/** Append children: nodes, texts, lists of them; nothing for null and false. */
export function add(node, children) {
  for (const child of children.flat(3)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

/** Put other children in place of what a node has. */
export function replace(node, ...children) {
  node.replaceChildren();
  return add(node, children);
}

/** A button with a word on it. */
export function button(text, act, props = {}) {
  return el("button", { type: "button", ...props, on: { click: act } }, text);
}

/** A choice: `options` are [value, text]; `group` may be a third part. */
export function choice(options, value, act, props = {}) {
  const groups = new Map();
  const node = el("select", { ...props, on: { change: () => act(node.value) } });
  for (const [key, text, group] of options) {
    const option = el("option", { value: key, selected: String(key) === String(value) }, text);
    if (!group) node.append(option);
    else {
      if (!groups.has(group)) node.append(groups.set(group, el("optgroup", { label: group })).get(group));
      groups.get(group).append(option);
    }
  }
  return node;
}

let labels = 0;

/** A control with its label before it. */
export function labelled(text, control, props = {}) {
  control.id ||= `c${(labels += 1)}`;
  return el("div", { class: "field", ...props }, el("label", { for: control.id }, text), control);
}

const CLOCK = /^\s*(\d{1,2})[:：.]?(\d{2})\s*$/;

/** The clock time that somebody wrote, as 08:30; null for what is none. */
export function clockOf(text) {
  const [, hours, minutes] = CLOCK.exec(text) ?? [];
  return hours !== undefined && hours < 24 && minutes < 60 ? `${hours.padStart(2, "0")}:${minutes}` : null;
}

/** A field for a clock time: browsers show their own by the clock of their system, with AM and PM where that has it. */
export function clockField(value, act, props = {}) {
  const node = el("input", { type: "text", inputmode: "numeric", size: "6", autocomplete: "off", placeholder: "08:30", value, ...props });
  node.addEventListener("input", () => {
    const found = clockOf(node.value);
    node.setAttribute("aria-invalid", String(found === null && node.value.trim() !== ""));
    act?.(found);
  });
  return node;
}

/** Have the browser save a file under a name. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  // The browser takes the file up by itself, in its own time.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Put a text on the clipboard; says whether the browser let it. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS there is no such clipboard; what is selected can still be copied.
    const node = el("textarea", { value: text, class: "hidden-text", "aria-hidden": "true" });
    (document.querySelector("dialog[open]:last-of-type") ?? document.body).append(node);
    node.select();
    const done = document.execCommand("copy");
    node.remove();
    return done;
  }
}

/** Say something to those who listen instead of look. */
export function announce(text) {
  document.getElementById("status").textContent = text;
}

/** Open a dialog; it is gone when it is closed. `build` gets a function that closes it. */
export function dialog(title, build, props = {}) {
  const before = document.activeElement;
  // The heading takes the focus, so that a long dialog begins at its top.
  const heading = el("h2", { id: `t${(labels += 1)}`, tabindex: "-1", autofocus: true }, title);
  const node = el("dialog", { "aria-labelledby": heading.id, ...props });
  const close = () => node.close();
  node.addEventListener("close", () => {
    node.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  add(node, [heading, build(close, node)]);
  document.body.append(node);
  node.showModal();
  return node;
}
