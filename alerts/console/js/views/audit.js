// Who asked for what, for administrators: every write, the newest first.

import * as api from "../api.js";
import { h, panel, table } from "../dom.js";
import { paged } from "../paged.js";
import * as time from "../time.js";
import { t } from "../words.js";

const PAGE = 100;

export function show(place) {
  place.append(h("h1", {}, t("nav.audit")));
  paged(place, read, (found) => {
    const headings = ["alert.time", "audit.who", "audit.from", "audit.call", "audit.answer"].map((each) => t(each));
    const rows = found.map(({ at, who, tried, address, method, path, status }) => [
      time.short(at), who ?? (tried ? `${tried}?` : "–"), address ?? "–", `${method} ${path}`, String(status),
    ]);
    return panel(t("nav.audit"), table(t("nav.audit"), headings, rows));
  });
}

async function read(before) {
  const entries = await api.get("/api/audit", { before, limit: PAGE });
  return { entries, next: entries.length < PAGE ? null : entries[entries.length - 1].audit_id };
}
