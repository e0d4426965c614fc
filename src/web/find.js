// Find: a code, its last four symbols, a card's number, an order or a customer. Several hits are
// listed to choose from.
import { fill, h, moment, t } from "./h.js";
import { all, get, user } from "./api.js";
import { canonical, codeIn } from "./scan.js";
import { story } from "./story.js";
import { attempt, teller, worth } from "./view.js";

const NONE = { items: [], coupons: [] };
const SHOWN = 50;

function uses(items, open) {
  return items.length > 0 && h("section.box", h("h2", t("find.uses")),
    h("ol.events#uses", items.map((one) => h("li",
    h("time", moment(one.redeemed_at)), h("b", worth(one.reward, one.campaign)),
    h("span.soft", [one.order_id, one.rolled_back_at && t("op.coupon.rollback")].filter(
        Boolean).join(" · ")),
    h("button.plain", { onclick: () => open(one.coupon) }, one.coupon)))));
}

function cards(items, title, open) {
  return items.length > 0 && h("section.box", h("h2", title),
    h("ol.events.hits", items.slice(0, SHOWN).map((one) => h("li",
    h("b", one.campaign), h("span.soft", [t("print.number", { number: one.number }),
      one.state && t("coupon." + one.state)].filter(Boolean).join(" · ")),
    h("button.plain.code", { onclick: () => open(one.code) }, one.code)))));
}

/** The cards of that number, in any campaign. */
export async function byNumber(text) {
  if (!/^#?\d{1,9}$/.test(text)) return [];
  const wanted = Number(text.replace("#", ""));
  const campaigns = (await all("/api/v1/campaigns", 1000)).filter((one) => one.issued >= wanted &&
      !one.archived_at);
  const found = await Promise.all(campaigns.slice(0, 20).map((one) =>
    get(`/api/v1/campaigns/${one.id}/codes?number=${wanted}`).then((page) => page.items)));
  return found.flat();
}

/** The codes that end so. */
async function byLastFour(text) {
  const last = canonical(text.replace(/^…/, ""));
  if (!/^[0-9A-Z]{4}$/.test(last)) return [];
  const { items } = await get("/api/v1/coupons?limit=100&last4=" + last).catch(() => NONE);
  return items.filter((one) => one.state !== "freed");
}

// What a customer, named by number, e-mail address or the number another system has for them, has
// used; and their codes, where they may be seen.
async function ofCustomer(text) {
  const by = text.includes("@") ? "email" : "external_id";
  const name = encodeURIComponent(text.slice(0, 128));
  const named = by === "email" ? name : "external:" + name;
  const asked = [by, ...(/^\d{1,9}$/.test(text) ? ["user_id"] : [])].map((one) =>
    get(`/api/v1/redemptions?limit=50&${one}=${name}`).catch(() => NONE));
  const [data, ...pages] = await Promise.all([user().role === "admin"
    ? get(`/api/v1/users/${named}/data`).catch(() => NONE) : NONE, ...asked]);
  return { uses: pages.flatMap((page) => page.items), codes: data.coupons };
}

async function search(text, place, open) {
  try {
    return await open(codeIn(text));
  } catch (error) {
    if (!["unknown_code", "invalid_code"].includes(error.code)) throw error;
  }
  const [orders, mine, numbered, last] = await Promise.all([
    get("/api/v1/redemptions?limit=50&order_id=" + encodeURIComponent(text.slice(0, 128))),
    ofCustomer(text), byNumber(text), byLastFour(text)]);
  const used = [...new Map([...orders.items, ...mine.uses].map((one) => [one.id, one])).values()];
  const found = [cards(last, t("find.lastFour"), open), cards(mine.codes, t("find.theirs"), open),
    cards(numbered, t("find.cards"), open), uses(used, open)];
  return fill(place, found.some(Boolean) ? found : h("p.said.warn#nothing", t("find.nothing")));
}

export function find(what) {
  const said = teller();
  const place = h("div.stack", { role: "status" });
  const field = h("input#find", { type: "search", autocomplete: "off", spellcheck: "false",
      value: what || "",
                                  placeholder: t("find.placeholder"),
                                      "aria-label": t("tab.find") });
  const button = h("button.primary", { type: "submit" }, t("find.do"));
  // Shows a card; after an action the same, as it is then.
  const show = async (code) => fill(place, await story(code, () => show(code).then(() =>
    place.querySelector("h2").focus())));
  const open = (code) => attempt(null, said, () => show(code));
  const submit = (event) => {
    event?.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    said.clear();
    attempt(button, said, () => search(text, place, show));
  };
  if (what) submit();
  queueMicrotask(() => field.focus());
  return h("div.stack", h("h1", t("tab.find")), h("form", { onsubmit: submit },
    h("div.row", h("div.grow", field), button)), said, place);
}
