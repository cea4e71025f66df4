// What a case waits for, until when, and whether that has passed.

import { policy } from "./session.js";
import { shown } from "./levels.js";
import * as time from "./time.js";
import { t } from "./words.js";

/** When what it waits for should be done, ms; null = nothing, or no deadline. */
export function deadline(alert) {
  if (alert.state === "shelved") return Date.parse(alert.shelved_until);
  const within = alert.awaits && policy().levels[shown(alert)].deadlines[alert.awaits];
  return within ? Date.parse(alert.waits_at) + within * 1000 : null;
}

/** In words, with the time that is left; `late` = it has passed. */
export function waiting(alert) {
  if (alert.state === "shelved") return { words: t("list.until", { time: time.short(alert.shelved_until) }), late: false };
  if (!alert.awaits) return { words: "", late: false };
  const at = deadline(alert);
  if (at === null) return { words: t(`awaits.${alert.awaits}`), late: false };
  const left = at - time.now();
  const late = left < 0;
  // The time stands first: where there is little room, the word is cut.
  const words = `${late ? `${t("list.overdue")} ` : ""}${time.countdown(left)} · ${t(`awaits.${alert.awaits}`)}`;
  return { words, late };
}
