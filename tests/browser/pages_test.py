"""What holds of every page: text somebody stored is text, colours can be read, and the first page
is small."""
from harness import main, quiet, with_browser, with_server
from till_test import EVIL, Shop

PAGES = ("", "campaigns", "campaigns/evil", "campaigns/evil/import", "campaigns/evil/change",
         "campaigns/new/gift", "print", "print/evil", "find", "people", "backup")
LARGEST = 120 * 1024

# Texts whose contrast to what is behind them is below 4.5:1, or 3:1 where they are large.
CONTRAST = """
  const channel = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number);
    return n.length < 4 ? [...n, 1] : n; };
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(parse(
        getComputedStyle(e).backgroundColor));
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const bad = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    if (element.closest('option, :disabled, .sheet')) continue;
    const style = getComputedStyle(element);
    const back = behind(element);
    const [a, b] = [light(over(parse(style.color), back)), light(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if ((a + 0.05) / (b + 0.05) < least) bad.push(element.textContent.trim().slice(0, 40) + ' ' +
        style.color + ' on ' + back);
  }
  return bad;"""


# What a screen reader or a thumb would miss.
AWKWARD = """
  const named = (e) => e.getAttribute('aria-label') || e.textContent.trim() ||
      (e.labels && [...e.labels].some((label) => label.textContent.trim()));
  const seen = [...document.querySelectorAll('input, select, textarea, button, a, summary, ' +
      '[role=img]')].filter((e) => e.checkVisibility());
  const bad = seen.filter((e) => !named(e)).map((e) => 'no name: ' + e.outerHTML.slice(0, 90));
  for (const e of seen) {
    const { width, height } = e.getBoundingClientRect();
    const small = Math.min(width, height) < 20 && !e.matches('p a, td a, [role=img]');
    if (small) bad.push('small: ' + e.outerHTML.slice(0, 90));
  }
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  bad.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => 'twice: ' + id));
  const levels = [...document.querySelectorAll('h1, h2, h3')].filter((e) => e.checkVisibility())
      .map((e) => Number(e.tagName[1]));
  if (levels.filter((one) => one === 1).length !== 1 || levels[0] !== 1) bad.push('h1: ' + levels);
  if (!document.querySelector('main')) bad.push('no main');
  if (!document.documentElement.lang || !document.title) bad.push('no language or title');
  return bad;"""


def store_markup(server, shop):
    """The same mark-up in every text that can be stored."""
    shop.post("/api/v1/campaigns", {"mode": "card", "name": EVIL, "slug": "evil",
        "description": EVIL, "metadata": {EVIL: EVIL}})
    codes = shop.post("/api/v1/campaigns/evil/codes", {"count": 4})["codes"]
    done = shop.post("/api/v1/coupons/%s/redeem" % codes[0], {"order_id": EVIL,
        "metadata": {"till": EVIL, "cashier": EVIL}})
    back = shop.post("/api/v1/coupons/%s/redeem" % codes[1], {})
    shop.post("/api/v1/redemptions/%d/rollback" % back["redemption"]["id"], {"reason": EVIL})
    shop.post("/api/v1/coupons/%s/void" % codes[2], {"reason": EVIL})
    shop.post("/api/v1/api-keys", {"name": EVIL, "scopes": ["till"]})
    shop.post("/api/v1/cashiers", {"name": EVIL, "pin": "4711"})
    shop.post("/api/v1/users", {"email": "evil@example.com", "name": EVIL, "role": "staff",
        "password": "correct horse 1"})
    assert done
    return codes


def look(browser, address, ready="main h1"):
    browser.open(address)
    browser.find(ready)
    browser.wait(lambda: not browser.script("""
        return [...document.querySelectorAll('[role=status]')].some(
            (e) => /Loading|Lädt/.test(e.textContent))"""))


def visit(driver, binary, dark):
    with with_server(binary, "--demo") as server, with_browser(driver, dark=dark) as browser:
        shop = Shop(server, browser)
        codes = store_markup(server, shop)
        for code in codes[:3] + ["NO-SUCH-CODE"]:
            shop.scan(code)
            browser.wait(lambda: browser.find("#result").attribute("data-state")
                         not in ("ready", "checking"))
            bad = browser.script(CONTRAST) + browser.script(AWKWARD)
            assert not bad, (code, bad)
        addresses = [server.url + "/ui#/" + page for page in PAGES]
        addresses += [server.url + "/ui#/find/" + code for code in codes]
        for address in addresses:
            look(browser, address)
            assert not browser.script("return window.evil") and not browser.all("main img"), address
            bad = browser.script(CONTRAST) + browser.script(AWKWARD)
            assert not bad, (address, bad)
        look(browser, server.url + "/c#" + codes[3], "#worth")
        assert not browser.script(AWKWARD), browser.script(AWKWARD)
        assert EVIL in browser.text("#worth") and not browser.script(CONTRAST)
        assert not browser.script("return window.evil") and not browser.all("main img")
        quiet(browser, server, allowed=("/redeem", "/auth/refresh", "/coupons/", "code="))


def test_light(driver, binary):
    visit(driver, binary, dark=False)


def test_dark(driver, binary):
    visit(driver, binary, dark=True)


def test_weight(driver, binary):
    """All that the first page of each kind transfers, compressed."""
    with with_server(binary, "--demo") as server, with_browser(driver) as browser:
        Shop(server, browser)
        for page in ("/login", "/till", "/ui"):
            browser.cdp("Network.clearBrowserCache")
            browser.open("about:blank")
            look(browser, server.url + page, "h1")
            weight = browser.script("""return performance.getEntriesByType('resource')
                .concat(performance.getEntriesByType('navigation'))
                .filter((e) => !e.name.includes('/api/'))
                .reduce((sum, e) => sum + e.transferSize, 0)""")
            print("%s weighs %.1f KB" % (page, weight / 1024))
            assert 0 < weight <= LARGEST, (page, weight)


if __name__ == "__main__":
    main(globals())
