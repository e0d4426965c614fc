"""Everything without a mouse, dark, on a laptop and on a phone: each control is reached by Tab,
shows that it has the focus, and does its work by Enter or Space."""
import time

from harness import PASSWORD, main, quiet, with_browser, with_server
from till_test import ENTER

TAB = "\ue004"
RING = """const e = document.activeElement, style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  const bar = document.querySelector('.top')?.getBoundingClientRect().bottom ?? 0;
  return style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2 &&
      box.top < innerHeight && (box.bottom > bar || Boolean(e.closest('.top')));"""


def reach(browser, css):
    browser.find(css)
    for _ in range(80):
        if browser.script("return document.activeElement.matches(arguments[0])", css):
            browser.wait(lambda: browser.script(RING), 2, css + " does not show its focus")
            return
        browser.keys(TAB)
    raise AssertionError("no way to " + css)


def press(browser, css, key=ENTER):
    reach(browser, css)
    browser.keys(key)


def set_up(browser, server):
    browser.open(server.setup_link())
    browser.find("#email")
    browser.keys("owner@example.com" + TAB + PASSWORD + TAB + PASSWORD + ENTER)
    browser.wait(lambda: browser.find("#today").attribute("data-redeemed") == "0")


def make_cards(browser):
    press(browser, "[data-do=sell-gift-cards]")
    browser.find("[name=name]")
    for _ in range(4):                             # the focus is where the answer goes
        reach(browser, "form section:not([hidden]) :is(input, [type=radio])")
        browser.keys(ENTER)
    browser.find("[data-do=create]")
    press(browser, "[data-do=create]")
    assert browser.find("#made").attribute("data-count") == "100"
    press(browser, "[data-do=print]")
    browser.wait(lambda: len(browser.all(".card")) == 100)
    return browser.script("return document.querySelector('.card .code').textContent")


def change_many(browser):
    press(browser, "[data-page=campaigns]")
    press(browser, "#campaigns tbody tr:last-child a")
    press(browser, "[data-do=bulk]")
    reach(browser, "[name=action]")
    browser.keys("\ue015")                         # the arrow down: what is void is good again
    browser.keys("\ue013")                         # and up
    reach(browser, "[name=first]")
    browser.keys("91" + ENTER)
    assert browser.find("#would").attribute("data-count") == "10"
    press(browser, "[data-do=change]")
    assert browser.find("#changed", 20).attribute("data-changed") == "10"


def at_the_till(browser, code):
    press(browser, "[data-page=till]")
    press(browser, "#open-till")
    browser.find("#scan")
    browser.keys(code + ENTER)
    browser.find("#result[data-state=accepted]")
    press(browser, "#recent [data-do=undo]")
    browser.find("#undo-ok")
    browser.keys(ENTER)
    browser.wait(lambda: browser.text("#today-count") == "0")
    press(browser, "#by-hand summary")
    reach(browser, "[name=last4]")
    browser.keys(code[-4:] + TAB + "1" + ENTER)
    browser.find("#hits button")
    time.sleep(1.6)                                # the same card at once would be a double scan
    press(browser, "#hits button")
    browser.wait(lambda: browser.text("#today-count") == "1")
    press(browser, ".till-top a")


def on_its_story(browser, code):
    press(browser, "[data-page=find]")
    browser.find("#find")
    reach(browser, "#find")
    browser.keys(code + ENTER)
    browser.find("#story")
    for name, state in (("undo", "available"), ("void", "void")):
        press(browser, "[data-do=%s]" % name)
        browser.keys(ENTER)
        browser.wait(lambda s=state: browser.find("#story-state").attribute("data-state") == s)


def flows(driver, binary, width, height, language):
    with with_server(binary) as server, with_browser(driver, width=width, height=height,
            dark=True, language=language) as browser:
        browser.cdp("Emulation.setFocusEmulationEnabled", enabled=True)   # its window is in front
        set_up(browser, server)
        code = make_cards(browser)
        change_many(browser)
        at_the_till(browser, code)
        browser.find("#today")
        on_its_story(browser, code)
        press(browser, "[data-page=backup]")
        press(browser, "[data-do=key-kept]", " ")
        browser.find("#key[data-kept=yes]")
        press(browser, "#log-out")
        browser.find("#log-in")
        assert browser.fits()
        quiet(browser, server, allowed=("/auth/refresh",))


def test_laptop(driver, binary):
    flows(driver, binary, 1280, 800, "en-GB")


def test_phone(driver, binary):
    flows(driver, binary, 360, 640, "de-DE")


if __name__ == "__main__":
    main(globals())
