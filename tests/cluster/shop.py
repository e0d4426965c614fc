"""A shop that is served by a cluster: two coupond (heads) beside their members of etcd."""
import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import traceback

from etcd import Etcd
from processes import Process, until

EMAIL = "admin@example.com"
PASSWORD = "correct horse 7"
NAMES = ("a", "b", "c")
LEASE_S = 5


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        content = response.read()
        try:
            self.body = json.loads(content)
        except ValueError:
            self.body = content.decode("utf-8", "replace")

    def __getitem__(self, name):
        return self.body.get(name) if isinstance(self.body, dict) else None


class Head:
    """One coupond, beside member i of etcd."""

    def __init__(self, binary, directory, etcd, i, flags=()):
        self.binary, self.name, self.i = binary, NAMES[i], i
        self.place = etcd.hosts[i][0]
        self.data = os.path.join(directory, self.name)
        self.process = Process(
            [*self.place.prefix, binary, "serve", "--data", self.data, "--listen", "127.0.0.1:0",
             "--cluster", etcd.url(i), "--member", self.name, "--rate-limits", "off",
             "--timezone", "UTC", *flags],
            self.data + ".log",
            {"COUPOND_ADMIN_EMAIL": EMAIL, "COUPOND_ADMIN_PASSWORD": PASSWORD})
        self.port = 0
        self.held = False  # was killed on purpose

    def kill(self):
        self.held = True
        self.process.kill()

    def start(self):
        self.held = False
        before = len(self.process.output())
        self.process.start()
        found = until(lambda: self.listening(before), 30, self.name + " listens")
        self.port = int(found.group(1))

    def start_refused(self):
        """It does not start, and says why."""
        before = len(self.process.output())
        self.process.start()
        until(lambda: not self.process.running(), 30, self.name + " refuses")
        return self.process.output()[before:]

    def listening(self, before):
        output = self.process.output()[before:]
        if not self.process.running():
            raise AssertionError("%s ended:\n%s" % (self.name, output))
        return re.search(r"answering +http://127\.0\.0\.1:(\d+)", output)

    def call(self, method, path, body=None, token=None, headers=None, seconds=20):
        """One request on a connection of its own; OSError when there is no answer."""
        connection = self.connection(seconds)
        try:
            return send(connection, method, path, body, token, headers)
        finally:
            connection.close()

    def connection(self, seconds=20):
        self.place.enter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        connection.connect()
        return connection

    def leads(self, anew=False):
        """`anew`: is started again where it left by itself, as systemd does: it took the lead and
        lost it, because etcd hung just then."""
        if anew and not self.process.running():
            self.start()
        try:
            return self.process.running() and self.call("GET", "/readyz", seconds=2).status == 200
        except OSError:
            return False


def again(reply):
    """It decides nothing: the server says try again, or is still at the same request."""
    return reply.status in (429, 503) or reply["code"] == "idempotency_running"


def send(connection, method, path, body=None, token=None, headers=None):
    sent = dict(headers or {})
    content = None
    if body is not None:
        content = json.dumps(body)
        sent["Content-Type"] = "application/json"
    if token:
        sent["Authorization"] = "Bearer " + token
    try:
        connection.request(method, path, content, sent)
        return Reply(connection.getresponse())
    except http.client.HTTPException as error:
        raise OSError(repr(error)) from error


