// A long list, the newest first: a page of it, and a button for what is older.

import { Away, Problem } from "./api.js";
import { h, say } from "./dom.js";
import { t } from "./words.js";

/**
 * Read the first page, and another with each click.
 * `read` takes a cursor and gives { entries, next }; `shows` makes an element of all entries so far.
 * Returns what begins again, and what does so unless somebody has gone further.
 */
export function paged(place, read, shows) {
  let turn = 0;
  let pages = 0;
  let found = [];
  let cursor = null;
  const list = h("div", {}, h("p", { class: "empty" }, t("list.loading")));
  const trouble = h("p", { class: "empty", role: "alert" });
  const more = h("button", { hidden: true, on: { click: () => next(turn) } }, t("history.more"));
  place.append(list, trouble, h("div", { class: "bar" }, more));

  async function next(mine) {
    more.disabled = true;
    try {
      const page = await read(cursor);
      if (mine !== turn) return;
      found = [...found, ...page.entries];
      cursor = page.next;
      pages += 1;
      more.hidden = cursor === null;
      list.replaceChildren(found.length ? shows(found) : h("p", { class: "panel empty" }, t("shelf.none")));
      say(trouble, "");
    } catch (error) {
      if (!(error instanceof Away || error instanceof Problem)) throw error;
      if (mine === turn) say(trouble, said(error));
    } finally {
      more.disabled = false;
    }
  }

  function again() {
    turn += 1;
    [pages, found, cursor] = [0, [], null];
    return next(turn);
  }
  again();
  return { again, refresh: () => pages <= 1 && again() };
}

const said = (error) => (error instanceof Away ? t("more.away") : error.status === 403 ? t("more.refused") : error.message);
