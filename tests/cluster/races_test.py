"""Tokens and a cap that many clients race for through both heads, while the lead changes hands:
each token has one winner, and the cap is reached exactly."""
import threading
import time

from harness import LONG, count, main
from processes import until
from shop import again, send, with_etcd, with_shop

TOKENS = count(60, 1000)
CLIENTS = count(8, 32)
PATIENCE_S = 60


class Racer(threading.Thread):
    """Wants every token and a place under the cap, one after the other; asks the one head first
    and the other when that does not decide. Its own retries have one key."""

    def __init__(self, shop, number, wanted):
        super().__init__(daemon=True)
        self.shop, self.number, self.wanted = shop, number, wanted
        self.connections = {}
        self.answers = []
        self.failed = None

    def run(self):
        try:
            for i, (path, body) in enumerate(self.wanted):
                self.answers.append(self.ask(path, body, "racer-%d-%d" % (self.number, i)))
        except Exception as error:
            self.failed = error
        for connection in self.connections.values():
            connection.close()

    def ask(self, path, body, key):
        end = time.monotonic() + PATIENCE_S
        turn = self.number
        while time.monotonic() < end:
            head = self.shop.heads[turn % 2]
            try:
                if head not in self.connections:
                    self.connections[head] = head.connection(seconds=10)
                reply = send(self.connections[head], "POST", path, body, self.shop.token,
                             {"Idempotency-Key": key})
                if not again(reply):
                    return reply
            except OSError:
                lost = self.connections.pop(head, None)
                if lost is not None:
                    lost.close()
            turn += 1
            time.sleep(0.02)
        raise AssertionError("nothing is decided: " + path)


def take_over(shop, etcd, times):
    """Ends the lease of whoever leads, so that the other takes over at once."""
    for _ in range(times):
        time.sleep(0.5)
        leader = until(shop.leader, 30, "somebody leads")
        shop.lease_ended = True
        etcd.end_lease(2, shop.prefix + "leader")
        until(lambda: shop.other(leader).leads() or leader.leads(), 30, "somebody leads again")


def test_tokens_raced_through_both_heads(binary):
    takeovers = count(3, 20)
    with with_etcd() as etcd, with_shop(binary, etcd) as shop, shop.kept():
        codes = []
        shop.cards(1, "raced")
        while len(codes) < TOKENS:
            codes += shop.more(min(TOKENS - len(codes), 1000), "raced")
        shop.ask("POST", "/api/v1/campaigns", {"mode": "token", "name": "Cap", "slug": "cap",
                                               "max_issued": TOKENS})
        user = shop.ask("POST", "/api/v1/users", {"email": "r@example.com"})["id"]
        wanted = []
        for code in codes:
            wanted.append(("/api/v1/coupons/%s/redeem" % code, {}))
            wanted.append(("/api/v1/campaigns/cap/issue", {"user_id": user}))
        racers = [Racer(shop, i, wanted) for i in range(CLIENTS)]
        for racer in racers:
            racer.start()
        take_over(shop, etcd, takeovers)
        for racer in racers:
            racer.join(600 if LONG else 120)
            assert not racer.is_alive() and racer.failed is None, racer.failed
        for i, (path, _) in enumerate(wanted[0::2]):
            told = sorted(racer.answers[2 * i].status for racer in racers)
            assert told == [201] + [409] * (CLIENTS - 1), (path, told)
        issued = [racer.answers[2 * i + 1] for racer in racers for i in range(TOKENS)]
        given = [reply["coupon"]["code"] for reply in issued if reply.status == 201]
        assert len(given) == len(set(given)) == TOKENS, (len(given), TOKENS)
        assert {reply.status for reply in issued} == {201, 409}, {one.status for one in issued}
        shop.check_end()
        terms = shop.read(shop.heads[0],
                          "SELECT count(*) FROM ledger WHERE operation = 'cluster.takeover'")[0][0]
        assert terms > takeovers // 2, terms
    return "%d tokens by %d, %d takeovers: one winner each, the cap exact" % (
        TOKENS, CLIENTS, terms)


if __name__ == "__main__":
    main(globals())
