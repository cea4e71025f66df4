// What a major alarm sounds like. Muting silences it and never hides that it is muted; it ends with the page.

import { Signal } from "./signal.js";

const EVERY_MS = 2500;
const NOTES = [
  [0, 880],
  [0.22, 660],
  [0.44, 880],
];
const LOUDNESS = 0.25;

export const changed = new Signal();

let context = null;
let muted = false;
let wanted = false;
let timer = null;

/** "on", "muted", or "blocked" until a person has touched the page, as browsers want it. */
export function standing() {
  if (muted) return "muted";
  return context?.state === "running" ? "on" : "blocked";
}

/** Let the page sound; works only from a click or a key. */
export async function allow() {
  context ??= new AudioContext();
  await context.resume();
  changed.tell();
}

export function mute(value) {
  muted = value;
  if (!value) allow();
  changed.tell();
}

export const isMuted = () => muted;

/** Whether there is something to sound for; it goes on until there is not. */
export function want(value) {
  if (wanted === value) return;
  wanted = value;
  clearInterval(timer);
  if (wanted) {
    ring();
    timer = setInterval(ring, EVERY_MS);
  }
}

function ring() {
  if (standing() !== "on") return;
  for (const [after, pitch] of NOTES) tone(context.currentTime + after, pitch);
  document.documentElement.dataset.rang = String(Number(document.documentElement.dataset.rang ?? 0) + 1);
}

function tone(at, pitch) {
  const oscillator = new OscillatorNode(context, { frequency: pitch, type: "triangle" });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
  gain.gain.linearRampToValueAtTime(0, at + 0.18);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.2);
}

// A click is over when this hears of it: what the page shows may move now.
for (const gesture of ["click", "keydown"]) {
  addEventListener(gesture, () => context?.state !== "running" && allow(), { passive: true });
}
