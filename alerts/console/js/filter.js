// Which of the open cases are wanted; kept while the page is open, whatever view is shown.

import { OFF, UNSEEN } from "./cases.js";
import { shown } from "./levels.js";

export const GROUPS = ["open", "unseen", "inhand", "off"];

const BELONGS = {
  open: () => true,
  unseen: (alert) => UNSEEN.includes(alert.state),
  inhand: (alert) => !UNSEEN.includes(alert.state) && !OFF.includes(alert.state),
  off: (alert) => OFF.includes(alert.state),
};

const nothing = () => ({ group: "open", levels: new Set(), text: "", domain: "", district: "", utility: "" });

export const chosen = nothing();

export function reset() {
  Object.assign(chosen, nothing());
}

export function choose(name, value) {
  chosen[name] = value;
}

export const filter = {
  level(level) {
    if (!chosen.levels.delete(level)) chosen.levels.add(level);
  },
};

export function matches(alert) {
  return (
    BELONGS[chosen.group](alert) &&
    (chosen.levels.size === 0 || chosen.levels.has(shown(alert))) &&
    (!chosen.domain || alert.asset.domain === chosen.domain) &&
    (!chosen.district || alert.asset.district === chosen.district) &&
    (!chosen.utility || alert.utility?.id === chosen.utility) &&
    speaks(alert, chosen.text)
  );
}

/** Whether every word stands somewhere in what is written of it, in either language. */
function speaks(alert, text) {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 || words.every((word) => written(alert).includes(word));
}

const texts = new WeakMap();

function written(alert) {
  if (!texts.has(alert)) {
    const { asset, hazard, utility } = alert;
    const said = [alert.id, asset.id, asset.name, asset.name_en, asset.district, hazard.id, hazard.name, hazard.name_en];
    texts.set(alert, [...said, utility?.id, utility?.name, utility?.name_en, alert.dispatched_to].join("\n").toLowerCase());
  }
  return texts.get(alert);
}
