"""What the cluster tests share: running them, with their large counts where COUPOND_LONG is set."""
import concurrent.futures
import os
import sys
import time
import traceback

from etcd import BINARY

LONG = "COUPOND_LONG" in os.environ


def count(few, many):
    return many if LONG else few


def together(jobs):
    """Runs the functions at once, each on a thread; the first failure is raised when all ended."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(jobs)) as pool:
        results = [pool.submit(job) for job in jobs]
    return [result.result() for result in results]


def spread(values):
    """Median and largest, in words."""
    ordered = sorted(values)
    return "median %.1f s, longest %.1f s" % (ordered[len(ordered) // 2], ordered[-1])


def run(name, test, binary):
    began = time.monotonic()
    try:
        said = test(binary)
        print("ok    %s  %.1f s  %s" % (name, time.monotonic() - began, said), flush=True)
        return True
    except Exception:
        print("FAIL  %s\n%s" % (name, traceback.format_exc()), flush=True)
        return False


def main(names):
    """Runs every test_ function, or the ones named, with BINARY as first argument."""
    binary, wanted = sys.argv[1], sys.argv[2:]
    if not os.path.exists(BINARY):
        print("skipped: there is no etcd in .deps (scripts/deps.sh unpacks it)")
        return
    tests = [(name, test) for name, test in names.items()
             if name.startswith("test_") and (not wanted or name in wanted)]
    assert tests, wanted
    # They wait for leases most of the time.
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        passed = list(pool.map(lambda one: run(*one, binary), tests))
    sys.exit(0 if all(passed) else 1)
