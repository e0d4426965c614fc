// Campaigns: the list, one of them, and the wizard that makes cards in five steps.
import { currency, fill, h, lastDay, memory, minorOf, number, t, typed } from "./h.js";
import { all, api, get, newKey, post, user } from "./api.js";
import { follow } from "./jobs.js";
import { attempt, labelled, pill, policy, save, stateOf, teller } from "./view.js";

const AT_ONCE = 1000;          // codes a single request makes; more is a job
const KINDS = ["gift", "balance", "percent", "free"];
const CURRENCIES = ["EUR", "USD", "GBP", "CHF", "SEK", "DKK", "NOK", "PLN", "CZK", "CAD", "AUD"];
const path = (slug) => "/api/v1/campaigns/" + encodeURIComponent(slug);

/** A page that shows `load()` when it has come. */
export function loaded(load, draw) {
  const page = h("div.stack", h("p.soft", { role: "status" }, t("loading")));
  const again = () => load().then((data) => fill(page, draw(data, again)))
    .catch((error) => fill(page, h("p.said.bad", { role: "status" }, error.sentence ||
        error.message),
                           h("div", h("button", { onclick: again }, t("again")))));
  again();
  return page;
}

const mayChange = () => user().role === "admin";
const takesFiles = (one) => mayChange() && ["card", "pool"].includes(one.mode);

export function campaigns() {
  const draw = (items) => [
    h("div.head", h("h1", t("tab.campaigns")), mayChange() &&
      h("a.button.primary", { href: "#/campaigns/new/gift", "data-do": "sell-gift-cards" },
          t("start.make"))),
    h("section.box", items.length === 0 ? h("p.soft", t("campaigns.none")) :
        h("div.scroll", h("table#campaigns",
      h("thead", h("tr", h("th", t("campaign")), h("th.n", t("col.left")),
          h("th.n.hide-small", t("col.issued")), h("th.n.hide-small", t("col.redeemed")),
        h("th.hide-small", t("col.until")), h("th", ""))),
      h("tbody", items.map((one) => h("tr", { "data-campaign": one.slug },
        h("td", h("a", { href: "#/campaigns/" + encodeURIComponent(one.slug) }, one.name), h("br"),
            h("small.soft", policy(one))),
        h("td.n", one.remaining === null ? "∞" : number(one.remaining)),
            h("td.n.hide-small", number(one.issued)),
        h("td.n.hide-small", number(one.redeemed)),
        h("td.hide-small", one.ends_at ? lastDay(one.ends_at) : "–"),
        h("td.n", pill(stateOf(one)))))))))];
  return loaded(async () => (await all("/api/v1/campaigns")).filter((one) => !one.archived_at),
      draw);
}

function figures(one) {
  const rows = [["col.issued", one.issued], ["col.left", one.remaining === null ? "∞" :
      one.remaining],
                ["col.redeemed", one.redeemed], ["col.void", one.void]];
  return h("div.figures", rows.map(([name, value]) =>
    h("div.box.figure", h("b", typeof value === "number" ? number(value) : value),
        h("span", t(name)))));
}

function moreCodes(one, again) {
  const count = h("input", { name: "count", type: "number", min: "1", max: "1000000", value: "100",
      required: true });
  const said = teller();
  const button = h("button", { type: "submit" }, t("campaign.more"));
  const submit = (event) => {
    event.preventDefault();
    attempt(button, said, async () => {
      const made = await makeCodes(one.slug, Number(count.value), said, newKey());
      said.say("good", t("made", { n: number(made), count: made }));
      again();
    });
  };
  return h("form", { onsubmit: submit }, h("div.row.end", h("div.grow",
      labelled(t("wizard.count"), count)), button), said);
}

// Until when all cards of a campaign are good.
function endForm(one, change) {
  const field = h("input", { name: "end", type: "date", value: one.ends_at ?
      dayBefore(one.ends_at) : "" });
  const button = h("button", { type: "submit", "data-do": "set-end" }, t("campaign.setEnd"));
  const submit = (event) => {
    event.preventDefault();
    change({ currentTarget: button }, { ends_at: field.value ? endOf(field.value) : null });
  };
  return h("form", { onsubmit: submit }, h("div.row.end", h("div.grow",
    labelled(t("wizard.until"), field)), button), h("small.soft", t("campaign.endWhy")));
}

