// What a till asks before it redeems: how much of a balance, which is never guessed, and whose card
// it is where a campaign must know.
import { h, minorOf, money, t, typed } from "./h.js";
import { get, Refusal } from "./api.js";
import { canonical, checkOk, codeIn } from "./scan.js";
import { reasonName, teller } from "./view.js";

/** What is left on a card: {balance, currency, campaign}; null for a code without a balance. Throws
 * what is to be told where it cannot be used. */
export async function balanceOf(code) {
  const { coupon, valid, rules } = await get("/api/v1/coupons/" + encodeURIComponent(code));
  if (typeof coupon?.balance !== "number") return null;
  const broken = !valid && (rules || []).find((rule) => !rule.pass &&
    rule.rule !== "hold_required");       // the till holds it itself
  if (broken) {
    throw new Refusal(409, { code: broken.rule, message: reasonName(broken.rule),
      retry_at: broken.passes_at });
  }
  return { balance: coupon.balance, currency: coupon.currency, campaign: coupon.campaign };
}

/** Asks for the amount; `take(minor)` with what it is. A card that is scanned instead is told by
 * `scan(code)`. */
export function amountForm({ balance, currency }, take, cancel, scan) {
  const said = teller();
  const field = h("input#amount", { inputmode: "decimal", autocomplete: "off", required: true,
      "aria-label": t("amount.label") });
  const submit = (event) => {
    event.preventDefault();
    if (checkOk(canonical(codeIn(field.value)))) return scan(field.value);
    const minor = minorOf(field.value, currency);
    if (!(minor > 0)) return said.say("bad", t("amount.none"));
    if (minor > balance) {
      return said.say("bad", t("amount.tooMuch", { left: money(balance, currency) }));
    }
    return take(minor);
  };
  const all = () => {
    field.value = typed(balance, currency);
    field.focus();
  };
  const form = h("form.amount", { onsubmit: submit }, h("label", t("amount.label"), field),
    h("button.primary#amount-ok", { type: "submit" }, t("amount.ok")),
    h("button", { type: "button", "data-do": "all", onclick: all }, t("amount.all")),
    h("button.plain", { type: "button", onclick: cancel }, t("cancel")), said);
  queueMicrotask(() => field.focus());
  return form;
}

/** A customer's number or e-mail address, as a request names them. */
export const customerIn = (text) => text && (text.includes("@") ? { email: text }
  : { user_id: text });

/** Asks whose the card is; `go(customer)` with what names them. */
export function customerForm(go, cancel) {
  const field = h("input#whose", { autocomplete: "off", autocapitalize: "none", required: true,
      maxlength: "254" });
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) go(customerIn(field.value.trim()));
  };
  queueMicrotask(() => field.focus());
  return h("form.amount", { onsubmit: submit }, h("label", t("till.customer"), field),
    h("button.primary#whose-ok", { type: "submit" }, t("till.check")),
    h("button.plain", { type: "button", onclick: cancel }, t("cancel")));
}
