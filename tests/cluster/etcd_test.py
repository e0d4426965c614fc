"""Members of etcd that die, one and all, that have no room, or that are replaced: the shop pauses
and loses nothing."""
import random
import time

from etcd import encoded
from harness import count, main
from load import Load
from processes import until
from shop import with_etcd, with_shop

QUOTA = count(4, 40) << 20  # the log grows by some MiB a round, and stays
FILLER = "filler/"
TRIM_S = 7  # the leader trims every five


def test_members_killed(binary):
    rounds = count(5, 100)
    lots = random.Random(17)
    with with_etcd() as etcd, with_shop(binary, etcd) as shop, shop.kept():
        with Load(shop) as load:
            for i in range(rounds):
                load.wait_for(20)
                # Every fifth time all of them, as in a power cut.
                dead = [0, 1, 2] if i % 5 == 4 else [lots.randrange(3)]
                for member in dead:
                    etcd.members[member].kill()
                time.sleep(lots.uniform(0, 1))
                for member in dead:
                    etcd.members[member].start()
            load.wait_for(20)
        shop.check_end()
        return "%d kills, %d acknowledged, 0 lost" % (rounds, load.check())


def fill(etcd):
    """Until there is little room left. Each member counts, and some moments late. Small values come
    last: they take the pages inside the file that large ones left free."""
    for i in range(1000):
        sizes = [int(etcd.ask(member, "/v3/maintenance/status", {})["dbSize"])
                 for member in range(3)]
        room = QUOTA - max(sizes)
        if room < 200 << 10:
            return
        etcd.ask(2, "/v3/kv/put", {"key": encoded(FILLER + str(i)),
                                   "value": encoded("x" * (300_000 if room > 2 << 20 else 30_000))})
        time.sleep(0.15)
    raise AssertionError("etcd does not fill")


def make_room(etcd):
    """As the manual says: compact, defragment each, end the alarm. A member may find its file full
    when the others' alarms have been ended, so that is done until there is none."""
    etcd.erase(2, FILLER, FILLER[:-1] + "0")
    revision = etcd.ask(2, "/v3/kv/range", {"key": encoded("x")})["header"]["revision"]
    etcd.ask(2, "/v3/kv/compaction", {"revision": revision, "physical": True})
    assert alarms_of(etcd), "there was no alarm"

    def ended():
        for i in range(3):
            etcd.ask(i, "/v3/maintenance/defragment", {}, seconds=20)
        alarms = alarms_of(etcd)
        for one in alarms:
            etcd.ask(2, "/v3/maintenance/alarm", {
                "action": "DEACTIVATE", "alarm": one["alarm"], "memberID": one["memberID"]})
        return not alarms

    until(ended, 30, "no alarm")


def alarms_of(etcd):
    return etcd.ask(2, "/v3/maintenance/alarm", {"action": "GET"}).get("alarms", [])


def numbers(etcd, shop):
    """Of the changes that are still in the log."""
    return sorted(int(key.rsplit("/", 1)[1])
                  for key in etcd.find(2, shop.prefix + "log/", keys_only=True))


def sell_until_full(shop, leader, cards):
    """One card after the other, without keys, until 20 were refused for want of room; gives these.
    Of the first one that has no room etcd says that it has none, and keeps it."""
    refused = []
    while len(refused) < 20:
        code = cards.pop()
        reply = leader.call("POST", "/api/v1/coupons/%s/redeem" % code, {}, shop.token)
        if reply.status == 503:
            assert "no room" in str(reply.body), reply.body
            refused.append(code)
        else:
            assert reply.status == 201 and not refused, (reply.status, reply.body)
    return refused


def test_no_room(binary):
    rounds = count(1, 10)
    with with_etcd(flags=["--quota-backend-bytes", str(QUOTA)]) as etcd, \
            with_shop(binary, etcd) as shop, shop.kept():
        for i in range(rounds):
            cards = shop.cards(1000, "full%d" % i)
            leader = until(shop.leader, 20, "somebody leads")
            fill(etcd)
            asked = sell_until_full(shop, leader, cards)
            # Nothing was trimmed to make room, and who leads can still read.
            kept = numbers(etcd, shop)
            assert kept == list(range(1, kept[-1] + 1)), "the log was trimmed"
            make_room(etcd)
            with Load(shop, slug="load%d" % i) as load:
                load.wait_for(20)
            for code in asked:
                found = shop.ask("GET", "/api/v1/coupons/" + code)
                assert found["coupon"]["uses"] == 0, "refused, and done"
                shop.ask("POST", "/api/v1/coupons/%s/redeem" % code, {})
        shop.check_end()
        return "full %d times, the last time %d acknowledged after" % (rounds, load.check())


def test_member_replaced(binary):
    rounds = count(1, 10)
    with with_etcd() as etcd, with_shop(binary, etcd) as shop, shop.kept():
        with Load(shop) as load:
            for i in range(rounds):
                load.wait_for(20)
                leader = until(shop.leader, 20, "somebody leads")
                # The follower's, the leader's, and the one that has no coupond beside it.
                gone = (shop.other(leader).i, leader.i, 2)[i % 3]
                etcd.replace(gone, (gone + 1) % 3)
                load.wait_for(20)
        shop.check_end()
        return "%d replaced, %d acknowledged, 0 lost" % (rounds, load.check())


def test_trimmed_at_two_members(binary):
    """Nothing is kept for those who come late, so all is trimmed but what one of two lacks."""
    with with_etcd() as etcd, with_shop(binary, etcd, flags=("--cluster-keep", "0")) as shop:
        with Load(shop) as load:
            load.wait_for(20)
            begun = numbers(etcd, shop)[0]
            until(lambda: numbers(etcd, shop)[0] > begun, 20, "the log is trimmed")
            follower = shop.other(until(shop.leader, 20, "somebody leads"))
            follower.process.freeze()
            had = shop.position(follower)
            load.wait_for(20)
            time.sleep(TRIM_S)
            kept = numbers(etcd, shop)
            assert kept[0] <= had + 1 < kept[-1], (had, kept[0], kept[-1])
            assert kept == list(range(kept[0], kept[-1] + 1)), "the log has a gap"
            follower.process.thaw()
            until(shop.whole, 30, "the follower has all")
            until(lambda: numbers(etcd, shop)[0] > had + 1, 20, "the log is trimmed again")
        shop.check_end()
        return "%d acknowledged, 0 lost" % load.check()


if __name__ == "__main__":
    main(globals())
