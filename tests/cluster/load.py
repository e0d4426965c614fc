"""Clients that sell through whichever head leads, what they were told, and whether it was true."""
import threading
import time

from shop import again, send
from processes import until

PATIENCE_S = 60


class Sale:
    """A card that is redeemed once, under a key and an order number of its own."""

    def __init__(self, code, order):
        self.code, self.order = code, order
        self.seq = None      # acknowledged with
        self.head = None     # by
        self.asked = None    # when the request that was acknowledged was sent
        self.told = None     # when the acknowledgement came
        self.refused = None  # what it was refused with


class Load:
    """Sells cards, from `with` to its end. A request without an answer, or with one that says try
    again, is sent again under its key, to the other head. A client rests after each sale."""

    def __init__(self, shop, clients=4, rest_s=0.01, slug="load"):
        self.shop, self.rest_s, self.slug = shop, rest_s, slug
        self.cards = shop.cards(200, slug)
        self.sales = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.failed = []
        self.threads = [threading.Thread(target=self.work, args=(i,), daemon=True)
                        for i in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE_S + 30)
        if kind is None:
            assert not self.failed, self.failed[0]
            assert not any(thread.is_alive() for thread in self.threads), "a client hangs"

    def take(self):
        with self.lock:
            if not self.cards:
                self.cards = self.shop.more(1000, self.slug)
            self.sales.append(Sale(self.cards.pop(), "%s-%d" % (self.slug, len(self.sales))))
            return self.sales[-1]

    def work(self, client):
        connections = {}
        try:
            while not self.stopping.is_set():
                self.sell(self.take(), client, connections)
                time.sleep(self.rest_s)
        except Exception as error:
            self.failed.append(error)
        finally:
            for connection in connections.values():
                connection.close()

    def sell(self, sale, turn, connections):
        end = time.monotonic() + PATIENCE_S
        heads = self.shop.heads
        while time.monotonic() < end:
            head = heads[turn % len(heads)]
            asked = time.monotonic()
            try:
                if head not in connections:
                    connections[head] = head.connection(seconds=3)
                reply = send(connections[head], "POST", "/api/v1/coupons/%s/redeem" % sale.code,
                             {"order_id": sale.order}, self.shop.token,
                             {"Idempotency-Key": sale.order})
            except OSError:
                lost = connections.pop(head, None)
                if lost is not None:
                    lost.close()
                reply = None
            if reply is not None and reply.status == 201:
                sale.told = time.monotonic()
                sale.seq, sale.head, sale.asked = reply["redemption"]["seq"], head, asked
                return
            if reply is not None and not again(reply):
                sale.refused = (reply.status, reply.body, head.name)
                return
            turn += 1
            time.sleep(0.02)
        raise AssertionError("no answer within %d s: %s" % (PATIENCE_S, sale.order))

    def acknowledged(self):
        return [sale for sale in list(self.sales) if sale.told is not None]

    def wait_for(self, count):
        """Until so many more are sold."""
        goal = len(self.acknowledged()) + count
        until(lambda: self.failed or len(self.acknowledged()) >= goal, PATIENCE_S,
              "%d sales go on" % count)
        assert not self.failed, self.failed[0]

    def first_after(self, moment, head=None):
        """When the first sale was acknowledged that was asked for after a moment."""
        told = [sale.told for sale in self.acknowledged()
                if sale.asked > moment and (head is None or sale.head is head)]
        return min(told, default=None)

    def takeover(self, moment, head, seconds=30):
        """Seconds from a moment until that head acknowledged something."""
        return until(lambda: self.first_after(moment, head), seconds,
                     head.name + " takes over") - moment

    def check(self):
        """After shop.check_end(): 0 acknowledged lost, 0 doubled, none refused. Gives the number
        of the acknowledged."""
        refused = [sale.refused for sale in self.sales if sale.refused]
        assert not refused, refused[:3]
        sold = {}
        for seq, order in self.shop.read(
                self.shop.heads[0], "SELECT id, order_id FROM redemptions WHERE order_id NOT NULL"):
            sold.setdefault(order, []).append(seq)
        told = self.acknowledged()
        lost = [sale.order for sale in told if sale.seq not in sold.get(sale.order, [])]
        doubled = [order for order, seqs in sold.items() if len(seqs) > 1]
        assert not lost, "%d acknowledged and lost: %s" % (len(lost), lost[:5])
        assert not doubled, "%d doubled: %s" % (len(doubled), doubled[:5])
        assert len({sale.seq for sale in told}) == len(told), "two were told the same"
        return len(told)
