// Incidents: one cause, and the alerts that came of it.

import * as api from "../api.js";
import { h, panel, table } from "../dom.js";
import { fetched } from "../fetched.js";
import { badge } from "../levels.js";
import * as time from "../time.js";
import { named, t } from "../words.js";

const REFRESH_MS = 15_000;

export function show(place) {
  const list = h("div", {});
  place.append(h("h1", {}, t("nav.incidents")), list);
  const again = fetched(list, () => api.get("/api/incidents"), shown);
  const timer = setInterval(again, REFRESH_MS);
  return () => clearInterval(timer);
}

function shown(found) {
  if (!found.length) return panel(t("nav.incidents"), h("p", { class: "empty" }, t("shelf.none")));
  const headings = ["list.level", "incidents.worst", "incidents.cause", "alert.place", "list.since", "incidents.last", "incidents.live", "state.unacknowledged"];
  const rows = found.map((each) => [
    badge(each.level?.value ?? null),
    badge(each.worst_level?.value ?? null),
    h("a", { href: `/incidents/${each.id}` }, named(each.cause)),
    each.district ?? t("incidents.city"),
    time.short(each.opened_at),
    time.short(each.last_at),
    `${each.live} / ${each.alerts}`,
    String(each.unacknowledged),
  ]);
  return panel(t("nav.incidents"), table(t("nav.incidents"), headings.map((each) => t(each)), rows));
}
