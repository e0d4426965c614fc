// By hand: a card whose code cannot be read whole is found by its last four symbols and its number.
// Staff may leave the number out; a till's key must know both.
import { fill, h, number, t } from "./h.js";
import { post } from "./api.js";
import { attempt, labelled, teller } from "./view.js";

/** The form; `use(code)` with the card that is chosen, `about(slug)` gives a campaign's name. */
export function byHand({ use, about, till, pass }) {
  const said = teller();
  const place = h("ol.events.hits#hits");
  const last = h("input", { name: "last4", required: true, maxlength: "16", autocomplete: "off",
      autocapitalize: "characters", spellcheck: "false" });
  const card = h("input", { name: "number", type: "number", min: "1", required: till,
      autocomplete: "off" });
  const button = h("button", { type: "submit", "data-do": "look-up" }, t("hand.do"));
  const choose = (code) => {
    fill(place);
    last.value = card.value = "";
    use(code);
  };
  const look = async () => {
    const { items } = await post("/api/v1/tills/find", { last4: last.value.trim(),
      ...(card.value && { number: Number(card.value) }), ...(pass && { cashier: pass }) });
    const names = await Promise.all(items.map((one) => about(one.campaign)));
    fill(place, items.map((one, i) => h("li", h("b", names[i]), h("span.soft",
      t("print.number", { number: number(one.number) }) + " · " + t("coupon." + one.state)),
      h("button.plain.code", { type: "button", onclick: () => choose(one.code) }, one.code))));
    place.querySelector("button").focus();
  };
  const submit = (event) => {
    event.preventDefault();
    said.clear();
    fill(place);
    attempt(button, said, () => look().catch((error) => {
      if (error.code !== "unknown_code") throw error;
      said.say("bad", t("hand.none"));
    }));
  };
  return h("details#by-hand", h("summary", t("hand.title")), h("form.box", { onsubmit: submit },
    h("div.columns", labelled(t("hand.last4"), last, t("hand.why")),
      labelled(t("hand.number"), card, till ? t("hand.both") : t("hand.either"))),
    h("div", button), said, place));
}
