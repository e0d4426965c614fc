"""What the browser tests share: running them, a server and a browser for each, and the promise that
no page asks another origin or writes an error."""
import contextlib
import sys
import time
import traceback

from server import Server
from webdriver import Browser, Driver

PASSWORD = "correct horse 1"


@contextlib.contextmanager
def with_server(binary, *flags):
    server = Server(binary, *flags)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def with_browser(driver, **how):
    browser = Browser(driver, **how)
    try:
        yield browser
    finally:
        browser.close()


def quiet(browser, server, allowed=()):
    """No request left the origin, and the console has no error but of answers that were meant."""
    elsewhere = [url for url in browser.requested()
                 if not url.startswith((server.url, "data:", "about:", "blob:" + server.url,
                                        "chrome:", "chrome-extension:", "chrome-untrusted:"))]
    assert not elsewhere, elsewhere
    errors = [row["message"] for row in browser.log("browser") if row["level"] == "SEVERE"]
    errors = [text for text in errors if not any(path in text for path in allowed)]
    assert not errors, errors


def main(names):
    """Runs every test_ function, or the ones named, with BINARY as first argument."""
    binary, wanted = sys.argv[1], sys.argv[2:]
    driver = Driver()
    failed = 0
    try:
        for name, test in list(names.items()):
            if not name.startswith("test_") or (wanted and name not in wanted):
                continue
            began = time.monotonic()
            try:
                test(driver, binary)
                print("ok    %s  %.1f s" % (name, time.monotonic() - began), flush=True)
            except Exception:
                failed += 1
                print("FAIL  %s\n%s" % (name, traceback.format_exc()), flush=True)
    finally:
        driver.close()
    sys.exit(1 if failed else 0)
