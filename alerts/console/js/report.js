// Whatever the figures are, as panels: numbers side by side, lists as tables.

import { h, panel, table } from "./dom.js";
import { lang } from "./preferences.js";

const plain = (value) => value === null || typeof value !== "object";

/** An object of figures as panels. */
export function report(figures) {
  const single = Object.entries(figures).filter(([, value]) => plain(value));
  const parts = Object.entries(figures).filter(([, value]) => !plain(value));
  return [
    single.length ? panel("", h("dl", { class: "figures" }, single.map(([name, value]) => figure(name, value)))) : null,
    ...parts.map(([name, value]) => panel(word(name), inside(name, value))),
  ];
}

function inside(name, value) {
  if (!Array.isArray(value)) {
    const entries = Object.entries(value);
    if (entries.every(([, each]) => plain(each))) return h("dl", { class: "figures" }, entries.map(([key, each]) => figure(key, each)));
    return h("dl", { class: "facts" }, entries.map(([key, each]) => [h("dt", {}, word(key)), h("dd", {}, text(each))]));
  }
  if (!value.length) return h("p", { class: "empty" }, "–");
  if (plain(value[0])) return h("p", {}, value.map(text).join(", "));
  const columns = Object.keys(value[0]);
  return table(word(name), columns.map(word), value.map((row) => columns.map((column) => text(row[column]))));
}

const figure = (name, value) => h("div", {}, h("dt", {}, word(name)), h("dd", {}, text(value)));

function text(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toFixed(2);
  if (plain(value)) return String(value);
  if ("name" in value && "name_en" in value) return lang() === "zh" ? value.name : value.name_en;
  return Object.entries(value).map(([key, each]) => `${word(key)} ${text(each)}`).join(", ");
}

const word = (name) => name.replaceAll("_", " ");
