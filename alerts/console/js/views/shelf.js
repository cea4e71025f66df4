// What is put aside: shelved by a person, suppressed by design, out of service. Nothing here is forgotten.

import * as acts from "../acts.js";
import * as cases from "../cases.js";
import { h, panel, table } from "../dom.js";
import { badge, shown } from "../levels.js";
import * as time from "../time.js";
import { named, t } from "../words.js";

export function show(place) {
  const refresh = () => place.replaceChildren(h("h1", {}, t("nav.shelf")), ...cases.OFF.map(part));
  refresh();
  const end = cases.changed.listen(refresh);
  const timer = setInterval(refresh, 15_000);
  return () => {
    end();
    clearInterval(timer);
  };
}

function part(state) {
  const found = cases.all().filter((alert) => alert.state === state);
  found.sort((a, b) => shown(a) - shown(b) || a.opened_at.localeCompare(b.opened_at));
  const title = `${t(`shelf.${state}`)} (${found.length})`;
  if (!found.length) return panel(title, h("p", { class: "empty" }, t("shelf.none")));
  const headings = ["list.level", "list.hazard", "list.asset", "list.utility", ...MORE[state].map(([word]) => word)].map((each) => t(each));
  const rows = found.slice(0, MOST).map((alert) => [
    badge(shown(alert)),
    named(alert.hazard),
    h("a", { href: `/alerts/${alert.id}` }, named(alert.asset)),
    named(alert.utility),
    ...MORE[state].map(([, cell]) => cell(alert)),
  ]);
  return panel(title, table(title, headings, rows), found.length > MOST && h("p", { class: "muted" }, t("map.more", { n: MOST })));
}

const MOST = 200;

const MORE = {
  shelved: [
    ["shelf.until", (alert) => time.short(alert.shelved_until)],
    ["shelf.left", (alert) => time.length(Date.parse(alert.shelved_until) - time.now())],
    ["", (alert) => acts.may("operator") && h("button", { on: { click: () => acts.act("unshelved", alert) } }, t("act.unshelved"))],
  ],
  suppressed: [
    ["alert.covered", (alert) => h("a", { href: `/alerts/${alert.covered_by}` }, coverer(alert.covered_by))],
  ],
  out_of_service: [["list.since", (alert) => time.short(alert.opened_at)]],
};

function coverer(id) {
  const alert = cases.one(id);
  return alert ? `${named(alert.hazard)} · ${named(alert.asset)}` : id.slice(0, 8);
}
