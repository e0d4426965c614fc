"""Backup and health: what is downloaded restores to the same shop; verification; diagnostics."""
import json
import os
import subprocess
import tempfile

from harness import main, quiet, with_browser, with_server
from till_test import EVIL, Shop


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def download(browser, folder):
    """Clicks, and gives the file that came."""
    before = set(os.listdir(folder))
    browser.click("[data-do=backup]")
    browser.find("#backed-up", 30)
    def whole():
        new = [name for name in set(os.listdir(folder)) - before if name.endswith(".backup")]
        return new and os.path.join(folder, new[0])
    return browser.wait(whole, 20, "no file came")


def test_backup(driver, binary):
    with with_server(binary) as server, with_browser(driver) as browser, \
            tempfile.TemporaryDirectory() as folder:
        from owner_test import make_cards, set_up
        set_up(browser, server)
        make_cards(browser)
        browser.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
        browser.open(server.url + "/ui")
        assert browser.find("[data-warn=key]")      # nobody has the key elsewhere
        browser.click("[data-warn=backup] a")       # nothing is backed up: it leads there
        assert browser.find("#last-backup").attribute("data-at") == ""
        plain = download(browser, folder)
        assert browser.find("#last-backup").attribute("data-at")
        browser.open(server.url + "/ui")
        browser.find("[data-warn=key]")             # that one holds no key
        assert not browser.all("[data-warn=backup]")
        browser.click("[data-warn=key] a")
        assert browser.find("#key").attribute("data-kept") == "no"
        browser.click("[name=key][value=with]")
        packed = download(browser, folder)
        assert "with-key" in packed and "with-key" not in plain
        browser.find("#key[data-kept=yes]")
        browser.click("[data-do=verify]")
        assert browser.find("#verified", 30).attribute("data-ok") == "true"
        drill = os.path.join(folder, "drill")
        os.mkdir(drill, 0o700)
        run(binary, "restore", packed, "--data", drill)
        said = run(binary, "verify", "--data", drill)
        assert "All agrees" in said and "100 coupons" in said, said
        browser.click("details summary")            # how to get it back
        browser.script("document.getElementById('diagnostics').closest('details').open = true")
        facts = json.loads(browser.wait(lambda: browser.find("#diagnostics").value()))
        assert facts["health"]["status"] == "ready" and facts["upkeep"]["last_backup"], facts
        assert "owner@example.com" not in json.dumps(facts)
        browser.open(server.url + "/ui")
        browser.find("#today .figure")
        assert not browser.all("#today .said.warn"), browser.text("#today .said.warn")
        quiet(browser, server, allowed=("/auth/refresh",))


def test_warnings(driver, binary):
    """The owner's word for the key; a campaign that is nearly given out; a clock that is off."""
    with with_server(binary, "--demo") as server, with_browser(driver, width=360, height=640,
            dark=True, language="de-DE") as browser:
        shop = Shop(server, browser)
        shop.post("/api/v1/campaigns", {"mode": "card", "name": EVIL, "slug": "full",
            "max_issued": 10})
        shop.post("/api/v1/campaigns/full/codes", {"count": 8})
        browser.open(server.url + "/ui")
        browser.find("[data-warn=key]")
        assert not browser.all("[data-warn=cap]")
        shop.post("/api/v1/campaigns/full/codes", {"count": 1})
        browser.wait(lambda: EVIL + ": 9 von 10" in browser.text("[data-warn=cap]"))
        browser.open(server.url + "/ui#/backup")
        browser.click("[data-do=key-kept]")
        browser.find("#key[data-kept=yes]")
        assert not browser.all("[data-do=key-kept]")
        browser.cdp("Page.addScriptToEvaluateOnNewDocument",
            source="const now = Date.now; Date.now = () => now() + 600000;")
        browser.open(server.url + "/ui?again")
        browser.wait(lambda: any("10 Minuten" in one.text()
            for one in browser.all("#today .said.warn")))
        assert not browser.all("[data-warn=key]")
        assert browser.fits()
        assert not browser.script("return window.evil") and not browser.all("main img")
        quiet(browser, server, allowed=("/auth/refresh",))


def test_staff_sees_but_does_not_take(driver, binary):
    with with_server(binary, "--demo") as server, \
            with_browser(driver, width=360, height=640) as browser:
        shop = Shop(server, browser)
        shop.post("/api/v1/users", {"email": "till@example.com", "password": "correct horse 1",
            "role": "staff"})
        browser.open(server.url + "/ui")
        browser.click("#log-out")
        browser.type("#email", "till@example.com")
        browser.type("#password", "correct horse 1\ue007")
        browser.find("#open-till")
        browser.open(server.url + "/ui#/backup")
        browser.find("#health")
        assert not browser.all("[data-do=backup]") and not browser.all("[data-do=verify]")
        assert browser.fits()
        quiet(browser, server, allowed=("/auth/refresh",))


if __name__ == "__main__":
    main(globals())
