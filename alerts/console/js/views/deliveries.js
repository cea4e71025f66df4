// Every message to a receiver and what became of it; dead letters can be sent again.

import * as acts from "../acts.js";
import * as api from "../api.js";
import { toast } from "../dialog.js";
import { h, panel, table } from "../dom.js";
import { fetched } from "../fetched.js";
import * as time from "../time.js";
import { t } from "../words.js";

const STATES = ["", "dead", "failed", "queued", "delivered", "receipted"];

export function show(place) {
  let state = "";
  const list = h("div", {});
  const again = fetched(list, () => api.get("/api/deliveries", { state }), (found) => {
    const some = found.deliveries ?? found;
    return [some.length ? shown(some, () => again()) : panel(t("nav.deliveries"), h("p", { class: "empty" }, t("deliveries.none")))];
  });
  const toggles = STATES.map((each) =>
    h("button", { class: "toggle", "aria-pressed": String(each === state), on: { click: () => choose(each) } }, each ? t(`delivery.${each}`) : t("list.all")),
  );
  function choose(each) {
    state = each;
    toggles.forEach((toggle, n) => toggle.setAttribute("aria-pressed", String(STATES[n] === state)));
    again();
  }
  place.append(h("h1", {}, t("nav.deliveries")), h("div", { class: "bar toggles", role: "group", "aria-label": t("deliveries.state") }, toggles), list);
  const timer = setInterval(again, 15_000);
  return () => clearInterval(timer);
}

function shown(found, again) {
  const headings = ["state", "receiver", "kind", "attempts", "error", "queued", "finished"].map((each) => t(`deliveries.${each}`));
  const rows = found.map((each) => [
    h("strong", { class: `delivery-${each.state}` }, t(`delivery.${each.state}`)),
    each.receiver,
    each.alert_id ? h("a", { href: `/alerts/${each.alert_id}` }, t(`kind.${each.kind}`)) : t(`kind.${each.kind}`),
    String(each.attempts),
    each.last_error ?? (each.receipt ? `${t("deliveries.receipt")} ${each.receipt}` : ""),
    time.short(each.queued_at),
    each.finished_at ? time.short(each.finished_at) : "",
    each.state === "dead" && acts.may("operator") ? h("button", { on: { click: () => retry(each, again) } }, t("deliveries.retry")) : "",
  ]);
  return panel(t("nav.deliveries"), table(t("nav.deliveries"), [...headings, ""], rows));
}

async function retry(delivery, again) {
  try {
    await api.post(`/api/deliveries/${delivery.id}/retry`);
  } catch (error) {
    toast(error.message);
  }
  again();
}
