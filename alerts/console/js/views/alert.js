// One alert: what it is, why it is graded so, what to do, what has been done, and what can be done now.

import * as acts from "../acts.js";
import * as api from "../api.js";
import * as cases from "../cases.js";
import * as connection from "../connection.js";
import { h, panel, say, table } from "../dom.js";
import { fetched } from "../fetched.js";
import * as keys from "../keys.js";
import { badge, shown } from "../levels.js";
import { matrix } from "../matrix.js";
import { legend, plot, tidy } from "../plot.js";
import * as session from "../session.js";
import * as time from "../time.js";
import { waiting } from "../waiting.js";
import { named, t } from "../words.js";

const AGAIN_MS = 30_000;
const STAGES = ["dispatched", "received", "on_site", "verified", "resolved"];

export function show(place, id) {
  let alert = null;
  let series = null;
  const wait = h("p", { class: "wait" });
  const plots = h("div", { class: "plots" });
  const read = async () => {
    alert = await api.get(`/api/alerts/${encodeURIComponent(id)}`);
    cases.take(alert);
    return [alert, await advice()];
  };
  const again = fetched(place, read, ([found, all]) => [
    title(found, wait),
    buttons(found, again),
    h("div", { class: "columns" },
      h("div", {}, panel(t("alert.plot"), plots), evidence(found), timeline(found)),
      h("div", {}, recommended(found, all), graded(found), facts(found), deliveries(found))),
  ], t("alert.gone"));

  async function draw() {
    try {
      series = await api.get(`/api/alerts/${encodeURIComponent(id)}/series`);
    } catch {
      return;
    }
    const [since, until] = [Date.parse(series.since), Date.parse(series.until)];
    const all = series.sensors.map((each) => ({ ...each, times: each.times.map((at) => Date.parse(at)) }));
    const moment = alert && Date.parse(alert.opened_at);
    plots.replaceChildren(
      ...(all.length ? [...all.map((each) => plot(each, since, until, moment)), legend(all)] : [h("p", { class: "empty" }, t("alert.noevidence"))]),
    );
  }

  const renew = () => { again(); draw(); };
  draw();
  const act = (kind) => () => alert?.acts.includes(kind) && acts.act(kind, alert);
  keys.bind({ a: act("acknowledged"), s: act("shelved"), Escape: () => keys.go("/") });
  const ends = [
    connection.news.listen((ids) => (ids === null || ids.includes(id)) && renew()),
    // What somebody did here is answered by the alert as it is then: no button of before may stay.
    cases.changed.listen((answered) => {
      if (answered?.id !== id) return;
      alert = answered;
      again.put([answered, catalogue ?? []]);
    }),
  ];
  const tick = setInterval(() => {
    if (!alert) return;
    const { words, late } = waiting(alert);
    say(wait, words);
    wait.classList.toggle("late", late);
  }, 500);
  const slow = setInterval(draw, AGAIN_MS);
  return () => {
    ends.forEach((end) => end());
    clearInterval(tick);
    clearInterval(slow);
  };
}

let catalogue = null;
const advice = async () => (catalogue ??= await api.get("/api/advice"));

function title(alert, wait) {
  const level = shown(alert);
  const seen = cases.UNSEEN.includes(alert.state) ? " unseen-alarm" : "";
  return h(
    "div",
    { class: `case-head${seen}`, data: { level, state: alert.state } },
    h("a", { class: "back", href: "/" }, `← ${t("alert.back")}`),
    h("h1", {}, badge(level), " ", named(alert.hazard), h("span", { class: "at" }, " · "), h("a", { href: `/assets/${encodeURIComponent(alert.asset.id)}` }, named(alert.asset))),
    h("p", { class: "state-line" }, h("span", { class: "mark", "aria-hidden": "true" }), h("strong", {}, t(`state.${alert.state}`)), wait, alert.escalations ? h("span", { class: "late" }, t("list.escalated", { n: alert.escalations })) : null),
    stages(alert),
  );
}

/** How far the handling has come; each stage with the time at which it was reached. */
function stages(alert) {
  const reached = {};
  for (const event of alert.history) if (event.stage && !(event.stage in reached)) reached[event.stage] = event.event_time;
  const wanted = alert.stage === "false_alarm" ? ["dispatched", "received", "on_site", "false_alarm"].filter((each) => each in reached) : STAGES;
  const at = wanted.indexOf(alert.stage);
  const items = [...wanted, "closed"].map((stage, n) => {
    const closed = stage === "closed";
    const done = closed ? alert.state === "closed" : n <= at;
    const word = closed ? t("state.closed") : t(`stage.${stage}`);
    const when = done && (closed ? alert.changed_at : reached[stage]);
    return h("li", { class: done ? "done" : null, "aria-current": n === at && !closed ? "step" : null }, h("span", {}, word), when ? h("small", {}, time.short(when)) : null);
  });
  return h("ol", { class: "stages", "aria-label": t("alert.stages") }, items);
}

