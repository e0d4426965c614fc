"""The pictures of the README, taken of the demo: PICTURES=DIRECTORY says where to; with EVERY=1
that gets all that are taken. They are no test of looks; what is asserted is that each page has
come, is no wider than the screen and is quiet."""
import os
import tempfile

from harness import main, quiet, with_browser, with_server
from till_test import Shop

KEPT = ("today", "till-phone", "print")
LARGEST = 100 * 1024


def take(browser, where, name):
    kept = os.environ.get("PICTURES")
    if kept and (name in KEPT or os.environ.get("EVERY")):
        where = kept
    path = os.path.join(where, name + ".png")
    browser.picture(path)
    assert browser.fits(), name
    assert os.path.getsize(path) <= LARGEST or name not in KEPT, name


def owner_pages(browser, server, where, mark):
    browser.open(server.url + "/ui")
    browser.find("#today .bars")
    take(browser, where, "today" + mark)
    for page, ready in (("campaigns", "#campaigns"), ("people", "[data-do=add-till]"),
        ("backup", "#health"),
                        ("find", "#find")):
        browser.open(server.url + "/ui#/" + page)
        browser.find(ready)
        take(browser, where, page + mark)
    browser.open(server.url + "/ui#/campaigns/demo-gift-cards")
    browser.find("[data-do=pause]")
    take(browser, where, "campaign" + mark)
    browser.open(server.url + "/ui#/print/demo-gift-cards")
    browser.wait(lambda: len(browser.all(".card")) > 20)
    take(browser, where, "print" + mark)
    browser.open(server.url + "/ui#/campaigns/new/gift")
    browser.find("[data-do=next]")
    take(browser, where, "wizard" + mark)


def till_pages(browser, shop, where, mark):
    codes = shop.codes(2, name="Gift card", reward={"kind": "amount_off", "value": 5000})
    for code, state in ((codes[1], "accepted"), ("NO-SUCH-CODE", "refused"),
        (codes[0], "accepted")):
        shop.scan(code)
        shop.state(state)
    take(browser, where, "till" + mark)
    browser.open(shop.server.url + "/c#" + shop.codes(1, name="Gift card",
        ends_at="2028-01-01T00:00:00Z",
                 reward={"kind": "amount_off", "value": 5000})[0])
    browser.find("#worth")
    take(browser, where, "customer" + mark)
    browser.open(shop.server.url + "/c#NOTHING")
    browser.find("#answer")
    take(browser, where, "customer-none" + mark)


def pictures(driver, binary, mark, **how):
    where = tempfile.mkdtemp(dir=driver.home)
    with with_server(binary, "--demo") as server, with_browser(driver, **how) as browser:
        browser.open(server.url + "/")
        browser.find("#log-in")
        take(browser, where, "login" + mark)
        shop = Shop(server, browser)
        take(browser, where, "till-ready" + mark)
        till_pages(browser, shop, where, mark)
        owner_pages(browser, server, where, mark)
        quiet(browser, server, allowed=("/auth/refresh", "/redeem", "/coupons/", "/api/v1/card"))


def test_laptop(driver, binary):
    pictures(driver, binary, "", width=1280, height=800)


def test_phone(driver, binary):
    pictures(driver, binary, "-phone", width=360, height=640)


def test_dark(driver, binary):
    pictures(driver, binary, "-dark", width=1280, height=800, dark=True)


def test_narrowest(driver, binary):
    pictures(driver, binary, "-320", width=320, height=568, language="de-DE")


if __name__ == "__main__":
    main(globals())
