// Closed alerts, newest first, as far back as one asks.

import * as api from "../api.js";
import { toast } from "../dialog.js";
import { h, panel, table } from "../dom.js";
import { badge, shown } from "../levels.js";
import * as time from "../time.js";
import { named, t } from "../words.js";

const PAGE = 50;

export function show(place) {
  const found = [];
  let cursor = null;
  const list = h("div", {});
  const more = h("button", { on: { click: read } }, t("history.more"));
  place.append(h("h1", {}, t("nav.history")), list, h("div", { class: "bar" }, more));
  read();

  async function read() {
    try {
      const page = await api.get("/api/alerts", { state: "closed", limit: PAGE, cursor });
      found.push(...page.alerts);
      cursor = page.next;
    } catch (error) {
      toast(error.message);
      return;
    }
    more.hidden = cursor === null;
    list.replaceChildren(shownAll());
  }

  function shownAll() {
    if (!found.length) return panel(t("history.closed"), h("p", { class: "empty" }, t("list.empty")));
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
}
