// Print: labels and cards in exact millimetres, from coordinates; what is on the screen is what
// comes out. What was printed, where to begin and how the printer is off, this browser remembers.
import { fill, h, lastDay, memory, number, t } from "./h.js";
import { all, bare, get, post, qr } from "./api.js";
import { loaded } from "./campaigns.js";
import { attempt, labelled, qrImage, save, teller, worthOf } from "./view.js";

const MOST = 1000;             // cards in one go
const UM = 1000;               // micrometres in a millimetre: the server's lengths

const mm = (um) => `${um / UM}mm`;
const box = (x, y, width, height) =>
  ({ left: mm(x), top: mm(y), width: mm(width), height: mm(height) });

let paperRule = null;
function setPaper(sheet) {
  if (!paperRule) {
    paperRule = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, paperRule];
  }
  paperRule.replaceSync(
      `@page { size: ${mm(sheet.paper_width)} ${mm(sheet.paper_height)}; margin: 0; }`);
}

function card(item, image, about, sheet, [x, y]) {
  const style = { ...box(x, y, sheet.width, sheet.height), padding: mm(sheet.padding),
    "column-gap": mm(sheet.gap), "row-gap": mm(sheet.gap), "--qr": mm(sheet.qr_side),
    "--big": mm(sheet.large), "--shop": mm(sheet.medium), "--small": mm(sheet.small) };
  const full = !sheet.tiny;
  return h("div.card" + (sheet.tall ? ".tall" : ""), { "data-number": item.number, style },
      qrImage(image, item.code),
    h("div.of", full && about.shop && h("div.shop", about.shop),
        full && h("div.worth", about.worth), h("div.code", item.code),
      h("div.foot", full && about.until && h("span", about.until),
          h("span", t("print.number", { number: item.number })))));
}

function cutMarks(sheet, [moveX, moveY]) {
  const left = sheet.left + moveX;
  const top = sheet.top + moveY;
  const marks = [];
  for (let i = 0; i <= sheet.columns; i += 1) {
    const x = left + i * sheet.pitch_x - 100;
    for (const y of [top - 6 * UM, top + sheet.rows * sheet.pitch_y + UM]) {
      marks.push(h("div.cut", { style: box(x, y, 200, 5 * UM) }));
    }
  }
  for (let i = 0; i <= sheet.rows; i += 1) {
    const y = top + i * sheet.pitch_y - 100;
    for (const x of [left - 6 * UM, left + sheet.columns * sheet.pitch_x + UM]) {
      marks.push(h("div.cut", { style: box(x, y, 5 * UM, 200) }));
    }
  }
  return marks;
}

const paper = (sheet, ...content) => h("div.sheet",
    { style: { width: mm(sheet.paper_width), height: mm(sheet.paper_height) } }, content);

/** The sheets that hold these items; the first label used is `start` (1, 2, …). */
function sheets(items, images, about, sheet, start, move) {
  const pages = [];
  items.forEach((item, i) => {
    const place = (i + start - 1) % (sheet.columns * sheet.rows);
    if (i === 0 || place === 0) pages.push(paper(sheet, sheet.cut && cutMarks(sheet, move)));
    const x = sheet.left + move[0] + (place % sheet.columns) * sheet.pitch_x;
    const y = sheet.top + move[1] + Math.floor(place / sheet.columns) * sheet.pitch_y;
    pages[pages.length - 1].append(card(item, images[i], about, sheet, [x, y]));
  });
  return pages;
}

/** A sheet with rulers of 100 mm, by which the offsets are found. */
function rulerSheet(sheet, [moveX, moveY]) {
  const marks = [];
  const edge = 20 * UM;
  for (let i = 0; i <= 100; i += 5) {
    const long = (i % 10 === 0 ? 5 : 3) * UM;
    marks.push(h("div.ruler", { style: box(edge + moveX + i * UM, edge + moveY, 200, long) }),
               h("div.ruler", { style: box(edge + moveX, edge + moveY + i * UM, long, 200) }));
  }
  return [paper(sheet, marks)];
}

function choose(items) {
  return [h("h1", t("tab.print")), items.length === 0 ? h("div.box", h("p.soft", t("print.none")))
    : h("div.choices", items.map((one) => h("a.choice.start",
        { href: "#/print/" + encodeURIComponent(one.slug) },
        h("b", one.name), h("small.soft", t("print.left", { n: number(one.available) })))))];
}

function options({ campaign, items, table, again }) {
  const kept = memory.get("print", {});
  const from = again ? items[0].number : Math.max(items[0].number,
      memory.get("printed." + campaign.uuid, 0) + 1);
  const field = (name, attributes) => h("input", { name, ...attributes });
  const figure = (name, value, more) => field(name, { type: "number", value, required: true,
      ...more });
  const sheet = h("select", { name: "sheet" }, table.map(({ name }) =>
    h("option", { value: name, selected: name === (kept.sheet || "cards") }, t("sheet." + name))));
  const last = items[items.length - 1].number;
  return h("form.box.no-print", h("div.columns",
    labelled(t("print.sheet"), sheet),
    labelled(t("print.shop"), field("shop", { value: kept.shop || "", maxlength: "60" })),
    labelled(t("print.from"), figure("from", Math.min(from, last), { min: 1 }),
        from > items[0].number ? t("print.fromWhy") : ""),
    labelled(t("print.to"), figure("to", Math.min(last, from + 99), { min: 1 })),
    labelled(t("print.start"), figure("start", 1, { min: 1, max: 189 }), t("print.startWhy"))),
    h("details", h("summary", t("print.off")), h("div.columns",
      labelled(t("print.x"), figure("x", kept.x || 0, { step: "0.1", min: -20, max: 20 })),
      labelled(t("print.y"), figure("y", kept.y || 0, { step: "0.1", min: -20, max: 20 })),
      h("div.stack", h("button", { type: "button", "data-do": "ruler" }, t("print.ruler")),
          h("small.soft", t("print.rulerWhy"))))));
}

