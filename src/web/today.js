// /ui: what happened today, and what the owner should know.
import { fill, h, moment, number, t } from "./h.js";
import { get } from "./api.js";
import { backupWarning, readiness } from "./backup.js";
import { actorName, learnNames, operationName, pill, reasonName, stateOf } from "./view.js";

const EVENTS = 20;
const WAIT_S = 20;

function midnight() {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
}

function figure(value, name) {
  return h("div.box.figure", h("b", typeof value === "number" ? number(value) : value),
      h("span", name));
}

/** Redemptions an hour, as bars. */
function bars(lines) {
  const hours = Array(24).fill(0);
  for (const line of lines) hours[new Date(line.start).getHours()] += line.redeemed;
  const top = Math.max(1, ...hours);
  const chart = h("svg.bars", { viewBox: "0 0 480 90", role: "img", preserveAspectRatio: "none",
                                "aria-label": t("today.hours") });
  hours.forEach((n, hour) => {
    const high = Math.max(2, Math.round(n / top * 86));
    chart.append(h("rect" + (n ? "" : ".base"), { x: hour * 20 + 2, width: 16, y: 90 - high,
        height: high },
                   h("title", `${hour}:00 · ${number(n)}`)));
  });
  return h("div.stack", chart, h("div.hours", { "aria-hidden": "true" },
    [0, 6, 12, 18].map((hour) => h("span", `${hour}:00`))));
}

// What was redeemed today, less what was taken back today.
function standing(lines) {
  return Math.max(0, lines.reduce((sum, line) => sum + line.redeemed - line.rolled_back, 0));
}

function perCampaign(campaigns, lines) {
  const today = new Map();
  for (const line of lines) today.set(line.campaign, [...today.get(line.campaign) || [], line]);
  return h("table", h("thead", h("tr", h("th", t("campaign")), h("th.n", t("today.today")),
      h("th.n.hide-small", t("col.redeemed")), h("th.n", t("col.left")), h("th", ""))),
    h("tbody", campaigns.map((one) => h("tr",
      h("td", h("a", { href: "#/campaigns/" + encodeURIComponent(one.slug) }, one.name)),
      h("td.n", number(standing(today.get(one.slug) || []))),
      h("td.n.hide-small", number(one.redeemed)),
      h("td.n", one.remaining === null ? "∞" : number(one.remaining)),
          h("td.n", pill(stateOf(one)))))));
}

/** The newest entries of the ledger. */
export function eventList(entries, campaigns) {
  return h("ol.events", entries.map((entry) => h("li", h("time", moment(entry.at)),
    h("b", operationName(entry.operation)),
    h("span.soft", [campaigns.get(entry.campaign_id)?.name, entry.detail, actorName(entry.actor)]
      .filter(Boolean).join(" · ")))));
}

function starts() {
  const start = (action, kind) => h("a.choice.start", { href: "#/campaigns/new/" + kind,
      "data-do": action },
    h("b", t("start." + kind)), h("small.soft", t("start." + kind + ".why")));
  return h("div.stack", h("p.soft", t("start.why")),
    h("div.choices", start("sell-gift-cards", "gift"), start("give-codes", "percent"),
      start("run-giveaway", "free")));
}

const KNOWN = ["disk", "clock", "durability"];
const LOW_MIB = 1024;
const APART_MS = 5 * 60000;

// What the server says of its disk and its clock, in words.
function machineWarnings(checks) {
  const found = new Map(checks.map((check) => [check.name, check]));
  const { disk, clock, durability } = Object.fromEntries(found);
  const free = parseInt(disk?.detail, 10);
  const apart = Date.parse(clock?.detail) - Date.now();
  return [disk && !disk.ok && t("warn.diskFull"),
    disk?.ok && free < LOW_MIB && t("warn.disk", { size: t("backup.size", { mb: number(free) }) }),
    clock?.detail.startsWith("LOOK") && t("warn.clock", { what: clock.detail.slice(6) }),
    Math.abs(apart) > APART_MS && t("warn.clockApart",
      { n: number(Math.round(Math.abs(apart) / 60000)) }),
    durability?.detail === "relaxed" && t("warn.relaxed"),
    ...checks.filter((check) => !KNOWN.includes(check.name) &&
        (!check.ok || check.detail.startsWith("LOOK")))
      .map((check) => `${t("check." + check.name)}: ${check.detail}`)].filter(Boolean);
}

