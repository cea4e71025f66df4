// How well the alarms serve those who sit before them, against what ISA-18.2 asks.

import * as api from "../api.js";
import { h } from "../dom.js";
import { fetched } from "../fetched.js";
import * as time from "../time.js";
import { t } from "../words.js";
import { report } from "../report.js";

const DAY = 86_400_000;
const SPANS = [1, 7, 30];

export function show(place) {
  let days = 1;
  const content = h("div", {});
  const read = () => api.get("/api/kpi", { since: new Date(time.now() - days * DAY).toISOString(), until: new Date(time.now()).toISOString() });
  const again = fetched(content, read, report);
  const toggles = SPANS.map((each) => h("button", { class: "toggle", "aria-pressed": String(each === days), on: { click: () => choose(each) } }, t("kpi.days", { n: each })));
  function choose(each) {
    days = each;
    toggles.forEach((toggle, n) => toggle.setAttribute("aria-pressed", String(SPANS[n] === days)));
    again();
  }
  place.append(h("h1", {}, t("nav.kpi")), h("div", { class: "bar toggles", role: "group", "aria-label": t("nav.kpi") }, toggles), content);
}
