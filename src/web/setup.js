// The page behind the set-up link: sends the token that follows the # of its address, with an
// e-mail address and a password, to /api/v1/setup. The token stays out of every address that is
// requested, and text from the server goes in as text.
"use strict";

const form = document.getElementById("form");
const said = document.getElementById("said");
const button = document.getElementById("send");
const token = location.hash.slice(1);

function say(text, good) {
  said.textContent = text;
  said.className = good ? "good" : "bad";
}

// What the server said, with what it said of single fields.
function sentenceOf(body) {
  const parts = [body.message || "coupond refused, without a reason."];
  for (const problem of body.errors || []) {
    if (!parts[0].includes(problem.message)) parts.push(problem.field + ": " + problem.message);
  }
  return parts.join(". ");
}

function finish(body) {
  form.hidden = true;
  history.replaceState(null, "", location.pathname);
  document.getElementById("about").textContent = "";
  say(body.user.email + " is the administrator now. Log in with it at /api/v1/auth/login; every " +
      "endpoint is shown at /docs.", true);
}

async function send(event) {
  event.preventDefault();
  const password = document.getElementById("password").value;
  if (password !== document.getElementById("again").value) {
    say("The two passwords differ.", false);
    return;
  }
  button.disabled = true;
  try {
    const reply = await fetch("/api/v1/setup", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, email: document.getElementById("email").value, password }),
    });
    const body = await reply.json();
    if (reply.status === 201) finish(body);
    else say(sentenceOf(body), false);
  } catch (error) {
    say("coupond did not answer. Look whether it runs, and try again.", false);
  }
  button.disabled = false;
}

if (token === "") {
  say("This page needs the link that coupond printed at its first start. While there is no " +
      "administrator, a restart prints a new one; `coupond admin create` makes one at any time.",
      false);
} else {
  form.hidden = false;
  form.addEventListener("submit", send);
}
