"""Three members of etcd of one's own, on loopback or in network namespaces."""
import base64
import http.client
import json
import os
import random
import shutil
import socket

from processes import Place, Process, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.join(ROOT, ".deps", "etcd", "usr", "bin", "etcd")
MEMBERS = 3
LOCKS = []  # of ports, for as long as this process lives


def free_ports(count):
    """Below those that the kernel gives to clients, and locked by a name: two tests that start at
    the same moment must not both take one and then talk to each other's etcd."""
    found = []
    while len(found) < count:
        port = random.randrange(20000, 32000)
        lock = socket.socket(socket.AF_UNIX)
        try:
            lock.bind("\0coupond-test-port-%d" % port)
            with socket.socket() as one:
                one.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        LOCKS.append(lock)
        found.append(port)
    return found


def text(encoded):
    return base64.b64decode(encoded or "").decode("utf-8", "replace")


def encoded(value):
    return base64.b64encode(value.encode()).decode()


class Etcd:
    """`hosts`: (place, address) of each member; without, all are on loopback."""

    def __init__(self, directory, hosts=None, flags=()):
        self.directory = directory
        self.flags = list(flags)
        here = Place()
        self.hosts = hosts or [(here, "127.0.0.1")] * MEMBERS
        ports = free_ports(2 * MEMBERS) if hosts is None else [2379, 2380] * MEMBERS
        self.clients = ["127.0.0.1:%d" % port for port in ports[0::2]]
        self.peers = ["http://%s:%d" % (host[1], port)
                      for host, port in zip(self.hosts, ports[1::2])]
        self.names = ["m%d" % i for i in range(MEMBERS)]
        self.members = [None] * MEMBERS
        for i in range(MEMBERS):
            self.members[i] = self.process(i, "new")
        for one in self.members:
            one.start()
        until(lambda: all(self.healthy(i) for i in range(MEMBERS)), 30, "etcd is ready")

    def data(self, i):
        return os.path.join(self.directory, self.names[i])

    def process(self, i, state):
        peers = ",".join("%s=%s" % pair for pair in zip(self.names, self.peers))
        client = "http://" + self.clients[i]
        return Process(
            [*self.hosts[i][0].prefix, BINARY, "--name", self.names[i], "--data-dir", self.data(i),
             "--listen-client-urls", client, "--advertise-client-urls", client,
             "--listen-peer-urls", self.peers[i], "--initial-advertise-peer-urls", self.peers[i],
             "--initial-cluster", peers, "--initial-cluster-state", state,
             "--logger", "zap", "--log-level", "error", *self.flags],
            self.data(i) + ".log")

    def url(self, i):
        return "http://" + self.clients[i]

    def ask(self, i, path, body, seconds=5):
        """What member i's gateway answers; OSError when it does not, or refuses."""
        self.hosts[i][0].enter()
        connection = http.client.HTTPConnection(self.clients[i], timeout=seconds)
        try:
            connection.request("POST", path, json.dumps(body))
            reply = connection.getresponse()
            content = reply.read()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()
        if reply.status != 200:
            raise OSError(content.decode("utf-8", "replace"))
        return json.loads(content)

    def healthy(self, i):
        """It answers, in agreement with another."""
        try:
            self.ask(i, "/v3/kv/range", {"key": encoded("x")}, 2)
            return True
        except OSError:
            return False

    def find(self, i, prefix, keys_only=False):
        """The keys that begin so, and their values."""
        reply = self.ask(i, "/v3/kv/range", {
            "key": encoded(prefix), "range_end": encoded(prefix[:-1] + chr(ord(prefix[-1]) + 1)),
            "keys_only": keys_only})
        return {text(one["key"]): text(one.get("value")) for one in reply.get("kvs", [])}

    def erase(self, i, first, end):
        """The keys from the first up to before the end; gives how many there were."""
        reply = self.ask(i, "/v3/kv/deleterange",
                         {"key": encoded(first), "range_end": encoded(end)})
        return int(reply.get("deleted", 0))

    def end_lease(self, i, key):
        """As if it had run out: whatever goes with it is gone at once."""
        reply = self.ask(i, "/v3/kv/range", {"key": encoded(key)})
        for one in reply.get("kvs", []):
            self.ask(i, "/v3/lease/revoke", {"ID": one["lease"]})

    def lead_from(self, i):
        """Lets member i lead etcd."""
        wanted = self.ask(i, "/v3/maintenance/status", {})["header"]["member_id"]
        for j in range(MEMBERS):
            status = self.ask(j, "/v3/maintenance/status", {})
            if status["leader"] == status["header"]["member_id"] != wanted:
                self.ask(j, "/v3/maintenance/transfer-leadership", {"targetID": wanted})

    def replace(self, i, by):
        """Takes member i out for good, and lets an empty one take its place; asks member `by`."""
        self.members[i].kill()
        until(lambda: self.lets_go(by, self.names[i]), 60, "etcd removes the member")
        shutil.rmtree(self.data(i))
        # It takes nobody in before it has been sound for some seconds.
        until(lambda: self.takes_in(by, self.peers[i]), 30, "etcd takes a new member")
        self.members[i] = self.process(i, "existing")
        self.members[i].start()
        until(lambda: self.healthy(i), 30, "the new member is ready")

    def lets_go(self, by, name):
        """What was asked of a leader that is gone is dropped: so it is asked until it is done."""
        try:
            listed = self.ask(by, "/v3/cluster/member/list", {})["members"]
            found = [one["ID"] for one in listed if one["name"] == name]
            for one in found:
                self.ask(by, "/v3/cluster/member/remove", {"ID": one})
            return not found
        except OSError:
            return False

    def takes_in(self, by, peer):
        try:
            self.ask(by, "/v3/cluster/member/add", {"peerURLs": [peer]})
            return True
        except OSError:
            return False

    def close(self):
        for one in self.members:
            if one is not None:
                one.kill()
