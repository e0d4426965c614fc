"""A file of codes is seen before anything is stored; what would be guessed is asked; what was not
stored is said. And the strings of both languages are complete."""
import os
import re
import tempfile

from harness import main, quiet, with_browser, with_server
from till_test import EVIL, Shop

WEB = os.path.join(os.path.dirname(__file__), "..", "..", "src", "web")


def choose(browser, folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    place = browser.find("[name=file]")
    browser.send("POST", place.path + "/value", {"text": path})


def good_and_bad(browser):
    place = browser.find("#sum")
    return place.attribute("data-good"), place.attribute("data-bad")


def test_import(driver, binary):
    with with_server(binary, "--demo") as server, with_browser(driver) as browser, \
            tempfile.TemporaryDirectory() as folder:
        shop = Shop(server, browser)
        shop.codes(1, name="Old cards")
        browser.open(server.url + "/ui#/campaigns/test-1")
        browser.click("[data-do=import-file]")
        table = "Kunde;Gutscheincode;Status\n" + "".join(
            "%s;HRB-%03d;%s\n" % (EVIL, i, "used" if i == 2 else "") for i in range(1, 301))
        choose(browser, folder, "old.csv", ("\ufeff" + table + "x;HRB-001;\n").encode("utf-16"))
        assert browser.find("#question").attribute("data-about") == "ignore"
        assert len(browser.all("#raw tr")) == 6
        browser.click("[name=ignore][value=Kunde]")
        assert good_and_bad(browser) == ("300", "1")
        rows = [row.text() for row in browser.all("#rows tbody tr")]
        assert len(rows) == 5 and "HRB-001" in rows[0] and "void" in rows[1], rows
        assert browser.find("#problems [data-line]").attribute("data-line") == "302"
        browser.find("[name=column]").set("1")      # another column: other codes
        browser.wait(lambda: good_and_bad(browser) == ("2", "299"))
        browser.find("[name=column]").set("2")
        browser.wait(lambda: good_and_bad(browser) == ("300", "1"))
        browser.click("[data-do=import]")
        assert browser.find("#imported", 20).attribute("data-stored") == "300"
        assert len(browser.all("#problems [data-line]")) == 1
        _, _, used = server.request("GET", "/api/v1/coupons/HRB-002", None, shop.token)
        assert used["coupon"]["state"] == "redeemed", used
        assert not browser.script("return window.evil") and not browser.all("main img")
        quiet(browser, server)


def test_questions_on_a_phone(driver, binary):
    with with_server(binary, "--demo") as server, \
            with_browser(driver, width=360, height=640, language="de-DE") as browser, \
            tempfile.TemporaryDirectory() as folder:
        shop = Shop(server, browser)
        shop.codes(1)
        browser.open(server.url + "/ui#/campaigns/test-1/import")
        choose(browser, folder, "title.txt", b"Osterhasen\nHRB-001\nHRB-002\n")
        assert browser.find("#question").attribute("data-about") == "header"
        browser.find("[name=header]").set("true")
        assert good_and_bad(browser) == ("2", "0")
        choose(browser, folder, "short.txt", b"A1\nB2\n")
        assert browser.find("#question").attribute("data-about") == "confirm"
        browser.click("[name=confirm]")
        assert good_and_bad(browser) == ("2", "0")
        choose(browser, folder, "codes.jsonl",
               b'{"code": "HRB-007", "expires_at": null}\n{"code": 7}\n')
        browser.wait(lambda: good_and_bad(browser) == ("1", "1"))
        assert not browser.all("[name=header]")     # there are no rows of a table
        choose(browser, folder, "empty.txt", b"\n")
        browser.find(".said.bad")
        assert browser.fits()
        quiet(browser, server, allowed=("/import/preview",))


def test_undo(driver, binary):
    """An import is taken back, but for what was used."""
    with with_server(binary, "--demo") as server, with_browser(driver) as browser, \
            tempfile.TemporaryDirectory() as folder:
        shop = Shop(server, browser)
        shop.codes(1)
        browser.open(server.url + "/ui#/campaigns/test-1/import")
        choose(browser, folder, "three.txt", b"HRB-001\nHRB-002\nHRB-003\n")
        browser.click("[data-do=import]")
        browser.find("#imported", 20)
        shop.post("/api/v1/coupons/HRB-002/redeem", {})
        browser.click("[data-do=undo-import]")
        assert browser.find("#undone", 20).attribute("data-left") == "1"
        for code, status in (("HRB-001", 404), ("HRB-002", 200)):
            assert server.request("GET", "/api/v1/coupons/" + code, None, shop.token)[0] == status
        quiet(browser, server)


PARTS = ("", "-owner", "-cards")
LEDGER = os.path.join(WEB, "..", "..", "include", "coupond", "store", "ledger.h")


def strings_of(name):
    with open(os.path.join(WEB, name + ".js"), encoding="utf-8") as file:
        return re.findall(r'^  "([^"]+)":', file.read(), re.MULTILINE)


def test_strings(driver, binary):
    """Both languages have the same strings, none twice, and every one that a page names."""
    for part in PARTS:
        english, german = strings_of("en" + part), strings_of("de" + part)
        assert english == german, set(english) ^ set(german)
    known = [name for part in PARTS for name in strings_of("en" + part)]
    assert len(known) == len(set(known)), sorted(known)
    for name in os.listdir(WEB):
        if not name.endswith(".js") or name == "docs.js":
            continue
        with open(os.path.join(WEB, name), encoding="utf-8") as file:
            used = re.findall(r'\bt\(\s*"([^"]+)"\s*[,)]', file.read())
        missing = [key for key in used if key not in known]
        assert not missing, (name, missing)
    with open(LEDGER, encoding="utf-8") as file:
        operations = re.findall(r'string_view k\w+ = "(\w+\.\w+)"', file.read())
    assert len(operations) > 20 and not [one for one in operations if "op." + one not in known]
    with with_server(binary) as server:
        _, _, ready = server.request("GET", "/readyz")
        checks = ["check." + one["name"] for one in ready["checks"]]
        assert not [one for one in checks if one not in known], checks


if __name__ == "__main__":
    main(globals())
