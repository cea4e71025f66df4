// Who is signed in, and what the city and its policy say: read once, before anything is shown.

import * as api from "./api.js";
import * as time from "./time.js";
import { named } from "./words.js";

let who = null;
let town = null;
let rules = null;

export const me = () => who;
export const city = () => town;
export const policy = () => rules;

/** The name of a hazard in the language chosen. */
export const hazard = (id) => named(town.hazards.find((each) => each.id === id)) || id;

const KEPT = "lifeline.token";

/** A link can bring a token behind its #, which no server ever sees; it is kept until the tab is closed. */
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname);
  }
  api.use(sessionStorage.getItem(KEPT));
}

/** Read it all; throws a Problem of status 401 where nobody is signed in. */
export async function open() {
  takeToken();
  [who, town, rules] = await Promise.all(["me", "city", "policy"].map((each) => api.get(`/api/${each}`)));
  api.carry(who.csrf);
  time.set(town.timezone, town.now);
}

export async function signIn(name, password) {
  forget();
  await api.post("/api/session", { name, password });
}

function forget() {
  sessionStorage.removeItem(KEPT);
  api.use(null);
}

export async function signOut() {
  const byToken = sessionStorage.getItem(KEPT) !== null;
  forget();
  if (!byToken) await api.remove("/api/session");
  location.assign("/login");
}
