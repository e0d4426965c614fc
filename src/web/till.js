// /till: one field, one answer. A code is never accepted without an answer of the server, and what
// nobody knows is asked again under the same Idempotency-Key, which is always safe.
import { clock, effect, fill, h, list, memory, moment, money, signal, t } from "./h.js";
import { all, api, get, newKey, online, post, qr, bare, user } from "./api.js";
import { enrolPage, pinForm, standing } from "./enrol.js";
import { actorName, labelled, mark, qrImage, worth } from "./view.js";
import { canonical, checkOk, codeIn, hasShape, listen, rightReading } from "./scan.js";
import { camera } from "./camera.js";
import { amountForm, balanceOf, customerForm, customerIn } from "./amount.js";
import { byHand } from "./hand.js";
import { play, soundOn, wake } from "./sound.js";

const TWICE_MS = 1500;         // the same card again within this time is one presentation
const JUST_NOW_MS = 60000;
const SHOWN = 8;
const RUNNING_MS = 300;
const RUNNING_TRIES = 15;
const TEMPORARY = new Set(["held_by_other", "not_started", "rate_limited", "inactive"]);

const today = () => new Date().toDateString();
const recent = signal(memory.get("till-recent", []));
const count = signal(countOf(memory.get("till-count", {})));
const shown = signal({ state: "ready" });
let pending = null;            // what nobody knows yet: {code, key, …}
let names = new Map();         // campaigns by slug, where we may list them
let told = {};                 // till and cashier, for every redemption
let pass = "";                 // proves who is at the till, where it asks for PINs

function countOf(kept) { return kept.day === today() ? kept.n : 0; }
function setCount(n) {
  memory.set("till-count", { day: today(), n });
  count.set(n);
}
function remember(entry) {
  const entries = [entry, ...recent()].slice(0, SHOWN);
  memory.set("till-recent", entries);
  recent.set(entries);
}
function change(id, changes) {
  const entries = recent().map((one) => one.id === id ? { ...one, ...changes, id: newKey() } : one);
  memory.set("till-recent", entries);
  recent.set(entries);
}

function tell(state, title, detail) {
  shown.set({ state, title, detail });
  play(state);
}

function keep(request) {
  pending = request;
  try { sessionStorage.setItem("coupond.pending", JSON.stringify(request)); } catch { /* none */ }
}
function settle() {
  pending = null;
  try { sessionStorage.removeItem("coupond.pending"); } catch { /* none */ }
}

const lastOf = (code) => code.length > 8 ? "…" + code.slice(-4) : code;

function accept(request, { redemption }, name) {
  const { balance, currency } = redemption;
  const parts = typeof balance === "number";
  const title = parts ? money(redemption.amount, currency) : worth(redemption.reward, name);
  const left = parts ? 0 : redemption.remaining_uses;
  const detail = [title === name ? "" : name,
                  parts ? t("amount.left", { left: money(balance, currency) }) : "",
                  left ? t("till.left", { n: left }) : "",
                  !parts && redemption.amount ? t("till.paid", { n: redemption.amount }) : "",
                  request.layout ? t("till.layout") : ""].filter(Boolean).join("\n");
  setCount(count() + 1);
  remember({ id: newKey(), state: "accepted", title, name, code: canonical(request.code),
      at: Date.now(),
             redemption: redemption.id });
  tell("accepted", title, detail || t("till.done"));
}

// When and where a code was used, for who may know.
async function usedWhen(code) {
  try {
    const { ledger, coupon } = await get("/api/v1/coupons/" + encodeURIComponent(code));
    const use = ledger?.find((entry) => entry.operation === "coupon.redeem");
    if (coupon?.held_until) return t("till.heldUntil", { time: clock(coupon.held_until) });
    return use ? t("till.usedAt", { time: moment(use.at), who: actorName(use.actor) }) : "";
  } catch { return ""; }
}

