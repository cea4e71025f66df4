// Maintenance windows: while one is open, nothing of its asset or device is annunciated.

import * as acts from "../acts.js";
import * as api from "../api.js";
import { ask, field } from "../dialog.js";
import { h, panel, table } from "../dom.js";
import { fetched } from "../fetched.js";
import * as time from "../time.js";
import { t } from "../words.js";

const TWO_HOURS = 7_200_000;

export function show(place) {
  let past = false;
  const list = h("div", {});
  const again = fetched(list, () => api.get("/api/windows", { past }), (found) => [shown(found, () => again())]);
  const box = h("input", { type: "checkbox", id: "past", on: { change: (event) => { past = event.target.checked; again(); } } });
  place.append(
    h("h1", {}, t("nav.windows")),
    h("div", { class: "bar" }, acts.may("engineer") && h("button", { class: "primary", on: { click: () => plan(again) } }, t("windows.plan")), h("label", { for: "past" }, box, ` ${t("windows.past")}`)),
    list,
  );
}

function shown(found, again) {
  if (!found.length) return panel(t("nav.windows"), h("p", { class: "empty" }, t("windows.none")));
  const headings = ["list.state", "windows.of", "windows.between", "shelf.why", "windows.who", ""].map((each) => each && t(each));
  const rows = found.map((each) => [
    t(`window.${each.state}`),
    each.asset_id ? h("a", { href: `/assets/${encodeURIComponent(each.asset_id)}` }, each.asset_id) : each.device_id,
    `${time.short(each.starts_at)} – ${time.short(each.ended_early_at ?? each.ends_at)}`,
    each.why,
    each.who,
    each.state !== "over" && acts.may("engineer") ? h("button", { on: { click: () => finish(each, again) } }, t("windows.end")) : "",
  ]);
  return panel(t("nav.windows"), table(t("nav.windows"), headings, rows));
}

const finish = (window, again) =>
  ask(`${t("windows.end")}: ${window.asset_id ?? window.device_id}`, [], t("windows.end"), () => api.remove(`/api/windows/${window.window_id}`)).then(again);

function plan(again) {
  const now = time.now();
  const fields = [
    field("asset_id", t("windows.asset"), {}),
    field("device_id", t("windows.device"), {}),
    field("starts_at", t("windows.from"), { type: "datetime-local", required: true, value: time.toInput(now) }),
    field("ends_at", t("windows.to"), { type: "datetime-local", required: true, value: time.toInput(now + TWO_HOURS) }),
    field("why", t("dialog.why"), { required: true }),
  ];
  return ask(t("windows.plan"), fields, t("windows.save"), (given) =>
    api.post("/api/windows", {
      asset_id: given.asset_id || null,
      device_id: given.device_id || null,
      starts_at: time.fromInput(given.starts_at),
      ends_at: time.fromInput(given.ends_at),
      why: given.why,
    }),
  ).then(again);
}
