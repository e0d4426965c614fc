// Pieces that several pages show: marks, QR codes, forms that say what went wrong, worth in words.
import { all, user } from "./api.js";
import { fill, h, knows, lastDay, money, number, t } from "./h.js";

const MARKS = {
  ready: "M7.500 8v8M10.500 8v8M13.500 8v8M16.500 8v8",
  checking: "M6 12h.01M12 12h.01M18 12h.01",
  accepted: "m5 12.500 4.500 4.500L19 7.500",
  attention: "M12 6v7M12 17.500v.01",
  refused: "M7 7l10 10M17 7 7 17",
  unsure: "M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.01",
};
const FRAMES = {
  accepted: "M12 1.500a10.500 10.500 0 1 0 0 21 10.500 10.500 0 0 0 0-21z",
  attention: "M12 1.500 23 21.500H1z",
  refused: "M7.500 1.500h9l6 6v9l-6 6h-9l-6-6v-9z",
  unsure: "M3 3h18v18H3z",
};

/** The shape of a state: a circle, a triangle, an octagon or a square with its sign. */
export function mark(state) {
  const frame = FRAMES[state] || "M12 1.500a10.500 10.500 0 1 0 0 21 10.500 10.500 0 0 0 0-21z";
  return h("svg.mark", { viewBox: "0 0 24 24", "aria-hidden": "true", fill: "none",
                         stroke: "currentColor", "stroke-width": "2", "stroke-linecap": "round",
                         "stroke-linejoin": "round" },
           h("path", { d: frame }), h("path", { d: MARKS[state], "stroke-width": "2.500" }));
}

export function qrImage(code, title) {
  const side = code.size + 8;
  return h("svg.qr", { viewBox: `-4 -4 ${side} ${side}`, role: "img", "aria-label": title || "QR",
                       "shape-rendering": "crispEdges" }, h("path", { d: code.path }));
}

/** What a redemption gives, in words. */
export function worth(reward, name) {
  if (reward.kind === "amount_off") return money(reward.value);
  if (reward.kind === "percent_off") return t("worth.percent", { value: number(reward.value) });
  if (reward.kind === "credit") return t("worth.credit", { value: number(reward.value) });
  if (reward.kind === "subscription") return t("worth.days", { value: number(reward.value) });
  return name || t("worth.none");
}

/** What a card of a campaign is worth when it is new. */
export const worthOf = (campaign) => campaign.value ? money(campaign.value, campaign.currency)
  : worth(campaign.reward, campaign.name);

/** A campaign's policy as one sentence. */
export function policy(campaign) {
  const parts = [];
  const uses = campaign.max_redemptions_per_coupon;
  if (campaign.value) {
    parts.push(t("policy.balance", { worth: money(campaign.value, campaign.currency) }));
  } else parts.push(uses === 1 ? t("policy.once") : uses ? t("policy.times", { n: uses }) :
      t("policy.often"));
  if (campaign.reward.kind !== "none") parts.push(t("policy.worth",
      { worth: worth(campaign.reward) }));
  if (campaign.max_redemptions_per_user) {
    parts.push(t("policy.perCustomer", { n: campaign.max_redemptions_per_user }));
  }
  parts.push(campaign.ends_at ? t("policy.until", { day: lastDay(campaign.ends_at) })
                              : t("policy.forever"));
  return parts.join(", ") + ".";
}

export function stateOf(campaign) {
  const now = Date.now();
  if (campaign.archived_at) return ["", t("state.archived")];
  if (!campaign.active) return ["warn", t("state.paused")];
  if (campaign.ends_at && Date.parse(campaign.ends_at) <= now) return ["bad", t("state.ended")];
  if (campaign.starts_at && Date.parse(campaign.starts_at) > now) return ["warn",
      t("state.coming")];
  return ["good", t("state.on")];
}
export const pill = ([kind, text]) => h("span.pill" + (kind ? "." + kind : ""), text);

/** A place for one sentence about what has just happened, which a screen reader reads out. */
export function teller() {
  const element = h("p.said", { role: "status" });
  element.say = (kind, ...what) => {
    element.className = "said " + kind;
    fill(element, ...what);
  };
  element.clear = () => fill(element);
  return element;
}

/** Runs `action`; `button` is locked meanwhile, and a refusal is said. */
export async function attempt(button, said, action) {
  if (button) button.disabled = true;
  try {
    return await action();
  } catch (error) {
    said.say("bad", error.sentence || error.message);
    return undefined;
  } finally {
    if (button) button.disabled = false;
  }
}

export function labelled(name, field, hint) {
  return h("label", name, field, hint && h("small.soft", hint));
}

/** An entry of the ledger in words. */
export function operationName(operation) {
  return knows("op." + operation) ? t("op." + operation) : operation;
}
const called = new Map();      // "user:7" → what it is called
let asked = null;
/** Learns once what accounts and keys are called, where that may be known. */
export function learnNames() {
  if (user()?.role !== "admin") return Promise.resolve();
  const list = (path, kind) => all(path, 1000).then((items) => items.forEach((one) =>
    called.set(`${kind}:${one.id}`, one.name || one.email)));
  asked ??= Promise.all([list("/api/v1/users", "user"), list("/api/v1/api-keys", "key")])
    .catch(() => { asked = null; });
  return asked;
}
export function actorName(actor) {
  const [kind, id] = actor.split(":");
  if (called.get(actor)) return called.get(actor);
  return knows("actor." + kind) ? t("actor." + kind, { id }) : actor;
}

/** Lets the browser save `text` as a file. */
export function save(name, text, type) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
/** Why something is refused, in words. */
export const reasonName = (reason) => knows("refused." + reason) ? t("refused." + reason)
  : knows("reason." + reason) ? t("reason." + reason) : reason;