async function refuse(request, error) {
  const code = canonical(request.code);
  const before = recent().find((one) => one.redemption && one.code === code &&
      one.state === "accepted");
  const justHere = error.code === "already_redeemed" && before &&
      Date.now() - before.at < JUST_NOW_MS;
  const mistyped = error.code === "unknown_code" && hasShape(code) && !checkOk(code);
  const state = justHere || TEMPORARY.has(error.code) ? "attention" : "refused";
  const title = justHere ? t("till.justNow") : mistyped ? t("till.mistyped")
    : error.message;
  let detail = justHere ? t("till.justNowAt", { time: clock(before.at) }) : mistyped ?
      t("till.mistypedWhy") : "";
  if (!detail) detail = await usedWhen(request.code);
  if (!detail && error.retryAt) detail = t("till.retryAt", { time: clock(error.retryAt) });
  if (!detail && error.message !== title) detail = error.message;
  remember({ id: newKey(), state, title, name: detail, code, at: Date.now() });
  tell(state, title, detail);
}

// The first request may still be under way when it is asked again: then its answer comes soon.
async function answered(request) {
  const path = `/api/v1/coupons/${encodeURIComponent(request.code)}/redeem`;
  for (let tries = 0; ; tries += 1) {
    try {
      return await api("POST", path, request.body, { key: request.key });
    } catch (error) {
      if (error.code !== "idempotency_running" || tries === RUNNING_TRIES) throw error;
      await new Promise((go) => setTimeout(go, RUNNING_MS));
    }
  }
}

async function nameOf(slug) {
  if (!names.has(slug)) {
    const about = await get("/api/v1/tills/campaigns/" + encodeURIComponent(slug))
      .catch(() => null);
    if (about) names.set(slug, about);
  }
  return names.get(slug)?.name || slug;
}

// How much of a card with a balance? Nothing is taken yet.
async function askAmount(request, card) {
  shown.set({ state: "ready", title: t("amount.has", { left: money(card.balance, card.currency) }),
    detail: await nameOf(card.campaign), card, request });
}

// Whose is it? Nothing is done yet.
async function askCustomer(request) {
  shown.set({ state: "ready", title: t("till.whose"), detail: t("till.whoseWhy"), whose: request });
}

// A code that must be held first is held and redeemed in one go. Its hold has a key of its own, so
// that asking again finds the same hold.
async function held(request) {
  const { user_id, email, cashier } = request.body;
  const { hold_token } = await post(
    `/api/v1/coupons/${encodeURIComponent(request.code)}/hold`,
    JSON.parse(JSON.stringify({ user_id, email, cashier })), { key: request.holdKey });
  return { ...request, body: { ...request.body, hold_token } };
}

const concerns = (error, field) => error.fields?.some((one) => one.field === field);

async function ask(request) {
  keep(request);
  shown.set({ state: "checking", title: t("till.checking"), detail: lastOf(request.code) });
  try {
    const card = request.body.amount === undefined ? await balanceOf(request.code) : null;
    if (card) {
      settle();
      return await askAmount(request, card);
    }
    if (request.holdKey && !request.body.hold_token) keep(request = await held(request));
    const answer = await answered(request);
    settle();
    accept(request, answer, await nameOf(answer.redemption.campaign));
  } catch (error) {
    if (error.status === 401) return location.reload();   // logged out, or the key was revoked
    if (error.unsure) return tell("unsure", t("till.unsure"), t("till.unsureWhy"));
    if (error.status === undefined) throw error;
    settle();
    if (concerns(error, "cashier")) return location.reload();   // it asks for a PIN, or again
    if (concerns(error, "user_id")) return askCustomer(request);
    if (error.code === "hold_required" && !request.holdKey) {
      return ask({ ...request, key: newKey(), holdKey: newKey() });
    }
    await refuse(request, error);
  }
  return undefined;
}

let last = { code: "", at: 0 };
function present(text, keys, body) {
  if (shown().state === "checking") return;
  const { code, wrongLayout } = rightReading(text, keys);
  if (!code) return;
  const same = canonical(code) === last.code && Date.now() - last.at < TWICE_MS;
  if (pending) {                    // first what nobody knows yet
    if (canonical(code) === canonical(pending.code)) ask(pending);
    else tell("unsure", t("till.unsure"), t("till.unsureFirst", { code: lastOf(pending.code) }));
    return;
  }
  if (same) return;
  const layout = wrongLayout && !memory.get("layout-said", false);
  if (layout) memory.set("layout-said", true);
  ask({ code, key: newKey(), layout, body }).finally(() => {
    last = { code: canonical(code), at: Date.now() };
  });
}

