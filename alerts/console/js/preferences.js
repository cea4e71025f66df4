// What a person chose at this browser: language and theme. A mute is not among it: it ends with the page.

import { Signal } from "./signal.js";

export const LANGUAGES = ["zh", "en"];
export const THEMES = ["system", "dark", "light"];

export const changed = new Signal();

function kept(name, choices, otherwise) {
  try {
    const value = localStorage.getItem(`lifeline.${name}`);
    return choices.includes(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(`lifeline.${name}`, value);
  } catch {
    // A browser that keeps nothing still works, until it is closed.
  }
}

let language = kept("language", LANGUAGES, navigator.language.startsWith("en") ? "en" : "zh");
let theme = kept("theme", THEMES, "system");
apply();

export const lang = () => language;
export const look = () => theme;

export function speak(value) {
  language = value;
  keep("language", value);
  apply();
  changed.tell();
}

export function dress(value) {
  theme = value;
  keep("theme", value);
  apply();
  changed.tell();
}

function apply() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.documentElement.dataset.theme = theme;
}
