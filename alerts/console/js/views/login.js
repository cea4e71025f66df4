// Signing in by name and password.

import { Problem } from "../api.js";
import { field, given } from "../dialog.js";
import { h } from "../dom.js";
import * as preferences from "../preferences.js";
import * as session from "../session.js";
import { t } from "../words.js";

/** Show the page; `then` goes on once somebody is signed in. */
export function show(then) {
  document.title = t("login.title");
  const refusal = h("p", { class: "refusal", role: "alert" });
  const form = h(
    "form",
    { class: "panel" },
    h("h1", {}, t("title")),
    field("name", t("login.name"), { required: true, autocomplete: "username" }),
    field("password", t("login.password"), { required: true, type: "password", autocomplete: "current-password" }),
    refusal,
    h("div", { class: "buttons" }, h("button", { class: "primary", type: "submit" }, t("login.go"))),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { name, password } = given(form);
    try {
      await session.signIn(name, password);
      then();
    } catch (error) {
      refusal.textContent = error instanceof Problem ? error.message : t("more.away");
    }
  });
  const other = preferences.lang() === "zh" ? "en" : "zh";
  const language = h("button", { class: "quiet", on: { click: () => { preferences.speak(other); show(then); } } }, t("top.language"));
  document.body.replaceChildren(h("main", { class: "alone" }, form, language));
  form.querySelector("input").focus();
}
