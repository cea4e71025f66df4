// One incident: its cases and what became of it; operators merge it into another or split cases off.

import * as acts from "../acts.js";
import * as api from "../api.js";
import { ask, field, select, toast } from "../dialog.js";
import { h, panel, table } from "../dom.js";
import { fetched } from "../fetched.js";
import { badge, shown } from "../levels.js";
import * as time from "../time.js";
import { named, t } from "../words.js";

const MOST = 500;
const REFRESH_MS = 15_000;

export function show(place, id) {
  const content = h("div", { class: "panels" });
  const selected = new Set();
  place.append(h("a", { class: "back", href: "/incidents" }, t("incidents.back")), content);
  const again = fetched(content, () => read(id), (found) => page(found, selected, again), t("incidents.gone"));
  const timer = setInterval(again, REFRESH_MS);
  return () => clearInterval(timer);
}

async function read(id) {
  const [incident, cases] = await Promise.all([
    api.get(`/api/incidents/${encodeURIComponent(id)}`),
    api.get("/api/alerts", { incident: id, limit: MOST }),
  ]);
  return { incident, cases: cases.alerts };
}

function page({ incident, cases }, selected, again) {
  const open = incident.closed_at === null;
  const members = new Set(cases.map(({ id }) => id));
  for (const id of selected) if (!members.has(id)) selected.delete(id);
  const place = incident.district ?? t("incidents.city");
  return [
    h("h1", {}, badge(incident.level?.value ?? null), ` ${named(incident.cause)} `, h("span", { class: "muted" }, place)),
    h("p", { class: "muted" }, t("incidents.counts", { live: incident.live, all: incident.alerts, unseen: incident.unacknowledged }), " ", closed(incident)),
    open && acts.may("operator") && h(
      "div",
      { class: "acts" },
      h("button", { on: { click: () => merge(incident) } }, t("incidents.merge")),
      h("button", { on: { click: () => split(incident, selected, again) } }, t("incidents.split")),
    ),
    panel(t("incidents.cases"), members.size ? listed(cases, selected, open && acts.may("operator")) : h("p", { class: "empty" }, t("shelf.none"))),
    incident.alerts > cases.length && h("p", { class: "muted" }, t("map.more", { n: cases.length })),
    panel(t("alert.timeline"), h("ul", { class: "timeline" }, incident.history.map(event))),
  ];
}

function closed({ closed_at, merged_into }) {
  if (merged_into) return h("a", { href: `/incidents/${merged_into}` }, t("incidents.merged"));
  return closed_at ? `${t("state.closed")} ${time.short(closed_at)}` : "";
}

function listed(cases, selected, choosing) {
  const headings = [choosing ? t("list.select") : "", ...["list.level", "list.state", "list.hazard", "list.asset", "list.utility", "list.since"].map((each) => t(each))];
  const rows = cases.map((alert) => [
    choosing ? box(alert, selected) : "",
    badge(shown(alert)),
    t(`state.${alert.state}`),
    named(alert.hazard),
    h("a", { href: `/alerts/${alert.id}` }, named(alert.asset)),
    named(alert.utility),
    time.short(alert.opened_at),
  ]);
  return table(t("incidents.cases"), headings, rows);
}

function box(alert, selected) {
  const change = ({ target }) => (target.checked ? selected.add(alert.id) : selected.delete(alert.id));
  const label = `${t("list.select")} ${named(alert.hazard)} ${named(alert.asset)} ${alert.asset.id}`;
  return h("input", { type: "checkbox", checked: selected.has(alert.id), "aria-label": label, on: { change } });
}

function event({ kind, who, why, event_time }) {
  return h(
    "li",
    {},
    h("time", { datetime: event_time }, time.short(event_time)),
    h("div", {}, h("p", {}, h("strong", {}, t(`incident.${kind}`)), h("span", { class: "muted" }, who)), why && h("p", { class: "why" }, why)),
  );
}

const why = () => field("why", t("dialog.why"), { required: true, maxlength: 2000 });

async function merge(incident) {
  const others = (await api.get("/api/incidents")).filter(({ id }) => id !== incident.id);
  if (!others.length) return toast(t("incidents.alone"));
  const choices = others.map((each) => [each.id, `${named(each.cause)} · ${each.district ?? t("incidents.city")} · ${time.short(each.opened_at)}`]);
  return ask(t("incidents.merge"), [select("into", t("incidents.into"), choices), why()], t("incidents.merge"), async (given) => {
    await api.post(`/api/incidents/${incident.id}/merge`, given);
    dispatchEvent(new CustomEvent("go", { detail: `/incidents/${given.into}` }));
  });
}

async function split(incident, selected, again) {
  const ids = [...selected];
  if (!ids.length) return toast(t("incidents.choose"));
  return ask(`${t("incidents.split")}: ${t("dialog.several", { n: ids.length })}`, [why()], t("incidents.split"), async (given) => {
    await api.post(`/api/incidents/${incident.id}/split`, { ids, why: given.why });
    selected.clear();
    again();
  });
}
