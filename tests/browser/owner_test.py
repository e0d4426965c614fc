"""The owner's ten minutes, on a laptop and on a phone: set up, make a hundred cards, print them,
redeem one at the till, take it back, look at the day, find the card. In English and in German."""
import re

from harness import PASSWORD, main, quiet, with_browser, with_server


def set_up(browser, server):
    browser.open(server.setup_link())
    browser.type("#email", "owner@example.com")
    browser.type("#password", PASSWORD)
    browser.type("#again", PASSWORD)
    browser.click("#send")
    browser.wait(lambda: browser.url().split("#")[0].endswith("/ui"), what="set-up ends in the UI")
    browser.wait(lambda: browser.find("#today").attribute("data-redeemed") == "0")


def make_cards(browser):
    browser.click("[data-do=sell-gift-cards]")
    assert browser.find("input[name=kind]:checked").attribute("value") == "gift"
    browser.type("[name=name]", "Christmas card")
    browser.click("[data-do=next]")
    browser.type("[name=value]", "0")
    browser.click("[data-do=next]")
    browser.find(".said.bad")                      # 0 is refused here, in words
    browser.type("[name=value]", "50")
    browser.click("[data-do=next]")
    browser.type("[name=count]", "100")
    browser.click("[data-do=next]")
    browser.find("[name=until]").set("2027-12-31")
    browser.click("[data-do=next]")
    review = browser.find(".summary").text()
    assert "100" in review and "Christmas card" in review, review
    assert "2027" in browser.text("form.box")
    browser.click("[data-do=create]")
    assert browser.find("#made").attribute("data-count") == "100"


def print_cards(browser, server):
    browser.click("[data-do=print]")
    browser.wait(lambda: len(browser.all(".card")) == 100, what="100 cards on the sheets")
    facts = browser.script("""
      return [...document.querySelectorAll('.card')].map((card) => {
        const box = card.getBoundingClientRect(), sheet = card.parentNode.getBoundingClientRect();
        const code = card.querySelector('.code');
        return { number: Number(card.dataset.number), svgs: card.querySelectorAll('svg').length,
                 code: code.textContent, wide: box.width, high: box.height,
                 left: box.left - sheet.left, top: box.top - sheet.top,
                 fits: code.getBoundingClientRect().bottom <= box.bottom + 0.5
                       && code.getBoundingClientRect().right <= box.right + 0.5 };
      })""")
    mm = 96 / 25.4
    assert [one["number"] for one in facts] == list(range(1, 101))
    assert all(one["svgs"] == 1 and one["fits"] for one in facts), facts[0]
    assert len({one["code"] for one in facts}) == 100
    assert abs(facts[0]["wide"] - 85 * mm) < 0.1 and abs(facts[0]["high"] - 54 * mm) < 0.1
    assert abs(facts[1]["left"] - 105 * mm) < 0.1 and abs(facts[2]["top"] - 67.5 * mm) < 0.1
    browser.find("[name=sheet]").set("L7160")
    browser.find("[name=start]").set("4")          # a sheet of which three labels are gone
    browser.wait(lambda: browser.script("""
      const card = document.querySelector('.card').getBoundingClientRect();
      const sheet = document.querySelector('.sheet').getBoundingClientRect();
      return Math.abs(card.left - sheet.left - 7.21 * 96 / 25.4) < 0.2 &&
             Math.abs(card.top - sheet.top - (15.15 + 38.1) * 96 / 25.4) < 0.2"""),
        what="the fourth label is the first used")
    same_as_pdf(browser, server)
    return facts[0]["code"]


def same_as_pdf(browser, server):
    """The server's PDF has each QR code where the page has it."""
    shown = browser.script("""
      return [...document.querySelectorAll('.card svg')].map((svg) => {
        const box = svg.getBoundingClientRect();
        const sheet = svg.closest('.sheet').getBoundingClientRect();
        return [box.left - sheet.left, box.top - sheet.top, box.width]; })""")
    status, _, pdf = server.request("POST", "/api/v1/campaigns/christmas-card/print",
        {"sheet": "L7160", "from": 1, "to": 100, "start": 4, "shop": "Bäckerei Łoś"},
        server.log_in("owner@example.com", PASSWORD))
    assert status == 200 and pdf.startswith(b"%PDF-"), pdf[:200]
    printed = re.findall(rb"q ([\d.]+) 0 0 \1 ([\d.]+) ([\d.]+) cm", pdf)
    assert len(printed) == len(shown) == 100
    um = 96 / 25400
    for (x, y, side), (module, left, top) in zip(shown, printed):
        module = float(module)                     # 25 and a margin of 4 make the side
        assert abs(module * 33 * um - side) < 0.1, (module, side)
        assert abs((float(left) - 4 * module) * um - x) < 0.1, (left, x)
        assert abs((float(top) - 4 * module) * um - y) < 0.1, (top, y)


def redeem_and_undo(browser, code):
    browser.click("[data-page=till]")
    browser.click("#open-till")
    browser.find("#scan")
    browser.keys(code.replace("-", "") + "\ue007")
    result = browser.find("#result[data-state=accepted]")
    assert "50" in browser.text("#result-title"), result.text()
    assert browser.text("#today-count") == "1"
    browser.click("#recent [data-redemption] [data-do=undo]")
    browser.click("#undo-ok")
    browser.wait(lambda: browser.text("#today-count") == "0")
    assert not browser.all("#recent [data-do=undo]")


def look_back(browser, server, code):
    browser.open(server.url + "/ui")
    browser.wait(lambda: browser.find("#today").attribute("data-redeemed") == "0")
    browser.click("[data-page=find]")
    browser.type("#find", code.lower())
    browser.click("form button[type=submit]")
    events = browser.wait(lambda: browser.all("#story [data-event]"))
    kinds = [one.attribute("data-event") for one in events]
    assert kinds[:2] == ["coupon.rollback", "coupon.redeem"], kinds
    assert browser.find("#story-state").attribute("data-state") == "available"
    browser.click("[data-do=void]")
    browser.click("#story button.danger[type=submit]")
    browser.wait(lambda: browser.find("#story-state").attribute("data-state") == "void")
    browser.type("#find", "2")                     # the number on a card
    browser.click("form button[type=submit]")
    browser.wait(lambda: "2" in browser.text(".events li .soft"))
    for page in ("campaigns", "people", "backup", "print"):
        browser.click("[data-page=%s]" % page)
        browser.find("main h1")
        narrow = browser.fits()
        assert narrow, page + " is wider than the screen"
    browser.click("#log-out")
    browser.find("#log-in")
    status = browser.script("""return fetch('/api/v1/auth/refresh', {method: 'POST',
        headers: {'Content-Type': 'application/json'}, body: '{"cookie":true}'})
        .then((reply) => reply.status)""")
    assert status == 401, "the session is over"


def ten_minutes(driver, binary, width, height, language):
    with with_server(binary) as server, \
            with_browser(driver, width=width, height=height, language=language) as browser:
        set_up(browser, server)
        make_cards(browser)
        code = print_cards(browser, server)
        redeem_and_undo(browser, code)
        look_back(browser, server, code)
        quiet(browser, server, allowed=("/auth/refresh", "/coupons/2", "code=2", "user_id=2",
            "external_id=2", "external:2"))


def test_laptop(driver, binary):
    ten_minutes(driver, binary, 1280, 800, "en-GB")


def test_phone(driver, binary):
    ten_minutes(driver, binary, 360, 640, "de-DE")


if __name__ == "__main__":
    main(globals())
