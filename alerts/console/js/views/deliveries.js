// Every message to a receiver and what became of it; dead letters can be sent again.

import * as acts from "../acts.js";
import * as api from "../api.js";
import * as cases from "../cases.js";
import { toast } from "../dialog.js";
import { h, panel, table } from "../dom.js";
import { paged } from "../paged.js";
import * as session from "../session.js";
import * as time from "../time.js";
import { named, t } from "../words.js";

const STATES = ["", "dead", "failed", "queued", "delivered", "receipted"];
const REFRESH_MS = 15_000;

export function show(place) {
  let state = "";
  const toggles = STATES.map((each) =>
    h("button", { class: "toggle", "aria-pressed": String(each === state), on: { click: () => choose(each) } }, each ? t(`delivery.${each}`) : t("list.all")),
  );
  place.append(h("h1", {}, t("nav.deliveries")), h("div", { class: "bar toggles", role: "group", "aria-label": t("deliveries.state") }, toggles));
  const list = paged(place, read, (found) => shown(found, () => list.again()));
  async function read(cursor) {
    const page = await api.get("/api/deliveries", { state, cursor });
    return { entries: page.deliveries, next: page.next };
  }
  function choose(each) {
    state = each;
    toggles.forEach((toggle, n) => toggle.setAttribute("aria-pressed", String(STATES[n] === state)));
    list.again();
  }
  const timer = setInterval(list.refresh, REFRESH_MS);
  return () => clearInterval(timer);
}

function shown(found, again) {
  const headings = ["state", "receiver", "alert", "kind", "attempts", "result", "queued", "finished"].map((each) => t(`deliveries.${each}`));
  const rows = found.map((each) => [
    h("strong", { class: `delivery-${each.state}` }, t(`delivery.${each.state}`)),
    each.receiver,
    h("a", { href: `/alerts/${each.alert_id}` }, told(each)),
    t(`kind.${each.kind}`),
    String(each.attempts),
    each.last_error ?? (each.receipt ? `${t("deliveries.receipt")} ${each.receipt}` : ""),
    time.short(each.queued_at),
    each.finished_at ? time.short(each.finished_at) : "",
    each.state === "dead" && acts.may("operator") ? h("button", { on: { click: () => retry(each, again) } }, t("deliveries.retry")) : "",
  ]);
  return panel(t("nav.deliveries"), table(t("nav.deliveries"), [...headings, ""], rows));
}

/** What it is about: by name where the case is open, else by the asset's id. */
function told({ alert_id, asset_id, hazard }) {
  const alert = cases.one(alert_id);
  return `${session.hazard(hazard)} · ${alert ? named(alert.asset) : asset_id}`;
}

async function retry(delivery, again) {
  try {
    await api.post(`/api/deliveries/${delivery.id}/retry`);
  } catch (error) {
    toast(error.message);
  }
  again();
}
