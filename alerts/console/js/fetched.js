// A view of something that is read first: what to show while it is not there, and why it may never be.

import { Away, Problem } from "./api.js";
import { h } from "./dom.js";
import { t } from "./words.js";

/** Read, then show; `words` says what a 404 means here. Returns what reads it again; its `put` shows what is known. */
export function fetched(place, read, shows, words = t("kpi.missing")) {
  let turn = 0;
  async function again() {
    turn += 1;
    const mine = turn;
    try {
      const what = await read();
      if (mine === turn) fill(what);
    } catch (error) {
      if (!(error instanceof Away || error instanceof Problem)) throw error;
      if (mine === turn) place.replaceChildren(sorry(error, words, again));
    }
  }
  const fill = (what) => place.replaceChildren(...[shows(what)].flat(2).filter(Boolean));
  again.put = (what) => {
    turn += 1;
    fill(what);
  };
  place.replaceChildren(h("p", { class: "empty" }, t("list.loading")));
  again();
  return again;
}

function sorry(error, words, again) {
  const said = { 404: words, 403: t("more.refused") }[error.status] ?? (error instanceof Away ? t("more.away") : error.message);
  return h("p", { class: "empty", role: "alert" }, `${said} `, h("button", { on: { click: again } }, t("more.retry")));
}
