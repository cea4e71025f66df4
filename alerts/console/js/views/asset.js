// One asset: where it stands, what it is next to, what measures it, what is open at it.

import * as acts from "../acts.js";
import * as api from "../api.js";
import { h, panel, table } from "../dom.js";
import { fetched } from "../fetched.js";
import * as keys from "../keys.js";
import { badge, shown } from "../levels.js";
import { tidy, unit } from "../plot.js";
import * as session from "../session.js";
import * as time from "../time.js";
import { named, t } from "../words.js";

const FACTORS = ["people", "critical_users", "cascade", "cost", "adjacent_spaces"];

export function show(place, id) {
  keys.bind({ Escape: () => keys.go("/map") });
  const read = () => Promise.all([
    api.get(`/api/assets/${encodeURIComponent(id)}`),
    api.get("/api/alerts", { asset: id, limit: 50 }),
  ]);
  const again = fetched(place, read, ([asset, { alerts }]) => [
    h("div", { class: "case-head" }, h("a", { class: "back", href: "/map" }, `← ${t("nav.map")}`), h("h1", {}, badge(asset.level), " ", named(asset), h("span", { class: "muted" }, ` ${asset.id}`))),
    h("div", { class: "acts" }, acts.may("operator") && h("button", { on: { click: () => acts.report(session.city().hazards, id).then(again) } }, `+ ${t("list.report")}`)),
    h("div", { class: "columns" }, h("div", {}, cases(alerts), sensors(asset)), h("div", {}, facts(asset), neighbours(asset))),
  ], t("asset.gone"));
  const timer = setInterval(again, 30_000);
  return () => clearInterval(timer);
}

function cases(alerts) {
  if (!alerts.length) return panel(t("asset.alerts"), h("p", { class: "empty" }, t("asset.noalerts")));
  const headings = ["list.level", "list.hazard", "list.state", "list.since"].map((each) => t(each));
  return panel(t("nav.alarms"), table(t("nav.alarms"), headings, alerts.map((alert) => [
    badge(shown(alert)), h("a", { href: `/alerts/${alert.id}` }, named(alert.hazard)), t(`state.${alert.state}`), time.short(alert.opened_at),
  ])));
}

function sensors(asset) {
  const headings = [t("asset.quantity"), t("asset.sensors"), t("asset.latest"), t("alert.time")];
  const rows = asset.sensors.map((each) => [
    named(each.quantity),
    each.sensor,
    each.value === null ? "" : `${tidy(each.value)} ${unit(each.unit)}${each.flag >= 3 ? ` (${t(`flag.${each.flag}`)})` : ""}`,
    each.time ? time.short(each.time) : "",
  ]);
  return panel(t("asset.sensors"), rows.length ? table(t("asset.sensors"), headings, rows) : h("p", { class: "empty" }, t("shelf.none")));
}

function facts(asset) {
  const said = [
    [t("asset.level"), badge(asset.level)],
    [t("asset.inherent"), badge(asset.inherent_level)],
    [t("alert.owner"), named(asset.utility)],
    [t("list.domain"), t(`domain.${asset.domain}`)],
    [t("asset.kind"), asset.kind],
    [t("alert.place"), asset.district],
    [t("alert.consequence"), String(asset.consequence)],
    ...FACTORS.map((each) => [t(`factor.${each}`), String(asset.factors[each])]),
  ];
  return panel(t("list.asset"), h("dl", { class: "facts" }, said.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

function neighbours(asset) {
  if (!asset.neighbours.length) return null;
  return panel(t("asset.neighbours"), h("ul", { class: "plain" }, asset.neighbours.map((each) =>
    h("li", {}, badge(each.level), " ", h("a", { href: `/assets/${encodeURIComponent(each.id)}` }, named(each)), h("span", { class: "muted" }, ` ${each.outward ? "" : "← "}${t(`relation.${each.relation}`)}${each.outward ? " →" : ""}`)))));
}
