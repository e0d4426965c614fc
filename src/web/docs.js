// The API reference: shows /openapi.json. All text goes in through textContent, never as HTML.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

// make("p.who", "text", child …): an element with classes, text and children.
function make(kind, ...content) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const part of content) {
    if (part !== null && part !== undefined) element.append(part);
  }
  return element;
}

// Text in which `words between backticks` are code.
function prose(kind, text) {
  const element = make(kind);
  String(text).split("`").forEach((part, i) => {
    if (part) element.append(i % 2 ? make("code", part) : part);
  });
  return element;
}

class Reference {
  constructor(document) {
    this.document = document;
  }

  // What a {$ref} points to; anything else is itself.
  resolve(node) {
    if (!node || !node.$ref) return node;
    return node.$ref.slice(2).split("/").reduce((at, key) => at[key], this.document);
  }

  operations() {
    const all = [];
    for (const [path, item] of Object.entries(this.document.paths)) {
      for (const method of METHODS) {
        if (item[method]) all.push({ path, method, operation: item[method] });
      }
    }
    return all;
  }

  // "integer 1 … 10000", "string or null", "array of Hold".
  typeOf(schema) {
    if (schema.$ref) return schema.$ref.split("/").pop();
    if (schema.oneOf) return schema.oneOf.map((one) => this.typeOf(one)).join(" or ");
    if (schema.type === "array") return "array of " + this.typeOf(schema.items || {});
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
    let text = [].concat(schema.type || "any JSON").join(" or ");
    if (schema.format && schema.format !== "int64") text += " (" + schema.format + ")";
    if (schema.minimum !== undefined) text += ` ${schema.minimum} …`;
    if (schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER) {
      text += (schema.minimum === undefined ? " … " : " ") + schema.maximum;
    }
    if (schema.maxLength !== undefined) text += `, up to ${schema.maxLength} characters`;
    if (schema.default !== undefined) text += `, default ${JSON.stringify(schema.default)}`;
    return text;
  }

  // The object that a schema is, or that it holds a list of; null where there is none.
  objectIn(schema) {
    const whole = this.resolve(schema.oneOf ? schema.oneOf[0] : schema);
    if (whole.items) return this.objectIn(whole.items);
    return whole.properties ? whole : null;
  }

  parameters(operation) {
    return (operation.parameters || []).map((one) => this.resolve(one));
  }

  body(operation) {
    const content = this.resolve(operation.requestBody)?.content;
    if (!content) return null;
    const type = content["application/json"] ? "application/json" : Object.keys(content)[0];
    const media = content[type];
    return { type, example: media.example, schema: this.resolve(media.schema) };
  }
}

const quote = (text) => "'" + String(text).replaceAll("'", "'\\''") + "'";

// A command that can be pasted into a shell, once the placeholders in capitals are set.
function curl(reference, { path, method, operation }) {
  const parameters = reference.parameters(operation);
  let url = path;
  const query = [];
  for (const one of parameters) {
    const value = one.example ?? one.name.toUpperCase();
    if (one.in === "path") url = url.replace(`{${one.name}}`, encodeURIComponent(value));
    if (one.in === "query" && one.required) query.push(`${one.name}=${encodeURIComponent(value)}`);
  }
  if (query.length) url += "?" + query.join("&");
  const parts = ["curl" + (method === "get" ? "" : " -X " + method.toUpperCase()) +
                 " " + quote(location.origin + url)];
  if (needsToken(operation)) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (parameters.some((one) => one.name === "Idempotency-Key")) {
    parts.push('-H "Idempotency-Key: $(uuidgen)"');
  }
  const body = reference.body(operation);
  if (body) {
    parts.push("-H " + quote("Content-Type: " + body.type));
    parts.push(body.example === undefined ? "--data-binary @FILE"
                                          : "-d " + quote(JSON.stringify(body.example)));
  }
  return parts.join(" \\\n  ");
}

function needsToken(operation) {
  const ways = operation.security || [];
  return ways.length > 0 && !ways.some((way) => Object.keys(way).length === 0);
}

function whoMayCall(operation) {
  const names = { session: "a session", api_key: "an API key", refresh_token: "a refresh token" };
  const ways = (operation.security || []).map((way) => {
    const [[scheme, words] = ["", []]] = Object.entries(way);
    if (!scheme) return "anyone";
    const word = words.length ? " (" + words.join(", ") + ")" : "";
    return (names[scheme] || scheme) + word;
  });
  return "For " + (ways.length ? ways.join(", or ") : "anyone") + ".";
}

