// How well the alarms serve those who sit before them, against what ISA-18.2 asks.

import * as api from "../api.js";
import { toast } from "../dialog.js";
import { h, panel, table } from "../dom.js";
import { fetched } from "../fetched.js";
import { lang } from "../preferences.js";
import * as session from "../session.js";
import * as time from "../time.js";
import { t } from "../words.js";

const MINUTE = 60_000;
const DAY = 86_400_000;
const SPANS = [1, 7, 30];

export function show(place) {
  let days = 1;
  const content = h("div", { class: "panels" });
  const read = () => {
    const now = time.now();
    return api.get("/api/kpi", { since: new Date(now - days * DAY).toISOString(), until: new Date(now).toISOString() });
  };
  const again = fetched(content, read, shown);
  const toggles = SPANS.map((each) => h("button", { class: "toggle", "aria-pressed": String(each === days), on: { click: () => choose(each) } }, t("kpi.days", { n: each })));
  function choose(each) {
    days = each;
    toggles.forEach((toggle, n) => toggle.setAttribute("aria-pressed", String(SPANS[n] === days)));
    again();
  }
  place.append(
    h("h1", {}, t("nav.kpi")),
    h("div", { class: "bar toggles", role: "group", "aria-label": t("nav.kpi") }, toggles),
    duty(),
    content,
  );
}

/** The duty report of a day, or of the month that it lies in, as a file to print or to send on. */
function duty() {
  const day = h("input", { type: "date", "aria-label": t("duty.choose"), value: time.day(time.now()), max: time.day(time.now()) });
  const button = (span, format) => h("button", { on: { click: (event) => save(event.currentTarget, span, day.value, format) } }, `${t(`duty.${span}`)} ${format.toUpperCase()}`);
  const buttons = ["day", "month"].flatMap((span) => ["html", "csv"].map((format) => button(span, format)));
  return panel(t("duty.report"), h("div", { class: "bar" }, day, buttons));
}

async function save(button, span, day, format) {
  if (!day) return toast(t("duty.missing"));
  button.disabled = true;
  try {
    const name = span === "day" ? day : day.slice(0, 7);
    const file = await api.file(`/api/report/${span}/${name}`, { format, language: lang() });
    const address = URL.createObjectURL(file.content);
    h("a", { href: address, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), MINUTE);
  } catch (error) {
    toast(error.message);
  }
  button.disabled = false;
}

function shown(found) {
  const period = t("kpi.period", { since: time.moment(found.since), until: time.moment(found.until), n: found.positions });
  return [
    h("p", { class: "muted" }, period, !found.sound && ` ${t("kpi.short")}`),
    panel(t("kpi.figures"), figures(found.figures)),
    panel(t("kpi.top"), found.top.length ? top(found.top) : h("p", { class: "empty" }, t("list.empty"))),
  ];
}

function figures(found) {
  const headings = ["kpi.figure", "kpi.value", "kpi.unit", "kpi.target", "kpi.met"].map((each) => t(each));
  const rows = found.map(({ name, value, unit, target, met }) => [
    t(`kpi.${name}`),
    h("span", { class: "number" }, number(value)),
    t(`unit.${unit}`),
    target === null ? "" : t(`target.${target}`),
    met === null ? "" : h("span", { class: met ? "met" : "unmet" }, t(met ? "kpi.yes" : "kpi.no")),
  ]);
  return table(t("kpi.figures"), headings, rows);
}

function top(found) {
  const headings = ["list.asset", "list.hazard", "kpi.alarms", "kpi.share"].map((each) => t(each));
  const rows = found.map(({ asset_id, hazard, alarms, share }) => [
    h("a", { href: `/assets/${encodeURIComponent(asset_id)}` }, asset_id),
    session.hazard(hazard),
    h("span", { class: "number" }, String(alarms)),
    h("span", { class: "number" }, `${number(100 * share)} %`),
  ]);
  return table(t("kpi.top"), headings, rows);
}

const number = (value) => (value === null ? "–" : value.toLocaleString("en", { maximumFractionDigits: 2 }));
