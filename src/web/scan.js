// What a scanner does: it types, faster than anybody can, wherever the focus is. Finds out where a
// code ends, takes it out of an address, and notices a scanner set to another keyboard.

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const FAST_MS = 35;    // between two keys of a scanner
const SILENCE_MS = 60; // ends a code of ours, which is known to be whole by its check character
const PAUSE_MS = 240;  // ends any other: a slow machine must not cut it
const LEAST = 6;       // keys that fast in a row are no person's

/** The form under which codes are compared. */
export function canonical(code) {
  return code.toUpperCase().replace(/[\s\u2010-\u2015-]/g, "").replace(/[IL]/g, "1").replace(/O/g,
      "0");
}

/** Whether a code looks like one of ours: 24 symbols. */
export const hasShape = (code) =>
  code.length === 24 && [...code].every((symbol) => ALPHABET.includes(symbol));

/** Whether its check character is right. */
export function checkOk(code) {
  if (!hasShape(code)) return false;
  let state = 0;
  for (const symbol of code) {
    state = (state ^ ALPHABET.indexOf(symbol)) << 1;
    if (state & 0x20) state ^= 0x25;
  }
  return state === 0;
}

/** The code in what was presented: control characters go, and of an address only the code stays. */
export function codeIn(text) {
  const plain = text.replace(/[\u0000-\u001f\u007f\u200b-\u200d\ufeff]/g, "").trim();
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(plain)) return plain;
  const [address, fragment] = plain.split("#");
  if (fragment) return decode(fragment);
  const named = /[?&]code=([^&]+)/i.exec(address);
  if (named) return decode(named[1]);
  return decode(address.split("?")[0].replace(/\/+$/, "").split("/").pop());
}
function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// What the key would type on a keyboard of the United States, which scanners send by default.
function american(event) {
  const letter = /^Key([A-Z])$/.exec(event.code);
  if (letter) return event.shiftKey ? letter[1] : letter[1].toLowerCase();
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
  if (digit) return event.shiftKey && event.code[0] === "D" ? ")!@#$%^&*("[digit[1]] : digit[1];
  const others = { Minus: "-_", Slash: "/?", Period: ".>", Semicolon: ";:", Equal: "=+",
      Space: "  " };
  return others[event.code] ? others[event.code][event.shiftKey ? 1 : 0] : event.key;
}

/** Which of both readings is right, as the check character says. */
export function rightReading(typed, keys) {
  const other = codeIn(keys);
  const wrong = !checkOk(canonical(codeIn(typed))) && checkOk(canonical(other));
  const code = wrong ? other : codeIn(typed);
  return { code, wrongLayout: wrong, sure: checkOk(canonical(code)) };
}

/** Listens on the whole page. `done(text, keys)` is told of every finished code; `keys` is what the
 * same keys would have typed on the scanner's own keyboard. */
export function listen(field, done) {
  let typed = "";
  let keys = "";
  let last = 0;
  let fast = 0;
  let timer = 0;
  let dropping = false;
  let other = null;   // a field the scanner typed into by accident, and what it held before

  const reset = () => {
    clearTimeout(timer);
    typed = keys = "";
    fast = 0;
    other = null;
  };
  const finish = () => {
    const scanned = fast + 1 >= LEAST;
    const text = other || !field.value ? typed : field.value;
    const fits = text === typed ? keys : "";
    // What is typed into another field belongs there, unless it is one of our cards without doubt.
    const ours = scanned && rightReading(typed, keys).sure;
    if (other && ours) other.field.value = other.before;
    const use = !other || ours;
    reset();
    if (use && text) done(text, fits || text);
  };
  const edits = (target) => target !== field && target.matches?.("input, textarea, select");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const gap = event.timeStamp - last;
    // What begins while the field is locked is dropped to its end, or half a code would be left.
    const locked = field.readOnly && !edits(event.target);
    if (locked || (dropping && gap < PAUSE_MS)) {
      if (event.key.length > 1 && event.key !== "Enter" && event.key !== "Tab") return undefined;
      dropping = event.key.length === 1;
      last = event.timeStamp;
      reset();
      return event.preventDefault();
    }
    dropping = false;
    const burst = typed !== "" && gap < SILENCE_MS;
    if (event.key === "Enter" || event.key === "Tab") {
      const ours = event.target === field ? field.value !== ""
        : burst && fast + 1 >= LEAST && (!other || rightReading(typed, keys).sure);
      if (!ours) return reset();
      event.preventDefault();
      event.stopPropagation();
      return finish();
    }
    if (event.key.length !== 1) {
      if (event.key === "Backspace" || event.key === "Delete") reset();
      return undefined;
    }
    last = event.timeStamp;
    if (!burst) reset();
    if (burst && gap < FAST_MS) fast += 1;
    const elsewhere = edits(event.target);
    if (!burst && elsewhere) other = { field: event.target, before: event.target.value };
    if (!elsewhere && event.target !== field) {
      if (event.key === " " && !burst) return undefined;   // presses a button
      event.preventDefault();
      if (!burst) field.value = "";
      field.focus();
      field.value += event.key;
    }
    typed += event.key;
    keys += american(event);
    clearTimeout(timer);
    timer = setTimeout(() => { if (fast + 1 >= LEAST) finish(); },
                       rightReading(typed, keys).sure ? SILENCE_MS : PAUSE_MS);
    return undefined;
  }, true);
}