function warnings(health, campaigns, upkeep) {
  const full = campaigns.filter((one) => one.max_issued > 1 && one.issued >= one.max_issued * 0.9);
  const issued = campaigns.some((one) => one.issued > 0);
  // What is copied elsewhere as it happens needs no backup besides.
  const copied = health.checks.some((check) => check.name === "copy" && check.ok &&
    !check.detail.startsWith("LOOK"));
  const unsaved = issued && !copied && backupWarning(upkeep);
  const toBackup = (name, text, link) => h("p.said.warn", { "data-warn": name }, text + " ",
    h("a", { href: "#/backup" }, t(link)));
  return [machineWarnings(health.checks).map((text) => h("p.said.warn", text)),
    full.map((one) => h("p.said.warn", { "data-warn": "cap" }, t("warn.cap", { name: one.name,
      issued: number(one.issued), cap: number(one.max_issued) }))),
    unsaved && toBackup("backup", unsaved, "warn.backupDo"),
    issued && !upkeep.key_kept && toBackup("key", t("warn.key"), "warn.keyDo")];
}

async function load() {
  const [stats, report, health, upkeep] = await Promise.all([get("/api/v1/stats"),
    get("/api/v1/reports?by=hour&from=" + encodeURIComponent(midnight())),
    readiness(), get("/api/v1/upkeep"), learnNames()]);
  const after = Math.max(0, stats.as_of_seq - EVENTS);
  const feed = await get(`/api/v1/ledger?after=${after}&limit=${EVENTS}`);
  return { stats, health, upkeep, entries: feed.items.reverse(), last: feed.last_seq,
           lines: report.lines };
}

function content({ stats, health, upkeep, entries, lines }) {
  const campaigns = stats.campaigns.filter((one) => !one.archived_at);
  const byId = new Map(stats.campaigns.map((one) => [one.id, one]));
  const refused = stats.refusals.reduce((sum, row) => sum + row.count, 0);
  const out = campaigns.reduce((sum, one) => sum + one.issued - one.void, 0);
  const begun = campaigns.length > 0;
  return [h("div.head", h("h1", t("today.title")), begun && h("a.button.primary",
      { href: "#/campaigns/new/gift",
      "data-do": "sell-gift-cards" }, t("start.make"))),
    warnings(health, campaigns, upkeep),
    begun ? null : starts(),
    h("div.figures", figure(standing(lines), t("today.redeemed")), figure(out, t("today.out")),
      figure(refused, t("today.refused"))),
    begun && h("section.box", h("h2", t("today.hours")), bars(lines)),
    begun && h("section.box", h("h2", t("today.campaigns")),
        h("div.scroll", perCampaign(campaigns, lines))),
    stats.refusals.length > 0 && h("section.box", h("h2", t("today.why")), h("table", h("tbody",
      stats.refusals.map((row) => h("tr", h("td", reasonName(row.reason)),
          h("td.n", number(row.count))))))),
    h("section.box", h("h2", t("today.events")), entries.length ? eventList(entries, byId) :
        h("p.soft", t("today.none")))];
}

/** The page; it follows the ledger as long as it is seen. */
export function today() {
  const page = h("div.stack#today", { "data-redeemed": "" },
      h("p.soft", { role: "status" }, t("loading")));
  const follow = async () => {
    let last = -1;
    do {
      const data = await load();
      if (data.last !== last) {
        fill(page, content(data));
        page.dataset.redeemed = String(standing(data.lines));
      }
      last = data.last;
      await get(`/api/v1/ledger?after=${last}&limit=1&wait=${WAIT_S}`,
          { timeout: (WAIT_S + 10) * 1000 })
        .catch(() => new Promise((go) => setTimeout(go, 5000)));
      while (page.isConnected && document.visibilityState !== "visible") {
        await new Promise((go) => document.addEventListener("visibilitychange", go,
            { once: true }));
      }
    } while (page.isConnected);
  };
  follow().catch((error) => fill(page, h("h1", t("today.title")),
      h("p.said.bad", error.sentence || error.message),
    h("div", h("button", { onclick: () => page.replaceWith(today()) }, t("again")))));
  return page;
}
