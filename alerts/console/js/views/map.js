// 四色图: every asset at its place in the colour and shape of its level; no tiles, nothing from elsewhere.

import * as api from "../api.js";
import * as connection from "../connection.js";
import { flat, Window } from "../chart.js";
import { h } from "../dom.js";
import { fetched } from "../fetched.js";
import * as keys from "../keys.js";
import { LEVELS, badge, outline } from "../levels.js";
import { changed as preferencesChanged } from "../preferences.js";
import { named, t } from "../words.js";

const MOST_LISTED = 80;
const NEAR = 14;
const PAN = 60;
const LABELS_FROM = 3;
const GATHER_MS = 1500;

export function show(place) {
  let view = null;
  let waiting = null;
  place.classList.add("wide");
  const again = fetched(place, () => api.get("/api/assets"), (city) => {
    if (view) view.end();
    view = new View(city, view);
    return [h("h1", { class: "unseen" }, t("map.name")), view.element];
  });
  const soon = () => {
    waiting ??= setTimeout(() => { waiting = null; again(); }, GATHER_MS);
  };
  const end = connection.news.listen(soon);
  return () => {
    end();
    clearTimeout(waiting);
    view?.end();
    place.classList.remove("wide");
  };
}

class View {
  constructor(city, before) {
    this.places = flat(city.assets);
    this.byId = new Map(this.places.map((each) => [each.id, each]));
    this.edges = city.edges.map(([from, relation, to]) => [this.byId.get(from), relation, this.byId.get(to)]).filter(([a, , b]) => a && b);
    // The worst is drawn last, so that nothing lies upon it.
    this.order = [...this.places].sort((a, b) => weight(b) - weight(a));
    this.window = before?.window ?? new Window(this.places);
    this.hidden = before?.hidden ?? new Set();
    this.text = before?.text ?? "";
    this.chosen = before?.chosen ?? null;
    this.canvas = h("canvas", { tabindex: "0", role: "img", "aria-label": `${t("map.name")}: ${t("map.assets", { n: this.places.length })}. ${t("map.keys")}` });
    this.aside = h("aside", { class: "map-side" });
    this.element = h("div", { class: "map" }, h("div", { class: "map-canvas" }, this.canvas, this.buttons(), this.legend()), this.aside);
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(this.canvas.parentElement);
    this.dressed = preferencesChanged.listen(() => this.draw());
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.onchange = () => this.draw();
    this.pointers(this.canvas);
    this.bindKeys();
    this.list();
  }

  end() {
    this.resized.disconnect();
    this.dressed();
    this.dark.onchange = null;
  }

  buttons() {
    const button = (word, sign, does) => h("button", { "aria-label": t(word), title: t(word), on: { click: () => { does(); this.draw(); } } }, sign);
    return h("div", { class: "map-buttons" },
      button("map.in", "+", () => this.window.zoomBy(1.6)),
      button("map.out", "−", () => this.window.zoomBy(1 / 1.6)),
      button("map.whole", "⌂", () => this.window.reset()));
  }

  legend() {
    const items = LEVELS.map((level) => {
      const count = this.places.filter((each) => each.level === level).length;
      const toggle = h("button", { class: "toggle", "aria-pressed": String(!this.hidden.has(level)) }, badge(level), ` ${count}`);
      toggle.addEventListener("click", () => {
        if (!this.hidden.delete(level)) this.hidden.add(level);
        toggle.setAttribute("aria-pressed", String(!this.hidden.has(level)));
        this.draw();
        this.list();
      });
      return h("li", {}, toggle);
    });
    return h("ul", { class: "map-legend", "aria-label": t("map.legend") }, items, h("li", { class: "key" }, h("span", { class: "ring" }), t("map.live")));
  }

  list() {
    const search = this.search ??= h("input", { type: "search", id: "search", placeholder: t("map.search"), "aria-label": t("map.search"), value: this.text, on: { input: (event) => { this.text = event.target.value; this.list(); } } });
    const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.order.filter((each) => !this.hidden.has(each.level) && words.every((word) => `${each.id} ${each.name} ${each.name_en} ${each.district}`.toLowerCase().includes(word))).reverse();
    const items = found.slice(0, MOST_LISTED).map((each) =>
      h("li", { class: each === this.chosen ? "present" : null },
        h("button", { class: "quiet", "aria-label": `${t("map.name")}: ${named(each)}`, on: { click: () => this.choose(each, true) } }, badge(each.level)),
        h("a", { href: `/assets/${encodeURIComponent(each.id)}` }, named(each)), h("span", { class: "muted" }, each.id),
        each.alerts ? h("strong", { class: "open-alerts" }, String(each.alerts)) : null));
    const more = found.length > MOST_LISTED && h("p", { class: "muted" }, t("map.more", { n: MOST_LISTED }));
    const content = [h("ul", { class: "plain" }, items), more || ""];
    if (this.listing) this.listing.replaceChildren(...content);
    else {
      this.listing = h("div", { class: "map-list" }, content);
      this.aside.append(search, this.listing);
    }
  }

