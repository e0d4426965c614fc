"""A leader that slept for two leases, and one that is overtaken while it still believes to lead:
neither acknowledges anything, and neither refuses what is not so."""
import threading
import time

from harness import count, main, spread, together
from load import Load
from processes import until
from shop import LEASE_S, with_etcd, with_shop

SHOPS = 3


class Late(threading.Thread):
    """A request to a head that cannot answer just now, and what it said in the end."""

    def __init__(self, shop, head, method, path, body=None):
        super().__init__(daemon=True)
        self.arguments = (method, path, body, shop.token)
        self.head, self.reply = head, None
        self.start()

    def run(self):
        try:
            self.reply = self.head.call(*self.arguments, seconds=40)
        except OSError:
            pass

    def end(self):
        self.join(45)
        assert not self.is_alive(), self.arguments
        # Silence and 503 promise nothing.
        return None if self.reply is None or self.reply.status == 503 else self.reply


def redeem(code):
    return "POST", "/api/v1/coupons/%s/redeem" % code, {}


def sleeper(shop, load, cards):
    leader = until(shop.leader, 20, "somebody leads")
    other = shop.other(leader)
    sold, fresh = cards.pop(), [cards.pop() for _ in range(3)]
    seq = shop.ask(*redeem(sold))["redemption"]["seq"]
    moment = time.monotonic()
    leader.process.freeze()
    late = [Late(shop, leader, *redeem(code)) for code in fresh + [sold]]
    late.append(Late(shop, leader, "GET", "/api/v1/coupons/" + sold))
    # The clients of the load wait for the sleeper in vain, each for a while.
    until(lambda: other.leads(anew=True), 30, "the other leads")
    taken = time.monotonic() - moment
    load.takeover(moment, other)
    reply = other.call("POST", "/api/v1/redemptions/%d/rollback" % seq, {}, shop.token)
    assert reply.status < 300, reply.body
    time.sleep(max(0, moment + 2 * LEASE_S - time.monotonic()))
    woken = time.monotonic()
    leader.process.thaw()
    answers = [one.end() for one in late]
    assert answers == [None] * len(late), [one and (one.status, one.body) for one in answers]
    until(lambda: not leader.process.running(), 20, "the deposed leader leaves")
    wrong = [sale for sale in load.acknowledged() if sale.head is leader and sale.told > woken]
    assert not wrong, "%d acknowledged after waking" % len(wrong)
    leader.start()
    until(shop.whole, 30, "the sleeper has all")
    return taken


def sleeps(binary, etcd, i, rounds):
    with with_shop(binary, etcd, first=i % 2) as shop:
        cards = shop.cards(4 * rounds)
        with Load(shop) as load:
            load.wait_for(10)
            times = [sleeper(shop, load, cards) for _ in range(rounds)]
        shop.check_end()
        return times, load.check()


def test_leader_sleeps(binary):
    rounds = max(count(3, 50) // SHOPS, 1)
    with with_etcd() as etcd:
        shops = together([lambda i=i: sleeps(binary, etcd, i, rounds) for i in range(SHOPS)])
    times = [one for shop, _ in shops for one in shop]
    return "%d sleeps, %d acknowledged, none after waking; takeover: %s" % (
        len(times), sum(told for _, told in shops), spread(times))


def overtake(etcd, shop):
    """The leader's own member of etcd hangs, and its lease ends: the other leads within moments,
    while this one may not have noticed. Gives both."""
    leader = until(shop.leader, 20, "somebody leads")
    other = shop.other(leader)
    etcd.lead_from(other.i)
    etcd.members[leader.i].freeze()
    return leader, other


def test_overtaken_refuses_nothing(binary):
    rounds = count(2, 20)
    with with_etcd() as etcd, with_shop(binary, etcd) as shop:
        for code in shop.cards(rounds):
            seq = shop.ask(*redeem(code))["redemption"]["seq"]
            until(shop.whole, 20, "both have all")
            leader, other = overtake(etcd, shop)
            etcd.end_lease(other.i, shop.prefix + "leader")
            until(lambda: other.leads(anew=True), 20, "the other leads")
            back = other.call("POST", "/api/v1/redemptions/%d/rollback" % seq, {}, shop.token)
            assert back.status < 300, back.body
            # It was redeemed as far as this one knows, and is not.
            late = Late(shop, leader, *redeem(code))
            time.sleep(1)
            etcd.members[leader.i].thaw()
            answer = late.end()
            assert answer is None, (answer.status, answer.body)
            until(lambda: not leader.process.running(), 20, "the deposed leader leaves")
            leader.start()
            until(shop.whole, 30, "it has all")
        shop.check_end()
    return "%d times" % rounds


def test_overtaken_cannot_append(binary):
    """Its append arrives when the log was trimmed, as when a third member had all of it, so that
    the place it wants is free."""
    rounds = count(2, 20)
    with with_etcd() as etcd, with_shop(binary, etcd) as shop:
        cards = shop.cards(2 * rounds)
        for code, sold in zip(cards[::2], cards[1::2]):
            until(shop.whole, 20, "both have all")
            leader, other = overtake(etcd, shop)
            late = Late(shop, leader, *redeem(code))
            etcd.end_lease(other.i, shop.prefix + "leader")
            until(lambda: other.leads(anew=True), 20, "the other leads")
            assert other.call(*redeem(sold), shop.token).status == 201
            trimmed = etcd.erase(other.i, shop.prefix + "log/",
                                 shop.prefix + "log/%020d" % shop.last(other.i))
            assert trimmed > 0
            etcd.members[leader.i].thaw()
            answer = late.end()
            assert answer is None, (answer.status, answer.body)
            until(lambda: not leader.process.running(), 20, "the deposed leader leaves")
            refused = leader.start_refused()
            assert "Seed this member anew" in refused, refused
            shop.seed(leader)
            found = shop.ask("GET", "/api/v1/coupons/" + code)
            assert found["coupon"]["uses"] == 0, found.body
        shop.check_end()
    return "%d times" % rounds


if __name__ == "__main__":
    main(globals())
