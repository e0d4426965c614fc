// Backup and health: what /readyz says, the ledger's seal, and how to make a backup.
import { h, number, t } from "./h.js";
import { get, user } from "./api.js";
import { loaded } from "./campaigns.js";
import { pill, save } from "./view.js";

async function load() {
  const health = await get("/readyz").catch((error) => {
    if (error.status === 0) throw error;
    return { status: "not_ready", checks: [] };
  });
  const version = await get("/healthz");
  const checkpoint = user().role === "admin" ? await get("/api/v1/ledger/checkpoint").catch(() =>
      null) : null;
  return { health, version, checkpoint };
}

export function backup() {
  return loaded(load, ({ health, version, checkpoint }) => [h("h1", t("tab.backup")),
    h("section.box", h("div.row.apart", h("h2", t("health.title")),
      pill(health.status === "ready" ? ["good", t("health.ready")] : ["bad", t("health.not")])),
      h("table#health", h("tbody", health.checks.map((check) =>
          h("tr", h("th", t("check." + check.name)),
        h("td", check.detail), h("td.n", pill(check.ok ? ["good", t("ok")] :
            ["bad", t("health.bad")])))))),
      h("small.soft", "coupond " + version.version)),
    h("section.box", h("h2", t("backup.title")), h("p", t("backup.why")),
        h("p.code", "coupond backup coupond-backup.db"),
      h("p.soft", t("backup.key"))),
    checkpoint && h("section.box", h("h2", t("seal.title")), h("p.soft", t("seal.why")),
      h("p", t("seal.at", { seq: number(checkpoint.seq) })),
          h("div", h("button", { "data-do": "checkpoint", onclick: () =>
        save(`coupond-checkpoint-${checkpoint.seq}.json`, JSON.stringify(checkpoint, null, 2),
            "application/json") }, t("seal.keep"))))]);
}
