// The four risk levels as a person sees them: a colour, a shape and a word, never a colour alone.

import { h, s } from "./dom.js";
import { t } from "./words.js";

export const LEVELS = [1, 2, 3, 4];

const SHAPES = {
  1: "M6 1h8l5 5v8l-5 5H6l-5-5V6z",
  2: "M10 1.5 19.2 18H.8z",
  3: "M10 .8 19.2 10 10 19.2.8 10z",
  4: "M10 1.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z",
};

/** The shape alone, for where the word stands beside it. */
export function shape(level) {
  return s(
    "svg",
    { class: `shape level-${level}`, viewBox: "0 0 20 20", "aria-hidden": "true" },
    s("path", { d: SHAPES[level] }),
    s("text", { x: 10, y: level === 2 ? 16 : 14.2, "text-anchor": "middle" }, String(level)),
  );
}

/** Shape and word; of what nobody has graded, a dash. */
export function badge(level) {
  if (level === null) return h("span", { class: "badge muted" }, "–");
  return h("span", { class: "badge" }, shape(level), h("span", {}, t(`level.${level}`)));
}

/** The outline of a level's shape as a path on a canvas, around a place. */
export function outline(level) {
  return new Path2D(SHAPES[level ?? 4]);
}

/** The level that a case is shown at: the present one, or the worst it had once nothing is live. */
export const shown = (alert) => (alert.level ?? alert.worst_level).value;