class Shop:
    """`heads[0]` is set up, the others are seeded from it."""

    def __init__(self, binary, etcd, heads=2, flags=(), first=0):
        self.binary, self.etcd = binary, etcd
        self.lock = threading.Lock()
        self.stopped = False  # for good: nobody is started anew
        self.lease_ended = False  # by a test: whoever had it notices within a second
        self.directory = tempfile.mkdtemp(prefix="coupond-shop-", dir=etcd.directory)
        order = [(first + i) % len(etcd.hosts) for i in range(heads)]
        self.heads = [Head(binary, self.directory, etcd, i, flags) for i in order]

    def begin(self):
        self.heads[0].process.command.append("--cluster-forget")
        self.heads[0].start()
        self.heads[0].process.command.pop()
        self.token = self.log_in()
        for head in self.heads[1:]:
            self.seed(head)
        facts = dict(self.read(self.heads[0], "SELECT name, value FROM meta"))
        self.prefix = "coupond/%(instance)s/%(restore_epoch)s/" % facts
        until(self.whole, 20, "every member has all")

    def coupond(self, *arguments, expected=0):
        done = subprocess.run([self.binary, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == expected, (arguments, done.stdout, done.stderr)
        return done.stdout

    def seed(self, head):
        """As the manual says: a backup of the leader, restored as a copy."""
        backup = os.path.join(self.directory, "seed.backup")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(backup)
        leader = until(self.leader, 20, "somebody leads")
        self.coupond("backup", backup, "--with-key", "--data", leader.data)
        self.coupond("restore", backup, "--as-copy", "--data", head.data)
        head.start()

    def log_in(self):
        leader = until(self.leader, 20, "somebody leads")
        reply = leader.call("POST", "/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
        assert reply.status == 200, reply.body
        return reply["access_token"]

    def leader(self):
        leading = [head for head in self.heads if head.leads()]
        assert len(leading) < 2 or self.lease_ended, "two lead"
        return leading[0] if len(leading) == 1 else None

    def other(self, head):
        return next(one for one in self.heads if one is not head)

    def ask(self, method, path, body=None):
        """Of the leader, as administrator; waits until there is one, and asks again when it is
        gone before it has answered."""
        key = {"Idempotency-Key": os.urandom(8).hex()} if method == "POST" else None

        def answer():
            with contextlib.suppress(OSError):
                leader = self.leader()
                reply = leader and leader.call(method, path, body, self.token, key)
                return reply if reply and not again(reply) else None
        reply = until(answer, 60, path)
        assert reply.status < 300, (path, reply.status, reply.body)
        return reply

    def cards(self, count, slug="cards", **policy):
        """A campaign of cards, each good once; gives their codes."""
        self.ask("POST", "/api/v1/campaigns",
                 {"mode": "card", "name": slug, "slug": slug, **policy})
        return self.more(count, slug)

    def more(self, count, slug="cards"):
        return self.ask("POST", "/api/v1/campaigns/%s/codes" % slug, {"count": count})["codes"]

    def read(self, head, sql):
        with contextlib.closing(sqlite3.connect(
                "file:%s/coupond.db?mode=ro" % head.data, uri=True, timeout=10)) as db:
            return db.execute(sql).fetchall()

    def position(self, head):
        return self.read(head, "SELECT position FROM change_position")[0][0]

    def last(self, i=None):
        """The last change in etcd's log; asks the member that answers."""
        for member in range(len(self.etcd.hosts)) if i is None else [i]:
            with contextlib.suppress(OSError):
                keys = self.etcd.find(member, self.prefix + "log/", keys_only=True)
                return max((int(key.rsplit("/", 1)[1]) for key in keys), default=0)
        return None

    def whole(self):
        """Every head that runs and does not lead has told etcd that it has all. (Who reads the
        database of one that starts keeps it from putting that in order.)"""
        last = self.last()
        if last is None:
            return False
        told = {}
        for member in range(len(self.etcd.hosts)):
            with contextlib.suppress(OSError):
                told = self.etcd.find(member, self.prefix + "member/")
                break
        return all(int(told.get(self.prefix + "member/" + head.name, -1)) >= last
                   for head in self.heads if head.process.running() and not head.leads())

    @contextlib.contextmanager
    def kept(self):
        """Starts whoever left by itself anew, as systemd does."""
        over = threading.Event()

        def keep():
            while not over.wait(0.1):
                with self.lock:
                    for head in self.heads:
                        if not (self.stopped or head.held or head.process.running()):
                            head.start()
        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join(40)

    def stop(self):
        """Ends every head where all have the same changes, as a power cut would."""
        with self.lock:
            self.stopped = True
        for _ in range(50):
            for head in self.heads:
                if not head.process.running():
                    head.start()
            until(self.leader, 30, "somebody leads")
            until(self.whole, 60, "every member has all")
            for head in self.heads:
                head.process.freeze()
            if len({self.position(head) for head in self.heads}) == 1:
                break
            for head in self.heads:
                head.process.thaw()
        for head in self.heads:
            head.process.kill()

    def digests(self, head):
        """Of every table, all rows in order."""
        digests = {}
        for (table,) in self.read(head, "SELECT name FROM sqlite_schema WHERE type = 'table'"):
            rows = self.read(head, "SELECT * FROM " + table)
            digests[table] = hashlib.sha256(repr(sorted(map(repr, rows))).encode()).hexdigest()
        return digests

    def check_end(self):
        """Stops, verifies each member, and compares them table by table."""
        self.stop()
        first = self.digests(self.heads[0])
        assert len(first) > 15, first
        for head in self.heads:
            self.coupond("verify", "--data", head.data)
            mine = self.digests(head)
            different = [name for name in first if first[name] != mine.get(name)]
            assert not different and len(mine) == len(first), "differ: %s" % different

    def tell(self):
        """Prints how things stand, after a failure."""
        traceback.print_exc()
        for head in self.heads:
            print("--- %s, %s\n%s" % (
                head.name, "running" if head.process.running() else "gone",
                head.process.output()[-3000:]), flush=True)
        for i in range(len(self.etcd.hosts)):
            with contextlib.suppress(OSError):
                facts = {key: value for key, value in self.etcd.find(i, self.prefix).items()
                         if "/log/" not in key and "/part/" not in key}
                print("--- etcd %d: last change %s, %s" % (i, self.last(i), facts), flush=True)

    def close(self):
        for head in self.heads:
            head.process.kill()


@contextlib.contextmanager
def with_etcd(hosts=None, flags=()):
    directory = tempfile.mkdtemp(prefix="coupond-cluster-")
    etcd = None
    try:
        etcd = Etcd(directory, hosts, flags)
        yield etcd
    finally:
        if etcd is not None:
            etcd.close()
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def with_shop(binary, etcd, **how):
    shop = Shop(binary, etcd, **how)
    try:
        shop.begin()
        yield shop
    except BaseException:
        shop.tell()
        raise
    finally:
        shop.close()
