"""Devices become tills by eight digits, cashiers say who they are by a PIN, redemptions name both,
and a key that is revoked is a till no more."""
from harness import main, quiet, with_browser, with_server
from till_test import ADMIN, ENTER, EVIL, Shop


def log_in(browser, server):
    browser.open(server.url + "/login?to=/ui")
    browser.type("#email", ADMIN[0])
    browser.type("#password", ADMIN[1] + ENTER)
    browser.find("#today")


def invite(browser, server, name):
    browser.open(server.url + "/ui#/people")
    browser.type("[name=till]", name)
    browser.click("[data-do=add-till]")
    return browser.find("#invitation").attribute("data-code")


def cards(server, count):
    token = server.log_in(*ADMIN)
    server.request("POST", "/api/v1/campaigns", {"mode": "card", "name": "C", "slug": "c"}, token)
    return server.request("POST", "/api/v1/campaigns/c/codes", {"count": count}, token)[2]["codes"]


def uses(server, code, token):
    page = server.request("GET", "/api/v1/redemptions?code=" + code, None, token)[2]
    return len([one for one in page["items"] if not one["rolled_back_at"]])


def test_enrolment(driver, binary):
    with with_server(binary, "--demo") as server, with_browser(driver) as owner, \
            with_browser(driver, width=360, height=640, language="de-DE") as device:
        log_in(owner, server)
        digits = invite(owner, server, EVIL)
        assert len(digits) == 8 and digits.isdigit()
        owner.type("[name=cashier]", EVIL)
        owner.type("[name=pin]", "4711" + ENTER)
        owner.find("[data-cashier]")
        assert not owner.script("return window.evil") and not owner.all("main img")
        first, second, third = cards(server, 3)

        device.open(server.url + "/till")
        device.type("#till-code", "00000000" if digits != "00000000" else "11111111")
        device.click("#enrol")
        device.find(".said.bad")
        device.open(server.url + "/c")              # a link with the digits fills them in
        device.open(server.url + "/till#" + digits)
        assert device.find("#till-code").value() == digits
        device.click("#enrol")
        device.type("#pin", "0000" + ENTER)
        device.find(".said.bad")
        device.type("#pin", "4711" + ENTER)
        device.find("#scan")
        said = device.script("return document.querySelector('.who').textContent")
        assert said == EVIL + " · " + EVIL, said
        assert not device.all("main img")
        device.keys(first + ENTER)
        device.find("#result[data-state=accepted]")
        device.click("#recent [data-do=undo]")      # its own, of the last minutes
        device.click("#undo-ok")
        device.wait(lambda: device.text("#today-count") == "0")
        device.keys(second + ENTER)
        device.find("#result[data-state=accepted]")
        assert device.fits()

        owner.open(server.url + "/ui#/find/" + second)
        assert EVIL in owner.text("#story")         # till and cashier are named
        owner.open(server.url + "/ui#/people")
        owner.click("[data-do=revoke]")
        owner.wait(lambda: not owner.all("[data-do=revoke]"))
        device.keys(third + ENTER)
        device.find("#till-code")                   # a till no more
        device.open(server.url + "/till#" + digits)
        device.wait(lambda: device.find("#till-code").value() == digits)
        device.click("#enrol")                      # the digits were good once
        device.find(".said.bad")
        assert not owner.script("return window.evil") and not device.script("return window.evil")
        quiet(owner, server, allowed=("/auth/refresh",))
        quiet(device, server, allowed=("/tills/enrol", "/tills/cashier", "/coupons/", "/tills/me"))


