"""System calls that a redemption takes, of two executables: without flags, a newer one must not
make any kind of call that the older one did not, nor more of them.

Not a test: prints figures. Needs strace. Python's standard library only.
Usage: python3 syscalls.py OLD NEW [--redemptions N]
Ends with 1 when the newer one makes a new kind of call.
"""
import argparse
import collections
import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import time

ADMIN = {"email": "admin@example.com", "password": "AdminPassword123"}
USER = {"email": "calls@example.com", "password": "correct horse 1"}
# How often these come depends on who was quicker, or on the time that passed.
BY_CHANCE = {"futex", "epoll_wait", "epoll_pwait", "restart_syscall", "clock_nanosleep", "poll",
             "ppoll", "sched_yield"}


class Shop:
    def __init__(self, binary, data):
        self.process = subprocess.Popen(
            [binary, "serve", "--demo", "--data", data, "--listen", "127.0.0.1:0",
             "--rate-limits", "off"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                break
        self.connection = http.client.HTTPConnection("127.0.0.1", int(found.group(1)), timeout=60)

    def post(self, path, body, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = "Bearer " + token
        self.connection.request("POST", path, json.dumps(body), headers)
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status >= 300:
            raise SystemExit(f"{path}: {reply.status} {text[:300]}")
        return json.loads(text)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def calls_of(binary, redemptions):
    """How many of each call there were, all threads together."""
    with tempfile.TemporaryDirectory() as directory:
        shop = Shop(binary, directory + "/data")
        admin = shop.post("/api/login", ADMIN)["access_token"]
        person = shop.post("/api/register", USER)
        codes = shop.post("/admin/generate-codes", {"count": 2 * redemptions}, admin)["codes"]

        def redeem(code):
            shop.post("/redeem", {"user_id": person["user"]["id"], "card_code": code},
                      person["access_token"])

        for code in codes[:redemptions]:
            redeem(code)
        trace = directory + "/trace"
        strace = subprocess.Popen(["strace", "-f", "-q", "-o", trace, "-p",
                                   str(shop.process.pid)], stderr=subprocess.PIPE)
        time.sleep(1)
        for code in codes[redemptions:]:
            redeem(code)
        strace.send_signal(signal.SIGINT)
        strace.wait()
        shop.end()
        with open(trace, encoding="utf-8", errors="replace") as lines:
            names = (re.match(r"\d+ +([a-z_0-9]+)\(", line) for line in lines)
            return collections.Counter(found.group(1) for found in names if found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--redemptions", type=int, default=500)
    options = parser.parse_args()
    old = calls_of(options.old, options.redemptions)
    new = calls_of(options.new, options.redemptions)
    print(f"calls a redemption, of {options.redemptions}:")
    print(f"{'':20}{'old':>8}{'new':>8}")
    for name in sorted(set(old) | set(new), key=lambda name: -new[name]):
        by_chance = "  (by chance)" if name in BY_CHANCE else ""
        print(f"{name:20}{old[name] / options.redemptions:8.3f}"
              f"{new[name] / options.redemptions:8.3f}{by_chance}")
    # Once in a while something is done every some seconds: that is none of a redemption.
    often = options.redemptions / 50
    added = [name for name in new if new[name] > old[name] + often and name not in BY_CHANCE]
    print("more of: " + ", ".join(added) if added else "no call that was not made before")
    return 1 if added else 0


if __name__ == "__main__":
    sys.exit(main())
