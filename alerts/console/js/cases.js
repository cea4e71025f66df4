// The open cases as this page knows them, and how it hears of what changes.

import * as api from "./api.js";
import { shown } from "./levels.js";
import { Signal } from "./signal.js";

export const OPEN = [
  "unacknowledged", "acknowledged", "returned", "latched", "shelved", "suppressed", "out_of_service", "normal",
];
export const UNSEEN = ["unacknowledged", "returned"];
export const OFF = ["shelved", "suppressed", "out_of_service"];

const PAGE = 500;
const FIRST = 100;
const AT_ONCE = 100;

const known = new Map();
let complete = false;

export const changed = new Signal();

export const all = () => [...known.values()];
export const one = (id) => known.get(id);
export const isComplete = () => complete;
export const sounding = () =>
  all().some((alert) => alert.state === "unacknowledged" && alert.level?.value === 1 && alert.sounded);

/** How many cases of each level wait to be seen. */
export function unseen() {
  const counts = { 1: 0, 2: 0, 3: 0, 4: 0 };
  for (const alert of known.values()) if (UNSEEN.includes(alert.state)) counts[shown(alert)] += 1;
  return counts;
}

/** Read all open cases, the worst first; how many are not as they were known. */
export async function load() {
  const before = new Map(known);
  const found = new Set();
  let news = 0;
  for (const level of [1, 2, 3, 4]) {
    let cursor = null;
    do {
      const page = await api.get("/api/alerts", { state: OPEN, level, limit: cursor || complete ? PAGE : FIRST, cursor });
      for (const alert of page.alerts) {
        found.add(alert.id);
        if (before.get(alert.id)?.events !== alert.events) news += 1;
        take(alert);
      }
      changed.tell();
      cursor = page.next;
    } while (cursor !== null);
  }
  // A case may have changed its level between two pages; what nobody showed is asked for by itself.
  const unshown = [...before.keys()].filter((id) => !found.has(id));
  await refresh(unshown);
  complete = true;
  changed.tell();
  return news + unshown.length;
}

/** Read some cases anew. */
export async function refresh(ids) {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const page = await api.get("/api/alerts", { id: some, limit: AT_ONCE });
    const found = new Set(page.alerts.map((alert) => alert.id));
    for (const id of some) if (!found.has(id)) known.delete(id);
    for (const alert of page.alerts) take(alert);
  }
  changed.tell();
}

/** Take over a case as an answer showed it, unless a newer one is known. */
export function take(alert) {
  const present = known.get(alert.id);
  if (present && present.events > alert.events) return;
  if (alert.state === "closed") known.delete(alert.id);
  else known.set(alert.id, alert);
}

/** As the answer to what somebody did. */
export function hear(alert) {
  take(alert);
  changed.tell(alert);
}

export function forget() {
  known.clear();
  complete = false;
}
