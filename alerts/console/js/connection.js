// Whether what the page shows is live: the stream of changes, polling where there is none, and losing both.

import * as api from "./api.js";
import * as cases from "./cases.js";
import { Signal } from "./signal.js";
import * as stream from "./stream.js";
import * as time from "./time.js";

const GATHER_MS = 250;
const POLL_MS = 3_000;
/** Polling takes at most this share of the time, however much there is to read. */
const POLL_SHARE = 0.1;
const AGAIN_MS = 2_000;
const SILENCE_MS = 35_000;
const MANY = 300;

export const changed = new Signal();
/** Told the ids of cases that changed. */
export const news = new Signal();
/** Told how many changed while the connection was lost. */
export const back = new Signal();

let standing = "loading";
let lostAt = null;
let following = null;
let streaming = null;
let heard = 0;
let waiting = new Set();
let gathering = null;
let loading = null;
let timers = [];
let restUntil = 0;

export const state = () => standing;
export const since = () => lostAt;

/** Read everything, then follow. */
export async function start() {
  stop();
  timers = [setInterval(watch, AGAIN_MS), setInterval(poll, POLL_MS)];
  await catchUp();
  follow();
}

export function stop() {
  timers.forEach(clearInterval);
  following?.abort();
  following = null;
}

/** Follow the stream for as long as it lasts; where there is none, polling has to do. */
async function follow() {
  following?.abort();
  following = new AbortController();
  const mine = following;
  try {
    await stream.follow("/api/stream", mine.signal, () => opened(mine), hear);
  } catch {
    // It broke off, which is told below.
  }
  if (mine !== following) return;
  following = null;
  if (standing === "live") probe();
}

function opened(mine) {
  heard = Date.now();
  streaming = mine;
  // What changed before the stream began is read; what changes from now on is told.
  if (standing !== "loading") catchUp();
}

const isStreaming = () => following !== null && streaming === following;

function hear(name, data) {
  heard = Date.now();
  if (name !== "alert") return;
  waiting.add(JSON.parse(data).id);
  gathering ??= setTimeout(gather, GATHER_MS);
}

/** Changes come in bursts: they are read together, and a great many by reading everything. */
async function gather() {
  const ids = [...waiting];
  waiting = new Set();
  gathering = null;
  try {
    if (ids.length > MANY) {
      // What is being read already may have begun before the last of these changed.
      await loading;
      await catchUp();
    } else {
      await cases.refresh(ids);
      news.tell(ids);
    }
  } catch {
    lose();
  }
}

async function catchUp() {
  loading ??= (async () => {
    try {
      // The city's time was read with the session.
      if (standing !== "loading") time.set(...(await clock()));
      const began = performance.now();
      const n = await cases.load();
      restUntil = performance.now() + (performance.now() - began) / POLL_SHARE;
      const wasLost = standing === "lost";
      become(isStreaming() ? "live" : "polling");
      news.tell(null);
      if (wasLost) back.tell(n);
    } catch (error) {
      if (!(error instanceof api.Problem && error.status === 401)) lose();
    } finally {
      loading = null;
    }
  })();
  return loading;
}

async function clock() {
  const city = await api.get("/api/city");
  return [city.timezone, city.now];
}

function watch() {
  if (isStreaming() && Date.now() - heard > SILENCE_MS) follow();
  if (standing === "lost") catchUp().then(() => standing !== "lost" && !following && follow());
}

/** The stream broke off: is the process away, or only the stream? */
async function probe() {
  try {
    time.set(...(await clock()));
    become("polling");
  } catch {
    lose();
  }
}

function poll() {
  if (standing === "polling" && performance.now() > restUntil) {
    catchUp();
    if (!following) follow();
  }
  if (standing === "live") probeClock();
}

/** In a replay the city's time runs as its feed does. */
async function probeClock() {
  try {
    time.set(...(await clock()));
  } catch {
    lose();
  }
}

function lose() {
  if (standing !== "lost") lostAt = Date.now();
  become("lost");
}

function become(next) {
  if (next !== "lost") lostAt = null;
  if (standing === next) return;
  standing = next;
  changed.tell();
}
