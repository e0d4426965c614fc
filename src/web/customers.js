// A customer: found by e-mail address or number, invited to set a password, told all that is kept
// about them, and erased.
import { day, fill, h, number, t } from "./h.js";
import { get, newKey, post } from "./api.js";
import { attempt, labelled, save, teller } from "./view.js";

async function invite(place, user) {
  const made = await post(`/api/v1/users/${user.id}/invitation`, {}, { key: newKey() });
  fill(place, h("div.said.good.stack", h("p", t("customers.link", { day: day(made.expires_at) })),
    h("p.code#invitation-link", `${location.origin}/setup#invitation=${made.token}`)));
}

function card(data, said, again) {
  const { user } = data;
  const place = h("div");
  const act = (does) => (event) => attempt(event.currentTarget, said, does);
  const erase = async () => {
    if (!window.confirm(t("customers.sure"))) return;
    await post(`/api/v1/users/${user.id}/erase`, {}, { key: newKey() });
    said.say("good", t("customers.erased"));
    again();
  };
  return h("div.stack#customer", { "data-user": user.id },
    h("p", h("b", user.name || user.email || t("customers.number", { id: user.id })), " ",
      h("span.soft", [user.email, t("customers.sum", { codes: number(data.coupons.length),
        uses: number(data.redemptions.length) })].filter(Boolean).join(" · "))),
    h("div.row",
      h("button", { "data-do": "data", onclick: act(async () => save(`customer-${user.id}.json`,
        JSON.stringify(data, null, 2), "application/json")) }, t("customers.data")),
      h("button", { "data-do": "invite", onclick: act(() => invite(place, user)) },
        t("customers.invite")),
      h("button.danger", { "data-do": "erase", onclick: act(erase) }, t("customers.erase"))),
    place);
}

export function customersBox() {
  const said = teller();
  const place = h("div");
  const field = h("input", { name: "customer", required: true, maxlength: "254",
      autocomplete: "off" });
  const button = h("button", { type: "submit", "data-do": "find-customer" }, t("find.do"));
  const submit = (event) => {
    event.preventDefault();
    said.clear();
    fill(place);
    attempt(button, said, async () => {
      const data = await get(`/api/v1/users/${encodeURIComponent(field.value.trim())}/data`);
      fill(place, card(data, said, () => fill(place)));
    });
  };
  return h("section.box#customers", h("h2", t("customers.title")), h("p.soft", t("customers.why")),
    h("form", { onsubmit: submit }, h("div.row.end", h("div.grow",
      labelled(t("customers.field"), field)), button), said), place);
}