def test_by_hand(driver, binary):
    """A till that asks for PINs: its key alone redeems nothing; the rest of a card is enough."""
    with with_server(binary, "--demo") as server, with_browser(driver) as owner, \
            with_browser(driver, width=360, height=640, dark=True) as device:
        log_in(owner, server)
        digits = invite(owner, server, "Till 1")
        server.kill()
        server.start()                              # the digits are good as before
        device.open(server.url + "/till#" + digits)
        device.click("#enrol")
        device.click("#open-till")
        first, second, third = cards(server, 3)
        device.find("#scan")
        device.keys(first + ENTER)
        device.find("#result[data-state=accepted]")
        owner.open(server.url + "/ui?again#/people")
        owner.type("[name=cashier]", EVIL)
        owner.type("[name=pin]", "4711" + ENTER)
        owner.find("[data-cashier]")
        device.keys(second + ENTER)                 # from now on it needs a PIN
        device.type("#pin", "4711" + ENTER)
        device.find("#scan")
        token = server.log_in(*ADMIN)
        assert uses(server, second, token) == 0
        device.click("#by-hand summary")
        device.type("[name=last4]", second.replace("-", "")[-4:].lower())
        device.type("[name=number]", "3")
        device.click("[data-do=look-up]")
        device.find("#by-hand .said.bad")           # both must fit
        device.type("[name=number]", "2" + ENTER)
        device.click("#hits button")
        device.find("#result[data-state=accepted]")
        assert uses(server, second, token) == 1 and uses(server, third, token) == 0
        device.click("#recent [data-do=undo]")
        device.click("#undo-ok")
        device.wait(lambda: uses(server, second, token) == 0)
        assert device.fits()
        assert not device.script("return window.evil") and not device.all("main img")
        quiet(device, server, allowed=("/redeem", "/tills/", "/auth/refresh"))


def test_customers(driver, binary):
    """A customer whom a till named by e-mail is found, invited, sets a password, and is erased."""
    with with_server(binary, "--demo") as server, with_browser(driver) as owner, \
            with_browser(driver, width=360, height=640) as guest:
        shop = Shop(server, owner)
        card, = shop.codes(1)
        owner.script("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
        owner.type("[name=customer]", "ann@example.com")
        owner.type("#scan", card)
        owner.click(".scan button")
        shop.state("accepted")
        owner.open(server.url + "/ui#/find/ann@example.com")
        owner.wait(lambda: card in owner.text("main"))
        owner.open(server.url + "/ui#/people")
        owner.type("[name=customer]", "ann@example.com" + ENTER)
        owner.click("[data-do=invite]")
        guest.open(owner.text("#invitation-link"))
        guest.type("#password", "correct horse 1")
        guest.type("#again", "correct horse 1" + ENTER)
        guest.wait(lambda: guest.url().split("#")[0].endswith("/c"))
        owner.click("[data-do=erase]")
        owner.find("#customers .said.good")
        owner.type("[name=customer]", "ann@example.com")
        owner.click("[data-do=find-customer]")
        owner.find("#customers .said.bad")
        quiet(owner, server, allowed=("/redeem", "/auth/refresh", "/coupons/", "/data", "code="))


def test_two_tills_race_one_card(driver, binary):
    """Both present the same card at once, again and again: one accepts, the other says used."""
    with with_server(binary, "--demo") as server, with_browser(driver) as left, \
            with_browser(driver) as right:
        shop, other = Shop(server, left), Shop(server, right)
        codes = shop.codes(6)
        present = """const field = document.getElementById('scan');
            field.value = arguments[0]; field.form.requestSubmit();"""
        for code in codes:
            for browser in (left, right):
                browser.script(present, code)
            ends = set()
            for one in (shop, other):
                one.browser.wait(lambda b=one.browser: b.find("#result").attribute("data-state")
                                 not in ("ready", "checking"))
                ends.add(one.browser.find("#result").attribute("data-state"))
            assert shop.uses(code) == 1
        assert shop.count() + other.count() == len(codes)
        quiet(left, server, allowed=("/redeem", "/auth/refresh"))
        quiet(right, server, allowed=("/redeem", "/auth/refresh"))


if __name__ == "__main__":
    main(globals())
