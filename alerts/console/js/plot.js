// The stored readings of one sensor around a moment, with the thresholds that they are held against.

import { h, s } from "./dom.js";
import * as time from "./time.js";
import { named, t } from "./words.js";

// On a phone it is drawn narrower, for its words would shrink with it.
const WIDTH = Math.min(640, Math.max(340, innerWidth - 60));
const HEIGHT = 190;
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 14, 12, 24];
const SUSPECT = 3;

/** series: {sensor, quantity, unit, thresholds, times (ms), values, flags, late}; moment: ms, or null. */
export function plot(series, since, until, moment) {
  const x = scale(since, until, LEFT, WIDTH - RIGHT);
  const [low, high] = range([...series.values.filter((each) => each !== null), ...series.thresholds]);
  const y = scale(low, high, HEIGHT - BOTTOM, TOP);
  const words = `${named(series.quantity)} · ${series.sensor}`;
  const picture = s(
    "svg",
    { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${words}, ${summary(series)}` },
    steps(low, high, 4).map((value) => [
      s("line", { class: "grid-line", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      s("text", { class: "axis", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, tidy(value)),
    ]),
    hours(since, until).map((at) => [
      s("line", { class: "grid-line", x1: x(at), x2: x(at), y1: TOP, y2: HEIGHT - BOTTOM }),
      s("text", { class: "axis", x: x(at), y: HEIGHT - 7, "text-anchor": "middle" }, time.minute(at)),
    ]),
    series.thresholds.map((value) => [
      s("line", { class: "threshold", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      s("text", { class: "threshold-word", x: WIDTH - RIGHT - 3, y: y(value) - 4, "text-anchor": "end" }, `${t("alert.threshold")} ${tidy(value)}`),
    ]),
    moment && moment > since && moment < until && s("line", { class: "moment", x1: x(moment), x2: x(moment), y1: TOP, y2: HEIGHT - BOTTOM }),
    s("path", { class: "line", d: line(series, x, y) }),
    marks(series, x, y),
  );
  const latest = series.values.findLast((each) => each !== null);
  return h(
    "figure",
    { class: "sensor" },
    h("figcaption", {}, h("strong", {}, named(series.quantity)), h("span", { class: "muted" }, series.sensor), latest === undefined ? null : h("span", { class: "latest" }, `${tidy(latest)} ${unit(series.unit)}`)),
    series.times.length ? picture : h("p", { class: "empty" }, t("alert.noseries")),
  );
}

/** What the marks mean, for those that occur. */
export function legend(all) {
  const doubtful = all.some((each) => each.flags.some((flag) => flag >= SUSPECT));
  const late = all.some((each) => each.late.some(Boolean));
  const item = (kind, word) => h("li", {}, s("svg", { viewBox: "0 0 24 10", "aria-hidden": "true" }, KEYS[kind]()), word);
  return h(
    "ul",
    { class: "plot-legend" },
    item("line", t("alert.reading")),
    item("threshold", t("alert.threshold")),
    item("moment", t("alert.here")),
    doubtful && item("doubtful", t("alert.doubtful")),
    late && item("late", t("alert.late")),
  );
}

const KEYS = {
  line: () => s("path", { class: "line", d: "M0 5h24" }),
  threshold: () => s("line", { class: "threshold", x1: 0, x2: 24, y1: 5, y2: 5 }),
  moment: () => s("line", { class: "moment", x1: 12, x2: 12, y1: 0, y2: 10 }),
  doubtful: () => cross(12, 5),
  late: () => s("circle", { class: "late", cx: 12, cy: 5, r: 3.5 }),
};

const cross = (cx, cy) => s("path", { class: "doubtful", d: `M${cx - 3} ${cy - 3}l6 6m0-6l-6 6` });

function line(series, x, y) {
  let pen = "M";
  return series.times.reduce((path, at, n) => {
    const value = series.values[n];
    if (value === null || series.late[n] || series.flags[n] >= SUSPECT) return path;
    const step = `${pen}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return path + step;
  }, "");
}

function marks(series, x, y) {
  return series.times.flatMap((at, n) => {
    const value = series.values[n];
    if (value === null) return [];
    if (series.flags[n] >= SUSPECT) return [cross(x(at), y(value))];
    return series.late[n] ? [s("circle", { class: "late", cx: x(at), cy: y(value), r: 3 })] : [];
  });
}

function summary(series) {
  const values = series.values.filter((each) => each !== null);
  if (!values.length) return t("alert.noseries");
  return `${tidy(Math.min(...values))} – ${tidy(Math.max(...values))} ${unit(series.unit)}`;
}

const scale = (from, to, a, b) => (value) => a + ((value - from) / (to - from || 1)) * (b - a);

function range(values) {
  if (!values.length) return [0, 1];
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const room = (high - low) * 0.12 || Math.abs(high) * 0.1 || 1;
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}

/** Round values between two, about so many. */
function steps(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw);
  const values = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) values.push(value);
  return values;
}

const MINUTE = 60_000;

/** Round times between two, at most six. */
function hours(since, until) {
  const step = [10, 20, 30, 60, 120, 180, 360, 720, 1440].map((each) => each * MINUTE).find((each) => (until - since) / each <= WIDTH / 95);
  const times = [];
  for (let at = Math.ceil(since / step) * step; at < until; at += step) times.push(at);
  return times;
}

export function tidy(value) {
  if (value === null || value === undefined) return "";
  return Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4, useGrouping: false });
}

const UNITS = { Cel: "°C", "[pH]": "pH", 1: "", "m3/h": "m³/h", "mg/m3": "mg/m³", "um/m": "µm/m", "m/s2": "m/s²", deg: "°" };

/** A UCUM code as people write the unit. */
export const unit = (code) => UNITS[code] ?? code;
