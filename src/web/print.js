// Print: labels and cards in exact millimetres, from coordinates; what is on the screen is what
// comes out. What was printed, where to begin and how the printer is off, this browser remembers.
import { fill, h, lastDay, memory, number, t } from "./h.js";
import { all, bare, get, qr } from "./api.js";
import { loaded } from "./campaigns.js";
import { attempt, labelled, qrImage, teller, worth } from "./view.js";

const MOST = 1000;             // cards in one go
const A4 = [210, 297];
const LETTER = [215.9, 279.4];
// [paper], [columns, rows], [left, top] of the first label, [width, height], [pitch x, pitch y] in
// mm
export const SHEETS = {
  cards: { paper: A4, grid: [2, 5], first: [20, 13.5], label: [85, 54], pitch: [85, 54],
      cut: true },
  L7160: { paper: A4, grid: [3, 7], first: [7.21, 15.15], label: [63.5, 38.1],
      pitch: [66.04, 38.1] },
  L7163: { paper: A4, grid: [2, 7], first: [4.67, 15.15], label: [99.06, 38.1],
      pitch: [101.6, 38.1] },
  L4731: { paper: A4, grid: [7, 27], first: [8.6, 13.5], label: [25.4, 10], pitch: [27.9, 10] },
  5160: { paper: LETTER, grid: [3, 10], first: [4.76, 12.7], label: [66.68, 25.4],
      pitch: [69.85, 25.4] },
  roll58: { paper: [58, 70], grid: [1, 1], first: [4, 3], label: [50, 64], pitch: [50, 64],
      tall: true },
  roll80: { paper: [80, 80], grid: [1, 1], first: [5, 4], label: [70, 72], pitch: [70, 72],
      tall: true },
};

const mm = (value) => `${Math.round(value * 100) / 100}mm`;
const box = (x, y, width, height) =>
  ({ left: mm(x), top: mm(y), width: mm(width), height: mm(height) });

let paperRule = null;
function setPaper([width, height]) {
  if (!paperRule) {
    paperRule = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, paperRule];
  }
  paperRule.replaceSync(`@page { size: ${mm(width)} ${mm(height)}; margin: 0; }`);
}

function card(item, image, about, sheet, [x, y]) {
  const [width, height] = sheet.label;
  const small = height < 15;
  const side = sheet.tall ? Math.min(width * 0.62, height * 0.5)
                          : Math.min(height - (small ? 1 : 5), width * 0.42);
  const style = { ...box(x, y, width, height), "--qr": mm(side),
      "--small": small ? "3.4pt" : height < 30 ? "5.5pt" : "6.5pt",
                  "--big": `${Math.min(17, height * 0.34)}pt` };
  if (small) Object.assign(style, { padding: "0.5mm", "column-gap": "0.8mm" });
  return h("div.card" + (sheet.tall ? ".tall" : ""), { "data-number": item.number, style },
      qrImage(image, item.code),
    h("div.of", !small && about.shop && h("div.shop", about.shop), !small &&
        h("div.worth", about.worth),
      h("div.code", item.code),
      h("div.foot", !small && about.until && h("span", about.until),
          h("span", t("print.number", { number: item.number })))));
}

function cutMarks(sheet, offset) {
  const [columns, rows] = sheet.grid;
  const marks = [];
  for (let i = 0; i <= columns; i += 1) {
    const x = sheet.first[0] + offset[0] + i * sheet.pitch[0];
    for (const y of [sheet.first[1] + offset[1] - 6, sheet.first[1] + offset[1] +
        rows * sheet.pitch[1] + 1]) {
      marks.push(h("div.cut", { style: box(x - 0.1, y, 0.2, 5) }));
    }
  }
  for (let i = 0; i <= rows; i += 1) {
    const y = sheet.first[1] + offset[1] + i * sheet.pitch[1];
    for (const x of [sheet.first[0] + offset[0] - 6, sheet.first[0] + offset[0] +
        columns * sheet.pitch[0] + 1]) {
      marks.push(h("div.cut", { style: box(x, y - 0.1, 5, 0.2) }));
    }
  }
  return marks;
}

const paper = (sheet, ...content) =>
  h("div.sheet", { style: { width: mm(sheet.paper[0]), height: mm(sheet.paper[1]) } }, content);

/** The sheets that hold these items; the first label used is `start` (1, 2, …). */
function sheets(items, images, about, sheet, start, offset) {
  const [columns, rows] = sheet.grid;
  const pages = [];
  items.forEach((item, i) => {
    const at = i + start - 1;
    const place = at % (columns * rows);
    if (i === 0 || place === 0) pages.push(paper(sheet, sheet.cut && cutMarks(sheet, offset)));
    const x = sheet.first[0] + offset[0] + (place % columns) * sheet.pitch[0];
    const y = sheet.first[1] + offset[1] + Math.floor(place / columns) * sheet.pitch[1];
    pages[pages.length - 1].append(card(item, images[i], about, sheet, [x, y]));
  });
  return pages;
}

