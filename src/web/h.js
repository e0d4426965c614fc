// What the pages are built with: elements, signals, keyed lists, routes and strings. Text goes in
// as text, never as markup. Everything works without a secure context.

const SVG = new Set(["svg", "path", "rect", "title"]);
let running = null;

/** A value that whoever reads it within an effect hears of again when it changes.
 * @template T @param {T} value @returns {{(): T, set(v: T): void}} */
export function signal(value) {
  const readers = new Set();
  const read = () => {
    if (running) readers.add(running);
    return value;
  };
  read.set = (next) => {
    if (Object.is(next, value)) return;
    value = next;
    for (const reader of [...readers]) reader();
  };
  return read;
}

/** Runs `action` now, and again whenever a signal it read has changed. */
export function effect(action) {
  const run = () => {
    const before = running;
    running = run;
    try { action(); } finally { running = before; }
  };
  run();
}

function assign(element, name, value) {
  if (name.startsWith("on")) {
    element.addEventListener(name.slice(2), value);
  } else if (typeof value === "function") {
    effect(() => assign(element, name, value()));
  } else if (name === "value" || name === "checked") {
    element[name] = value;
  } else if (name === "style") {
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
  } else if (value === false || value === null || value === undefined) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

function append(element, child) {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) {
    for (const one of child) append(element, one);
  } else if (typeof child === "function") {
    const place = document.createElement("span");
    place.style.display = "contents";
    effect(() => fill(place, child()));
    element.append(place);
  } else {
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** An element: h("button.primary#send", {onclick}, "Send"). A function as attribute or child is
 * called again whenever a signal it reads changes. */
export function h(selector, attributes, ...children) {
  const [tag] = selector.split(/[.#]/, 1);
  const element = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag)
                               : document.createElement(tag || "div");
  for (const [, kind, name] of selector.matchAll(/([.#])([^.#]+)/g)) {
    if (kind === "#") element.id = name;
    else element.classList.add(name);
  }
  const plain = attributes && attributes.constructor === Object;
  if (plain) for (const [name, value] of Object.entries(attributes)) assign(element, name, value);
  else append(element, attributes);
  append(element, children);
  return element;
}

/** Puts `content` in the place of what `element` holds. */
export function fill(element, ...content) {
  element.replaceChildren();
  append(element, content);
  return element;
}

/** Keeps the children of `parent` one for each item, in order; an item keeps its element as long as
 * `key(item)` is in the list. */
export function list(parent, items, key, make) {
  const known = new Map();
  effect(() => {
    const wanted = items().map((item) => {
      const id = key(item);
      if (!known.has(id)) known.set(id, make(item));
      return [id, known.get(id)];
    });
    const ids = new Set(wanted.map(([id]) => id));
    for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    const now = wanted.map(([, element]) => element);
    if (now.length !== parent.children.length || now.some((e, i) => parent.children[i] !== e)) {
      parent.replaceChildren(...now);
    }
  });
  return parent;
}

/** Shows the page whose pattern the address's #/a/b fits: {"campaigns/:slug": (slug) => …}. */
export function routes(table, show) {
  const go = () => {
    const parts = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
    for (const [pattern, page] of Object.entries(table)) {
      const wanted = pattern.split("/");
      if (wanted.length !== parts.length) continue;
      if (!wanted.every((word, i) => word[0] === ":" ? parts[i] !== "" :
          word === parts[i])) continue;
      return show(parts[0], page(...parts.filter((_, i) => wanted[i][0] === ":")));
    }
    location.hash = "#/";
  };
  addEventListener("hashchange", go);
  go();
}

/** What this browser remembers; a browser that remembers nothing is none the worse. */
export const memory = {
  get(name, otherwise) {
    try {
      const text = localStorage.getItem("coupond." + name);
      return text === null ? otherwise : JSON.parse(text);
    } catch { return otherwise; }
  },
  set(name, value) {
    try { localStorage.setItem("coupond." + name, JSON.stringify(value)); } catch { /* full */ }
  },
};

let strings = {};
export const language = memory.get("language", /^de\b/i.test(navigator.language) ? "de" : "en");

/** Loads the strings every page needs, or those of a part: "-owner". */
export async function loadStrings(part = "") {
  const loadedNow = await import(`./${language === "de" ? "de" : "en"}${part}.js`);
  strings = { ...strings, ...loadedNow.default };
  document.documentElement.lang = language;
}

/** The string of that name, with {placeholders} from `values`; {n|one|many} chooses by n. */
export function t(name, values = {}) {
  const chosen = (strings[name] ?? name).replace(/\{(\w+)\|([^|]*)\|((?:[^{}]|\{\w+\})*)\}/g,
    (_, key, one, many) => Number(values[key]) === 1 ? one : many);
  return chosen.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}
/** Whether there is a string of that name. */
export const knows = (name) => name in strings;

const locale = () => navigator.language || language;
export const number = (value) => Number(value).toLocaleString(locale());
export const currency = () => memory.get("currency", "EUR");
const coins = (code) => new Intl.NumberFormat(locale(), { style: "currency",
    currency: code || currency() });
const minorUnits = (code) => 10 ** coins(code).resolvedOptions().maximumFractionDigits;
/** Minor units in words; `code` is the currency, the shop's unless said. */
export const money = (minor, code) => coins(code).format(minor / minorUnits(code));
/** "12,50" as minor units; NaN where it is no amount. */
export function minorOf(text, code) {
  if (!/^\d{1,12}([.,]\d{1,3})?$/.test(text.trim())) return NaN;
  return Math.round(Number(text.trim().replace(",", ".")) * minorUnits(code));
}
/** Minor units as somebody would type them. */
export const typed = (minor, code) => (minor / minorUnits(code)).toFixed(
    Math.log10(minorUnits(code)));
const shown = (options) => (text) => new Date(text).toLocaleString(locale(), options);
export const day = shown({ day: "numeric", month: "short", year: "numeric" });
export const clock = shown({ hour: "2-digit", minute: "2-digit" });
export const moment = shown({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
/** The last day on which something that ends at that instant is good. */
export const lastDay = (end) => day(new Date(new Date(end).getTime() - 1));
