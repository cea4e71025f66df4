// What a person may do with cases: the calls, and the questions that come before them.

import * as api from "./api.js";
import * as cases from "./cases.js";
import { ask, field, select, toast } from "./dialog.js";
import { h } from "./dom.js";
import { shown } from "./levels.js";
import { me, policy } from "./session.js";
import * as time from "./time.js";
import { named, t } from "./words.js";

/** The call that carries out an act. */
const CALLS = {
  acknowledged: "acknowledge",
  shelved: "shelve",
  unshelved: "unshelve",
  reset: "reset",
  dispatched: "dispatch",
  received: "receive",
  arrived: "arrive",
  verified: "verify",
  dismissed: "dismiss",
  resolved: "resolve",
  closed: "close",
  noted: "note",
};

const ROLES = ["viewer", "utility", "operator", "engineer", "admin"];
const MINUTE = 60;

export const may = (least) => ROLES.indexOf(me().role) >= ROLES.indexOf(least);

export const acknowledgeable = (alert) => cases.UNSEEN.includes(alert.state);
export const shelvable = (alert) =>
  ["unacknowledged", "acknowledged"].includes(alert.state) && may(policy().levels[shown(alert)].shelved_by);

/** Ask for what an act needs, and carry it out on one case; whether it was done. */
export async function act(kind, alert) {
  const more = FIELDS[kind]?.(alert) ?? [];
  const title = `${t(`act.${kind}`)}: ${named(alert.hazard)} · ${named(alert.asset)}`;
  return ask(title, [why(kind), ...more], t(`act.${kind}`), async (given) => {
    try {
      cases.hear(await api.post(`/api/alerts/${alert.id}/${CALLS[kind]}`, PLACED[kind]?.(given) ?? given, alert.events));
    } catch (error) {
      if (error instanceof api.Problem && error.status === 412) {
        await cases.refresh([alert.id]);
        throw new api.Problem(412, t("dialog.stale"));
      }
      throw error;
    }
  });
}

/** Acknowledge several cases with one word; what is refused is told. */
export async function acknowledge(alerts) {
  const wanted = alerts.filter(acknowledgeable);
  if (wanted.length === 0) return toast(t("dialog.nothing"));
  if (wanted.length === 1) return act("acknowledged", wanted[0]);
  const title = `${t("act.acknowledged")}: ${t("dialog.several", { n: wanted.length })}`;
  return ask(title, [why("acknowledged"), brief(wanted)], t("act.acknowledged"), async (given) => {
    await each(wanted, (some) => api.post("/api/alerts/acknowledge", { ids: some.map(({ id }) => id), why: given.why }));
  });
}

const AT_ONCE = 200;

async function each(wanted, call) {
  const refused = [];
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const some = wanted.slice(from, from + AT_ONCE);
    const answers = await call(some);
    refused.push(...answers.filter((answer) => answer.refusal));
    await cases.refresh(some.map(({ id }) => id));
  }
  if (refused.length) toast(t("dialog.refused", { n: refused.length, why: refused[0].refusal }));
}

/** Put several cases aside with one word, each by itself. */
export async function shelve(alerts) {
  const wanted = alerts.filter(shelvable);
  if (wanted.length === 0) return toast(t("dialog.nothing"));
  if (wanted.length === 1) return act("shelved", wanted[0]);
  const title = `${t("act.shelved")}: ${t("dialog.several", { n: wanted.length })}`;
  const worst = wanted.reduce((a, b) => (longest(a) < longest(b) ? a : b));
  return ask(title, [why("shelved"), ...FIELDS.shelved(worst), brief(wanted)], t("act.shelved"), async (given) => {
    const refused = [];
    for (const alert of wanted) {
      try {
        cases.hear(await api.post(`/api/alerts/${alert.id}/shelve`, PLACED.shelved(given), alert.events));
      } catch (error) {
        if (!(error instanceof api.Problem)) throw error;
        refused.push(error.message);
      }
    }
    if (refused.length) toast(t("dialog.refused", { n: refused.length, why: refused[0] }));
  });
}

/** Open a case that no sensor saw. */
export async function report(hazards, asset = "") {
  const levels = [["", t("dialog.graded")], ...[1, 2, 3, 4].map((each) => [String(each), t(`level.${each}`)])];
  const fields = [
    field("asset_id", t("dialog.asset"), { required: true, value: asset, list: "known-assets" }),
    select("hazard", t("dialog.hazard"), hazards.map((each) => [each.id, named(each)])),
    select("level", t("dialog.level"), levels),
    why("opened"),
  ];
  return ask(t("dialog.report"), fields, t("list.report"), async (given) => {
    const level = given.level ? Number(given.level) : null;
    cases.hear(await api.post("/api/alerts", { ...given, level }));
  });
}

const why = (kind) =>
  field("why", t("dialog.why"), {
    required: true,
    maxlength: 2000,
    value: kind === "acknowledged" ? t("dialog.why.acknowledged") : "",
  });

const longest = (alert) => policy().levels[shown(alert)].longest_shelf;

const brief = (alerts) =>
  h(
    "ul",
    { class: "brief" },
    alerts.slice(0, 6).map((alert) => h("li", {}, `${t(`level.${shown(alert)}`)} · ${named(alert.hazard)} · ${named(alert.asset)}`)),
    alerts.length > 6 && h("li", {}, "…"),
  );

/** What an act asks for beside why. */
const FIELDS = {
  shelved: (alert) => {
    const most = longest(alert);
    const lengths = [15, 30, 60, 240, 480, 1440].map((each) => each * MINUTE).filter((each) => each < most);
    const choices = [...lengths, most].map((each) => [String(each), time.length(each * 1000)]);
    choices[choices.length - 1][1] = t("dialog.longest", { time: time.length(most * 1000) });
    return [select("seconds", t("dialog.shelf"), choices), field("once", t("dialog.once"), { type: "checkbox" })];
  },
  dispatched: () => [field("to", t("dialog.to"), { maxlength: 200 })],
  dismissed: () => [select("cause", t("dialog.cause"), policy().causes.map((each) => [each, t(`cause.${each}`)]))],
  noted: () => [field("attachments", t("dialog.attachments"), { multiline: true })],
};

/** What was given, as the call takes it. */
const PLACED = {
  // The longest is left to the process, whose clock it is judged by.
  shelved: ({ why: said, seconds, once, longest: _ }) => ({ why: said, once, until: until(Number(seconds)) }),
  dispatched: ({ why: said, to }) => ({ why: said, ...(to && { to }) }),
  noted: ({ why: said, attachments }) => ({
    why: said,
    attachments: attachments.split("\n").map((line) => line.trim()).filter(Boolean),
  }),
};

const SLACK_S = 5;

const until = (seconds) => new Date(time.now() + (seconds - SLACK_S) * 1000).toISOString();
