"""A coupond of its own: a fresh data directory, a port of the system's choice."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    def __init__(self, binary, *flags):
        self.binary = binary
        self.flags = flags
        self.data = tempfile.mkdtemp(prefix="coupond-pages-")
        self.port = 0
        self.start()

    def start(self):
        command = [self.binary, "serve", "--data", self.data + "/data",
                   "--listen", "127.0.0.1:%d" % self.port, *self.flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.banner = ""
        for line in self.process.stdout:
            self.banner += line
            if "/setup#" in line or ("serving" in line and "--demo" in self.flags):
                break
            if "serving" in line and self.port:
                break
        found = re.search(r"serving\s+(http://127\.0\.0\.1:(\d+))", self.banner)
        self.url, self.port = found.group(1), int(found.group(2))
        self.wait()

    def wait(self):
        for _ in range(200):
            try:
                self.request("GET", "/healthz")
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("coupond does not answer")

    def setup_link(self):
        return re.search(r"http://\S+/setup#\S+", self.banner).group(0)

    def request(self, method, path, body=None, token="", headers=None):
        """Gives (status, headers, body): JSON where it is."""
        head = {"Accept": "application/json", **(headers or {})}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            head["Content-Type"] = "application/json"
        if token:
            head["Authorization"] = "Bearer " + token
        request = urllib.request.Request(self.url + path, data, head, method=method)
        try:
            reply = OPENER.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            text = reply.read()
            kind = reply.headers.get("Content-Type", "")
            return reply.status, reply.headers, json.loads(text) if "json" in kind else text

    def log_in(self, email, password):
        status, _, session = self.request("POST", "/api/v1/auth/login",
                                          {"email": email, "password": password})
        assert status == 200, session
        return session["access_token"]

    def freeze(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def close(self):
        if self.process.poll() is None:
            self.thaw()
            self.process.terminate()
            self.process.wait(20)
        shutil.rmtree(self.data, ignore_errors=True)
