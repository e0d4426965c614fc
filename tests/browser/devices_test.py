"""What devices lack or have: a LAN name without https, a camera, and how long a scan takes."""
from harness import main, quiet, with_browser, with_server
from till_test import ENTER, Shop

DETECTOR = """window.BarcodeDetector = class {
  async detect(video) { return video.videoWidth ? [{ rawValue: "%s" }] : []; } };"""


def test_plain_http_on_a_lan(driver, binary):
    """No secure context: no camera, no clipboard, no wake lock; everything else works."""
    with with_server(binary, "--demo") as server, with_browser(driver, width=360, height=640,
            flags=["--host-resolver-rules=MAP shop.lan 127.0.0.1"]) as browser:
        local = server.url
        server.url = "http://shop.lan:%d" % server.port
        try:
            browser.open(server.url + "/login?to=/till")
            assert browser.script("return window.isSecureContext") is False
            server.url, lan = local, server.url
            shop = Shop(server, browser)           # the API by its address, the pages by the name
            card, = shop.codes(1)
            browser.open(lan + "/login?to=/till")
            browser.type("#email", "admin@example.com")
            browser.type("#password", "AdminPassword123" + ENTER)
            browser.click("#open-till")
            browser.find("#scan")
            shop.scan(card)
            shop.state("accepted")
            browser.click("details summary")       # where the camera would be: why not, what to do
            assert "https" in browser.text("details p")
            browser.open(lan + "/ui#/backup")
            browser.find("#health")
            browser.script("document.getElementById('diagnostics').closest('details').open = true")
            browser.wait(lambda: browser.find("#diagnostics").value())
            browser.click("[data-do=copy-diagnostics]")
            browser.wait(lambda: "Ctrl" in browser.text("details[open] .said"))
            browser.open(lan + "/ui#/print/test-1")
            browser.find("main h1")
        finally:
            server.url = local
        elsewhere = [url for url in browser.requested() if not url.startswith(
            (lan, local, "data:", "blob:", "about:", "chrome:", "chrome-extension:",
             "chrome-untrusted:"))]
        assert not elsewhere, elsewhere


def test_camera(driver, binary):
    with with_server(binary, "--demo") as server, with_browser(driver,
            flags=["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]) as \
            browser:
        shop = Shop(server, browser)
        card, = shop.codes(1)
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=DETECTOR % card)
        browser.open(server.url + "/till?again")
        browser.click("#open-till")
        browser.click("#camera")
        shop.state("accepted", 20)
        assert shop.uses(card) == 1 and shop.count() == 1
        quiet(browser, server, allowed=("/redeem", "/auth/refresh"))


def test_no_detector(driver, binary):
    """A camera, but a browser that reads no codes: the page says so, and what to do instead."""
    with with_server(binary, "--demo") as server, with_browser(driver,
            flags=["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]) as \
            browser:
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="delete window.BarcodeDetector")
        Shop(server, browser)
        assert browser.script("return window.isSecureContext && !!navigator.mediaDevices")
        assert not browser.all("#camera")
        browser.click("details summary")
        assert "Use a scanner" in browser.text("details p")
        quiet(browser, server, allowed=("/auth/refresh",))


def test_time_to_result(driver, binary):
    """Told, not judged: how long from the last key of a scan to the answer on the screen."""
    with with_server(binary, "--demo") as server, with_browser(driver) as browser:
        shop = Shop(server, browser)
        times = browser.script("""
          const codes = arguments[0], times = [];
          const field = document.getElementById('scan');
          const result = document.getElementById('result');
          return (async () => {
            for (const code of codes) {
              const done = new Promise((go) => {
                const look = new MutationObserver(() => {
                  if (result.dataset.state !== 'accepted') return;
                  look.disconnect();
                  go();
                });
                field.value = code;
                result.dataset.state === 'accepted' ? setTimeout(() => look.observe(result,
                    { attributes: true })) : look.observe(result, { attributes: true });
              });
              const begun = performance.now();
              field.form.requestSubmit();
              await done;
              times.push(performance.now() - begun);
            }
            return times;
          })();""", shop.codes(60))
        times.sort()
        print("scan to result: p50 %.0f ms, p99 %.0f ms, of %d" % (
            times[len(times) // 2], times[int(len(times) * 0.99)], len(times)))
        assert len(times) == 60 and shop.count() == 60


if __name__ == "__main__":
    main(globals())