// What the form says, in the server's words.
function wanted(form, campaign, table) {
  const value = (name) => form.elements[name].value;
  const sheet = table.find((one) => one.name === value("sheet"));
  const move = ["x", "y"].map((name) => Math.round(Number(value(name)) * UM));
  const start = Math.min(Math.max(1, Number(value("start"))), sheet.columns * sheet.rows);
  memory.set("print", { sheet: sheet.name, shop: value("shop"), x: Number(value("x")),
      y: Number(value("y")) });
  const about = { shop: value("shop").trim(), worth: worthOf(campaign),
      until: campaign.ends_at ? t("print.until", { day: lastDay(campaign.ends_at) }) : "" };
  return { sheet, move, start, about, from: Number(value("from")), to: Number(value("to")) };
}

function drawing(form, { campaign, items, table }, preview, said) {
  const about = h("p.soft.no-print", { role: "status" });
  let shown = [];
  const draw = () => attempt(null, said, async () => {
    const plan = wanted(form, campaign, table);
    shown = items.filter((one) => one.number >= plan.from && one.number <= plan.to).slice(0, MOST);
    const images = await qr(shown.map((one) => bare(one.code)));
    const pages = sheets(shown, images, plan.about, plan.sheet, plan.start, plan.move);
    setPaper(plan.sheet);
    fill(preview, pages);
    fill(about, t("print.sum", { n: shown.length, sheets: pages.length }));
  });
  return { about, draw, last: () => shown.length ? shown[shown.length - 1].number : 0 };
}

// The same sheets as a file, for printers that a browser does not reach.
async function savePdf(form, { campaign, table, again }) {
  const plan = wanted(form, campaign, table);
  const text = Object.fromEntries(Object.entries(plan.about).map(([name, value]) =>
      [name, value.normalize("NFC")]));
  const file = await post(`/api/v1/campaigns/${campaign.id}/print`, { sheet: plan.sheet.name,
      from: plan.from, to: plan.to, ...(!again && { state: "available" }), start: plan.start,
      move_x: plan.move[0],
      move_y: plan.move[1], ...text, number: t("print.number", { number: "{number}" }) },
      { timeout: 60000 });
  save(campaign.slug + ".pdf", file, "application/pdf");
}

function desk(data) {
  const { campaign, items, table } = data;
  if (!items.length) {
    return [h("h1", t("print.title", { name: campaign.name })),
        h("div.box", h("p", t("print.noneLeft")),
      h("div", h("a.button", { href: "#/campaigns/" + encodeURIComponent(campaign.slug) },
          t("campaign.open"))))];
  }
  const form = options(data);
  const said = teller();
  const preview = h("div.preview", { tabindex: "0", role: "region",
      "aria-label": t("print.preview") });
  const { about, draw, last } = drawing(form, data, preview, said);
  const did = h("div.box.no-print", { hidden: true });
  const ask = () => {
    did.hidden = false;
    did.querySelector("button").focus();
  };
  const mark = () => {
    if (last() && !data.again) memory.set("printed." + campaign.uuid, last());
    did.hidden = true;
    said.say("good", t("print.marked"));
  };
  fill(did, h("h2", t("print.didIt")), h("div.row", h("button.primary",
      { "data-do": "printed", onclick: mark }, t("yes")),
    h("button", { onclick: () => { did.hidden = true; } }, t("print.no"))));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", draw);
  form.querySelector("[data-do=ruler]").addEventListener("click", () => {
    const plan = wanted(form, campaign, table);
    fill(preview, rulerSheet(plan.sheet, plan.move));
    window.print();
    draw();
  });
  draw();
  return [h("div.head.no-print", h("h1", t("print.title", { name: campaign.name })), h("div.row",
            h("button", { "data-do": "pdf", onclick: (event) => attempt(event.currentTarget, said,
                () => savePdf(form, data).then(ask)) }, t("print.pdf")),
            h("button.primary", { "data-do": "print-now",
                onclick: () => { window.print(); ask(); } }, t("print.now")))),
          form, h("div.no-print", said), did, about, preview];
}

/** Where cards are printed: of a campaign, or the one of that number again. */
export function print(slug, number) {
  if (!slug) {
    return loaded(async () => (await all("/api/v1/campaigns")).filter((one) => one.available > 0 &&
        !one.archived_at), choose);
  }
  const path = "/api/v1/campaigns/" + encodeURIComponent(slug);
  const cards = number ? get(`${path}/codes?number=${encodeURIComponent(number)}`).then((page) =>
    page.items) : all(path + "/codes?state=available");
  return loaded(async () => {
    const [campaign, items, sheetList] = await Promise.all([get(path), cards,
      get("/api/v1/sheets")]);
    return { campaign, items, table: sheetList.items, again: Boolean(number) };
  }, desk);
}
