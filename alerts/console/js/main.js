// The console: who is signed in, the frame around every view, and the view of the present address.

import * as api from "./api.js";
import * as cases from "./cases.js";
import * as connection from "./connection.js";
import { h } from "./dom.js";
import * as frame from "./frame.js";
import * as keys from "./keys.js";
import * as preferences from "./preferences.js";
import * as session from "./session.js";
import * as alert from "./views/alert.js";
import * as asset from "./views/asset.js";
import * as audit from "./views/audit.js";
import * as deliveries from "./views/deliveries.js";
import * as history from "./views/history.js";
import * as incident from "./views/incident.js";
import * as incidents from "./views/incidents.js";
import * as kpi from "./views/kpi.js";
import * as list from "./views/list.js";
import * as login from "./views/login.js";
import * as map from "./views/map.js";
import * as shelf from "./views/shelf.js";
import * as windows from "./views/windows.js";
import { t } from "./words.js";

/** Each view shows itself in an element, and returns what ends it. */
const VIEWS = [
  [/^\/$/, list],
  [/^\/alerts\/([^/]+)$/, alert],
  [/^\/map$/, map],
  [/^\/assets\/([^/]+)$/, asset],
  [/^\/incidents$/, incidents],
  [/^\/incidents\/([^/]+)$/, incident],
  [/^\/shelf$/, shelf],
  [/^\/windows$/, windows],
  [/^\/deliveries$/, deliveries],
  [/^\/history$/, history],
  [/^\/kpi$/, kpi],
  [/^\/audit$/, audit],
];

let end = null;

async function begin() {
  try {
    await session.open();
  } catch (error) {
    if (error instanceof api.Problem && error.status === 401) return login.show(begin);
    return wait();
  }
  if (location.pathname === "/login") window.history.replaceState(null, "", "/");
  cases.forget();
  frame.build();
  show();
  connection.start();
}

/** The process is away before anything was read: say so, and try again. */
function wait() {
  document.body.replaceChildren(h("main", { class: "alone" }, h("p", { role: "alert" }, t("more.away"))));
  setTimeout(begin, 2000);
}

function show() {
  end?.();
  keys.clear();
  const [view, argument] = found();
  const place = frame.place();
  place.replaceChildren();
  end = view.show(place, argument) ?? null;
  frame.mark(location.pathname);
}

function found() {
  for (const [pattern, view] of VIEWS) {
    const match = pattern.exec(location.pathname);
    if (match) return [view, match[1] && decodeURIComponent(match[1])];
  }
  return [list];
}

/** Go to another view without loading the page anew. */
function go(path) {
  window.history.pushState(null, "", path);
  show();
  scrollTo(0, 0);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='/']");
  const plain = !event.defaultPrevented && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (!link || !plain || link.target || link.hasAttribute("data-leaves")) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
addEventListener("go", (event) => go(event.detail));
addEventListener("popstate", show);
preferences.changed.listen(() => {
  if (!session.me()) return;
  frame.build();
  show();
});
api.signedOut.listen(() => {
  if (!session.me()) return;
  connection.stop();
  end?.();
  end = null;
  login.show(begin);
});

begin();
