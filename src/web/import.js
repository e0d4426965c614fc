// Import: a file of codes, seen as it would be stored before anything is stored. What would have to
// be guessed is asked; what was not stored is said line by line.
import { fill, h, knows, lastDay, number, t } from "./h.js";
import { api, get, newKey, post } from "./api.js";
import { loaded } from "./campaigns.js";
import { follow } from "./jobs.js";
import { attempt, labelled, teller } from "./view.js";

const LONG_MS = 300000;
const MOST_PROBLEMS = 100;

function query(options) {
  const said = new URLSearchParams();
  if (options.column) said.set("column", options.column);
  if (options.header) said.set("header", options.header);
  if (options.ignore.length) said.set("ignore", options.ignore.join(","));
  if (options.confirm) said.set("confirm", "true");
  return said.size ? "?" + said : "";
}

/** "duplicate_code: it comes twice" in words. */
function reasonOf(text) {
  const [name, ...more] = text.split(": ");
  return [knows("import.reason." + name) ? t("import.reason." + name) : name, more.join(": ")]
    .filter(Boolean).join(": ");
}

function problemList(problems, all) {
  if (!problems.length) return null;
  return h("details#problems", { open: problems.length <= 5 },
    h("summary", t("import.problems", { n: number(all), count: all })),
    h("ol.events", problems.map((one) => h("li", { "data-line": one.line },
      h("b", t("import.line", { line: number(one.line) })), one.code && h("span.code", one.code),
      h("span.soft", reasonOf(one.reason))))),
    all > problems.length && h("small.soft", t("import.first", { n: number(problems.length) })));
}

// What the file's rows are, and what nobody but its owner can say.
function questions(seen, options, again) {
  const first = seen.first_rows[0]?.cells || [];
  const set = (name, value) => {
    options[name] = value;
    again();
  };
  const column = first.length > 1 && labelled(t("import.column"), h("select", { name: "column",
      onchange: (event) => set("column", event.target.value) },
    h("option", { value: "" }, t("import.auto")), first.map((cell, i) =>
      h("option", { value: String(i + 1), selected: options.column === String(i + 1) },
          `${i + 1}: ${cell}`))));
  const header = first.length > 0 && labelled(t("import.header"), h("select", { name: "header",
      onchange: (event) => set("header", event.target.value) },
    [["", "import.auto"], ["true", "import.isTitle"], ["false", "import.isCode"]].map(
      ([value, name]) => h("option", { value, selected: options.header === value }, t(name)))));
  const ignored = (cell) => options.ignore.includes(cell);
  const ignore = first.length > 1 && (seen.question_about === "ignore" || options.ignore.length) &&
    h("fieldset.stack", h("legend", t("import.ignore")), first.filter((cell, i) => cell &&
        (seen.question || i + 1 !== seen.code_column)).map((cell) =>
      h("label.check", h("input", { type: "checkbox", name: "ignore", value: cell,
          checked: ignored(cell), onchange: () => set("ignore", ignored(cell)
            ? options.ignore.filter((one) => one !== cell) : [...options.ignore, cell]) }), cell)));
  const confirm = (seen.question_about === "confirm" || options.confirm) && h("label.check",
    h("input", { type: "checkbox", name: "confirm", checked: options.confirm,
        onchange: (event) => set("confirm", event.target.checked) }), t("import.confirm"));
  return h("div.stack", seen.question && h("div.said.warn#question",
      { "data-about": seen.question_about }, t("import.ask." + seen.question_about)),
    h("div.columns", column, header), ignore, confirm);
}

function rawRows(rows) {
  return h("div.scroll", h("table#raw", h("tbody", rows.map((row, i) =>
    h("tr", h("th", number(i + 1)), row.cells.map((cell) => h("td.code", cell)))))));
}

