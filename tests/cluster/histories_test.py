"""Histories of clients of both heads, recorded and checked twice over by tests/simulation, while
the leader is killed or sleeps. The built tests lie beside the executable."""
import os
import subprocess

from harness import count, main, together
from shop import with_etcd

NAME = "histories through both heads of a cluster are linearizable"
AT_ONCE = 2


def record(binary, etcd, seeds, seed):
    program = os.path.join(os.path.dirname(os.path.abspath(binary)), "coupond_simulation_tests")
    done = subprocess.run(
        [program, NAME, "--warn", "NoTests"], capture_output=True, text=True,
        env={**os.environ, "COUPOND_BINARY": binary, "COUPOND_SEEDS": str(seeds),
             "COUPOND_SEED": str(seed), "COUPOND_ETCD": "%s,%s" % (etcd.url(0), etcd.url(1))})
    assert done.returncode == 0, done.stdout[:4000] + done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("histories"))


def test_histories_of_both_heads(binary):
    seed = int(os.environ.get("COUPOND_SEED", "0")) or int.from_bytes(os.urandom(3), "big")
    each = count(2, 50)
    with with_etcd() as etcd:
        said = together([lambda i=i: record(binary, etcd, each, seed + 1000 * i)
                         for i in range(AT_ONCE)])
    return "; ".join(said)


if __name__ == "__main__":
    main(globals())