  choose(asset, centre) {
    this.chosen = asset && this.byId.get(asset.id);
    if (asset && centre) this.window.centre(asset);
    this.draw();
    this.list();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement;
    if (!width || !height) return;
    const dots = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [width * dots, height * dots];
    this.canvas.getContext("2d").setTransform(dots, 0, 0, dots, 0, 0);
    this.window.fit(width, height);
    this.draw();
  }

  draw() {
    const { window } = this;
    if (!window.width) return;
    const context = this.canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const colours = Object.fromEntries(LEVELS.map((level) => [level, colour(`level-${level}`)]));
    context.clearRect(0, 0, window.width, window.height);
    this.lines(context, colour);
    const size = Math.min(1.5, 0.62 + window.zoom * 0.05);
    for (const each of this.order) {
      const [x, y] = window.at(each);
      if (this.hidden.has(each.level) || x < -20 || y < -20 || x > window.width + 20 || y > window.height + 20) continue;
      const live = each.alerts > 0;
      context.save();
      context.translate(x, y);
      context.scale(live ? size : size * 0.72, live ? size : size * 0.72);
      context.globalAlpha = live ? 1 : 0.62;
      if (live) ring(context, colour("text"));
      if (each === this.chosen) ring(context, colour("accent"), 18);
      context.translate(-10, -10);
      context.fillStyle = colours[each.level] ?? colour("muted");
      context.fill(outline(each.level));
      context.restore();
    }
    this.labels(context, colour);
  }

  /** Names from the worst on, each only where there is room. */
  labels(context, colour) {
    context.font = "12px system-ui, sans-serif";
    const taken = [];
    for (const each of this.order.toReversed()) {
      const wanted = each.alerts > 0 || each === this.chosen || this.window.zoom >= LABELS_FROM;
      if (!wanted || this.hidden.has(each.level)) continue;
      const [x, y] = this.window.at(each);
      const box = [x + 15, y - 8, x + 15 + context.measureText(named(each)).width, y + 8];
      if (taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      context.fillStyle = colour(each.alerts > 0 ? "text" : "muted");
      context.fillText(named(each), x + 15, y + 4);
    }
  }

  lines(context, colour) {
    context.strokeStyle = colour("line-strong");
    for (const [from, relation, to] of this.edges) {
      context.setLineDash(relation === "flows-to" ? [] : [3, 4]);
      context.lineWidth = relation === "flows-to" ? 1.4 : 1;
      context.beginPath();
      context.moveTo(...this.window.at(from));
      context.lineTo(...this.window.at(to));
      context.stroke();
    }
    context.setLineDash([]);
  }

  /** The asset at a point of the screen, the worst of those that lie there. */
  hit(px, py) {
    return this.order.findLast((each) => {
      const [x, y] = this.window.at(each);
      return !this.hidden.has(each.level) && Math.hypot(x - px, y - py) < NEAR;
    });
  }

  pointers(canvas) {
    const down = new Map();
    let moved = 0;
    let apart = 0;
    const place = (event) => [event.offsetX, event.offsetY];
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); down.set(event.pointerId, place(event)); moved = 0; apart = 0; });
    canvas.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (!before) { canvas.style.cursor = this.hit(...place(event)) ? "pointer" : "grab"; return; }
      const [x, y] = place(event);
      down.set(event.pointerId, [x, y]);
      moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
      if (down.size === 1) this.window.pan(x - before[0], y - before[1]);
      else {
        const [[ax, ay], [bx, by]] = [...down.values()];
        const distance = Math.hypot(ax - bx, ay - by);
        if (apart) this.window.zoomBy(distance / apart, (ax + bx) / 2, (ay + by) / 2);
        apart = distance;
      }
      this.draw();
    });
    const up = (event) => {
      if (down.delete(event.pointerId) && moved < 5 && event.type === "pointerup") {
        const asset = this.hit(...place(event));
        if (asset && asset === this.chosen) keys.go(`/assets/${encodeURIComponent(asset.id)}`);
        else this.choose(asset ?? null, false);
      }
      apart = 0;
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); this.window.zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, ...place(event)); this.draw(); }, { passive: false });
  }

  bindKeys() {
    const move = (dx, dy) => () => { this.window.pan(dx, dy); this.draw(); };
    const zoom = (factor) => () => { this.window.zoomBy(factor); this.draw(); };
    keys.bind({
      ArrowLeft: move(PAN, 0), ArrowRight: move(-PAN, 0), ArrowUp: move(0, PAN), ArrowDown: move(0, -PAN),
      "+": zoom(1.4), "=": zoom(1.4), "-": zoom(1 / 1.4), 0: () => { this.window.reset(); this.draw(); },
      "/": () => this.search.focus(),
      Enter: () => this.chosen && keys.go(`/assets/${encodeURIComponent(this.chosen.id)}`),
      Escape: () => { document.activeElement?.blur?.(); this.choose(null, false); },
    });
  }
}

const weight = (asset) => (asset.alerts ? 0 : 10) + (asset.level ?? 5);

const overlap = ([a, b, c, d], [e, f, g, i]) => a < g && e < c && b < i && f < d;

function ring(context, colour, radius = 14) {
  context.strokeStyle = colour;
  context.lineWidth = 1.6;
  context.beginPath();
  context.arc(0, 0, radius, 0, 2 * Math.PI);
  context.stroke();
}
