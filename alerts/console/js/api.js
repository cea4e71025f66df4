// Calls of our own API. What it refuses is a Problem with its words (RFC 9457).

import { Signal } from "./signal.js";

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** The network or the process is away: nobody refused anything. */
export class Away extends Error {}

/** The session is over. */
export const signedOut = new Signal();

let csrf = null;

/** Every write has to carry what the session was given. */
export function carry(token) {
  csrf = token ?? null;
}

let token = null;

/** Ask with a token of the API, as one was given in the link; else the browser's session says who asks. */
export function use(given) {
  token = given;
}

export const credentials = () => (token === null ? {} : { Authorization: `Bearer ${token}` });

export const get = (path, query) => call("GET", path + asQuery(query));
export const post = (path, body, version) => call("POST", path, body, version);
export const remove = (path) => call("DELETE", path);

function asQuery(query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) {
      if (each !== null && each !== undefined && each !== "") parameters.append(name, String(each));
    }
  }
  return parameters.size ? `?${parameters}` : "";
}

/** What is no JSON: a file, with the name that it is to have. */
export async function file(path, query) {
  const answer = await ask("GET", path + asQuery(query), { headers: credentials() }, MUCH_PATIENCE_MS);
  const [, name] = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"));
  return { name, content: await answer.blob() };
}

const PATIENCE_MS = 15_000;
const MUCH_PATIENCE_MS = 120_000;

async function call(method, path, body, version) {
  const headers = { Accept: "application/json", ...credentials() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  if (method !== "GET" && csrf !== null) headers["X-CSRF-Token"] = csrf;
  const answer = await ask(method, path, { headers, body: body === undefined ? undefined : JSON.stringify(body) }, PATIENCE_MS);
  return answer.status === 204 ? null : answer.json();
}

async function ask(method, path, given, patience) {
  let answer;
  try {
    answer = await fetch(path, { method, ...given, signal: AbortSignal.timeout(patience) });
  } catch (error) {
    throw new Away(String(error));
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401 && path !== "/api/session") signedOut.tell();
  if (answer.status >= 500) throw new Away(problem.detail ?? answer.statusText);
  throw new Problem(answer.status, problem.detail ?? answer.statusText);
}
