// /login.
import { fill, h, t } from "./h.js";
import { logIn, user } from "./api.js";
import { attempt, labelled, teller } from "./view.js";

/** Where to go after logging in: to a page of ours, named by ?to=, and nowhere else. */
export function next() {
  const to = new URLSearchParams(location.search).get("to");
  if (to === "/till" || to === "/ui") return to;
  return user() && user().role === "staff" ? "/till" : "/ui";
}

export function logo() {
  return h("div.brand", h("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" },
    h("path", { fill: "currentColor",
        d: "M4 7h24a2 2 0 0 1 2 2v4" +
           "a3 3 0 0 0 0 6v4a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2v-4a3 3 0 0 0 0-6V9a2 2 0 0 1 2-2z" })),
    "coupond");
}

function logInForm(place) {
  const said = teller();
  const email = h("input#email", { autocomplete: "username", autocapitalize: "none",
      spellcheck: "false", required: true });
  const password = h("input#password", { type: "password", autocomplete: "current-password",
      required: true });
  const button = h("button.primary#log-in", { type: "submit" }, t("login.do"));
  const submit = (event) => {
    event.preventDefault();
    said.clear();
    attempt(button, said, async () => {
      await logIn(email.value.trim(), password.value);
      location.assign(next());
    });
  };
  fill(place, h("main.narrow", logo(), h("form.box", { onsubmit: submit },
    h("h1", t("login.title")), labelled(t("email"), email), labelled(t("password"), password),
    button, said)));
  document.title = t("login.title");
  email.focus();
}

export function show(place) {
  logInForm(place);
}