function undoForm(entry, close) {
  const reason = h("input", { maxlength: "256", "aria-label": t("till.undoReason"),
      value: t("till.undoDefault") });
  const said = h("p.soft", { role: "status" });
  const key = newKey();
  const ok = h("button.primary#undo-ok", { type: "submit" }, t("till.undoOk"));
  const submit = async (event) => {
    event.preventDefault();
    ok.disabled = true;
    try {
      await post(`/api/v1/redemptions/${entry.redemption}/rollback`,
                 { reason: reason.value.trim() || t("till.undoDefault"),
                   ...(pass && { cashier: pass }) }, { key });
      setCount(Math.max(0, count() - 1));
      change(entry.id, { state: "attention", undone: true, title: t("till.undone",
          { worth: entry.title }) });
      tell("attention", t("till.undone", { worth: entry.title }), t("till.givenBack"));
    } catch (error) {
      if (concerns(error, "cashier")) return location.reload();
      fill(said, error.unsure ? t("till.unsureWhy") : error.sentence);
      ok.disabled = false;
    }
  };
  const form = h("form", { onsubmit: submit }, reason, ok,
                 h("button.plain", { type: "button", onclick: close }, t("cancel")), said);
  queueMicrotask(() => reason.select());
  return form;
}

function row(entry) {
  const place = h("span");
  place.style.display = "contents";
  const close = () => fill(place);
  const undo = entry.redemption && !entry.undone &&
    h("button", { "data-do": "undo", onclick: () => place.firstChild ? close() :
        fill(place, undoForm(entry, close)) },
      t("till.undo"));
  return h("li", { "data-state": entry.state, "data-redemption": entry.redemption || null },
    mark(entry.state), h("div.what", entry.title,
      h("small.soft", [clock(entry.at), lastOf(entry.code), entry.name !== entry.title &&
          entry.name].filter(Boolean).join(" · "))),
    undo || h("span"), place);
}

// What a till without any card yet can be tried with: a card of the demo.
async function demoCard(place, use) {
  if (recent().length || !names.size) return;
  const campaign = [...names.values()].find((one) => one.slug === "demo-gift-cards");
  if (!campaign) return;
  const { items } = await get(`/api/v1/campaigns/${campaign.id}/codes?state=available&limit=1`);
  if (!items.length) return;
  const [image] = await qr([bare(items[0].code)]);
  fill(place, h("section.box.try", { hidden: () => recent().length > 0 }, h("h2", t("till.tryIt")),
      h("div.row",
    h("div.grow.stack", h("p", t("till.tryWhy")), h("p.code#demo-card", items[0].code),
      h("div", h("button#try", { onclick: () => use(items[0].code) }, t("till.tryDo")))),
    h("div", qrImage(image)))));
}

function resultBox(again, ready, use) {
  const box = h("section.result#result", { role: "status", "aria-live": "assertive",
      "aria-atomic": "true",
                                           "data-state": () => shown().state });
  const draw = () => {
    const { state, title, detail, card, request, whose } = shown();
    const idle = state === "ready" && !card && !whose;
    const leave = () => { shown.set({ state: "ready" }); ready(); };
    const theirs = (customer) => ask({ ...whose, key: newKey(),
      body: { ...whose.body, ...customer } }).then(ready);
    const take = (amount) => ask({ ...request, body: { ...request.body, amount } }).then(ready);
    return [mark(state), h("div#result-title", idle ? t("till.ready") : title),
            h("div#result-detail", idle ? t("till.readyWhy") : detail || ""),
            card && amountForm(card, take, leave, use), whose && customerForm(theirs, leave),
            state === "unsure" && h("button.primary#check-again", { onclick: again },
                t("till.checkAgain"))];
  };
  box.append(h("span"));
  const place = box.firstChild;
  place.style.display = "contents";
  return { box, draw: () => fill(place, draw()) };
}

