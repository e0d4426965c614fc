"""What is done with cards that are out: found by whatever is known of them, changed one by one on
their story, and many at once, counted before anything is changed."""
import re

from harness import main, quiet, with_browser, with_server
from till_test import ENTER, EVIL, Shop


def card(shop, code):
    return shop.server.request("GET", "/api/v1/coupons/" + code, None, shop.token)[2]["coupon"]


def find(browser, text):
    browser.type("#find", text + ENTER)


def act(browser, name, **fields):
    """Does something with the card that is shown, and waits until it is shown anew."""
    browser.find("#story")
    before = len(browser.all("#story [data-event]"))
    browser.click("[data-do=%s]" % name)
    for field, text in fields.items():
        place = browser.find("#story [name=%s]" % field)
        place.set(text) if field == "until" else place.fill(text)
    browser.click("#story form button[type=submit]")
    browser.wait(lambda: len(browser.all("#story [data-event]")) > before, what=name)


def count(browser, expected, **fields):
    """Fills the form in, and gives the sentence about what would be changed."""
    for field, value in fields.items():
        browser.find("[name=%s]" % field).set(value)
    browser.click("[data-do=count]")
    assert browser.find("#would").attribute("data-count") == str(expected)
    return browser.text("#would .summary")


def change(browser):
    browser.click("[data-do=change]")
    done = browser.find("#changed", 30)
    return done.attribute("data-state"), int(done.attribute("data-changed"))


def open_bulk(browser, server, slug, action):
    browser.open(server.url + "/ui#/campaigns/" + slug)
    browser.click("[data-do=bulk]")
    browser.click("[name=action][value=%s]" % action)


def test_bulk(driver, binary):
    """Counted first, to the card; then exactly these are changed."""
    with with_server(binary, "--demo") as server, with_browser(driver) as browser:
        shop = Shop(server, browser)
        codes = shop.codes(30, name=EVIL, max_redemptions_per_coupon=1)
        shop.post("/api/v1/coupons/%s/redeem" % codes[4], {})
        open_bulk(browser, server, "test-1", "void")
        said = count(browser, 4, state="available", first="3", last="7")
        assert "4 cards would be void" in said, said
        assert card(shop, codes[2])["state"] == "available"      # nothing has been changed yet
        browser.find("[name=last]").fill("8")
        assert not browser.all("#would")           # what was counted is not what is asked now
        count(browser, 4, last="7", reason=EVIL)
        assert change(browser) == ("done", 4)
        states = [card(shop, code)["state"] for code in codes[1:8]]
        assert states == ["available", "void", "void", "redeemed", "void", "void", "available"]
        open_bulk(browser, server, "test-1", "restore")
        count(browser, 4)
        assert change(browser) == ("done", 4)
        open_bulk(browser, server, "test-1", "extend")
        count(browser, 10, until="2031-05-06", first="21")
        assert change(browser) == ("done", 10)
        assert card(shop, codes[20])["expires_at"] and not card(shop, codes[19])["expires_at"]
        open_bulk(browser, server, "test-1", "uses")
        assert "good for 3 uses" in count(browser, 10, uses="3", before="2031-05-06")
        assert change(browser) == ("done", 10)
        assert card(shop, codes[29])["max_uses"] == 3 and card(shop, codes[0])["max_uses"] == 1
        open_bulk(browser, server, "test-1", "free")
        count(browser, 2, first="5", last="6")
        assert change(browser) == ("done", 1)      # the one that was used stays
        assert browser.find("#errors [data-number]").attribute("data-number") == "5"
        open_bulk(browser, server, "test-1", "restore")
        browser.click("[data-do=count]")
        browser.find("#none")
        assert not browser.script("return window.evil") and not browser.all("main img")
        quiet(browser, server, allowed=("/redeem", "/auth/refresh", "/codes/change"))


def test_bulk_is_cancelled(driver, binary):
    """Progress is shown; what was changed when it is cancelled stays."""
    with with_server(binary, "--demo") as server, with_browser(driver, width=360, height=640,
            dark=True, language="de-DE") as browser:
        shop = Shop(server, browser)
        shop.codes(1)
        job = shop.post("/api/v1/campaigns/test-1/codes", {"count": 200000})["job"]["id"]
        browser.wait(lambda: server.request("GET", "/api/v1/jobs/%d" % job, None,
            shop.token)[2]["state"] == "done", 240)
        open_bulk(browser, server, "test-1", "void")
        assert "200.000" in count(browser, 200000, job=str(job))
        browser.click("[data-do=change]")
        browser.wait(lambda: browser.script(
            "return document.querySelector('progress')?.value"), 30)
        browser.click(".said button")
        done = browser.find("#changed", 30)
        assert done.attribute("data-state") == "cancelled"
        assert browser.fits()
        _, _, campaign = server.request("GET", "/api/v1/campaigns/test-1", None, shop.token)
        assert 0 < campaign["void"] < 200000, campaign
        quiet(browser, server, allowed=("/redeem", "/auth/refresh", "/jobs/"))


