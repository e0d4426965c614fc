"""The handles that tests, extensions and screen readers may rely on: each is there, at its page.
One that goes breaks somebody else's work, so it goes on purpose only, and from here, too."""
from harness import main, quiet, with_browser, with_server
from till_test import ADMIN, ENTER, Shop

WIZARD = ("kind", "name", "value", "count", "until")
TABS = ("campaigns", "print", "find", "people", "backup", "till")


def there(browser, *handles):
    for handle in handles:
        assert browser.all(handle) or browser.find(handle), handle


def till_handles(server, browser):
    browser.open(server.url + "/login?to=/till")
    browser.find("#log-in")
    there(browser, "#email", "#password", "#log-in")
    browser.type("#email", ADMIN[0])
    browser.type("#password", ADMIN[1])
    browser.click("#log-in")
    browser.find("#open-till")
    shop = Shop(server, browser)
    there(browser, "#scan", "#result[data-state=ready]", "#result-title", "#result-detail",
        "#today-count")
    card, late = shop.codes(2)
    parts, = shop.codes(1, value=5000, currency="EUR")
    shop.scan(parts)
    browser.find("#amount")
    there(browser, "#amount-ok")
    shop.scan(card)
    shop.state("accepted")
    browser.click("#recent [data-redemption] [data-do=undo]")
    browser.click("#undo-ok")
    browser.wait(lambda: shop.count() == 0)
    server.freeze()
    shop.scan(late)
    shop.state("unsure", 12)
    there(browser, "#check-again")
    server.thaw()
    browser.click("#check-again")
    shop.state("accepted")
    return late


def owner_handles(server, browser, redeemed):
    browser.open(server.url + "/ui")
    browser.find("#today[data-redeemed]")
    there(browser, *("[data-page=%s]" % page for page in TABS))
    browser.click("[data-do=sell-gift-cards]")
    browser.find("[data-do=next]")
    there(browser, *("[name=%s]" % name for name in WIZARD))
    for _ in range(4):
        browser.click("[data-do=next]")
    browser.click("[data-do=create]")
    assert browser.find("#made").attribute("data-count") == "100"
    browser.click("[data-do=print]")
    browser.wait(lambda: len(browser.all(".card")) == 100)
    assert browser.script("""return [...document.querySelectorAll('.card[data-number]')].every(
        (card) => card.querySelectorAll('svg').length === 1 && card.querySelector('.code'))""")
    code = browser.script("return document.querySelector('.card .code').textContent")
    browser.click("[data-page=find]")
    browser.type("#find", redeemed + ENTER)
    browser.find("#story [data-event]")
    there(browser, "#story-state")
    return code


def test_handles(driver, binary):
    with with_server(binary, "--demo") as server, \
            with_browser(driver, width=360, height=640) as browser:
        code = owner_handles(server, browser, till_handles(server, browser))
        browser.open(server.url + "/c#" + code)
        browser.find("#worth")
        there(browser, "#left", "#until")
        browser.open(server.url + "/c#NOTHING")
        browser.find("#answer")
        quiet(browser, server, allowed=("/redeem", "/auth/refresh", "/coupons/", "/api/v1/card",
            "net::ERR"))


if __name__ == "__main__":
    main(globals())
