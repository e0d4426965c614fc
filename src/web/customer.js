// /c#CODE: what a card is worth, for whoever holds it. The code follows the #, so it is in no
// address that is requested. Whatever is not right has one answer.
import { fill, h, lastDay, money, number, t } from "./h.js";
import { bare, post, qr } from "./api.js";
import { qrImage, worth } from "./view.js";
import { codeIn } from "./scan.js";

function bright(image) {
  const close = () => cover.remove();
  const cover = h("button.bright", { "aria-label": t("customer.close"), onclick: close },
      qrImage(image));
  document.body.append(cover);
  cover.focus();
  navigator.wakeLock?.request("screen").catch(() => {});
}

async function look(place, code) {
  const card = await post("/api/v1/card", { code });
  const [image] = await qr([bare(code)]);
  fill(place, h("main.narrow", h("section.box.gift", h("h1.soft", card.name),
      h("p#worth", typeof card.balance === "number" ? money(card.balance, card.currency)
      : worth(card.reward, card.name)),
    h("p#left", typeof card.balance === "number" ? t("customer.parts")
      : card.uses_left === null || card.uses_left === undefined ? t("customer.often")
      : t("customer.left", { n: number(card.uses_left) })),
    h("p#until.soft", card.expires_at ? t("customer.until", { day: lastDay(card.expires_at) }) :
        t("customer.forever")),
    qrImage(image), h("p.code", code), h("button.primary", { onclick: () => bright(image) },
        t("customer.bright")))));
}

function ask(place, answer) {
  const field = h("input#code", { autocomplete: "off", autocapitalize: "characters",
      spellcheck: "false" });
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) location.hash = "#" + encodeURIComponent(codeIn(field.value));
  };
  fill(place, h("main.narrow", h("form.box", { onsubmit: submit }, h("h1", t("customer.title")),
    answer && h("p.said.warn#answer", { role: "status" }, answer),
    h("label", t("customer.code"), field), h("button.primary", { type: "submit" },
        t("customer.look")))));
}

export async function show(place) {
  document.title = t("customer.title");
  const go = async () => {
    const code = codeIn(decodeURIComponent(location.hash.slice(1)));
    if (!code) return ask(place, "");
    try {
      await look(place, code);
    } catch (error) {
      ask(place, error.unsure ? t("noAnswer") : error.status === 429 ? t("customer.wait") :
          t("customer.none"));
    }
    return undefined;
  };
  addEventListener("hashchange", go);
  return go();
}
