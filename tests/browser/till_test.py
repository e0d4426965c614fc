"""The till: one language of results, whatever the server does. Each state is forced: by codes that
are good, used, held, mistyped or unknown, and by stopping, killing and delaying the server."""
import threading
import time

from harness import main, quiet, with_browser, with_server

ENTER = "\ue007"
EVIL = "<img src=x onerror=window.evil=1>"
ADMIN = ("admin@example.com", "AdminPassword123")


class Shop:
    """A demo server with an open till in front of it."""

    def __init__(self, server, browser, account=ADMIN):
        self.server, self.browser = server, browser
        self.token = server.log_in(*account)
        self.made = 0
        browser.open(server.url + "/login?to=/till")
        browser.type("#email", account[0])
        browser.type("#password", account[1] + ENTER)
        browser.click("#open-till")
        browser.find("#scan")

    def post(self, path, body):
        status, _, reply = self.server.request("POST", path, body, self.token)
        assert status < 300, reply
        return reply

    def codes(self, count=1, **policy):
        self.made += 1
        campaign = self.post("/api/v1/campaigns", {
            "mode": "card", "name": policy.pop("name", "Test %d" % self.made),
            "slug": "test-%d" % self.made, **policy})
        return self.post("/api/v1/campaigns/%d/codes" % campaign["id"], {"count": count})["codes"]

    def scan(self, code):
        self.browser.keys(code + ENTER)

    def state(self, wanted, seconds=10):
        self.browser.find("#result[data-state=%s]" % wanted, seconds)
        return self.browser.text("#result-title"), self.browser.text("#result-detail")

    def uses(self, code):
        _, _, page = self.server.request("GET", "/api/v1/redemptions?code=" + code, None,
            self.token)
        return len([one for one in page["items"] if not one["rolled_back_at"]])

    def count(self):
        return int(self.browser.text("#today-count"))


def mistyped(code):
    return code[:-1] + ("A" if code[-1] != "A" else "B")


def test_results(driver, binary):
    """Every answer the server gives has its state."""
    with with_server(binary, "--demo") as server, with_browser(driver) as browser:
        shop = Shop(server, browser)
        assert browser.find("#demo-card")
        card, used, evil = shop.codes(3, name=EVIL, reward={"kind": "amount_off", "value": 2500})
        shop.post("/api/v1/coupons/%s/redeem" % used, {})
        assert shop.state("ready")
        shop.scan(card)
        title, detail = shop.state("accepted")
        assert "25" in title and EVIL in detail, (title, detail)
        time.sleep(1.6)
        shop.scan(card)                            # the same card later: used here just now
        shop.state("attention")
        shop.scan(used)                            # used, but not at this till
        title, detail = shop.state("refused")
        assert "user" in detail, detail
        shop.scan(mistyped(evil))
        assert "Mistyped" in shop.state("refused")[0]
        shop.scan("NO-SUCH-CODE")
        browser.wait(lambda: "No such code" in browser.text("#result-title"))
        held, = shop.codes(1)
        _, _, user = server.request("GET", "/api/v1/users?limit=1000", None, shop.token)
        other = [one["id"] for one in user["items"] if one["email"] == "user@user.com"][0]
        shop.post("/api/v1/coupons/%s/hold" % held, {"user_id": str(other)})
        shop.scan(held)
        browser.wait(lambda: "Held" in browser.text("#result-title"))
        shop.state("attention")
        ended, = shop.codes(1, starts_at="2000-01-01T00:00:00Z", ends_at="2001-01-01T00:00:00Z")
        shop.scan(ended)
        browser.wait(lambda: "ended" in browser.text("#result-title"))
        shop.state("refused")
        assert len(browser.all("#recent > li")) == 7 and shop.count() == 1
        assert not browser.script("return window.evil") and not browser.all("main img")
        quiet(browser, server, allowed=("/redeem", "/auth/refresh", "/coupons/"))


