// Many codes of a campaign at once: void, restore, extend, set uses or free. The server counts what
// fits before anything is changed; the work is a job that shows how far it is and can be cancelled.
import { fill, h, lastDay, moment, number, t } from "./h.js";
import { all, get, newKey, post } from "./api.js";
import { endOf, loaded } from "./campaigns.js";
import { follow } from "./jobs.js";
import { attempt, labelled, reasonName, teller } from "./view.js";

const ACTIONS = ["void", "restore", "extend", "uses", "free"];
const STATES = ["available", "assigned", "redeemed", "void"];
const MOST_ERRORS = 100;

/** What the form asks the server for. */
function wanted({ action, state, job, first, last, before, until, uses, reason }) {
  const body = { action: action.value };
  if (state.value) body.state = state.value;
  if (job.value) body.job = Number(job.value);
  if (first.value) body.first_number = Number(first.value);
  if (last.value) body.last_number = Number(last.value);
  // One that ends with that day ends at the instant after it.
  if (before.value) {
    body.expires_before = new Date(Date.parse(endOf(before.value)) + 1).toISOString();
  }
  if (action.value === "extend") {
    Object.assign(body, { action: "terms", expires_at: until.value ? endOf(until.value) : null });
  }
  if (action.value === "uses") {
    Object.assign(body, { action: "terms", max_uses: uses.value ? Number(uses.value) : null });
  }
  if (reason.value.trim()) body.reason = reason.value.trim();
  return body;
}

function would(body, action, count) {
  const values = { n: number(count), count };
  if (action === "extend") {
    return body.expires_at ? t("bulk.would.extend", { ...values, day: lastDay(body.expires_at) })
      : t("bulk.would.endless", values);
  }
  if (action === "uses") {
    return body.max_uses ? t("bulk.would.uses", { ...values, uses: body.max_uses })
      : t("bulk.would.unlimited", values);
  }
  return t("bulk.would." + action, values);
}

function errorList(errors, all) {
  return errors.length > 0 && h("details#errors", { open: errors.length <= 5 },
    h("summary", t("bulk.notChanged", { n: number(all), count: all })),
    h("ol.events", errors.map((one) => h("li", { "data-number": one.line },
      h("b", t("print.number", { number: number(one.line) })),
      h("span.soft", reasonName(one.reason.split(": ")[0]))))),
    all > errors.length && h("small.soft", t("import.first", { n: number(errors.length) })));
}

async function summary(campaign, job, count) {
  const { items } = job.errors
    ? await get(`/api/v1/jobs/${job.id}/errors?limit=${MOST_ERRORS}`) : { items: [] };
  const whole = job.state === "done";
  const changed = whole ? count - job.errors : 0;
  return h("section.box#changed", { "data-changed": changed, "data-state": job.state,
      tabindex: "-1" },
    h("h2", whole ? t("bulk.changed", { n: number(changed), count: changed })
      : job.message || t("bulk.cancelled")),
    errorList(items, job.errors),
    h("div", h("a.button.primary", { href: "#/campaigns/" + encodeURIComponent(campaign.slug) },
      t("campaign.open"))));
}

// Which codes; all conditions must hold.
function filters(jobs) {
  const jobName = (job) => t("bulk.job." + job.kind, { at: moment(job.created_at),
    n: number(job.done - job.errors) });
  return h("fieldset.stack", h("legend", t("bulk.which")), h("small.soft", t("bulk.all")),
    h("div.columns",
    labelled(t("bulk.state"), h("select", { name: "state" },
      h("option", { value: "" }, t("bulk.any")),
      STATES.map((one) => h("option", { value: one }, t("coupon." + one))))),
    labelled(t("bulk.job"), h("select", { name: "job" },
      h("option", { value: "" }, t("bulk.any")),
      jobs.map((job) => h("option", { value: job.id }, jobName(job))))),
    labelled(t("print.from"), h("input", { name: "first", type: "number", min: "1" })),
    labelled(t("print.to"), h("input", { name: "last", type: "number", min: "1" })),
    labelled(t("bulk.before"), h("input", { name: "before", type: "date" }),
      t("bulk.beforeWhy"))));
}

function changeForm(campaign, jobs) {
  const actions = ACTIONS.filter((one) => one !== "uses" || !campaign.value);
  const until = labelled(t("wizard.until"), h("input", { name: "until", type: "date" }),
    t("bulk.untilWhy"));
  const uses = labelled(t("bulk.uses"), h("input", { name: "uses", type: "number", min: "1" }),
    t("bulk.usesWhy"));
  const count = h("button.primary", { type: "submit", "data-do": "count" }, t("bulk.count"));
  const form = h("form.box", h("div.choices", actions.map((one) => h("label.choice",
      h("input", { type: "radio", name: "action", value: one, checked: one === "void" }),
      h("b", t("bulk." + one)), h("small.soft", t("bulk." + one + ".why"))))),
    until, uses, filters(jobs),
    labelled(t("reason"), h("input", { name: "reason", maxlength: "256" }), t("bulk.reasonWhy")),
    h("div", count));
  const show = () => {
    until.hidden = form.elements.action.value !== "extend";
    uses.hidden = form.elements.action.value !== "uses";
  };
  show();
  return { form, show, count };
}

function bulkPage({ campaign, jobs }) {
  const said = teller();
  const place = h("div.stack");
  const path = `/api/v1/campaigns/${campaign.id}/codes/change`;
  const { form, show, count } = changeForm(campaign, jobs);
  const carryOut = (body, many, key) => (event) => attempt(event.currentTarget, said, async () => {
    const { job } = await post(path, body, { key });
    count.disabled = true;
    const done = await follow(job.id, said, t("bulk.changing")).finally(() => {
      count.disabled = false;
    });
    fill(place, await summary(campaign, done, many));
    place.firstChild.focus();
  });
  const ask = (body, action, many) => {
    const ends = body.expires_at !== undefined && campaign.ends_at &&
      (body.expires_at === null || campaign.ends_at < body.expires_at);
    const act = h("button" + (action === "void" || action === "free" ? ".danger" : ".primary"),
      { "data-do": "change", onclick: carryOut(body, many, newKey()) }, t("bulk." + action));
    fill(place, h("section.box#would", { "data-count": many }, h("p.summary",
        would(body, action, many)),
      ends && h("p.said.warn", t("find.campaignEnds", { day: lastDay(campaign.ends_at) })),
      h("p.soft", t("bulk.notYet")), h("div", act)));
    act.focus();
  };
  const submit = (event) => {
    event.preventDefault();
    const body = wanted(form.elements);
    attempt(count, said, async () => {
      said.clear();
      try {
        const { job } = await post(path + "?dry_run=true", body, { timeout: 60000 });
        ask(body, form.elements.action.value, parseInt(job.message, 10));
      } catch (error) {
        if (!/^No code matches/.test(error.message)) throw error;
        said.say("warn", h("span#none", t("bulk.none")));
      }
    });
  };
  const changed = () => {                // what was counted is not what the form says any more
    fill(place);
    said.clear();
    show();
  };
  form.addEventListener("submit", submit);
  form.addEventListener("input", changed);
  return [h("h1", t("bulk.title", { name: campaign.name })), form, said, place];
}

export function bulk(slug) {
  return loaded(async () => {
    const campaign = await get("/api/v1/campaigns/" + encodeURIComponent(slug));
    const jobs = (await all("/api/v1/jobs", 1000)).filter((job) =>
      job.campaign_id === campaign.id && job.kind !== "change" && job.done > job.errors);
    return { campaign, jobs };
  }, bulkPage);
}
