// The alarm list: what waits first, the worst first; by keyboard, by mouse, by thumb.

import * as acts from "../acts.js";
import * as cases from "../cases.js";
import * as connection from "../connection.js";
import { h, say } from "../dom.js";
import * as keys from "../keys.js";
import { LEVELS, badge, shown } from "../levels.js";
import { choose, chosen, filter, GROUPS, matches, reset } from "../filter.js";
import { Row } from "../row.js";
import { Scroll } from "../scroll.js";
import * as session from "../session.js";
import * as sort from "../sort.js";
import { named, t } from "../words.js";

const MOST_SELECTED = 1000;

const selection = new Set();
let present = null;

export function show(place) {
  let listed = [];
  const head = header();
  const count = h("p", { class: "count-line", role: "status" });
  const bar = h("div", { class: "selection", role: "group", "aria-label": t("list.selected", { n: "" }) });
  const empty = h("p", { class: "empty" });
  const scroll = new Scroll({ label: t("list.name"), head, make: () => new Row(pick), fill });
  const filters = filterBar(refresh);
  place.append(h("h1", { class: "unseen" }, t("nav.alarms")), filters.element, h("div", { class: "under" }, count, bar), scroll.element, empty);

  function fill(row, index) {
    const alert = listed[index];
    row.set(alert, { selected: selection.has(alert.id), present: alert.id === present });
  }

  function refresh() {
    for (const id of selection) if (!cases.one(id)) selection.delete(id);
    const all = cases.all();
    listed = sort.sorted(all.filter(matches));
    scroll.show(listed.length);
    say(count, cases.isComplete() ? t("list.count", { shown: listed.length, all: all.length }) : t("list.loading"));
    empty.hidden = listed.length > 0 || !cases.isComplete();
    say(empty, all.length ? t("list.nomatch") : t("list.empty"));
    scroll.element.hidden = listed.length === 0 && cases.isComplete();
    head.update();
    filters.update();
    showSelection();
  }

  function showSelection() {
    bar.hidden = selection.size === 0;
    const words = h("strong", {}, t("list.selected", { n: selection.size }));
    bar.replaceChildren(
      words,
      h("button", { class: "primary", on: { click: acknowledge } }, `${t("act.acknowledged")} (a)`),
      h("button", { on: { click: shelve } }, `${t("act.shelved")} (s)`),
      h("button", { class: "quiet", on: { click: () => { selection.clear(); refresh(); } } }, t("list.deselect")),
    );
  }

  /** What a row was clicked for. */
  function pick(id, what) {
    present = id;
    if (what === "select") toggle(id);
    else if (what === "open") keys.go(`/alerts/${id}`);
    refresh();
  }

  function toggle(id) {
    if (!selection.delete(id) && selection.size < MOST_SELECTED) selection.add(id);
  }

  function step(by) {
    const at = listed.findIndex((alert) => alert.id === present);
    const to = Math.min(Math.max(at + by, 0), listed.length - 1);
    if (!listed[to]) return;
    present = listed[to].id;
    refresh();
    scroll.reveal(to);
  }

  const targets = () => {
    if (selection.size) return [...selection].map(cases.one).filter(Boolean);
    const alert = present && cases.one(present);
    return alert ? [alert] : [];
  };

  async function acknowledge() {
    if (await acts.acknowledge(targets())) selection.clear();
    refresh();
  }

  async function shelve() {
    if (await acts.shelve(targets())) selection.clear();
    refresh();
  }

  function selectAll() {
    const some = listed.slice(0, MOST_SELECTED);
    const whole = some.every((alert) => selection.has(alert.id));
    selection.clear();
    if (!whole) for (const alert of some) selection.add(alert.id);
    refresh();
  }

  function header() {
    const box = h("input", { type: "checkbox", "aria-label": t("list.all.select"), on: { click: selectAll } });
    const columns = sort.COLUMNS.map((column) => {
      const button = h("button", { on: { click: () => { sort.by(column); refresh(); } } }, t(`list.${column}`));
      return h("div", { role: "columnheader", class: `cell ${column}`, data: { column } }, button);
    });
    const element = h("div", { role: "row", class: "head row", "aria-rowindex": "1" }, h("div", { role: "columnheader", class: "cell box" }, box), columns);
    element.update = () => {
      for (const each of columns) each.setAttribute("aria-sort", sort.direction(each.dataset.column));
      box.checked = selection.size > 0 && listed.slice(0, MOST_SELECTED).every((alert) => selection.has(alert.id));
    };
    return element;
  }

  keys.bind({
    j: () => step(1),
    ArrowDown: () => step(1),
    k: () => step(-1),
    ArrowUp: () => step(-1),
    PageDown: () => step(15),
    PageUp: () => step(-15),
    Home: () => step(-Infinity),
    End: () => step(Infinity),
    Enter: () => present && keys.go(`/alerts/${present}`),
    x: () => { if (present) toggle(present); refresh(); },
    " ": () => { if (present) toggle(present); refresh(); },
    a: acknowledge,
    s: shelve,
    "/": filters.search,
    Escape: () => { document.activeElement?.blur?.(); selection.clear(); refresh(); },
  });
  refresh();
  const ends = [cases.changed.listen(refresh), connection.changed.listen(refresh)];
  const timer = setInterval(() => scroll.again(), 1000);
  return () => {
    clearInterval(timer);
    ends.forEach((end) => end());
    scroll.end();
  };
}

