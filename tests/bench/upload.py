"""A long upload of codes through the book service, and what a redemption waits beside it.

Not a test: prints figures. Python's standard library only.
Usage: python3 upload.py BINARY [--megabytes N]
"""
import argparse
import json
import http.client
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

ADMIN = {"email": "admin@admin.com", "password": "Password1"}
ISSUER = {"email": "admin@example.com", "password": "AdminPassword123"}
USER = {"email": "beside@example.com", "password": "correct horse 1"}


class Client:
    """One kept connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3600)
        self.token = None

    def post(self, path, body):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request("POST", path, text, headers)
        reply = self.connection.getresponse()
        answer = reply.read()
        if reply.status >= 300:
            raise SystemExit(f"{path}: {reply.status} {answer[:300]}")
        return json.loads(answer)


def serve(binary, data):
    process = subprocess.Popen(
        [binary, "serve", "--demo", "--data", data, "--listen", "127.0.0.1:0", "--rate-limits",
         "off"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return process, int(found.group(1))
    raise SystemExit("the server did not start")


def megabytes_of_memory(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) / 1024


def redeem_until(done, port, codes, person, waits):
    client = Client(port)
    client.token = person["access_token"]
    for code in codes:
        if done.is_set():
            return
        began = time.monotonic()
        client.post("/redeem", {"user_id": person["user"]["id"], "card_code": code})
        waits.append(time.monotonic() - began)
        time.sleep(0.02)


def figures(waits):
    waits = sorted(1000 * wait for wait in waits)
    at = lambda share: waits[min(len(waits) - 1, int(share * len(waits)))]
    return (f"{len(waits)} redemptions, p50 {at(.5):.1f} ms, p99 {at(.99):.1f} ms, "
            f"longest {waits[-1]:.1f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--megabytes", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        process, port = serve(options.binary, os.path.join(directory, "data"))
        desk = Client(port)
        desk.token = desk.post("/api/login", ISSUER)["access_token"]
        person = Client(port).post("/api/register", USER)
        codes = []
        while len(codes) < 40_000:
            codes += desk.post("/admin/generate-codes", {"count": 10_000})["codes"]
        owner = Client(port)
        owner.token = owner.post("/auth/token", ADMIN)["token"]
        book = owner.post("/coupons", {"name": "Large", "startDate": "2026-01-01",
                                       "endDate": "2036-01-01"})["_id"]
        alone = []
        done = threading.Event()
        threading.Timer(5, done.set).start()
        redeem_until(done, port, codes[:10_000], person, alone)
        count = options.megabytes * 1_000_000 // 15 - 10
        body = ('{"couponBookId":"' + book + '","codes":[' +
                ",".join(f'"{number:012X}"' for number in range(count)) + "]}").encode()
        print(f"alone: {figures(alone)}")
        before = megabytes_of_memory(process)
        beside = []
        done = threading.Event()
        other = threading.Thread(target=redeem_until,
                                 args=(done, port, codes[10_000:], person, beside))
        other.start()
        began = time.monotonic()
        reply = owner.post("/coupons/codes", body)
        took = time.monotonic() - began
        done.set()
        other.join()
        print(f"beside: {figures(beside)}")
        print(f"{len(body) / 1e6:.0f} MB, {reply['uploadedCodes']} codes in {took:.1f} s; "
              f"memory at most {before:.0f} MiB before, {megabytes_of_memory(process):.0f} after")
        process.send_signal(signal.SIGTERM)
        process.wait()


if __name__ == "__main__":
    main()