function draw(one, again) {
  const said = teller();
  const change = (event, patch) => attempt(event.currentTarget, said, async () => {
    await api("PATCH", path(one.slug), patch, { key: newKey() });
    again();
  });
  const csv = (event) => attempt(event.currentTarget, said, async () =>
    save(one.slug + ".csv", await get(path(one.slug) + "/codes/export", { timeout: 120000 }),
        "text/csv"));
  const end = (event) => window.confirm(t("campaign.archiveSure")) &&
      attempt(event.currentTarget, said, async () => {
    await api("DELETE", path(one.slug), undefined, { key: newKey() });
    location.hash = "#/campaigns";
  });
  return [
    h("div.head", h("div.row", h("h1", one.name), pill(stateOf(one))),
      h("a.button.primary", { href: "#/print/" + encodeURIComponent(one.slug), "data-do": "print" },
          t("print.do"))),
    h("p", policy(one)), one.description && h("p.soft", one.description), figures(one), said,
    h("section.box", h("h2", t("campaign.codes")), takesFiles(one) && moreCodes(one, again),
      h("div.row", h("button", { onclick: csv }, t("campaign.csv")), takesFiles(one) &&
        h("a.button", { href: `#/campaigns/${encodeURIComponent(one.slug)}/import`,
            "data-do": "import-file" }, t("import.open")), mayChange() && one.issued > 0 &&
        h("a.button", { href: `#/campaigns/${encodeURIComponent(one.slug)}/change`,
            "data-do": "bulk" }, t("bulk.open")))),
    mayChange() && h("section.box", h("h2", t("campaign.change")), h("div.row",
      h("button", { "data-do": one.active ? "pause" : "resume",
          onclick: (event) => change(event, { active: !one.active }) },
        t(one.active ? "campaign.pause" : "campaign.resume")),
      h("button", { onclick: () => { template = one; location.hash = "#/campaigns/new/" +
          kindOf(one); } }, t("campaign.copy")),
      h("button.danger", { onclick: end }, t("campaign.archive"))),
          h("small.soft", t("campaign.pauseWhy")), endForm(one, change))];
}

export function campaign(slug) {
  return loaded(() => get(path(slug)), draw);
}

/** Makes codes and gives their number; more than a request makes is a job. */
async function makeCodes(slug, count, said, key) {
  const reply = await post(path(slug) + "/codes", { count }, { key, timeout: 30000 });
  if (reply.codes) return reply.codes.length;
  return (await follow(reply.job.id, said, t("wizard.making"))).done;
}

let template = null;           // the campaign a new one is made like
const kindOf = (one) => one.value ? "balance" : one.reward.kind === "percent_off" ? "percent" :
    one.reward.kind === "amount_off" ? "gift" : "free";

/** The end of that day, in the shop's zone. */
export function endOf(date) {
  const [year, month, last] = date.split("-").map(Number);
  return new Date(year, month - 1, last + 1).toISOString();
}
/** The last day before that instant, as a date field has it. */
export function dayBefore(end) {
  const last = new Date(Date.parse(end) - 1);
  return [last.getFullYear(), last.getMonth() + 1, last.getDate()].map((part) =>
    String(part).padStart(2, "0")).join("-");
}
function yearEnd() { return `${new Date().getFullYear() + 3}-12-31`; }

function reward(form) {
  const value = Number(form.value.value.replace(",", "."));
  if (form.kind.value === "gift") return { kind: "amount_off", value: Math.round(value * 100) };
  if (form.kind.value === "percent") return { kind: "percent_off", value: Math.round(value) };
  return { kind: "none", value: 0 };
}

function wanted(form) {
  if (form.kind.value === "balance") {
    return { mode: "card", name: form.name.value.trim(), currency: currency(),
      value: minorOf(form.value.value, currency()),
      ...(form.until.value && { ends_at: endOf(form.until.value) }) };
  }
  return { mode: "card", name: form.name.value.trim(), max_redemptions_per_coupon: 1,
      reward: reward(form),
           ...(form.until.value && { ends_at: endOf(form.until.value) }) };
}

// What is wrong with this step, in words.
function problem(form, step) {
  if (step === 0 && !form.name.value.trim()) return t("wizard.needName");
  if (step === 1 && form.kind.value !== "free") {
    const value = Number(form.value.value.replace(",", "."));
    if (!(value > 0)) return t("wizard.needValue");
    if (form.kind.value === "percent" && value > 100) return t("wizard.tooMuch");
  }
  if (step === 2) {
    const count = Number(form.count.value);
    if (!Number.isInteger(count) || count < 1 || count > 1000000) return t("wizard.needCount");
  }
  if (step === 3 && form.until.value && new Date(endOf(form.until.value)) < new Date()) return t(
      "wizard.past");
  return "";
}

