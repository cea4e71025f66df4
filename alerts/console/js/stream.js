// Server-sent events by fetch, for an EventSource cannot say who asks by token.

import { credentials } from "./api.js";

/**
 * Follow a stream until it ends or `signal` says so; each event is told by name and data.
 * @param {(name: string, data: string) => void} tell also told of comments, as "heartbeat"
 * @returns {Promise<number>} the status of the answer, once it has ended
 */
export async function follow(path, signal, opened, tell) {
  const answer = await fetch(path, { headers: { Accept: "text/event-stream", ...credentials() }, signal, cache: "no-store" });
  if (!answer.ok || !answer.body) return answer.status;
  opened();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return answer.status;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) tell(...event(block));
  }
}

function event(block) {
  const fields = { event: "message", data: [] };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === "data") fields.data.push(value);
    else if (name === "event") fields.event = value;
  }
  return fields.data.length ? [fields.event, fields.data.join("\n")] : ["heartbeat", ""];
}
