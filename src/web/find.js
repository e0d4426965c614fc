// Find: a code, an order or a customer; then the card's whole story, and what can be done about it.
import { fill, h, lastDay, moment, money, number, t } from "./h.js";
import { all, get, newKey, post, user } from "./api.js";
import { actorName, attempt, operationName, pill, reasonName, teller, worth } from "./view.js";
import { codeIn } from "./scan.js";

const STATES = { available: "good", assigned: "good", redeemed: "warn", void: "bad",
    freed: "bad" };

// An action that asks once more, with a reason, in place.
function asked(name, question, does) {
  const place = h("div");
  const said = teller();
  const open = () => {
    const reason = h("input", { maxlength: "256", "aria-label": t("reason"), value: question });
    const ok = h("button.danger", { type: "submit" }, t(name + ".ok"));
    const key = newKey();
    const submit = (event) => {
      event.preventDefault();
      attempt(ok, said, () => does(reason.value.trim() || question, key));
    };
    fill(place, h("form", { onsubmit: submit }, h("div.row", h("div.grow", reason), ok,
      h("button.plain", { type: "button", onclick: closed }, t("cancel"))), said));
    reason.select();
  };
  const closed = () => fill(place, h("button", { "data-do": name, onclick: open }, t(name)));
  closed();
  return place;
}

function ruleList(rules) {
  const broken = rules.filter((rule) => !rule.pass);
  return broken.length > 0 && h("p.said.warn", broken.map((rule) =>
    reasonName(rule.rule)).join(" · "));
}

function story(code, { coupon, rules, ledger, valid }, redemptions, again) {
  const standing = redemptions.find((one) => !one.rolled_back_at);
  const undo = standing && asked("undo", t("till.undoDefault"), async (reason, key) => {
    await post(`/api/v1/redemptions/${standing.id}/rollback`, { reason }, { key });
    again();
  });
  const cancel = ["available", "assigned"].includes(coupon.state) &&
    asked("void", t("void.why"), async (reason, key) => {
      await post(`/api/v1/coupons/${encodeURIComponent(code)}/void`, { reason }, { key });
      again();
    });
  const at = standing?.metadata || {};
  const reprint = coupon.state !== "void" && h("a.button", { "data-do": "reprint",
      href: `#/print/${encodeURIComponent(coupon.campaign)}/${coupon.number}` }, t("find.reprint"));
  const facts = [[t("campaign"), h("a", { href: "#/campaigns/" +
      encodeURIComponent(coupon.campaign) }, coupon.campaign)],
    [t("find.number"), number(coupon.number)],
    typeof coupon.balance === "number" && [t("find.balance"), t("find.balanceOf",
      { left: money(coupon.balance, coupon.currency), all: money(coupon.value, coupon.currency) })],
    [t("find.uses"), coupon.max_uses === null ? number(coupon.uses) :
        t("find.usesOf", { uses: coupon.uses, max: coupon.max_uses })],
    [t("col.until"), coupon.expires_at ? lastDay(coupon.expires_at) : "–"],
    at.till && [t("find.till"), at.till], at.cashier && [t("find.cashier"), at.cashier]];
  return h("section.box#story", { "data-code": coupon.code },
    h("div.row.apart", h("h2.code", coupon.code),
      h("span#story-state.pill." + STATES[coupon.state], { "data-state": coupon.state },
          t("coupon." + coupon.state))),
    h("p", valid ? t("find.valid") : t("find.invalid")), !valid && ruleList(rules || []),
    h("table", h("tbody", facts.filter(Boolean).map(([name, value]) =>
      h("tr", h("th", name), h("td", value))))),
    h("div.row", undo, cancel, reprint),
    h("h2", t("find.story")),
    h("ol.events", (ledger || []).map((entry) => h("li", { "data-event": entry.operation },
      h("time", moment(entry.at)), h("b", operationName(entry.operation)),
      h("span.soft", [entry.detail, actorName(entry.actor)].filter(Boolean).join(" · "))))));
}

