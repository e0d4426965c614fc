// The way to the server: the session, requests with their time limit, and refusals as errors.
// The access token lives in this module and nowhere else; the refresh token is a cookie that no
// script can read. A till may have a key of its own instead, which this device remembers.
import { knows, memory, signal, t } from "./h.js";

const TIMEOUT_MS = 6000;
let access = "";
export const user = signal(null);
export const online = signal(true);

/** A refusal, or no answer at all (status 0). */
export class Refusal extends Error {
  constructor(status, body) {
    super(knows("reason." + body.code) ? t("reason." + body.code, body) : body.message ||
        t("noAnswer"));
    this.status = status;
    this.body = body;
    this.code = body.code || "";
    this.fields = body.errors || [];
    this.retryAt = body.retry_at;
  }
  /** Nobody knows whether it happened: the same request with the same key finds out. */
  get unsure() {
    return this.status === 0 || this.status >= 500 || this.code === "idempotency_running";
  }
  get sentence() {
    const more = this.fields.filter((one) => !this.message.includes(one.message));
    return [this.message, ...more.map((one) => `${one.field} ${one.message}`)].join(" · ");
  }
}

/** A new Idempotency-Key: one for each thing somebody means to do. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send(method, path, body, key, timeout) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), timeout);
  const headers = { Accept: "application/json" };
  if (access) headers.Authorization = "Bearer " + access;
  const file = body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = file ? "text/csv" : "application/json";
  if (key) headers["Idempotency-Key"] = key;
  try {
    const reply = await fetch(path, {
      method, headers, signal: control.signal, cache: "no-store",
      body: body === undefined || file ? body : JSON.stringify(body),
    });
    const type = reply.headers.get("Content-Type") || "";
    const content = type.includes("json") ? await reply.json()
      : /pdf|octet-stream/.test(type) ? await reply.blob() : await reply.text();
    online.set(true);
    return { ok: reply.ok, status: reply.status, content };
  } catch {
    online.set(false);
    throw new Refusal(0, {});
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a request and gives what comes back. `key` makes a repetition harmless. */
export async function api(method, path, body, { key, timeout = TIMEOUT_MS } = {}) {
  let reply = await send(method, path, body, key, timeout);
  if (reply.status === 401 && user() && await resume()) {
    reply = await send(method, path, body, key, timeout);
  }
  if (reply.ok) return reply.content;
  throw new Refusal(reply.status, typeof reply.content === "object" ? reply.content : {});
}
export const get = (path, options) => api("GET", path, undefined, options);
export const post = (path, body, options) => api("POST", path, body, options);

function begin(session) {
  access = session.access_token;
  user.set(session.user);
  memory.set("session", true);
}
function end() {
  access = "";
  user.set(null);
  memory.set("session", false);
}

export async function logIn(email, password) {
  access = "";
  begin(await post("/api/v1/auth/login", { email, password, cookie: true }, { timeout: 20000 }));
}

/** Goes on with the session of the cookie; false where there is none. */
export async function resume() {
  access = "";
  if (!memory.get("session", false)) return false;   // nobody logged in here: no need to ask
  const reply = await send("POST", "/api/v1/auth/refresh", { cookie: true }, "", TIMEOUT_MS);
  if (reply.ok) begin(reply.content);
  else if (reply.status < 500) end();
  if (reply.status >= 500) throw new Refusal(reply.status, {});
  return reply.ok;
}

export async function logOut() {
  try {
    await post("/api/v1/auth/logout", { cookie: true });
  } finally {
    end();
  }
}

/** The key of this till, if it was given one. */
export function useTillKey() {
  access = memory.get("till-key", "");
  return access !== "";
}

/** This device is no till any more: its key was revoked. */
export function forgetTillKey() {
  memory.set("till-key", "");
  access = "";
}

/** Every page of a list, up to `most` items. */
export async function all(path, most = 10000) {
  const items = [];
  let cursor = "";
  do {
    const page = await get(path + (path.includes("?") ? "&" : "?") + "limit=1000" +
                           (cursor && "&cursor=" + encodeURIComponent(cursor)));
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < most);
  return items;
}

const qrCodes = new Map();
/** The QR codes of these texts: [{size, path}]. */
export async function qr(texts) {
  const missing = texts.filter((text) => !qrCodes.has(text));
  for (let at = 0; at < missing.length; at += 64) {
    const some = missing.slice(at, at + 64);
    const { items } = await post("/api/v1/qr", { texts: some });
    some.forEach((text, i) => qrCodes.set(text, items[i]));
  }
  return texts.map((text) => qrCodes.get(text));
}
/** What a card's QR code says: without dashes it is smallest. */
export const bare = (code) => code.replace(/[\s-]/g, "").toUpperCase();