def test_find(driver, binary):
    """By last four, number, order, e-mail address and another system's number: several hits are
    listed to choose from, and one opens."""
    with with_server(binary, "--demo") as server, with_browser(driver) as browser:
        shop = Shop(server, browser)
        one, two = shop.codes(2), shop.codes(2)
        shop.post("/api/v1/coupons/%s/redeem" % one[0], {"order_id": "A-1", "external_id": "crm-7"})
        shop.post("/api/v1/coupons/%s/redeem" % two[0], {"order_id": "A-1"})
        browser.open(server.url + "/ui#/find")
        find(browser, one[1].replace("-", "")[-4:].lower())
        browser.wait(lambda: one[1] in browser.text(".hits"))
        browser.click(".hits .code")
        browser.wait(lambda: browser.find("#story").attribute("data-code") == one[1])
        find(browser, "2")
        browser.wait(lambda: one[1] in browser.text(".hits") and two[1] in browser.text(".hits"))
        find(browser, "A-1")
        browser.wait(lambda: len(browser.all("#uses li")) == 2)
        find(browser, "crm-7")
        browser.wait(lambda: len(browser.all("#uses li")) == 1 and one[0] in browser.text("#uses"))
        find(browser, "crm-8")
        browser.find("#nothing")
        quiet(browser, server, allowed=("/redeem", "/auth/refresh", "/coupons/", "/data",
            "external_id=", "user_id=", "code="))


def test_story(driver, binary):
    """Staff extend, top up, move, void, restore and take back, on the card's story."""
    with with_server(binary, "--demo") as server, \
            with_browser(driver, width=360, height=640) as browser:
        shop = Shop(server, browser)
        shop.post("/api/v1/users", {"email": "till@example.com", "password": "correct horse 1",
            "role": "staff"})
        lost, new = shop.codes(2, name=EVIL, value=5000, currency="EUR")
        shop.post("/api/v1/coupons/%s/redeem" % lost, {"amount": 1250})
        browser.open(server.url + "/ui")
        browser.click("#log-out")
        browser.type("#email", "till@example.com")
        browser.type("#password", "correct horse 1" + ENTER)
        browser.find("#open-till")
        browser.open(server.url + "/ui#/find/" + lost)
        act(browser, "extend", until="2031-05-06", reason=EVIL)
        assert "2031" in browser.text("#story table")
        browser.click("[data-do=top-up]")
        browser.type("[name=amount]", "ten" + ENTER)
        browser.find("#story .said.bad")           # no amount: said, nothing done
        browser.click("[data-form=top-up] .plain")
        act(browser, "top-up", amount="12,50")
        assert card(shop, lost)["balance"] == 5000
        act(browser, "undo")
        assert card(shop, lost)["balance"] == 6250
        act(browser, "transfer", to=new.lower(), amount="2.50")
        act(browser, "transfer", to=new)
        assert (card(shop, lost)["balance"], card(shop, new)["balance"]) == (0, 11250)
        act(browser, "void", reason=EVIL)
        assert browser.find("#story-state").attribute("data-state") == "void"
        # What was ever used stays void.
        assert not browser.all("[data-do=restore]") and not browser.all("[data-do=extend]")
        assert browser.script("return document.activeElement.textContent") == lost
        assert EVIL in browser.text("#story .events") and browser.fits()
        assert not browser.script("return window.evil") and not browser.all("main img")
        quiet(browser, server, allowed=("/redeem", "/auth/refresh"))


def test_story_by_keyboard(driver, binary):
    """Void and restore without a mouse; and a last day past the campaign's own is said."""
    with with_server(binary, "--demo") as server, with_browser(driver) as browser:
        shop = Shop(server, browser)
        code, = shop.codes(1, ends_at="2030-01-01T00:00:00Z")
        browser.open(server.url + "/ui#/find")
        browser.find("#find")
        browser.keys(code + ENTER)
        browser.find("#story")

        def press(name):
            for _ in range(20):
                browser.keys("\ue004")
                if browser.script("return document.activeElement.dataset.do") == name:
                    return browser.keys(ENTER)
            raise AssertionError("no way to " + name)
        for name, state in (("void", "void"), ("restore", "available")):
            press(name)
            browser.keys("lost" + ENTER)
            browser.wait(lambda s=state: browser.find("#story-state").attribute("data-state") == s)
        act(browser, "extend", until="2031-05-06")
        assert "campaign ends" in browser.text("#story .said.warn")
        browser.open(server.url + "/ui#/campaigns/test-1")
        browser.find("[name=end]").set("2031-05-06")
        browser.click("[data-do=set-end]")
        browser.wait(lambda: re.search("May 2031", browser.text("main")))
        browser.open(server.url + "/ui#/find/" + code)
        browser.find("#story")
        assert not browser.all("#story .said.warn")
        quiet(browser, server, allowed=("/redeem", "/auth/refresh"))


if __name__ == "__main__":
    main(globals())
