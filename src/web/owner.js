// /ui: the frame of the owner's pages, and which one belongs to the address.
import { fill, h, loadStrings, routes, t } from "./h.js";
import { logOut, resume, user } from "./api.js";
import { logo } from "./login.js";
import { today } from "./today.js";
import { campaign, campaigns, wizard } from "./campaigns.js";
import { bulk } from "./bulk.js";
import { importer } from "./import.js";
import { print } from "./print.js";
import { find } from "./find.js";
import { people } from "./people.js";
import { backup } from "./backup.js";

const TABS = [["", "tab.today", "today"], ["campaigns", "tab.campaigns"], ["print", "tab.print"],
              ["find", "tab.find"], ["people", "tab.people"], ["backup", "tab.backup"]];

function frame(place, main) {
  const leave = async () => {
    await logOut().catch(() => {});
    location.assign("/login");
  };
  const tabs = new Map();
  for (const [page, name, id] of TABS) {
    if (page === "people" && user().role !== "admin") continue;
    tabs.set(page, h("a", { href: "#/" + page, "data-page": id || page }, t(name)));
  }
  const brand = logo();
  fill(place, h("header.top", h("a.brand", { href: "#/", "aria-label": "coupond" },
      [...brand.childNodes]),
    h("nav.tabs", { "aria-label": t("tab.all") }, [...tabs.values()],
      h("a", { href: "/till", "data-page": "till" }, t("tab.till"))),
    h("button.plain#log-out", { onclick: leave, title: user().email }, t("logOut"))), main);
  return (page) => {
    for (const [name, tab] of tabs) {
      if (name === page) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
  };
}

export async function show(place) {
  await Promise.all([loadStrings("-owner"), loadStrings("-cards")]);
  if (!await resume()) return location.assign("/login?to=/ui");
  if (user().role === "user") {
    return fill(place, h("main.narrow", h("div.box", h("h1", t("notStaff")),
        h("p", t("notStaffWhy")),
      h("button", { onclick: () => logOut().finally(() => location.assign("/login")) },
          t("logOut")))));
  }
  const main = h("main");
  const mark = frame(place, main);
  routes({
    "": today, "campaigns": campaigns, "campaigns/new/:kind": wizard, "campaigns/:slug": campaign,
    "campaigns/:slug/import": importer, "campaigns/:slug/change": bulk,
    "print": print, "print/:slug": print, "print/:slug/:number": print,
    "find": find, "find/:what": find,
    "people": people, "backup": backup,
  }, (page, content) => {
    mark(page);
    fill(main, content);
    scrollTo(0, 0);
    const heading = main.querySelector("h1");
    document.title = heading ? heading.textContent + " – coupond" : "coupond";
  });
  return undefined;
}
