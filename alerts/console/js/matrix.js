// The risk matrix with one cell marked: likelihood from the left, consequence upwards.

import { s } from "./dom.js";
import { t } from "./words.js";

const CELL = 34;
const EDGE = 30;
const ONE_TO_FIVE = [1, 2, 3, 4, 5];

/** levels[likelihood - 1][consequence - 1] */
export function matrix(levels, likelihood, consequence) {
  const level = levels[likelihood - 1][consequence - 1];
  const words = t("alert.matrix.cell", { l: likelihood, c: consequence, level: t(`level.${level}`) });
  const x = (value) => EDGE + (value - 1) * CELL;
  const y = (value) => (5 - value) * CELL;
  const cells = ONE_TO_FIVE.flatMap((l) =>
    ONE_TO_FIVE.map((c) => {
      const here = l === likelihood && c === consequence;
      const each = levels[l - 1][c - 1];
      return s(
        "g",
        { class: `cell level-${each}${here ? " here" : ""}` },
        s("rect", { x: x(l) + 1, y: y(c) + 1, width: CELL - 2, height: CELL - 2, rx: 3 }),
        s("text", { x: x(l) + CELL / 2, y: y(c) + CELL / 2 + 4, "text-anchor": "middle" }, String(each)),
      );
    }),
  );
  const axis = ONE_TO_FIVE.flatMap((n) => [
    s("text", { class: "axis", x: x(n) + CELL / 2, y: 5 * CELL + 14, "text-anchor": "middle" }, String(n)),
    s("text", { class: "axis", x: EDGE - 8, y: y(n) + CELL / 2 + 4, "text-anchor": "end" }, String(n)),
  ]);
  const middle = (5 * CELL) / 2;
  return s(
    "svg",
    { class: "matrix", viewBox: `0 0 ${EDGE + 5 * CELL + 2} ${5 * CELL + 32}`, role: "img", "aria-label": words },
    cells,
    axis,
    s("text", { class: "axis", x: EDGE + middle, y: 5 * CELL + 29, "text-anchor": "middle" }, t("alert.likelihood")),
    s("text", { class: "axis", x: 9, y: middle, "text-anchor": "middle", transform: `rotate(-90 9 ${middle})` }, t("alert.consequence")),
  );
}