function filterBar(refresh) {
  const set = (name) => (event) => { choose(name, event.target.value); refresh(); };
  const search = h("input", {
    type: "search", id: "search", placeholder: `${t("list.search")} (/)`, "aria-label": t("list.search"),
    value: chosen.text, on: { input: set("text") },
  });
  const levels = LEVELS.map((level) =>
    h("button", { class: "toggle", data: { level }, on: { click: () => { filter.level(level); refresh(); } } }, badge(level)),
  );
  const groups = GROUPS.map((group) =>
    h("button", { class: "toggle", data: { group }, on: { click: () => { choose("group", group); refresh(); } } }, t(`list.group.${group}`)),
  );
  const { domains, districts } = session.city();
  const picks = [
    pick("domain", domains.map((each) => [each, t(`domain.${each}`)]), set),
    pick("district", districts.map((each) => [each, each]), set),
    pick("utility", session.city().utilities.map((each) => [each.id, named(each)]), set),
  ];
  const clear = h("button", { class: "quiet", on: { click: () => { reset(); search.value = ""; refresh(); } } }, t("list.clear"));
  const report = acts.may("operator")
    ? h("button", { class: "report", on: { click: () => acts.report(session.city().hazards) } }, `+ ${t("list.report")}`)
    : null;
  const roomy = matchMedia("(min-width: 48rem)").matches;
  const more = roomy
    ? h("div", { class: "more-filters" }, picks, clear)
    : h("details", { class: "more-filters" }, h("summary", {}, t("list.filters")), h("div", {}, picks, clear));
  const element = h(
    "div",
    { class: "filters", role: "search" },
    h("div", { class: "toggles", role: "group", "aria-label": t("list.group") }, groups),
    h("div", { class: "toggles", role: "group", "aria-label": t("list.level") }, levels),
    search,
    more,
    report,
  );
  return {
    element,
    search: () => search.focus(),
    update() {
      for (const each of levels) each.setAttribute("aria-pressed", String(chosen.levels.has(Number(each.dataset.level))));
      for (const each of groups) each.setAttribute("aria-pressed", String(chosen.group === each.dataset.group));
      for (const each of picks) each.querySelector("select").value = chosen[each.dataset.name];
    },
  };
}

function pick(name, choices, set) {
  const options = [["", t("list.all")], ...choices].map(([value, word]) => h("option", { value }, word));
  return h(
    "label",
    { class: "pick", data: { name } },
    h("span", {}, t(name === "utility" ? "list.utility" : `list.${name}`)),
    h("select", { on: { change: set(name) } }, options),
  );
}
