// Questions and short answers, in the browser's own dialog: Escape leaves it, Enter sends it.

import { Away } from "./api.js";
import { h } from "./dom.js";
import { t } from "./words.js";

let count = 0;

/** A named field; `multiline` for several lines, `type` as in HTML. */
export function field(name, label, { multiline, ...rest } = {}) {
  count += 1;
  const id = `field-${count}`;
  const input = multiline
    ? h("textarea", { id, name, rows: 3, ...rest })
    : h("input", { id, name, type: "text", autocomplete: "off", ...rest });
  const box = rest.type === "checkbox";
  const text = h("label", { for: id }, label);
  return h("div", { class: box ? "field box" : "field" }, box ? [input, text] : [text, input]);
}

/** A choice of [value, word]. */
export function select(name, label, choices, chosen) {
  count += 1;
  const id = `field-${count}`;
  const options = choices.map(([value, word]) => h("option", { value, selected: value === chosen }, word));
  return h("div", { class: "field" }, h("label", { for: id }, label), h("select", { id, name }, options));
}

/** All fields of a form by name; boxes are true or false. */
export function given(form) {
  const values = {};
  for (const input of form.elements) {
    if (input.name) values[input.name] = input.type === "checkbox" ? input.checked : input.value.trim();
  }
  return values;
}

/**
 * Ask, and do with the answer what `then` does; a refusal is shown in the dialog, which stays.
 * @returns {Promise<boolean>} whether it was done
 */
export function ask(title, fields, word, then) {
  const refusal = h("p", { class: "refusal", role: "alert" });
  const send = h("button", { class: "primary", type: "submit" }, word);
  const cancel = h("button", { type: "button", on: { click: () => dialog.close() } }, t("dialog.cancel"));
  const form = h("form", { method: "dialog" }, h("h2", {}, title), fields, refusal, h("div", { class: "buttons" }, cancel, send));
  const dialog = h("dialog", { "aria-label": title }, form);
  return new Promise((resolve) => {
    let done = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      send.disabled = true;
      refusal.textContent = "";
      try {
        await then(given(form));
        done = true;
        dialog.close();
      } catch (error) {
        refusal.textContent = error instanceof Away ? t("more.away") : error.message;
      } finally {
        send.disabled = false;
      }
    });
    show(dialog, () => resolve(done));
    const first = form.querySelector("input, select, textarea");
    first?.focus();
    first?.select?.();
  });
}

/** Something to read, until it is closed. */
export function tell(title, ...content) {
  const close = h("button", { class: "primary", type: "button", on: { click: () => dialog.close() } }, t("dialog.close"));
  const dialog = h("dialog", { "aria-label": title }, h("h2", {}, title), content, h("div", { class: "buttons" }, close));
  show(dialog, () => {});
}

function show(dialog, closed) {
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed();
  });
  dialog.showModal();
}

const TOAST_MS = 6000;

/** A short word at the edge of the page, which goes by itself. */
export function toast(text) {
  const note = h("p", {}, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_MS);
}
