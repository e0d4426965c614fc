// Tills to be added, by digits or a QR code that are good once; and the cashiers at them.
import { clock, fill, h, t } from "./h.js";
import { api, get, newKey, post, qr } from "./api.js";
import { attempt, labelled, qrImage, teller } from "./view.js";

async function invitation(place, made, name) {
  const link = `${location.origin}/till#${made.code}`;
  const [image] = await qr([link]);
  fill(place, h("div.said.good.stack#invitation", { "data-code": made.code },
    h("b", t("tills.ready", { name })),
    h("p", t("tills.how", { address: location.host + "/till" })),
    /^(localhost|127\.|\[::1\])/.test(location.hostname) && h("p.said.warn", t("tills.local")),
    h("p.digits", made.code.slice(0, 4) + " " + made.code.slice(4)), h("div", qrImage(image)),
    h("p", t("tills.until", { time: clock(made.expires_at) }))));
}

/** Asks for a name; shows what makes a device that till. */
export function newTill() {
  const said = teller();
  const place = h("div");
  const name = h("input", { name: "till", required: true, maxlength: "60",
      placeholder: t("keys.example") });
  const button = h("button.primary", { type: "submit", "data-do": "add-till" }, t("tills.add"));
  const submit = (event) => {
    event.preventDefault();
    attempt(button, said, async () => {
      const wanted = name.value.trim();
      await invitation(place, await post("/api/v1/tills/invitations", { name: wanted }), wanted);
    });
  };
  return h("div.stack", h("form", { onsubmit: submit }, h("div.row.end", h("div.grow",
    labelled(t("tills.name"), name)), button), said), place);
}

export function cashiersBox() {
  const said = teller();
  const rows = h("tbody");
  const name = h("input", { name: "cashier", required: true, maxlength: "60",
      autocomplete: "off" });
  const pin = h("input", { name: "pin", required: true, inputmode: "numeric", minlength: "4",
      maxlength: "8", pattern: "[0-9]{4,8}", autocomplete: "off" });
  const button = h("button", { type: "submit", "data-do": "add-cashier" }, t("cashiers.add"));
  const remove = (event, one) => attempt(event.currentTarget, said, async () => {
    await api("DELETE", "/api/v1/cashiers/" + one.id, undefined, { key: newKey() });
    await load();
  });
  const load = async () => {
    const { items } = await get("/api/v1/cashiers");
    fill(rows, items.map((one) => h("tr", { "data-cashier": one.name }, h("td", one.name),
      h("td.n", h("button.danger", { onclick: (event) => remove(event, one) },
        t("cashiers.remove"))))));
  };
  const submit = (event) => {
    event.preventDefault();
    attempt(button, said, async () => {
      await post("/api/v1/cashiers", { name: name.value.trim(), pin: pin.value },
        { key: newKey() });
      name.value = pin.value = "";
      await load();
    });
  };
  attempt(null, said, load);
  return h("section.box#cashiers", h("h2", t("cashiers.title")), h("p.soft", t("cashiers.why")),
    h("form", { onsubmit: submit }, h("div.row.end",
      h("div.grow", labelled(t("people.name"), name)),
      h("div.grow", labelled(t("cashiers.pin"), pin)),
      button), said), h("table", rows));
}