function buttons(alert) {
  const made = alert.acts.map((kind, n) =>
    h("button", { class: n === 0 ? "primary" : null, data: { act: kind }, on: { click: () => acts.act(kind, alert) } }, t(`act.${kind}`)),
  );
  const note = acts.may("utility") && h("button", { class: "quiet", data: { act: "noted" }, on: { click: () => acts.act("noted", alert) } }, t("act.noted"));
  return h("div", { class: "acts" }, made.length ? made : h("span", { class: "muted" }, t("alert.none")), note);
}

/** What the rules said when they spoke last. */
function evidence(alert) {
  const pieces = alert.history.findLast((event) => event.evidence.length)?.evidence ?? [];
  if (!pieces.length) return panel(t("alert.evidence"), h("p", { class: "empty" }, t("alert.noevidence")));
  const headings = ["rule", "subject", "value", "reason", "time"].map((each) => t(`alert.${each}`));
  const rows = pieces.map((each) => [each.rule, each.subject, tidy(each.value), each.reason, time.short(each.time)]);
  return panel(t("alert.evidence"), table(t("alert.evidence"), headings, rows));
}

function timeline(alert) {
  const items = [...alert.history].reverse().map((event) =>
    h(
      "li",
      { data: { kind: event.kind } },
      h("time", { datetime: event.event_time, title: `${time.moment(event.event_time)} · ${time.moment(event.wall_time)}` }, time.short(event.event_time)),
      h("div", {},
        h("p", {}, h("strong", {}, t(`kind.${event.kind}`)), event.level ? badge(event.level.value) : null, h("span", { class: "muted" }, event.who === "rules" ? t("alert.rules") : event.who)),
        spoken(event) && h("p", { class: "why" }, event.why),
        details(event)),
    ),
  );
  return panel(t("alert.timeline"), h("ol", { class: "timeline" }, items));
}

/** What people said, and what explains a silence; of the rest the kind says as much. */
const spoken = (event) => event.who !== "rules" || ["suppressed", "out_of_service"].includes(event.kind);

function details(event) {
  const said = [
    event.to && `${t("alert.to")}: ${event.to}`,
    event.cause && `${t("dialog.cause")}: ${t(`cause.${event.cause}`)}`,
    event.kind === "shelved" && event.until && t("alert.shelf", { time: time.moment(event.until) }),
    event.awaits && t(`awaits.${event.awaits}`),
    ...event.attachments,
  ].filter(Boolean);
  return said.length ? h("p", { class: "muted" }, said.join(" · ")) : null;
}

function recommended(alert, all) {
  const found = all.find((each) => each.hazard === alert.hazard.id && each.levels.includes(shown(alert)));
  if (!found) return null;
  const zh = document.documentElement.lang.startsWith("zh");
  return panel(t("alert.advice"), h("ol", { class: "advice" }, (zh ? found.steps : found.steps_en).map((step) => h("li", {}, step))), h("p", { class: "muted source" }, `${t("alert.source")}: ${found.source}`));
}

function graded(alert) {
  const levels = session.city().matrix;
  if (!levels) return null;
  return panel(t("alert.matrix"), matrix(levels, alert.likelihood, alert.consequence), h("p", { class: "muted" }, t("alert.matrix.cell", { l: alert.likelihood, c: alert.consequence, level: t(`level.${levels[alert.likelihood - 1][alert.consequence - 1]}`) })));
}

function facts(alert) {
  const said = [
    [t("alert.opened"), time.moment(alert.opened_at)],
    [t("alert.worst"), badge(alert.worst_level.value)],
    [t("alert.owner"), named(alert.utility)],
    [t("list.asset"), h("a", { href: `/assets/${encodeURIComponent(alert.asset.id)}` }, `${named(alert.asset)} ${alert.asset.id}`)],
    [t("alert.place"), alert.asset.district],
    [t("alert.to"), alert.dispatched_to],
    [t("alert.incident"), alert.incident_id && h("a", { href: `/incidents/${alert.incident_id}` }, alert.incident_id.slice(0, 8))],
    [t("alert.covered"), alert.covered_by && h("a", { href: `/alerts/${alert.covered_by}` }, alert.covered_by.slice(0, 8))],
    [t("state.shelved"), alert.shelved_until && time.moment(alert.shelved_until)],
    [t("state.out_of_service"), alert.window_id && t("alert.window")],
    ["", !alert.sounded && shown(alert) < 4 ? t("alert.unsounded") : null],
  ].filter(([, value]) => value);
  return panel(t("list.asset"), h("dl", { class: "facts" }, said.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

function deliveries(alert) {
  if (!alert.deliveries.length) return panel(t("alert.deliveries"), h("p", { class: "empty" }, t("alert.nodeliveries")));
  const items = [...alert.deliveries].reverse().map((each) =>
    h("li", { data: { state: each.state } }, h("span", { class: "what" }, each.receiver), h("span", {}, t(`kind.${each.kind}`)), h("strong", { class: `delivery-${each.state}` }, t(`delivery.${each.state}`)), h("span", { class: "muted" }, time.short(each.finished_at ?? each.queued_at)), each.last_error ? h("p", { class: "muted" }, each.last_error) : null),
  );
  return panel(t("alert.deliveries"), h("ul", { class: "deliveries" }, items));
}
