"""What a redemption waits beside what has gathered: campaigns, one user's coupons, stored replies,
and one account that asks for its own history all the time (G14).

Not a test: prints figures, for docs/speed.md. Python's standard library only.
Usage: python3 scale.py BINARY [--campaigns N] [--coupons N] [--replies N] [--readers N]
"""
import argparse
import http.client
import json
import multiprocessing
import os
import re
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time

ADMIN = {"email": "admin@admin.com", "password": "Password1"}
USER = {"email": "scale@example.com", "password": "correct horse 1"}


class Client:
    """One kept connection."""

    def __init__(self, port, token=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = "Bearer " + token

    def call(self, method, path, body=None):
        self.connection.request(method, path, body and json.dumps(body), self.headers)
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status >= 400:
            raise SystemExit(f"{method} {path}: {reply.status} {text[:300]}")
        return text

    def json(self, method, path, body=None):
        return json.loads(self.call(method, path, body) or b"null")


class Shop:
    """A server on a directory that is kept between starts."""

    def __init__(self, binary, data):
        self.binary, self.data = binary, data
        self.start()

    def start(self):
        began = time.monotonic()
        self.process = subprocess.Popen(
            [self.binary, "serve", "--demo", "--data", self.data, "--listen", "127.0.0.1:0",
             "--rate-limits", "off"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        self.started_ms = (time.monotonic() - began) * 1000
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.admin = Client(self.port).json("POST", "/auth/token", ADMIN)["token"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(600)

    def memory_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) // 1024


def in_parallel(port, token, jobs, processes=4):
    """Sends jobs (method, path, body) from several processes."""
    def work(part):
        client = Client(port, token)
        for job in jobs[part::processes]:
            client.call(*job)
    workers = [multiprocessing.Process(target=work, args=(part,)) for part in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise SystemExit("a client failed")


class Till:
    """Redeems printed cards one after the other, as a till does."""

    def __init__(self, shop):
        self.shop = shop
        session = Client(shop.port).json("POST", "/login", USER)
        self.token, self.user = session["access_token"], session["id"]
        self.codes = []

    def redeem(self, count, what, admin):
        while len(self.codes) < count:
            made = Client(self.shop.port, admin).json(
                "POST", "/admin/generate-codes", {"count": 1000})
            self.codes += made["codes"]
        client, waits = Client(self.shop.port, self.token), []
        for _ in range(count):
            body = {"user_id": self.user, "card_code": self.codes.pop()}
            began = time.monotonic()
            client.call("POST", "/redeem", body)
            waits.append((time.monotonic() - began) * 1000)
        waits.sort()
        print(f"{what}: redeem p50 {waits[count // 2]:.1f} ms, p99 {waits[count * 99 // 100]:.1f},"
              f" slowest {waits[-1]:.1f}; {self.shop.memory_mib()} MiB", flush=True)


def campaigns(shop, till, count):
    new = [("POST", "/api/v1/campaigns", {"name": f"S{i}", "mode": "claim", "max_issued": 10})
           for i in range(count)]
    began = time.monotonic()
    in_parallel(shop.port, shop.admin, new)
    last = Client(shop.port, shop.admin).json(
        "POST", "/api/v1/campaigns", {"name": "LAST", "mode": "claim", "max_issued": 10})["id"]
    print(f"{count} campaigns made in {time.monotonic() - began:.0f} s", flush=True)
    claims = [("POST", f"/coupons/{last - 1 - i}/claim", None) for i in range(count)]
    in_parallel(shop.port, till.token, claims)
    till.redeem(500, f"{count} campaigns with a claim each", shop.admin)
    began = time.monotonic()
    text = Client(shop.port, shop.admin).call("GET", "/metrics")
    print(f"/metrics: {(time.monotonic() - began) * 1000:.0f} ms, {len(text) // 1024} KiB")
    shop.stop()
    shop.start()
    print(f"start with {count} campaigns: {shop.started_ms:.0f} ms", flush=True)


def one_users_coupons(shop, till, count):
    made = Client(shop.port, shop.admin).json(
        "POST", "/api/v1/campaigns", {"name": "MANY", "mode": "claim", "max_issued": count})["id"]
    for part in range(10):
        began = time.monotonic()
        claims = [("POST", f"/coupons/{made}/claim", None)] * (count // 10)
        in_parallel(shop.port, till.token, claims)
        if part in (0, 9):
            each = (time.monotonic() - began) * 1e6 / (count // 10)
            print(f"one user's coupons, tenth {part + 1}: {each:.0f} µs each", flush=True)
    till.redeem(500, f"a user with {count} coupons", shop.admin)


def old_replies(shop, till, count):
    shop.stop()
    with sqlite3.connect(os.path.join(shop.data, "coupond.db")) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(idempotency)")]
        values = {"created_at": "1", "sealed": "randomblob(200)"}
        chosen = ", ".join(values.get(name, "randomblob(32)") for name in columns)
        db.execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                   f" WHERE i < {count}) INSERT INTO idempotency ({', '.join(columns)})"
                   f" SELECT {chosen} FROM n")
    shop.start()
    for minute in range(1, 6):
        until = time.monotonic() + 60
        while time.monotonic() < until - 5:
            till.redeem(200, f"minute {minute} beside {count} aged replies", shop.admin)
            time.sleep(20)
        time.sleep(max(0, until - time.monotonic()))
        with sqlite3.connect(os.path.join(shop.data, "coupond.db")) as db:
            left = db.execute("SELECT count(*) FROM idempotency").fetchone()[0]
        print(f"after {minute} min: {left} replies left", flush=True)
        if left < 1000:
            return


def own_history(shop, till, readers):
    """The attack of G14: one account asks for its own list on many connections, all the time."""
    ending = multiprocessing.Event()

    def ask():
        client = Client(shop.port, till.token)
        while not ending.is_set():
            client.call("GET", "/users/me/history")

    def ask_on_many(connections):
        threads = [threading.Thread(target=ask) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    till.redeem(200, "before the attack", shop.admin)
    processes = [multiprocessing.Process(target=ask_on_many, args=(readers // 4,))
                 for _ in range(4)]
    for process in processes:
        process.start()
    time.sleep(2)
    till.redeem(200, f"{readers} connections read their own history", shop.admin)
    ending.set()
    for process in processes:
        process.join()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    for name, default in (("campaigns", 100_000), ("coupons", 200_000), ("replies", 1_000_000),
                          ("readers", 64)):
        parser.add_argument("--" + name, type=int, default=default)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coupond-scale-") as directory:
        shop = Shop(os.path.abspath(wanted.binary), os.path.join(directory, "data"))
        Client(shop.port).call("POST", "/register", USER)
        till = Till(shop)
        till.redeem(500, "nothing yet", shop.admin)
        for count, part in ((wanted.campaigns, campaigns), (wanted.coupons, one_users_coupons),
                            (wanted.readers, own_history), (wanted.replies, old_replies)):
            if count:
                part(shop, till, count)
        shop.stop()


if __name__ == "__main__":
    main()