function copyable(text) {
  const button = make("button.copy", "Copy");
  button.type = "button";
  button.addEventListener("click", async () => {
    button.textContent = (await copy(text)) ? "Copied" : "Select it";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  return make("div.block", make("pre", make("code", text)), button);
}

// The clipboard API exists on https and localhost only; plain http needs the old way.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

// One field; under it the fields of the object it is, or is a list of.
function field(reference, name, schema, required, doc) {
  const line = make("div", make("code", name), make("span.type", reference.typeOf(schema)),
                    required ? make("span.must", "required") : null);
  const inner = fieldsOf(reference, reference.objectIn(schema));
  return make("li", line, doc ? prose("p", doc) : null,
              inner.length ? make("ul.fields", ...inner) : null);
}

function fieldsOf(reference, object) {
  const required = object?.required || [];
  return Object.entries(object?.properties || {}).map(([name, schema]) =>
    field(reference, name, schema, required.includes(name), schema.description));
}

function fieldList(title, items) {
  if (!items.length) return [];
  return [make("h3", title), make("ul.fields", ...items)];
}

function inputs(reference, operation) {
  const groups = { path: "In the path", query: "Query", header: "Headers" };
  const parts = [];
  for (const [place, title] of Object.entries(groups)) {
    const items = reference.parameters(operation).filter((one) => one.in === place)
      .map((one) => field(reference, one.name, one.schema, one.required, one.description));
    parts.push(...fieldList(title, items));
  }
  const body = reference.body(operation);
  parts.push(...fieldList("Body", fieldsOf(reference, body?.schema)));
  return parts;
}

function reply(status, response) {
  const list = make("ul");
  const separator = Number(status) < 400 ? "\u0000" : "; `";
  response.description.split(separator).forEach((line, i) => {
    list.append(prose("li", i ? "`" + line : line));
  });
  const row = make("div.reply", make(`span.status.${status < 400 ? "good" : "bad"}`, status), list);
  const media = Object.values(response.content || {})[0];
  if (media?.example !== undefined) {
    const pre = make("pre", make("code", JSON.stringify(media.example, null, 2)));
    const example = make("details", make("summary", "Example"), pre);
    example.open = status < 300;
    row.append(example);
  }
  return row;
}

function inside(reference, entry) {
  const { operation } = entry;
  const replies = Object.entries(operation.responses)
    .map(([status, response]) => reply(status, reference.resolve(response)));
  return make("div.inside",
    operation.description ? prose("p", operation.description) : null,
    make("p.who", whoMayCall(operation)),
    make("h3", "Try it"), copyable(curl(reference, entry)),
    ...inputs(reference, operation),
    make("h3", "Replies"), make("div.replies", ...replies));
}

// One endpoint; its inside is made when it is first opened.
function endpoint(reference, entry) {
  const { path, method, operation } = entry;
  const details = make("details.endpoint", make("summary",
    make(`span.method.${method}`, method.toUpperCase()), make("span.path", path),
    make("span.what", operation.summary)));
  details.id = operation.operationId;
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(inside(reference, entry));
  });
  return details;
}

function show(description) {
  const reference = new Reference(description);
  const byId = (id) => document.getElementById(id);
  document.title = description.info.title + " API reference";
  byId("title").textContent = description.info.title;
  byId("version").textContent = description.info.version;
  byId("about").replaceChildren(...prose("span", description.info.description || "").childNodes);

  const entries = reference.operations();
  for (const tag of description.tags) {
    const mine = entries.filter((entry) => entry.operation.tags.includes(tag.name));
    if (!mine.length) continue;
    const section = make("section", make("h2", tag.name),
                         tag.description ? prose("p", tag.description) : null);
    section.id = "tag-" + tag.name.replaceAll(" ", "-");
    for (const entry of mine) {
      entry.element = endpoint(reference, entry);
      section.append(entry.element);
    }
    byId("endpoints").append(section);
    const link = make("a", tag.name);
    link.href = "#" + section.id;
    byId("tags").append(link);
  }
  return entries.filter((entry) => entry.element);
}

function enableSearch(entries) {
  const search = document.getElementById("search");
  const count = document.getElementById("count");
  for (const entry of entries) {
    const { path, method, operation } = entry;
    entry.text = [method, path, operation.operationId, operation.summary, operation.description,
                  ...operation.tags].join(" ").toLowerCase();
  }
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      const match = words.every((word) => entry.text.includes(word));
      entry.element.hidden = !match;
      shown += match ? 1 : 0;
    }
    for (const section of document.querySelectorAll("section")) {
      section.hidden = !section.querySelector("details.endpoint:not([hidden])");
    }
    count.textContent = shown === entries.length ? `${shown} endpoints`
                                                 : `${shown} of ${entries.length} endpoints`;
  };
  search.addEventListener("input", filter);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === search) return;
    event.preventDefault();
    search.focus();
  });
  filter();
}

function openLinked() {
  const element = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!element) return;
  if (element.tagName === "DETAILS") element.open = true;
  element.scrollIntoView();
}

async function start() {
  try {
    const response = await fetch("/openapi.json");
    if (!response.ok) throw new Error("status " + response.status);
    enableSearch(show(await response.json()));
    window.addEventListener("hashchange", openLinked);
    openLinked();
  } catch (error) {
    document.getElementById("count").textContent =
      `The description of the API could not be loaded (${error.message}). Reload to try again.`;
  }
}

start();
