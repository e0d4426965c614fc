// What stands behind every page: loads the strings, then the page of the address.
import { fill, h, loadStrings, t } from "./h.js";

const PAGES = {
  "/login": () => import("./login.js"),
  "/setup": () => import("./setup.js"),
  "/till": () => import("./till.js"),
  "/ui": () => import("./owner.js"),
  "/c": () => import("./customer.js"),
};

async function start() {
  const place = document.getElementById("app");
  await loadStrings();
  if (location.pathname === "/") {
    location.replace("/ui");
    return;
  }
  try {
    const page = await (PAGES[location.pathname] || PAGES["/ui"])();
    await page.show(place);
  } catch (error) {
    fill(place, h("main.narrow", h("div.box", h("h1", t("noAnswerTitle")), h("p", t("noAnswer")),
      h("button.primary", { onclick: () => location.reload() }, t("again")))));
    if (error.status !== 0) throw error;
  }
}

start();