def test_scanner(driver, binary):
    """A scanner is a keyboard: anywhere, with any ending, in any layout; twice is once."""
    with with_server(binary, "--demo") as server, with_browser(driver) as browser:
        shop = Shop(server, browser)
        codes = shop.codes(8, max_redemptions_per_coupon=5)
        browser.script("document.activeElement.blur()")
        shop.scan(codes[0])                        # the focus is nowhere
        browser.wait(lambda: shop.count() == 1)
        browser.script("[...document.querySelectorAll('.till-top button')][0].focus()")
        browser.keys(codes[1] + "\ue004")          # on a button, ended by Tab
        browser.wait(lambda: shop.count() == 2)
        browser.keys(codes[2])                     # ended by silence
        browser.wait(lambda: shop.count() == 3)
        browser.keys("https://shop.example/c#" + codes[3] + ENTER)
        browser.wait(lambda: shop.count() == 4)
        shop.scan(codes[4])                        # a double scan of a card good for five uses
        shop.scan(codes[4])
        browser.wait(lambda: shop.count() == 5)
        time.sleep(0.4)
        assert shop.uses(codes[4]) == 1 and shop.count() == 5
        browser.script(
            "document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        browser.find("[name=order]").click()
        shop.scan(codes[5])                        # while somebody fills in the order number
        browser.wait(lambda: shop.count() == 6)
        assert browser.find("[name=order]").value() == ""
        browser.type("#scan", codes[6].lower())    # by hand, and with a click
        browser.click(".scan button")
        browser.wait(lambda: shop.count() == 7)
        with_y = "0123456789ABCDEFGHJKMNYZ"
        browser.script("""return import('/scan.js').then((scan) => { window.scan = scan; })""")
        right = browser.script("""
          const code = arguments[0];
          for (const last of '0123456789ABCDEFGHJKMNPQRSTVWXYZ') {
            const whole = code.slice(0, 23) + last;
            if (window.scan.checkOk(whole)) return window.scan.rightReading(
              whole.replace(/[YZ]/g, (one) => one === 'Y' ? 'Z' : 'Y'), whole);
          }""", with_y)
        assert right["wrongLayout"] and right["code"].startswith(with_y[:23]), right
        quiet(browser, server, allowed=("/redeem", "/auth/refresh"))


def test_amounts(driver, binary):
    """A card with a balance: the amount is asked, never guessed; what is left is said."""
    with with_server(binary, "--demo") as server, with_browser(driver, width=360,
        height=640) as browser:
        shop = Shop(server, browser)
        card, other = shop.codes(2, name=EVIL, value=5000, currency="EUR")
        shop.scan(card)
        browser.find("#amount")
        assert "50" in browser.text("#result-title") and shop.uses(card) == 0
        for wrong in ("0", "50.01", "ten", "-1"):
            browser.type("#amount", wrong)
            browser.click("#amount-ok")
            browser.find(".amount .said.bad")
        browser.type("#amount", "12,50")
        browser.keys(ENTER)
        title, detail = shop.state("accepted")
        assert "12.50" in title and "37.50" in detail, (title, detail)
        time.sleep(1.6)
        browser.script("document.activeElement.blur()")
        shop.scan(card)
        browser.find("#amount")
        browser.keys(other + ENTER)                # another card, into the amount: it is asked for
        browser.wait(lambda: "50.00" in browser.text("#result-title"))
        browser.click("[data-do=all]")
        assert browser.find("#amount").value() == "50.00"
        browser.click("#amount-ok")
        shop.state("accepted")
        assert shop.count() == 2 and shop.uses(card) == 1 and shop.uses(other) == 1
        time.sleep(1.6)
        shop.scan(other)                           # nothing is left on it
        browser.wait(lambda: browser.find("#result").attribute("data-state") in
                     ("refused", "attention"))
        browser.click("#recent [data-redemption] [data-do=undo]")
        browser.click("#undo-ok")
        browser.wait(lambda: shop.count() == 1)
        browser.open(server.url + "/c#" + other)
        browser.wait(lambda: "50.00" in browser.text("#worth"))
        assert not browser.script("return window.evil") and not browser.all("main img")
        quiet(browser, server, allowed=("/redeem", "/auth/refresh", "/coupons/"))


def test_what_a_campaign_needs(driver, binary):
    """A hold, a customer, a price: the till holds by itself, asks whose it is, says its cost."""
    with with_server(binary, "--demo") as server, with_browser(driver, width=360,
        height=640) as browser:
        shop = Shop(server, browser)
        held, = shop.codes(1, name=EVIL, hold_required=True)
        parts, = shop.codes(1, value=5000, currency="EUR", hold_required=True)
        once, = shop.codes(1, max_redemptions_per_user=1)
        dear, = shop.codes(1, price=3)
        shop.scan(held)
        shop.state("accepted")
        shop.scan(parts)
        browser.type("#amount", "20" + ENTER)
        browser.wait(lambda: shop.count() == 2)
        shop.scan(once)
        browser.find("#whose")
        assert shop.uses(once) == 0
        browser.keys("ann@example.com" + ENTER)
        browser.wait(lambda: shop.count() == 3)
        ann = shop.post("/api/v1/users", {"email": "bob@example.com", "role": "user",
            "password": "correct horse 1"})["id"]
        assert server.request("PATCH", "/api/v1/users/%d" % ann, {"credit": {"add": 5,
            "reason": "gift"}}, shop.token)[0] == 200
        shop.scan(dear)
        browser.type("#whose", "nobody-at-all")
        browser.click("#whose-ok")
        shop.state("refused")
        time.sleep(1.6)
        shop.scan(dear)
        browser.type("#whose", str(ann) + ENTER)
        browser.wait(lambda: shop.count() == 4)
        assert "3 credit paid" in browser.text("#result-detail")
        assert [shop.uses(one) for one in (held, parts, once, dear)] == [1, 1, 1, 1]
        assert not browser.script("return window.evil") and not browser.all("main img")
        quiet(browser, server, allowed=("/redeem", "/auth/refresh", "/coupons/"))


def test_no_answer(driver, binary):
    """Stopped, killed or slow: never green without an answer, and checking again counts once."""
    with with_server(binary, "--demo") as server, with_browser(driver) as browser:
        shop = Shop(server, browser)
        stopped, killed, slow = shop.codes(3)
        server.freeze()
        shop.scan(stopped)
        shop.state("checking", 2)
        browser.keys(killed + ENTER)               # the field is locked meanwhile
        _, detail = shop.state("unsure", 12)
        assert "Nothing is lost" in detail
        assert browser.find(".dot").attribute("data-on") == "no"
        browser.click("#check-again")
        shop.state("checking", 2)
        server.thaw()                              # both requests are answered now, as one
        shop.state("accepted")
        assert shop.uses(stopped) == 1 and shop.count() == 1 and shop.uses(killed) == 0
        server.freeze()
        threading.Timer(1.0, server.thaw).start()  # late, but in time
        shop.scan(slow)
        shop.state("checking", 2)
        shop.state("accepted")
        server.kill()
        shop.scan(killed)
        shop.state("unsure", 12)
        server.start()
        browser.click("#check-again")
        shop.state("accepted")
        assert shop.uses(killed) == 1 and shop.uses(slow) == 1 and shop.count() == 3


def test_keyboard_only(driver, binary):
    """Without a mouse: open, redeem, undo."""
    with with_server(binary, "--demo") as server, with_browser(driver, width=360,
        height=640) as browser:
        shop = Shop(server, browser)
        card, = shop.codes(1)
        shop.scan(card)
        shop.state("accepted")
        for _ in range(12):
            browser.keys("\ue004")
            if browser.script("return document.activeElement.dataset.do") == "undo":
                break
        assert browser.script("""const style = getComputedStyle(document.activeElement);
            return style.outlineStyle + style.outlineWidth""") == "solid3px"
        browser.keys(ENTER)
        browser.find("#undo-ok")
        browser.keys("wrong card" + ENTER)
        browser.wait(lambda: shop.count() == 0)
        assert shop.uses(card) == 0
        _, _, page = server.request("GET", "/api/v1/coupons/" + card, None, shop.token)
        assert page["ledger"][0]["detail"] == "wrong card", page["ledger"][0]


if __name__ == "__main__":
    main(globals())
