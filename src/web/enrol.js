// How a device becomes a till, and who is at it. A till has a key of its own, which this browser
// remembers and the owner can revoke; a cashier says by a PIN who they are.
import { fill, h, memory, t } from "./h.js";
import { forgetTillKey, get, newKey, post, resume, useTillKey, user } from "./api.js";
import { logo } from "./login.js";
import { attempt, labelled, teller } from "./view.js";

/** Where this browser stands: {name, asksPin}, or null where it is no till and nobody is logged in.
 * Throws where nobody knows because there is no answer. */
export async function standing() {
  if (useTillKey()) {
    try {
      const till = await get("/api/v1/tills/me");
      memory.set("till-name", till.name);
      return { name: till.name, asksPin: till.asks_pin, till: true };
    } catch (error) {
      if (error.status !== 401) throw error;
      forgetTillKey();                        // revoked
    }
  }
  if (!await resume()) return null;
  return { name: user().name || user().email, asksPin: false, till: false };
}

/** Asks for the eight digits that the owner's page shows; a link with them fills them in. */
export function enrolPage(place, again) {
  const said = teller();
  const digits = /^#(\d{8})$/.exec(location.hash)?.[1] || "";
  history.replaceState(null, "", location.pathname);
  const field = h("input#till-code", { inputmode: "numeric", autocomplete: "off", maxlength: "12",
      required: true, value: digits, placeholder: "0000 0000" });
  const button = h("button.primary#enrol", { type: "submit" }, t("enrol.do"));
  const key = newKey();
  const submit = (event) => {
    event.preventDefault();
    said.clear();
    attempt(button, said, async () => {
      const made = await post("/api/v1/tills/enrol", { code: field.value }, { key });
      memory.set("till-key", made.key);
      memory.set("till-name", made.name);
      again();
    });
  };
  document.title = t("enrol.title");
  fill(place, h("main.narrow", logo(), h("form.box", { onsubmit: submit },
    h("h1", t("enrol.title")), h("p.soft", t("enrol.why")), labelled(t("enrol.digits"), field),
    button, said),
    h("p", h("a", { href: "/login?to=/till" }, t("enrol.logIn")))));
  (digits ? button : field).focus();
  const linked = () => field.isConnected && enrolPage(place, again);
  addEventListener("hashchange", linked, { once: true });   // the link, in a tab that is here
}

/** The PIN, where there are cashiers; `open({name, pass})` with who it is, and what proves it. */
export function pinForm(open) {
  const said = teller();
  const field = h("input#pin", { type: "password", inputmode: "numeric", autocomplete: "off",
      maxlength: "8", required: true });
  const button = h("button.primary#open-till", { type: "submit" }, t("till.open"));
  const submit = (event) => {
    event.preventDefault();
    attempt(button, said, async () => {
      const pin = field.value;
      field.value = "";
      open(await post("/api/v1/tills/cashier", { pin }));
    });
  };
  return h("form.stack", { onsubmit: submit }, labelled(t("enrol.pin"), field), button, said);
}