function openTill(place, who, byPin) {
  const order = h("input", { name: "order", maxlength: "128", autocomplete: "off" });
  const customer = h("input", { name: "customer", maxlength: "254", autocapitalize: "none",
      autocomplete: "off" });
  const body = () => ({ ...(order.value.trim() && { order_id: order.value.trim() }),
                        ...customerIn(customer.value.trim()),
                        ...(told.till && { metadata: told }), ...(pass && { cashier: pass }) });
  const field = h("input#scan", { autocomplete: "off", autocapitalize: "characters",
      spellcheck: "false",
    enterkeyhint: "done", placeholder: t("till.placeholder"),
        readonly: () => shown().state === "checking" });
  const use = (text, keys = text) => {
    field.value = "";
    present(text, keys, body());
    order.value = customer.value = "";
    field.focus();
  };
  const again = () => pending && ask(pending).then(() => field.focus());
  const result = resultBox(again, () => field.focus(), use);
  const demo = h("div");
  const sound = h("button.plain", { "aria-label": t("till.sound"),
      "aria-pressed": () => String(soundOn()), onclick: () =>
      { soundOn.set(!soundOn()); memory.set("sound", soundOn()); } },
                  () => soundOn() ? t("till.soundOn") : t("till.soundOff"));
  fill(place, h("main.till", h("h1.read", t("till.title")),
    h("div.till-top", h("span.dot", { role: "img", "data-on": () => online() ? "yes" : "no",
        "aria-label": () => t(online() ? "till.online" : "till.offline") }),
      h("span.who.soft", () => online() ? who : t("till.offline")),
      h("span", t("till.today") + " ", h("b#today-count", () => String(count()))), sound,
      byPin && h("button.plain", { "data-do": "change-cashier",
          onclick: () => location.reload() }, t("till.change")),
      user() && user().role !== "user" && h("a.button.plain", { href: "/ui" }, t("till.manage"))),
    h("form.scan", { onsubmit: (event) => { event.preventDefault(); if (field.value) use(
        field.value); } },
      h("label", { for: "scan" }, t("till.label")), field, h("button.primary", { type: "submit" },
          t("till.check"))),
    result.box, demo, camera(use), byHand({ use, about: nameOf, till: Boolean(told.till), pass }),
    h("details", h("summary", t("till.more")), h("div.columns.box",
      labelled(t("till.order"), order, t("till.orderWhy")), labelled(t("till.customer"), customer,
          t("till.customerWhy")))),
    h("section.box", { hidden: () => recent().length === 0 }, h("h2", t("till.recent")),
      list(h("ul#recent"), recent, (entry) => entry.id, row))));
  effect(result.draw);
  listen(field, use);
  field.focus();
  if (pending) tell("unsure", t("till.unsure"), t("till.unsureWhy"));
  demoCard(demo, (code) => { fill(demo); use(code); }).catch(() => {});
}

// Looks whether the server answers, only in the tab that is seen.
function watchConnection() {
  const look = () => {
    if (document.visibilityState === "visible") get("/healthz").catch(() => {});
  };
  setInterval(look, 10000);
  document.addEventListener("visibilitychange", look);
}

async function start(place) {
  const where = await standing();
  if (!where) return enrolPage(place, () => start(place));
  try {
    if (!where.till) {
      names = new Map((await all("/api/v1/campaigns", 1000)).map((one) => [one.slug, one]));
    }
  } catch { /* an account that may not list them */ }
  try { pending = JSON.parse(sessionStorage.getItem("coupond.pending")); } catch { /* none */ }
  document.title = t("till.title");
  watchConnection();
  const open = (cashier) => {
    wake();
    pass = cashier?.pass || "";
    told = { ...(where.till && { till: where.name }), ...(cashier && { cashier: cashier.name }) };
    openTill(place, [where.name, cashier?.name].filter(Boolean).join(" · "), Boolean(cashier));
  };
  const button = h("button.primary#open-till", { onclick: () => open(null) }, t("till.open"));
  fill(place, h("main.narrow", h("div.box", h("h1", t("till.title")),
      h("p.soft", t("till.openWhy", { name: where.name })),
      where.asksPin ? pinForm(open) : button)));
  place.querySelector("#pin, #open-till").focus();
  return undefined;
}

export function show(place) {
  return start(place);
}