function storedRows(rows) {
  const remark = (row) => row.reason ? t("import.not", { why: reasonOf(row.reason) })
    : row.ended ? t("import.void", { why: row.ended }) : "";
  return h("div.scroll", h("table#rows", h("thead", h("tr", h("th", t("import.lineNo")),
      h("th", t("import.code")), h("th", t("col.until")), h("th", ""))),
    h("tbody", rows.map((row) => h("tr", { "data-line": row.line }, h("td", number(row.line)),
      h("td.code", row.code || "–"), h("td", row.expires_at ? lastDay(row.expires_at) : "–"),
      h("td.soft", remark(row)))))));
}

async function errorsOf(job) {
  if (!job.errors) return [];
  const page = await get(`/api/v1/jobs/${job.id}/errors?limit=${MOST_PROBLEMS}`);
  return page.items;
}

function summary(campaign, job, problems) {
  const stored = job.done - job.errors;
  const link = "#/campaigns/" + encodeURIComponent(campaign.slug);
  const said = teller();
  const undo = (event) => window.confirm(t("import.undoSure")) &&
    attempt(event.currentTarget, said, async () => {
      const reply = await post(`/api/v1/jobs/${job.id}/undo`, {}, { key: newKey() });
      const done = await follow(reply.job.id, said, t("import.undoing"));
      said.say(done.errors ? "warn" : "good", h("span#undone", { "data-left": done.errors },
        t(done.errors ? "import.undoneBut" : "import.undone", { n: number(done.errors),
          count: done.errors })));
    });
  return h("section.box#imported", { "data-stored": stored, "data-job": job.id },
    h("h2", t("import.stored", { n: number(stored), count: stored })),
    job.state !== "done" && h("p.said.warn", job.message || t("import.cancelled")),
    problemList(problems, job.errors),
    h("div.row", h("a.button.primary", { href: link }, t("campaign.open")),
      stored > 0 && h("button.danger", { "data-do": "undo-import", onclick: undo },
        t("import.undo"))), said);
}

function importPage(campaign) {
  const said = teller();
  const place = h("div.stack");
  const target = `/api/v1/campaigns/${campaign.id}/codes/import`;
  let options = null;
  let file = null;
  let key = "";
  const store = (event) => attempt(event.currentTarget, said, async () => {
    const { job } = await api("POST", target + query(options), file, { key, timeout: LONG_MS });
    const done = await follow(job.id, said, t("import.storing"));
    fill(place, summary(campaign, done, await errorsOf(done)));
  });
  const look = () => attempt(null, said, async () => {
    key = newKey();
    said.say("", t("import.reading"));
    const seen = await api("POST", target + "/preview" + query(options), file,
        { timeout: LONG_MS });
    said.clear();
    const good = seen.lines - seen.bad_lines;
    fill(place, h("section.box", h("h2", t("import.preview")),
      questions(seen, options, look), seen.question ? rawRows(seen.first_rows)
        : [storedRows(seen.rows), h("p#sum", { "data-good": good, "data-bad": seen.bad_lines },
            t("import.sum", { lines: number(seen.lines), good: number(good),
              bad: number(seen.bad_lines) })), problemList(seen.problems, seen.bad_lines),
          h("div", h("button.primary", { "data-do": "import", disabled: good === 0,
            onclick: store }, t("import.do", { n: number(good), count: good })))]));
  });
  const chosen = (event) => {
    file = event.target.files[0] || null;
    options = { column: "", header: "", ignore: [], confirm: false };
    fill(place);
    if (file) look();
  };
  return [h("h1", t("import.title", { name: campaign.name })), h("section.box",
      labelled(t("import.file"), h("input", { type: "file", name: "file",
        accept: ".csv,.txt,.tsv,.json,.jsonl,text/csv,text/plain", onchange: chosen }),
        t("import.fileWhy"))),
    said, place];
}

export function importer(slug) {
  return loaded(() => get("/api/v1/campaigns/" + encodeURIComponent(slug)), importPage);
}
