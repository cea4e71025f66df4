// Times in the city's time zone, and the time by which its cases live.

import { lang } from "./preferences.js";

let zone = "UTC";
let offset = 0;

/** Take over the city's zone, and its time as the process told it just now. */
export function set(timezone, now) {
  zone = timezone;
  offset = Date.parse(now) - Date.now();
}

/** The time by which cases live, ms: that of the process, not of this machine's clock. */
export const now = () => Date.now() + offset;

const formats = new Map();

function format(options) {
  const key = JSON.stringify([zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: zone }));
  return formats.get(key);
}

const DAY = { year: "numeric", month: "2-digit", day: "2-digit" };
const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit" };

export const day = (time) => format(DAY).format(new Date(time));
export const clock = (time) => format(TIME).format(new Date(time));
export const minute = (time) => format({ hour: "2-digit", minute: "2-digit" }).format(new Date(time));
export const moment = (time) => `${day(time)} ${clock(time)}`;

/** The time of day, with the day where it is not today. */
export function short(time) {
  return day(time) === day(now()) ? clock(time) : `${day(time).slice(5)} ${minute(time)}`;
}

/** The zone as it stands beside the clock, such as "Asia/Shanghai UTC+8". */
export function zoneName() {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts();
  const gmt = parts.find((each) => each.type === "timeZoneName")?.value ?? "";
  return `${zone} ${gmt.replace("GMT", "UTC")}`;
}

/** A length of time in its two largest units. */
export function length(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [d, hh, m, ss] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  const [dayWord, hourWord, minuteWord, secondWord] =
    lang() === "zh" ? ["天", "小时", "分", "秒"] : ["d", "h", "min", "s"];
  const gap = lang() === "zh" ? "" : " ";
  if (d) return `${d}${gap}${dayWord} ${hh}${gap}${hourWord}`;
  if (hh) return `${hh}${gap}${hourWord} ${m}${gap}${minuteWord}`;
  if (m) return `${m}${gap}${minuteWord}${m < 10 ? ` ${ss}${gap}${secondWord}` : ""}`;
  return `${ss}${gap}${secondWord}`;
}

/** A countdown such as 04:09, or 1:04:09. */
export function countdown(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const pad = (value) => String(value).padStart(2, "0");
  const [hh, m, ss] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return hh ? `${hh}:${pad(m)}:${pad(ss)}` : `${pad(m)}:${pad(ss)}`;
}

/** What an input of type datetime-local holds, as a time; it is read in the city's zone. */
export function fromInput(text) {
  const wanted = Date.parse(`${text}Z`);
  let guess = wanted;
  for (let turn = 0; turn < 2; turn += 1) guess += wanted - Date.parse(`${day(guess)}T${clock(guess)}Z`);
  return new Date(guess).toISOString();
}

/** A time as an input of type datetime-local holds it. */
export const toInput = (time) => `${day(time)}T${minute(time)}`;
