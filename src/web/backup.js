// Backup and health: a backup to take away, a verification of everything, what /readyz says, the
// ledger's seal, and what to send to whoever helps.
import { fill, h, moment, number, t } from "./h.js";
import { get, post, user } from "./api.js";
import { loaded } from "./campaigns.js";
import { attempt, pill, save, teller } from "./view.js";

const LONG_MS = 3600000;
const LOOK_MS = 700;
const OLD_MS = 7 * 24 * 3600 * 1000;

const size = (bytes) => t("backup.size",
    { mb: number(Math.max(0.1, Math.round(bytes / 1e5) / 10)) });

/** What is to be said of the last backup: a warning, or nothing. */
export function backupWarning(upkeep) {
  const last = upkeep?.last_backup;
  if (!upkeep || (last && Date.now() - Date.parse(last.at) < OLD_MS)) return "";
  return last ? t("warn.backupOld", { at: moment(last.at) }) : t("warn.backupNever");
}

/** Shows how far `work` is while it goes on. */
async function watched(work, said, title) {
  const bar = h("progress", { "aria-label": title });
  said.say("", h("span.stack", h("span", title), bar));
  let over = false;
  const look = async () => {
    while (!over) {
      const now = await get("/api/v1/upkeep").catch(() => null);
      if (now && now.total > 0) {
        bar.max = now.total;
        bar.value = now.done;
      }
      await new Promise((go) => setTimeout(go, LOOK_MS));
    }
  };
  look();
  try {
    return await work;
  } finally {
    over = true;
    said.clear();
  }
}

function backupBox({ upkeep }, again) {
  const said = teller();
  const last = upkeep.last_backup;
  const choice = (value, name) => h("label.choice", h("input", { type: "radio", name: "key", value,
      checked: value === "without" }), h("b", t("backup." + name)),
    h("small.soft", t("backup." + name + ".why")));
  const form = h("form.stack", h("div.choices", choice("without", "without"),
    choice("with", "with")), h("div", h("button.primary", { type: "submit", "data-do": "backup" },
      t("backup.now"))), said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const withKey = form.elements.key.value === "with";
    attempt(form.querySelector("button"), said, async () => {
      const file = await watched(post("/api/v1/backup", { with_key: withKey },
        { timeout: LONG_MS }), said, t("backup.making"));
      const now = new Date();
      const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) =>
        String(part).padStart(2, "0")).join("-");
      save(`coupond-${day}${withKey ? "-with-key" : ""}.backup`, file);
      said.say("good", h("span#backed-up", { "data-bytes": file.size },
          t(withKey ? "backup.doneWith" : "backup.done", { size: size(file.size) })));
      again();
    });
  });
  return h("section.box", h("h2", t("backup.title")),
    h("p#last-backup", { "data-at": last?.at || "" }, last ? t("backup.last",
        { at: moment(last.at), size: size(last.bytes) }) + " " + t(last.with_key ? "backup.hasKey" :
          "backup.noKey") : t("backup.never")),
    user().role === "admin" ? form : h("p.soft", t("backup.admin")),
    h("details", h("summary", t("backup.back")), h("div.stack", h("p", t("backup.backWhy")),
      h("p.code", "coupond restore coupond.backup"), h("p", t("backup.drill")),
      h("p.code", "coupond restore coupond.backup --data ./drill"),
      h("p.code", "coupond verify --data ./drill"))));
}

function keyBox({ upkeep }, again) {
  const said = teller();
  const kept = upkeep.key_kept;
  const confirm = (event) => attempt(event.currentTarget, said, async () => {
    await post("/api/v1/upkeep/key-kept", {});
    again();
  });
  return h("section.box#key", { "data-kept": kept ? "yes" : "no" }, h("h2", t("key.title")),
    h("p.soft", t("key.why")),
    h("p" + (kept ? "" : ".said.warn"), kept ? t(kept.in_backup ? "key.backup" : "key.confirmed",
      { at: moment(kept.at) }) : t("key.not")),
    !kept && user().role === "admin" && h("div", h("button", { "data-do": "key-kept",
      onclick: confirm }, t("key.confirm"))), said);
}

