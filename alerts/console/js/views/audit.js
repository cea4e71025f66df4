// Who did what, for administrators.

import * as api from "../api.js";
import { h } from "../dom.js";
import { fetched } from "../fetched.js";
import { report } from "../report.js";
import { t } from "../words.js";

export function show(place) {
  const list = h("div", {});
  place.append(h("h1", {}, t("nav.audit")), list);
  fetched(list, () => api.get("/api/audit"), (found) => report({ [t("nav.audit")]: found.entries ?? found }));
}
