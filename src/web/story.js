// One card's whole story: who, when, which till, why it is refused; and what staff can do about it.
import { fill, h, lastDay, minorOf, moment, money, number, t } from "./h.js";
import { api, get, post, newKey } from "./api.js";
import { dayBefore, endOf } from "./campaigns.js";
import { codeIn } from "./scan.js";
import { actorName, attempt, labelled, learnNames, operationName, reasonName, teller }
  from "./view.js";

const STATES = { available: "good", assigned: "good", redeemed: "warn", void: "bad",
    freed: "bad" };

// Their entries are of many cards at once.
const MAKING = new Set(["coupon.generate", "coupon.import"]);

/** An action that asks once more in place. `fields()` makes its fields, by name; `does(form, key)`
 * gives a sentence where something is missing. */
function asked(name, { danger = false, fields, reason = "" }, does) {
  const place = h("div");
  const said = teller();
  const open = () => {
    const key = newKey();
    const ok = h("button" + (danger ? ".danger" : ".primary"), { type: "submit" },
      t(name + ".ok"));
    const submit = (event) => {
      event.preventDefault();
      said.clear();
      attempt(ok, said, async () => {
        const wrong = await does(event.target.elements, key);
        if (wrong) said.say("bad", wrong);
      });
    };
    const form = h("form.asked", { "data-form": name, onsubmit: submit }, fields?.(),
      labelled(t("reason"), h("input", { name: "reason", maxlength: "256", value: reason })),
      h("div.row", ok, h("button.plain", { type: "button", onclick: closed }, t("cancel"))), said);
    fill(place, form);
    const first = form.querySelector("input");
    first.focus();
    if (first.type !== "date") first.select();
  };
  const button = () => h("button" + (danger ? ".danger" : ""), { "data-do": name, onclick: open },
    t(name));
  const closed = () => {
    fill(place, button());
    place.firstChild.focus();
  };
  fill(place, button());
  return place;
}

const because = ({ reason }) => reason.value.trim() ? { reason: reason.value.trim() } : {};

/** What can be done with a card of that state. Each ends with `again()`, or gives a sentence. */
function actions({ coupon, campaign, used }, redemptions, again) {
  const path = "/api/v1/coupons/" + encodeURIComponent(coupon.code);
  const ended = ["void", "freed"].includes(coupon.state);
  const parts = typeof coupon.balance === "number";
  const standing = redemptions.find((one) => !one.rolled_back_at);
  const done = (request) => request.then(again);
  const amount = (value) => h("input", { name: "amount", inputmode: "decimal",
    autocomplete: "off", value });
  return [
    standing && asked("undo", { reason: t("till.undoDefault") }, (form, key) => done(
      post(`/api/v1/redemptions/${standing.id}/rollback`, because(form), { key }))),
    !ended && asked("extend", { fields: () => labelled(t("wizard.until"), h("input",
        { name: "until", type: "date", value: coupon.expires_at ? dayBefore(coupon.expires_at)
          : "" }), t("extend.why")) }, (form, key) => done(api("PATCH", path,
      { expires_at: form.until.value ? endOf(form.until.value) : null, ...because(form) },
      { key }))),
    !ended && parts && asked("top-up", { fields: () => labelled(t("amount.label"), amount("")) },
      (form, key) => {
        const minor = minorOf(form.amount.value, coupon.currency);
        return minor > 0 ? done(post(path + "/top-up", { amount: minor, ...because(form) },
          { key })) : t("amount.none");
      }),
    !ended && parts && coupon.balance > 0 && asked("transfer", { fields: () => [
      labelled(t("transfer.to"), h("input", { name: "to", autocomplete: "off", required: true,
        autocapitalize: "characters", spellcheck: "false" })),
      labelled(t("amount.label"), amount(""), t("transfer.why"))] }, (form, key) => {
      const minor = minorOf(form.amount.value, coupon.currency);
      if (form.amount.value.trim() && !(minor > 0)) return t("amount.none");
      return done(post(path + "/transfer", { to: codeIn(form.to.value),
        ...(minor > 0 && { amount: minor }), ...because(form) }, { key }));
    }),
    coupon.state === "void" && !used && asked("restore", {}, (form, key) => done(
      post(path + "/restore", because(form), { key }))),
    ["available", "assigned"].includes(coupon.state) && asked("void", { danger: true,
      reason: t("void.why"), fields: () => used && h("p.soft", t("void.forGood")) },
      (form, key) => done(post(path + "/void", because(form), { key }))),
    !ended && h("a.button", { "data-do": "reprint", href:
      `#/print/${encodeURIComponent(campaign.slug)}/${coupon.number}` }, t("find.reprint"))];
}

function facts({ coupon, campaign }, redemptions) {
  const at = redemptions.find((one) => !one.rolled_back_at)?.metadata || {};
  const ends = [coupon.expires_at, campaign.ends_at].filter(Boolean).sort()[0];
  return [[t("campaign"), h("a", { href: "#/campaigns/" + encodeURIComponent(campaign.slug) },
      campaign.name)],
    [t("find.number"), number(coupon.number)],
    typeof coupon.balance === "number" && [t("find.balance"), t("find.balanceOf",
      { left: money(coupon.balance, coupon.currency), all: money(coupon.value, coupon.currency) })],
    [t("find.uses"), coupon.max_uses === null ? number(coupon.uses) :
        t("find.usesOf", { uses: coupon.uses, max: coupon.max_uses })],
    [t("col.until"), ends ? lastDay(ends) : "–"],
    at.till && [t("find.till"), at.till], at.cashier && [t("find.cashier"), at.cashier]]
    .filter(Boolean);
}

/** All that is known of a card. */
export async function story(code, again) {
  const path = encodeURIComponent(code);
  const [card, { items }] = await Promise.all([get("/api/v1/coupons/" + path),
    get("/api/v1/redemptions?limit=50&code=" + path), learnNames()]);
  const { coupon, rules, ledger, valid } = card;
  const campaign = await get("/api/v1/campaigns/" + coupon.campaign_id);
  const used = (ledger || []).some((entry) => entry.operation === "coupon.redeem");
  const broken = (rules || []).filter((rule) => !rule.pass);
  const outlives = coupon.expires_at && campaign.ends_at && campaign.ends_at < coupon.expires_at;
  return h("section.box#story", { "data-code": coupon.code },
    h("div.row.apart", h("h2.code", { tabindex: "-1" }, coupon.code),
      h("span#story-state.pill." + STATES[coupon.state], { "data-state": coupon.state },
          t("coupon." + coupon.state))),
    h("p", valid ? t("find.valid") : t("find.invalid")),
    !valid && broken.length > 0 && h("p.said.warn", broken.map((rule) =>
      reasonName(rule.rule)).join(" · ")),
    outlives && h("p.said.warn", t("find.campaignEnds", { day: lastDay(campaign.ends_at) })),
    h("table", h("tbody", facts({ coupon, campaign }, items).map(([name, value]) =>
      h("tr", h("th", { scope: "row" }, name), h("td", value))))),
    h("div.row.actions", actions({ coupon, campaign, used }, items, again)),
    h("h2", t("find.story")),
    h("ol.events", (ledger || []).map((entry) => h("li", { "data-event": entry.operation },
      h("time", moment(entry.at)), h("b", operationName(entry.operation)),
      entry.value !== 0 && !MAKING.has(entry.operation) &&
        h("span", money(entry.value, coupon.currency)),
      h("span.soft", [entry.detail, actorName(entry.actor)].filter(Boolean).join(" · "))))));
}