/** A sheet with rulers of 100 mm, by which the offsets are found. */
function rulerSheet(sheet, offset) {
  const marks = [];
  for (let i = 0; i <= 100; i += 5) {
    const long = i % 10 === 0 ? 5 : 3;
    marks.push(h("div.ruler", { style: box(20 + offset[0] + i, 20 + offset[1], 0.2, long) }),
               h("div.ruler", { style: box(20 + offset[0], 20 + offset[1] + i, long, 0.2) }));
  }
  return [paper(sheet, marks)];
}

function choose(items) {
  return [h("h1", t("tab.print")), items.length === 0 ? h("div.box", h("p.soft", t("print.none")))
    : h("div.choices", items.map((one) => h("a.choice.start",
        { href: "#/print/" + encodeURIComponent(one.slug) },
        h("b", one.name), h("small.soft", t("print.left", { n: number(one.available) })))))];
}

function options(campaign, items) {
  const kept = memory.get("print", {});
  const from = Math.max(items[0].number, memory.get("printed." + campaign.uuid, 0) + 1);
  const field = (name, attributes) => h("input", { name, ...attributes });
  const figure = (name, value, more) => field(name, { type: "number", value, required: true,
      ...more });
  const sheet = h("select", { name: "sheet" }, Object.keys(SHEETS).map((name) =>
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

function desk({ campaign, items }) {
  if (!items.length) {
    return [h("h1", t("print.title", { name: campaign.name })),
        h("div.box", h("p", t("print.noneLeft")),
      h("div", h("a.button", { href: "#/campaigns/" + encodeURIComponent(campaign.slug) },
          t("campaign.open"))))];
  }
  const form = options(campaign, items);
  const said = teller();
  const preview = h("div.preview", { tabindex: "0", role: "region",
      "aria-label": t("print.preview") });
  const about = h("p.soft.no-print", { role: "status" });
  const did = h("div.box.no-print", { hidden: true });
  let shown = [];
  const draw = () => attempt(null, said, async () => {
    const value = (name) => form.elements[name].value;
    const sheet = SHEETS[value("sheet")];
    const offset = [Number(value("x")), Number(value("y"))];
    const start = Math.min(Math.max(1, Number(value("start"))), sheet.grid[0] * sheet.grid[1]);
    memory.set("print", { sheet: value("sheet"), shop: value("shop"), x: offset[0], y: offset[1] });
    shown = items.filter((one) => one.number >= Number(value("from")) &&
        one.number <= Number(value("to"))).slice(0, MOST);
    const images = await qr(shown.map((one) => bare(one.code)));
    const text = { shop: value("shop"), worth: worth(campaign.reward, campaign.name),
                   until: campaign.ends_at ? t("print.until", { day: lastDay(campaign.ends_at) }) :
                       "" };
    const pages = sheets(shown, images, text, sheet, start, offset);
    setPaper(sheet.paper);
    fill(preview, pages);
    fill(about, t("print.sum", { n: shown.length, sheets: pages.length }));
  });
  const printIt = async () => {
    window.print();
    did.hidden = false;
    did.querySelector("button").focus();
  };
  const mark = () => {
    if (shown.length) memory.set("printed." + campaign.uuid, shown[shown.length - 1].number);
    did.hidden = true;
    said.say("good", t("print.marked"));
  };
  fill(did, h("h2", t("print.didIt")), h("div.row", h("button.primary",
      { "data-do": "printed", onclick: mark }, t("yes")),
    h("button", { onclick: () => { did.hidden = true; } }, t("print.no"))));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", draw);
  form.querySelector("[data-do=ruler]").addEventListener("click", () => {
    const value = (name) => Number(form.elements[name].value);
    fill(preview, rulerSheet(SHEETS[form.elements.sheet.value], [value("x"), value("y")]));
    printIt().then(draw);
  });
  draw();
  return [h("div.head.no-print", h("h1", t("print.title", { name: campaign.name })),
            h("button.primary", { "data-do": "print-now", onclick: printIt }, t("print.now"))),
          form, h("div.no-print", said), did, about, preview];
}

export function print(slug) {
  if (!slug) {
    return loaded(async () => (await all("/api/v1/campaigns")).filter((one) => one.available > 0 &&
        !one.archived_at), choose);
  }
  const path = "/api/v1/campaigns/" + encodeURIComponent(slug);
  return loaded(async () => ({ campaign: await get(path), items: await all(path +
      "/codes?state=available") }), desk);
}