async function load(code) {
  const path = encodeURIComponent(code);
  const [explained, redemptions] = await Promise.all([get("/api/v1/coupons/" + path),
    get("/api/v1/redemptions?limit=50&code=" + path)]);
  return { explained, redemptions: redemptions.items };
}

function results(items, open) {
  return h("section.box", h("h2", t("find.uses")), h("ol.events", items.map((one) => h("li",
    h("time", moment(one.redeemed_at)), h("b", worth(one.reward, one.campaign)),
    h("span.soft", [one.order_id, one.rolled_back_at && t("op.coupon.rollback")].filter(
        Boolean).join(" · ")),
    h("button.plain", { onclick: () => open(one.coupon) }, one.coupon)))));
}

// A number on a card, in any campaign.
async function byNumber(text) {
  if (!/^#?\d{1,9}$/.test(text)) return [];
  const wanted = Number(text.replace("#", ""));
  const campaigns = (await all("/api/v1/campaigns", 1000)).filter((one) => one.issued >= wanted &&
      !one.archived_at);
  const found = await Promise.all(campaigns.slice(0, 20).map((one) =>
    get(`/api/v1/campaigns/${one.id}/codes?number=${wanted}`).then((page) => page.items)));
  return found.flat();
}

// What a customer, named by number or e-mail address, has used; and their codes, where they may be
// seen.
async function ofCustomer(text) {
  const by = text.includes("@") ? "email" : /^\d{1,9}$/.test(text) ? "user_id" : "";
  if (!by) return { uses: [], codes: [] };
  const none = { items: [], coupons: [] };
  const name = encodeURIComponent(text);
  const [uses, data] = await Promise.all([
    get(`/api/v1/redemptions?limit=50&${by}=${name}`).catch(() => none),
    by === "email" && user().role === "admin" ? get(`/api/v1/users/${name}/data`).catch(() => none)
      : none]);
  return { uses: uses.items, codes: data.coupons };
}

function cardList(cards, title, open) {
  return h("section.box", h("h2", title), h("ol.events", cards.map((one) => h("li",
    h("b", one.campaign), h("span.soft", t("print.number", { number: one.number })),
    h("button.plain.code", { onclick: () => open(one.code) }, one.code)))));
}

async function search(text, place, open) {
  try {
    return await open(codeIn(text));
  } catch (error) {
    if (error.code !== "unknown_code") throw error;
  }
  const orders = await get("/api/v1/redemptions?limit=50&order_id=" +
      encodeURIComponent(text.slice(0, 128)));
  const mine = await ofCustomer(text);
  const numbered = await byNumber(text);
  const uses = [...orders.items, ...mine.uses];
  return fill(place,
    mine.codes.length > 0 && cardList(mine.codes, t("find.theirs"), open),
    numbered.length > 0 && cardList(numbered, t("find.cards"), open),
    uses.length > 0 && results(uses, open),
    uses.length + numbered.length + mine.codes.length === 0 &&
      h("p.said.warn#nothing", t("find.nothing")));
}

export function find(what) {
  const said = teller();
  const place = h("div.stack", { role: "status" });
  const field = h("input#find", { type: "search", autocomplete: "off", spellcheck: "false",
      value: what || "",
                                  placeholder: t("find.placeholder"),
                                      "aria-label": t("tab.find") });
  const button = h("button.primary", { type: "submit" }, t("find.do"));
  const open = async (code) => {
    const { explained, redemptions } = await load(code);
    fill(place, story(code, explained, redemptions, () => attempt(null, said, () => open(code))));
  };
  const submit = (event) => {
    event?.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    said.clear();
    attempt(button, said, () => search(text, place, open));
  };
  if (what) submit();
  queueMicrotask(() => field.focus());
  return h("div.stack", h("h1", t("tab.find")), h("form", { onsubmit: submit },
    h("div.row", h("div.grow", field), button)), said, place);
}