function steps(kind, copied) {
  const kinds = h("div.choices", KINDS.map((one) => h("label.choice",
    h("input", { type: "radio", name: "kind", value: one, checked: one === kind }),
    h("b", t("kind." + one)), h("small.soft", t("kind." + one + ".why")))));
  const name = h("input", { name: "name", maxlength: "120", required: true,
      value: copied ? copied.name : t("kind." + kind) });
  const value = h("input", { name: "value", inputmode: "decimal", autocomplete: "off",
    value: copied && copied.value ? typed(copied.value, copied.currency)
        : copied && copied.reward.value ? copied.reward.value / (kind === "gift" ? 100 : 1) :
        kind === "percent" ? "10" : "50" });
  const coin = h("select", { name: "currency", onchange: (event) =>
      memory.set("currency", event.target.value) },
    CURRENCIES.map((one) => h("option", { value: one, selected: one === currency() }, one)));
  const count = h("input", { name: "count", type: "number", min: "1", max: "1000000",
      value: "100" });
  const until = h("input", { name: "until", type: "date", value: yearEnd() });
  return [
    [t("wizard.kind"), kinds, labelled(t("wizard.name"), name, t("wizard.nameWhy"))],
    [t("wizard.worth"), h("div.row.value", h("div.grow", labelled(t("wizard.value"), value)),
        h("div.coin", labelled(t("wizard.currency"), coin))),
     h("p.soft.free", t("wizard.freeWhy"))],
    [t("wizard.howMany"), labelled(t("wizard.count"), count, t("wizard.countWhy"))],
    [t("wizard.untilWhen"), labelled(t("wizard.until"), until, t("wizard.untilWhy"))],
  ];
}

export function wizard(kind) {
  const copied = template;
  template = null;
  const said = teller();
  const parts = steps(KINDS.includes(kind) ? kind : "gift", copied);
  const sections = parts.map(([title, ...fields]) => h("section.stack", h("h2", title), fields));
  const review = h("section.stack");
  const bar = h("div.steps", { "aria-hidden": "true" }, [...sections, review].map(() => h("i")));
  const next = h("button.primary", { type: "submit", "data-do": "next" }, t("next"));
  const create = h("button.primary", { type: "button", "data-do": "create" }, t("wizard.create"));
  const back = h("button", { type: "button" }, t("back"));
  const form = h("form.box", bar, sections, review, said, h("div.row.apart", back, next, create));
  const key = newKey();
  const codesKey = newKey();
  let step = 0;
  const show = (to) => {
    step = to;
    said.clear();
    [...sections, review].forEach((section, i) => { section.hidden = i !== step; });
    [...bar.children].forEach((dot, i) => dot.classList.toggle("done", i <= step));
    back.hidden = step === 0;
    next.hidden = step === sections.length;
    create.hidden = !next.hidden;
    const free = form.elements.kind.value === "free";
    form.querySelector(".value").hidden = free;
    form.querySelector(".free").hidden = !free;
    form.querySelector(".coin").hidden =
        !["gift", "balance"].includes(form.elements.kind.value);
    (step < sections.length ? sections[step].querySelector("input:not([type=radio]), :checked") :
        create)?.focus();
  };
  // A dry run on the server: what it would refuse is said before anything is made.
  const dryRun = () => attempt(next, said, async () => {
    const campaign = await post("/api/v1/campaigns?dry_run=true", wanted(form.elements));
    const count = Number(form.elements.count.value);
    fill(review, h("h2", t("wizard.review")), h("p.summary",
        t("wizard.sum", { n: number(count), count, name: campaign.name })),
      h("p", policy(campaign)), h("p.soft", t("wizard.reviewWhy")));
    show(sections.length);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (step === sections.length) return create.click();
    const wrong = problem(form.elements, step);
    if (wrong) return said.say("bad", wrong);
    return step + 1 < sections.length ? show(step + 1) : dryRun();
  });
  form.addEventListener("change", (event) => {
    const names = KINDS.map((one) => t("kind." + one));
    const name = form.elements.name;
    if (event.target.name === "kind" && names.includes(name.value)) name.value =
        t("kind." + event.target.value);
  });
  back.addEventListener("click", () => show(step - 1));
  create.addEventListener("click", () => attempt(create, said, async () => {
    const campaign = await post("/api/v1/campaigns", wanted(form.elements), { key });
    const made = await makeCodes(campaign.slug, Number(form.elements.count.value), said, codesKey);
    fill(page, h("div.box.stack#made", { "data-count": made },
        h("h1", t("made", { n: number(made), count: made })),
      h("p", policy(campaign)), h("p.soft", t("madeWhy")), h("div.row",
        h("a.button.primary", { href: "#/print/" + encodeURIComponent(campaign.slug),
            "data-do": "print" }, t("print.do")),
        h("a.button", { href: "#/campaigns/" + encodeURIComponent(campaign.slug) },
            t("campaign.open")))));
    page.querySelector("[data-do=print]").focus();
  }));
  const page = h("div.stack.medium", h("h1", t("start.make")), form);
  show(0);
  queueMicrotask(() => show(0));
  return page;
}
