// The page behind the set-up link: sends the token that follows the # of its address, with an
// e-mail address and a password, to /api/v1/setup, and goes on as the administrator. The token
// stays out of every address that is requested. An invitation is the same for a customer who has no
// password yet: #invitation=TOKEN.
import "./app.js";
import { fill, h, t } from "./h.js";
import { logIn, post } from "./api.js";
import { logo } from "./login.js";
import { attempt, labelled, teller } from "./view.js";

const INVITATION = "invitation=";

function setUpForm(place, token) {
  const invited = token.startsWith(INVITATION);
  const said = teller();
  const email = h("input#email", { type: "email", autocomplete: "username", maxlength: "254",
      required: !invited });
  const password = h("input#password", { type: "password", autocomplete: "new-password",
      minlength: "8", required: true });
  const again = h("input#again", { type: "password", autocomplete: "new-password",
      required: true });
  const button = h("button.primary#send", { type: "submit" }, t("setup.do"));
  const submit = (event) => {
    event.preventDefault();
    if (password.value !== again.value) return said.say("bad", t("setup.differ"));
    said.clear();
    return attempt(button, said, async () => {
      const made = invited ?
          await post("/api/v1/auth/invitation",
                     { token: token.slice(INVITATION.length), password: password.value },
                     { timeout: 20000 }) :
          await post("/api/v1/setup",
                     { token, email: email.value.trim(), password: password.value },
                     { timeout: 20000 });
      history.replaceState(null, "", location.pathname);
      await logIn(made.user.email, password.value);
      location.assign(invited ? "/c" : "/ui");
    });
  };
  fill(place, h("main.narrow", logo(), h("form.box#form", { onsubmit: submit },
    h("h1", t(invited ? "invited.title" : "setup.title")),
    invited ? "" : h("p.soft", t("setup.about")), invited ? "" : labelled(t("email"), email),
    labelled(t("password"), password, t("setup.rule")),
    labelled(t("setup.again"), again), button, said)));
  document.title = t(invited ? "invited.title" : "setup.title");
  (invited ? password : email).focus();
}

export function show(place) {
  const token = location.hash.slice(1);
  if (token) return setUpForm(place, token);
  return fill(place, h("main.narrow", logo(), h("div.box", h("h1", t("setup.title")),
    h("p", t("setup.needsLink")), h("a.button", { href: "/login" }, t("login.title")))));
}
