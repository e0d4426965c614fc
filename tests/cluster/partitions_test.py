"""Links that are cut between three machines, under load: the leader alone, the leader with one
member, the follower alone. Never two that acknowledge, and what is cut off says so within 3 s."""
import contextlib
import threading
import time

from harness import count, main, spread, together
from load import Load
from network import Network
from processes import until
from shop import with_etcd, with_shop

SHOPS = 3
TELLS_S = 3  # so long a leader that hears nothing may still answer
SLACK_S = 1
ALONE, ONE_MEMBER, FOLLOWER = KINDS = (
    "leader alone", "leader with one member", "follower alone")


@contextlib.contextmanager
def with_network():
    network = None
    try:
        network = Network()
    except OSError as error:
        print("skipped: no network namespaces here (as root they are allowed): %s" % error,
              flush=True)
    try:
        yield network
    finally:
        if network is not None:
            network.close()


def says_it_is_cut_off(head, token):
    """Nothing is answered that may be old: neither a read nor a refusal."""
    for method, path, body in (("GET", "/api/v1/campaigns/load", None),
                               ("POST", "/api/v1/coupons/NOSUCHCODE/redeem", {})):
        reply = head.call(method, path, body, token)
        assert reply.status == 503, (head.name, path, reply.status, reply.body)
    assert head.call("GET", "/readyz").status == 503


class Cuts:
    """One cut after the other, which all shops live through together, until each kind was lived
    through often enough. The first shop decides for all."""

    def __init__(self, network, each):
        self.network, self.each = network, each
        self.barrier = threading.Barrier(SHOPS)
        self.lock = threading.Lock()
        self.lived = dict.fromkeys(KINDS, 0)
        self.wanted = None   # None: it is enough
        self.machine = None  # None: the link between the two heads

    def together(self, act=None):
        """Waits for all; then the one who has something to do does it, and all go on."""
        self.barrier.wait(120)
        if act is not None:
            act()
        self.barrier.wait(120)

    def choose(self, leader, other):
        lacking = [kind for kind in KINDS if self.lived[kind] < self.each]
        self.wanted = lacking[0] if lacking else None
        self.machine = {ALONE: leader.i, FOLLOWER: other.i}.get(self.wanted)

    def cut(self):
        if self.machine is None:
            self.network.cut(0, 1)
        else:
            self.network.isolate(self.machine)

    def count(self, kind):
        with self.lock:
            self.lived[kind] += 1


def live_through(shop, load, cuts, decides):
    """One cut, as this shop sees it. Gives the time of a takeover if there was one."""
    load.wait_for(10)
    leader = until(shop.leader, 20, "somebody leads")
    other = shop.other(leader)
    cuts.together(decides and (lambda: cuts.choose(leader, other)))
    if cuts.wanted is None:
        return None
    cuts.together(decides and cuts.cut)
    moment = time.monotonic()
    taken = None
    if cuts.machine is None:
        cuts.count(ONE_MEMBER)
        # etcd may have lost its own leader, which takes its time.
        until(lambda: load.first_after(moment + 1), 40, "the sales go on")
    elif cuts.machine == leader.i:
        cuts.count(ALONE)
        time.sleep(max(0, moment + TELLS_S + SLACK_S - time.monotonic()))
        says_it_is_cut_off(leader, shop.token)
        taken = load.takeover(moment, other)
        late = [one for one in load.acknowledged()
                if one.head is leader and one.asked > moment + SLACK_S]
        assert not late, "%d acknowledged by a leader that is alone" % len(late)
    else:
        cuts.count(FOLLOWER)
        until(lambda: load.first_after(moment + 1, leader), 20, "the leader goes on")
        assert other.call("GET", "/readyz").status == 503
    cuts.together(decides and cuts.network.heal)
    until(shop.whole, 60, "every member has all")
    return taken


def shop_in_cuts(binary, etcd, cuts, i):
    times = []
    try:
        with with_shop(binary, etcd, first=i % 2) as shop, shop.kept():
            with Load(shop) as load:
                while True:
                    taken = live_through(shop, load, cuts, i == 0 or None)
                    if cuts.wanted is None:
                        break
                    times += [] if taken is None else [taken]
            shop.check_end()
            return times, load.check()
    except BaseException:
        cuts.barrier.abort()
        raise


def test_links_down(binary):
    with with_network() as network:
        if network is None:
            return "skipped"
        cuts = Cuts(network, count(3, 50))
        with with_etcd(network.hosts()) as etcd:
            shops = together([lambda i=i: shop_in_cuts(binary, etcd, cuts, i)
                              for i in range(SHOPS)])
    times = [one for shop, _ in shops for one in shop]
    assert min(cuts.lived.values()) >= cuts.each, cuts.lived
    return "%s; %d acknowledged, 0 lost; takeover: %s" % (
        cuts.lived, sum(told for _, told in shops), spread(times))


if __name__ == "__main__":
    main(globals())
