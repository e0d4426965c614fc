"""A browser driven over WebDriver with Python's standard library alone.

Debian's chromedriver on loopback, a fresh profile each time, nothing that phones home. Everything
the pages request and write to the console is kept, so that a test can forbid it.
"""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server", "--disable-extensions",
    "--disable-features=PasswordManager,Translate,OptimizationHints", "--mute-audio",
]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"enter": "\ue007", "tab": "\ue004", "escape": "\ue00c", "space": " ", "down": "\ue015"}


class Driver:
    """One chromedriver process."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="coupond-browser-")
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env={**os.environ, "HOME": self.home, "TMPDIR": self.home})
        for line in self.process.stdout:
            if "successfully on port" in line:
                self.url = "http://127.0.0.1:" + line.split("on port")[1].strip(" .\n")
                break

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)


class Browser:
    """One browser with a profile of its own."""

    def __init__(self, driver, width=1280, height=800, dark=False, language="en-GB", flags=()):
        self.driver = driver
        profile = tempfile.mkdtemp(dir=driver.home)
        args = FLAGS + ["--user-data-dir=" + profile, "--window-size=%d,%d" % (width, height),
                        "--lang=" + language, "--accept-lang=" + language, *flags]
        if dark:
            args.append("--blink-settings=preferredColorScheme=0")
        wanted = {"browserName": "chrome",
                  "goog:chromeOptions": {"args": args, "perfLoggingPrefs": {"enableNetwork": True}},
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                  "unhandledPromptBehavior": "accept"}
        reply = self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = "/session/" + reply["sessionId"]
        self.size(width, height, dark)

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.driver.url + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise AssertionError(value["error"] + ": " + value["message"][:300]) from None

    def send(self, method, path, body=None):
        return self._send(method, self.session + path, body)

    def cdp(self, command, **params):
        return self.send("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def size(self, width, height, dark=False):
        self.width = width
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 500)
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def fits(self):
        """Whether the page is no wider than the screen; a phone would show it smaller instead, and
        call that its width."""
        return self.script("return document.documentElement.scrollWidth") <= self.width

    def open(self, url):
        self.send("POST", "/url", {"url": url})

    def url(self):
        return self.send("GET", "/url")

    def script(self, text, *args):
        return self.send("POST", "/execute/sync", {"script": text, "args": list(args)})

    def all(self, css):
        found = self.send("POST", "/elements", {"using": "css selector", "value": css})
        return [Element(self, one[ELEMENT]) for one in found]

    def find(self, css, seconds=8):
        """The first visible element that fits, waited for."""
        return self.wait(lambda: next((e for e in self.all(css) if e.shown()), None), seconds,
                         "no " + css)

    def wait(self, look, seconds=8, what="it did not happen"):
        end = time.monotonic() + seconds
        while True:
            try:
                value = look()
                if value:
                    return value
            except AssertionError as error:
                if "stale" not in str(error) and "no such" not in str(error):
                    raise
            if time.monotonic() > end:
                raise AssertionError(what + " at " + self.url() + "\n" + self.script(
                    "return document.body.innerText")[:600] + "\n" + "\n".join(
                        row["message"] for row in self.log("browser")))
            time.sleep(0.03)

    def text(self, css):
        return self.find(css).text()

    def click(self, css):
        self.find(css).click()

    def type(self, css, text):
        self.find(css).fill(text)

    def keys(self, text, gap_ms=0):
        """Key presses to whatever has the focus, as a keyboard or a scanner makes them."""
        actions = []
        for key in text:
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
            if gap_ms:
                actions.append({"type": "pause", "duration": gap_ms})
        self.send("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": actions}]})

    def picture(self, path):
        data = self.send("GET", "/screenshot")
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def log(self, kind):
        return self.send("POST", "/se/log", {"type": kind})

    def requested(self):
        """The addresses of everything requested since the last call."""
        urls = []
        for row in self.log("performance"):
            message = json.loads(row["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        return urls

    def close(self):
        self.send("DELETE", "")


class Element:
    def __init__(self, browser, ident):
        self.browser = browser
        self.path = "/element/" + ident
        self.ident = ident

    def _arg(self):
        return {ELEMENT: self.ident}

    def shown(self):
        return self.browser.send("GET", self.path + "/displayed")

    def text(self):
        return self.browser.send("GET", self.path + "/text")

    def attribute(self, name):
        return self.browser.script("return arguments[0].getAttribute(arguments[1])",
                                   self._arg(), name)

    def value(self):
        return self.browser.script("return arguments[0].value", self._arg())

    def click(self):
        self.browser.send("POST", self.path + "/click", {})

    def fill(self, text):
        self.browser.send("POST", self.path + "/clear", {})
        self.browser.send("POST", self.path + "/value", {"text": text})

    def set(self, value):
        """For fields whose keys depend on the language, such as dates."""
        self.browser.script("arguments[0].value = arguments[1];"
                            "arguments[0].dispatchEvent(new Event('change', {bubbles: true}))",
                            self._arg(), value)
