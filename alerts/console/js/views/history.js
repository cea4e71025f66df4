// Closed alerts, newest first, as far back as one asks.

import * as api from "../api.js";
import { h, panel, table } from "../dom.js";
import { badge, shown } from "../levels.js";
import { paged } from "../paged.js";
import * as time from "../time.js";
import { named, t } from "../words.js";

const PAGE = 50;

export function show(place) {
  place.append(h("h1", {}, t("nav.history")));
  paged(place, read, shownAll);
}

async function read(cursor) {
  const page = await api.get("/api/alerts", { state: "closed", limit: PAGE, cursor });
  return { entries: page.alerts, next: page.next };
}

function shownAll(found) {
  const headings = ["list.level", "list.hazard", "list.asset", "list.utility", "list.stage", "list.since", "state.closed"].map((each) => t(each));
  const rows = found.map((alert) => [
    badge(shown(alert)),
    named(alert.hazard),
    h("a", { href: `/alerts/${alert.id}` }, named(alert.asset)),
    named(alert.utility),
    alert.stage === "none" ? "" : t(`stage.${alert.stage}`),
    time.short(alert.opened_at),
    time.short(alert.changed_at),
  ]);
  return panel(t("history.closed"), table(t("history.closed"), headings, rows));
}
