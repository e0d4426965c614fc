"""kill -9 of the leader under load: the other takes over, and nothing acknowledged is lost. Several
shops share the three members of etcd, so that their leaders die side by side."""
import random
import time

from harness import count, main, spread, together
from load import Load
from processes import until
from shop import with_etcd, with_shop

SHOPS = 5


def kills(binary, etcd, i, rounds):
    lots = random.Random(i)
    times = []
    with with_shop(binary, etcd, first=i % 2) as shop:
        with Load(shop) as load:
            for _ in range(rounds):
                load.wait_for(10)
                time.sleep(lots.uniform(0, 0.3))
                leader = until(shop.leader, 20, "somebody leads")
                moment = time.monotonic()
                leader.kill()
                times.append(load.takeover(moment, shop.other(leader)))
                leader.start()
                until(shop.whole, 30, "the killed one has all again")
        shop.check_end()
        return times, load.check()


def test_leader_killed(binary):
    rounds = count(10, 200) // SHOPS
    with with_etcd() as etcd:
        shops = together([lambda i=i: kills(binary, etcd, i, rounds) for i in range(SHOPS)])
    times = [one for shop, _ in shops for one in shop]
    assert len(times) == rounds * SHOPS
    return "%d kills, %d acknowledged, 0 lost, 0 doubled; takeover: %s" % (
        len(times), sum(told for _, told in shops), spread(times))


if __name__ == "__main__":
    main(globals())
