// Incidents: one cause, and the alerts that came of it.

import * as api from "../api.js";
import { h, panel, table } from "../dom.js";
import { fetched } from "../fetched.js";
import { badge } from "../levels.js";
import * as time from "../time.js";
import { named, t } from "../words.js";

export function show(place) {
  const list = h("div", {});
  place.append(h("h1", {}, t("nav.incidents")), list);
  const again = fetched(list, () => api.get("/api/incidents"), shown);
  const timer = setInterval(again, 15_000);
  return () => clearInterval(timer);
}

function shown(found) {
  if (!found.length) return panel(t("nav.incidents"), h("p", { class: "empty" }, t("shelf.none")));
  const headings = ["list.level", "list.hazard", "alert.place", "list.since", "nav.alarms"].map((each) => t(each));
  const rows = found.map((each) => [
    each.level ? badge(each.level.value) : "",
    named(each.cause),
    each.district ?? t("incidents.city"),
    time.short(each.opened_at),
    `${each.live} / ${each.alerts}`,
  ]);
  return panel(t("nav.incidents"), table(t("nav.incidents"), headings, rows));
}
