// People, tills and keys: who may do what, and taking it away again.
import { day, fill, h, t } from "./h.js";
import { all, api, newKey, post, user } from "./api.js";
import { loaded } from "./campaigns.js";
import { customersBox } from "./customers.js";
import { cashiersBox, newTill } from "./tills.js";
import { attempt, labelled, pill, teller } from "./view.js";

const ROLES = ["user", "staff", "admin"];
const SCOPES = ["read", "redeem", "issue", "admin"];

function userRow(one, said, again) {
  const change = (event, patch) => attempt(event.target, said, async () => {
    await api("PATCH", "/api/v1/users/" + one.id, patch, { key: newKey() });
    again();
  });
  const self = one.id === user().id;
  return h("tr", h("td", one.name || one.email, one.name && h("br"), one.name &&
      h("small.soft", one.email)),
    h("td", h("select", { "aria-label": t("people.role"), disabled: self,
        onchange: (event) => change(event, { role: event.target.value }) },
      ROLES.map((role) => h("option", { value: role, selected: role === one.role },
          t("role." + role))))),
    h("td.n", self ? pill(["good", t("people.you")])
      : h("button" + (one.active ? ".danger" : ""), { onclick: (event) =>
          change(event, { active: !one.active }) },
          t(one.active ? "people.block" : "people.unblock"))));
}

function newUser(again) {
  const said = teller();
  const email = h("input", { type: "email", required: true, autocomplete: "off",
      maxlength: "254" });
  const name = h("input", { maxlength: "120", autocomplete: "off" });
  const password = h("input", { type: "password", required: true, minlength: "8",
      autocomplete: "new-password" });
  const role = h("select", ["staff", "admin", "user"].map((one) =>
      h("option", { value: one }, t("role." + one))));
  const button = h("button", { type: "submit" }, t("people.add"));
  const submit = (event) => {
    event.preventDefault();
    attempt(button, said, async () => {
      await post("/api/v1/users", { email: email.value.trim(), name: name.value.trim(),
          password: password.value, role: role.value },
                 { key: newKey(), timeout: 20000 });
      again();
    });
  };
  return h("details", h("summary", t("people.add")), h("form", { onsubmit: submit },
      h("div.columns",
    labelled(t("email"), email), labelled(t("people.name"), name),
        labelled(t("password"), password, t("setup.rule")),
    labelled(t("people.role"), role)), h("div", button), said));
}

function newKeyForm(again) {
  const said = teller();
  const place = h("div");
  const name = h("input", { required: true, maxlength: "120", value: "",
      placeholder: t("keys.example") });
  const scope = h("select", SCOPES.map((one) => h("option", { value: one }, t("scope." + one))));
  const button = h("button", { type: "submit", "data-do": "add-key" }, t("keys.add"));
  const submit = (event) => {
    event.preventDefault();
    attempt(button, said, async () => {
      const made = await post("/api/v1/api-keys", { name: name.value.trim(),
          scopes: [scope.value] }, { key: newKey() });
      await again();
      fill(place, h("div.said.good.stack", h("p", t("keys.once")), h("p.code", made.key)));
    });
  };
  return h("div.stack", h("form", { onsubmit: submit }, h("div.row.end",
      h("div.grow", labelled(t("keys.name"), name)),
    h("div.grow", labelled(t("keys.scope"), scope)), button), said), place);
}

function keyRow(key, said, again) {
  const revoke = (event) => window.confirm(t("keys.sure", { name: key.name })) &&
      attempt(event.target, said, async () => {
    await api("DELETE", "/api/v1/api-keys/" + key.id, undefined, { key: newKey() });
    again();
  });
  return h("tr", h("td", key.name, h("br"), h("small.soft", "…" + key.hint + " · " +
      day(key.created_at))),
    h("td", key.scopes.map((scope) => t("scope." + scope)).join(", ")),
    h("td.n", key.revoked_at ? pill(["", t("keys.revoked")]) :
        h("button.danger", { "data-do": "revoke", onclick: revoke }, t("keys.revoke"))));
}

export function people() {
  const rows = h("tbody");
  const keyRows = h("tbody");
  const said = teller();
  const load = async () => {
    const [users, keys] = await Promise.all([all("/api/v1/users", 1000),
        all("/api/v1/api-keys", 1000)]);
    const staff = users.filter((one) => one.role !== "user");
    fill(rows, staff.map((one) => userRow(one, said, again)));
    fill(keyRows, keys.reverse().map((key) => keyRow(key, said, again)));
    return { customers: users.length - staff.length, keys: keys.length };
  };
  const again = () => load();
  return loaded(load, ({ customers, keys }) => [h("h1", t("tab.people")), said,
    h("section.box", h("h2", t("people.title")), h("div.scroll",
        h("table.tight", h("thead", h("tr", h("th", t("people.name")),
      h("th", t("people.role")), h("th", ""))), rows)), h("small.soft",
          t("people.customers", { n: customers })), newUser(again)),
    h("section.box", h("h2", t("keys.title")), h("p.soft", t("keys.why")), newTill(),
      h("details", h("summary", t("keys.other")), newKeyForm(again)),
      h("div.scroll", h("table.tight#keys", h("thead", { hidden: !keys },
          h("tr", h("th", t("keys.name")), h("th", t("keys.scope")), h("th", ""))), keyRows))),
    cashiersBox(), customersBox()]);
}
