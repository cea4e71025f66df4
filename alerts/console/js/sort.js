// The order of the alarm list: by a column and a direction, and within it by what is urgent.

import { UNSEEN } from "./cases.js";
import { shown } from "./levels.js";
import { lang } from "./preferences.js";
import { deadline } from "./waiting.js";
import { named, t } from "./words.js";

export const COLUMNS = ["level", "state", "hazard", "asset", "utility", "stage", "since", "awaits"];

const KEYS = {
  level: shown,
  state: (alert) => t(`state.${alert.state}`),
  stage: (alert) => t(`stage.${alert.stage}`),
  hazard: (alert) => named(alert.hazard),
  asset: (alert) => named(alert.asset),
  utility: (alert) => named(alert.utility),
  since: (alert) => -Date.parse(alert.opened_at),
  awaits: (alert) => deadline(alert) ?? Infinity,
};

/** null = by urgency. */
let column = null;
let falling = false;

/** Once up, once down, then by urgency again. */
export function by(wanted) {
  if (column !== wanted) [column, falling] = [wanted, false];
  else if (!falling) falling = true;
  else [column, falling] = [null, false];
}

export const direction = (each) => (each !== column ? "none" : falling ? "descending" : "ascending");

export function sorted(alerts) {
  const compared = new Intl.Collator(lang() === "zh" ? "zh-CN" : "en", { numeric: true }).compare;
  const key = column && KEYS[column];
  const keyed = alerts.map((alert) => [key ? key(alert) : null, urgency(alert), alert]);
  keyed.sort(([a, p], [b, q]) => {
    const order = a === b || key === null ? 0 : typeof a === "number" ? a - b : compared(a, b);
    return (falling ? -order : order) || p - q;
  });
  return keyed.map(([, , alert]) => alert);
}

const LEVEL = 1e14;

/** What nobody has seen comes first, then the worse, then the newer. */
function urgency(alert) {
  const waits = UNSEEN.includes(alert.state) ? 0 : 10;
  return (waits + shown(alert)) * LEVEL - Date.parse(alert.opened_at);
}
