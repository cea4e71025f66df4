// What stands around every view: the counts of what waits, sound, connection, clock, and the way about.

import { may } from "./acts.js";
import * as cases from "./cases.js";
import * as connection from "./connection.js";
import { h, say } from "./dom.js";
import { toast } from "./dialog.js";
import * as keys from "./keys.js";
import { LEVELS, shape } from "./levels.js";
import * as preferences from "./preferences.js";
import * as session from "./session.js";
import * as sound from "./sound.js";
import * as time from "./time.js";
import { named, t } from "./words.js";

const PLACES = [
  ["/", "nav.alarms"],
  ["/map", "nav.map"],
  ["/incidents", "nav.incidents"],
  ["/shelf", "nav.shelf"],
  ["/windows", "nav.windows"],
  ["/deliveries", "nav.deliveries"],
  ["/history", "nav.history"],
  ["/kpi", "nav.kpi"],
  ["/audit", "nav.audit", "admin"],
];

const FLASH_MS = 500;

let parts = null;

export const place = () => parts.main;

/** Build it anew, as for another language. */
export function build() {
  parts = {
    counts: h("div", { class: "counts", role: "group", "aria-label": t("top.unseen") }),
    sound: h("button", { class: "quiet", id: "sound", on: { click: soundPressed } }),
    lamp: h("span", { class: "lamp", role: "status" }),
    clock: h("span", { class: "clock" }),
    banners: h("div", { id: "banners" }),
    main: h("main", { id: "main", tabindex: "-1" }),
    nav: h("nav", { "aria-label": t("nav") }, PLACES.filter(([, , least]) => !least || may(least)).map(link)),
  };
  document.title = t("title");
  document.body.replaceChildren(
    h("a", { class: "skip", href: "#main" }, t("skip")),
    h("header", {}, h("div", { class: "top" }, brand(), parts.counts, tools()), parts.nav),
    parts.banners,
    parts.main,
    h("div", { id: "toasts", role: "status", "aria-live": "polite" }),
  );
  update();
  lamp();
  tick();
}

/** Show which view is open. */
export function mark(path) {
  for (const each of parts.nav.children) {
    const href = each.getAttribute("href");
    const here = href === "/" ? path === "/" || path.startsWith("/alerts/") : path === href;
    const part = (href === "/map" && path.startsWith("/assets/")) || (href === "/incidents" && path.startsWith("/incidents/"));
    if (here || part) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

const link = ([href, word]) => h("a", { href }, t(word));

const brand = () =>
  h("a", { class: "brand", href: "/" }, h("strong", {}, t("title")), h("span", {}, named(session.city())));

function tools() {
  const next = preferences.THEMES[(preferences.THEMES.indexOf(preferences.look()) + 1) % preferences.THEMES.length];
  const theme = h(
    "button",
    { class: "quiet", id: "theme", on: { click: () => preferences.dress(next) } },
    `${t("top.theme")}: ${t(`top.theme.${preferences.look()}`)}`,
  );
  const other = preferences.lang() === "zh" ? "en" : "zh";
  const language = h(
    "button",
    { class: "quiet", id: "language", lang: other === "zh" ? "zh-CN" : "en", on: { click: () => preferences.speak(other) } },
    t("top.language"),
  );
  const { name, role } = session.me();
  const menu = h(
    "details",
    { class: "menu" },
    h("summary", {}, name),
    h(
      "div",
      {},
      h("p", {}, `${name} · ${t(`role.${role}`)}`),
      language,
      theme,
      h("button", { class: "quiet", on: { click: keys.help } }, `${t("top.help")} ?`),
      h("button", { class: "quiet", on: { click: session.signOut } }, t("top.out")),
    ),
  );
  return h("div", { class: "tools" }, parts.lamp, parts.sound, parts.clock, menu);
}

function update() {
  const unseen = cases.unseen();
  parts.counts.replaceChildren(
    ...LEVELS.map((level) =>
      h(
        "span",
        { class: unseen[level] ? "count" : "count none", title: `${t("top.unseen")}: ${t(`level.${level}`)}` },
        shape(level),
        h("span", { class: "word" }, t(`level.${level}`)),
        h("strong", {}, String(unseen[level])),
      ),
    ),
  );
  document.title = unseen[1] ? `(${unseen[1]}) ${t("title")}` : t("title");
  sound.want(cases.sounding());
  showSound();
  banners();
}

function showSound() {
  const standing = sound.standing();
  parts.sound.dataset.standing = standing;
  say(parts.sound, standing === "on" ? t("sound.on") : t("sound.off"));
  parts.sound.setAttribute("aria-pressed", String(standing !== "on"));
}

function soundPressed() {
  if (sound.standing() === "on") sound.mute(true);
  else sound.mute(false);
}

/** What must not be overlooked: lost connection, silence, drill. */
function banners() {
  const wanted = [];
  if (connection.state() === "lost") wanted.push(["lost", lostWords()]);
  const standing = sound.standing();
  if (standing !== "on" && session.me().role !== "viewer") wanted.push([standing, t(`sound.${standing}`)]);
  if (session.city().drill) wanted.push(["drill", t("drill")]);
  const present = [...parts.banners.children].map((each) => each.dataset.kind).join();
  if (present === wanted.map(([kind]) => kind).join()) {
    wanted.forEach(([, words], n) => say(parts.banners.children[n].firstChild, words));
    return;
  }
  parts.banners.replaceChildren(...wanted.map(banner));
}

function banner([kind, words]) {
  const words_ = h("span", {}, words);
  const button =
    kind === "muted" || kind === "blocked"
      ? h("button", { on: { click: () => sound.mute(false) } }, t(kind === "muted" ? "sound.unmute" : "sound.allow"))
      : null;
  return h("div", { class: `banner ${kind}`, role: kind === "lost" ? "alert" : null, data: { kind } }, words_, button);
}

const lostWords = () =>
  t("connection.lost", { since: time.clock(connection.since()), for: time.length(Date.now() - connection.since()) });

function lamp() {
  const state = connection.state() === "loading" ? "polling" : connection.state();
  parts.lamp.dataset.state = state;
  say(parts.lamp, t(`top.${state}`));
}

function tick() {
  if (!parts) return;
  say(parts.clock, `${time.clock(time.now())} ${time.zoneName()}`);
  if (connection.state() === "lost") banners();
}

setInterval(tick, 1000);

// All that flashes, flashes together; who asked the system for less motion gets a mark that stands still.
setInterval(() => {
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) document.documentElement.classList.toggle("flash");
}, FLASH_MS);

cases.changed.listen(() => parts && update());
sound.changed.listen(() => parts && update());
connection.changed.listen(() => {
  if (!parts) return;
  lamp();
  banners();
});
connection.back.listen((n) => toast(t("connection.back", { n })));
keys.always({ "?": keys.help, m: () => soundPressed() });
