"""What a cluster costs: the same sales at a coupond alone, and at one that leads a cluster of two
with three members of etcd, all on this machine and its one disk, in turn.

Not a test: prints figures, for docs/cluster.md. Needs what scripts/deps.sh unpacks.
Usage: python3 -B cluster.py BINARY [--seconds N] [--runs N] [--mix redeem,till]
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cluster"))
from processes import Process, until  # noqa: E402
from shop import EMAIL, PASSWORD, with_etcd, with_shop  # noqa: E402

ADMIN = {"COUPOND_ADMIN_EMAIL": EMAIL, "COUPOND_ADMIN_PASSWORD": PASSWORD}


def bench(options, url):
    """The figures of each mix."""
    done = subprocess.run(
        [options.binary, "bench", "--url", url, "--mix", options.mix, "--seconds",
         str(options.seconds), "--json"],
        env={**os.environ, **ADMIN}, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(done.stdout)


def alone(options, directory):
    data = os.path.join(directory, "alone")
    process = Process([options.binary, "serve", "--data", data, "--listen", "127.0.0.1:0",
                       "--rate-limits", "off"], data + ".log", ADMIN)
    process.start()
    try:
        words = until(lambda: "serving" in process.output() and process.output().split(), 30,
                      "coupond serves")
        return bench(options, words[words.index("serving") + 1])
    finally:
        process.terminate()


def leading(options, etcd):
    with with_shop(options.binary, etcd) as shop:
        return bench(options, "http://127.0.0.1:%d" % until(shop.leader, 20, "it leads").port)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--mix", default="redeem,till")
    options = parser.parse_args()
    rows = {}
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="coupond-bench-") as directory:
            results = [("alone", alone(options, directory))]
        with with_etcd() as etcd:
            results.append(("cluster", leading(options, etcd)))
        for who, result in results:
            for mix in result["results"]:
                assert mix["wrong"] == 0, mix["first_wrong"]
                rows.setdefault((mix["name"], who), []).append(mix)
    print("%-8s %-8s %10s %10s %10s   median of %d" % (
        "mix", "who", "ops/s", "p50 ms", "p99 ms", options.runs))
    for (mix, who), runs in sorted(rows.items()):
        figures = [statistics.median(run[name] for run in runs)
                   for name in ("per_second", "p50_ms", "p99_ms")]
        print("%-8s %-8s %10.0f %10.2f %10.2f" % (mix, who, *figures))


if __name__ == "__main__":
    main()
