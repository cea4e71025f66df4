// One row of the alarm list. Its elements stay while what it shows changes, so that a click finds what it aimed at.

import { UNSEEN } from "./cases.js";
import { h, say } from "./dom.js";
import { badge, shown } from "./levels.js";
import { lang } from "./preferences.js";
import { COLUMNS } from "./sort.js";
import * as time from "./time.js";
import { waiting } from "./waiting.js";
import { named, t } from "./words.js";

export class Row {
  #level = null;
  #id = null;

  /** @param {(id: string, what: "select" | "open" | "point") => void} pick told what it was clicked for */
  constructor(pick) {
    this.box = h("input", { type: "checkbox", tabindex: "-1", on: { click: () => pick(this.#id, "select") } });
    this.cells = Object.fromEntries(COLUMNS.map((column) => [column, h("div", { role: "gridcell", class: `cell ${column}` })]));
    this.link = h("a", { tabindex: "-1" });
    this.code = h("small", {});
    this.cells.asset.append(this.link, this.code);
    this.mark = h("span", { class: "mark", "aria-hidden": "true" });
    this.stateWord = h("span", {});
    this.cells.state.append(this.mark, this.stateWord);
    const cells = COLUMNS.map((column) => this.cells[column]);
    this.element = h("div", { role: "row", class: "row" }, h("div", { role: "gridcell", class: "cell box" }, this.box), cells);
    this.element.addEventListener("click", (event) => {
      if (!event.target.closest("a, input")) pick(this.#id, "point");
    });
    this.element.addEventListener("dblclick", () => pick(this.#id, "open"));
  }

  set(alert, { selected, present }) {
    const { element, cells } = this;
    const level = shown(alert);
    const look = `${lang()}${level}`;
    if (this.#level !== look) cells.level.replaceChildren(badge(level));
    this.#level = look;
    this.#id = alert.id;
    element.id = `row-${alert.id}`;
    element.dataset.level = level;
    element.dataset.state = alert.state;
    element.classList.toggle("unseen-alarm", UNSEEN.includes(alert.state));
    element.classList.toggle("live", alert.level !== null);
    element.classList.toggle("present", present);
    element.setAttribute("aria-selected", String(selected));
    this.box.checked = selected;
    this.box.setAttribute("aria-label", `${t("list.select")} ${named(alert.asset)}`);
    say(this.stateWord, t(`state.${alert.state}`));
    say(cells.stage, alert.stage === "none" ? "" : t(`stage.${alert.stage}`));
    say(cells.hazard, named(alert.hazard));
    say(this.link, named(alert.asset));
    this.link.href = `/alerts/${alert.id}`;
    say(this.code, alert.asset.id);
    say(cells.utility, named(alert.utility));
    say(cells.since, time.short(alert.opened_at));
    const { words, late } = waiting(alert);
    say(cells.awaits, words);
    cells.awaits.classList.toggle("late", late);
  }
}
