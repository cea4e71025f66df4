// Keys of the view that is shown, and those that work everywhere.

import { tell } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./words.js";

let bound = new Map();
const everywhere = new Map();

/** Keys for this view: {key: what it does}. */
export function bind(keys) {
  bound = new Map(Object.entries(keys));
}

export function clear() {
  bound = new Map();
}

export function always(keys) {
  for (const [key, does] of Object.entries(keys)) everywhere.set(key, does);
}

export const go = (path) => dispatchEvent(new CustomEvent("go", { detail: path }));

const HELP = [
  ["j ↓", "keys.down"],
  ["k ↑", "keys.up"],
  ["Enter", "keys.open"],
  ["x", "keys.select"],
  ["a", "keys.acknowledge"],
  ["s", "keys.shelve"],
  ["/", "keys.search"],
  ["m", "keys.mute"],
  ["Esc", "keys.back"],
  ["?", "keys.help"],
];

export function help() {
  tell(t("keys.title"), h("dl", { class: "keys" }, HELP.map(([key, word]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(word))])));
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.matches?.("input:not([type=checkbox]), select, textarea");
  if (typing && event.key !== "Escape") return;
  // What a key does to the element that has the focus comes first.
  if (event.key === "Enter" && event.target.matches?.("a, button, summary")) return;
  const does = bound.get(event.key) ?? everywhere.get(event.key);
  if (!does) return;
  event.preventDefault();
  does();
});
