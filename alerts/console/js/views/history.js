// Closed alerts, newest first, as far back as one asks; the search goes through all of them, shown or not.

import * as api from "../api.js";
import { h, panel, table } from "../dom.js";
import * as keys from "../keys.js";
import { badge, shown } from "../levels.js";
import { paged } from "../paged.js";
import * as time from "../time.js";
import { named, t } from "../words.js";

const PAGE = 50;
const PAUSE_MS = 300;

export function show(place) {
  let timer;
  const search = h("input", {
    type: "search", id: "search", maxlength: 200, placeholder: `${t("list.search")} (/)`, "aria-label": t("list.search"),
    on: { input: later },
  });
  place.append(h("h1", {}, t("nav.history")), h("div", { class: "bar", role: "search" }, search));
  const list = paged(place, (cursor) => read(search.value.trim(), cursor), shownAll);

  /** Once somebody has stopped writing. */
  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => list.again(), PAUSE_MS);
  }

  keys.bind({ "/": () => search.focus() });
  return () => clearTimeout(timer);
}

async function read(q, cursor) {
  const page = await api.get("/api/alerts", { state: "closed", q, limit: PAGE, cursor });
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