function verifyBox({ upkeep }) {
  const said = teller();
  const last = upkeep.last_verify;
  const run = (event) => attempt(event.currentTarget, said, async () => {
    const found = await watched(post("/api/v1/verify", {}, { timeout: LONG_MS }), said,
      t("verify.running"));
    said.say(found.ok ? "good" : "bad", h("span#verified", { "data-ok": String(found.ok) },
      found.ok ? t("verify.good", { entries: number(found.entries),
        coupons: number(found.coupons) }) : t("verify.bad", { what: found.divergence })));
  });
  return h("section.box", h("h2", t("verify.title")), h("p.soft", t("verify.why")),
    h("p#last-verify", !last ? t("verify.never") : last.divergence ?
      t("verify.lastBad", { at: moment(last.at), what: last.divergence }) :
      t("verify.last", { at: moment(last.at), entries: number(last.entries) })),
    user().role === "admin" && h("div", h("button", { "data-do": "verify", onclick: run },
      t("verify.do"))), said);
}

// Without names, addresses and codes.
function factsOf({ health, version, upkeep, checkpoint }) {
  return JSON.stringify({ coupond: version.version, at: new Date().toISOString(), health, upkeep,
    seq: checkpoint?.seq, page: location.protocol + " secure=" + window.isSecureContext,
    browser: navigator.userAgent, language: navigator.language,
    screen: `${innerWidth}x${innerHeight}` }, null, 2);
}

function diagnostics() {
  const place = h("textarea#diagnostics", { readonly: true, rows: "8",
      "aria-label": t("diag.title") });
  const said = teller();
  const copy = async () => {
    place.select();
    try {
      await navigator.clipboard.writeText(place.value);   // not over plain http on a LAN
      said.say("good", t("diag.copied"));
    } catch { said.say("", t("diag.selected")); }
  };
  const look = (event) => event.target.open && attempt(null, said, async () => {
    place.value = factsOf(await load());
  });
  return h("details", { ontoggle: look }, h("summary", t("diag.title")),
    h("div.stack", h("p.soft", t("diag.why")),
    place, h("div", h("button", { "data-do": "copy-diagnostics", onclick: copy }, t("diag.copy"))),
    said));
}

function healthBox({ health, version }) {
  return h("section.box", h("div.row.apart", h("h2", t("health.title")),
      pill(health.status === "ready" ? ["good", t("health.ready")] : ["bad", t("health.not")])),
    h("table.tight#health", h("tbody", health.checks.map((check) => h("tr",
      h("th", t("check." + check.name)), h("td", check.detail),
      h("td.n", pill(!check.ok ? ["bad", t("health.bad")] : check.detail.startsWith("LOOK")
        ? ["warn", t("health.bad")] : ["good", t("ok")])))))),
    h("small.soft", "coupond " + version.version), diagnostics());
}

function sealBox({ checkpoint }) {
  const keep = () => save(`coupond-checkpoint-${checkpoint.seq}.json`,
    JSON.stringify(checkpoint, null, 2), "application/json");
  return checkpoint && h("section.box", h("h2", t("seal.title")), h("p.soft", t("seal.why")),
    h("p", t("seal.at", { seq: number(checkpoint.seq) })),
    h("div", h("button", { "data-do": "checkpoint", onclick: keep }, t("seal.keep"))));
}

/** What /readyz says, which is a refusal where the server is not fit. */
export async function readiness() {
  try {
    return await get("/readyz");
  } catch (error) {
    if (!error.body?.checks) throw error;
    return error.body;
  }
}

async function load() {
  const [health, version, upkeep, checkpoint] = await Promise.all([readiness(), get("/healthz"),
    get("/api/v1/upkeep"), get("/api/v1/ledger/checkpoint").catch(() => null)]);
  return { health, version, upkeep, checkpoint };
}

export function backup() {
  return loaded(load, (data) => {
    const place = h("div");
    const key = h("div");
    // The sentence about what was made stays where it is.
    const again = async () => {
      const upkeep = await get("/api/v1/upkeep");
      const last = upkeep.last_backup;
      const line = place.querySelector("#last-backup");
      line.dataset.at = last?.at || "";
      if (last) fill(line, t("backup.last", { at: moment(last.at), size: size(last.bytes) }));
      fill(key, keyBox({ upkeep }, again));
    };
    fill(place, backupBox(data, again));
    fill(key, keyBox(data, again));
    return [h("h1", t("tab.backup")), place, key, verifyBox(data), healthBox(data),
      sealBox(data)];
  });
}
