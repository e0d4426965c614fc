"""What the conversations with the five services share: a coupond of one's own, and requests to it.

Python's standard library only. Each conversation is a script that says what a client of that
service
sends and what it must get back; it ends with exit code 0 when all of it held, else it prints what
did not. Usage: python3 card.py BINARY
"""
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading


class Reply:
    """A status, headers, and the body as JSON where it is JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode("utf-8")
        try:
            self.body = json.loads(self.text)
        except ValueError:
            self.body = None

    def __getitem__(self, name):
        return self.body[name] if self.body is not None and name in self.body else None


class Server:
    """A server in a directory of its own, from `with` to its end."""

    def __init__(self, binary, *options):
        self.binary = binary
        self.options = options

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="coupond-client-")
        data = os.path.join(self.directory.name, "data")
        command = [self.binary, "serve", "--data", data, "--listen", "127.0.0.1:0", *self.options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.data = data
        self.log = []
        self.address = None
        for line in self.process.stdout:
            self.log.append(line)
            where = line.find("http://127.0.0.1:")
            if where >= 0:
                port = line[where + len("http://127.0.0.1:"):]
                digits = ""
                while port[len(digits):len(digits) + 1].isdigit():
                    digits += port[len(digits)]
                self.address = ("127.0.0.1", int(digits))
                break
        if self.address is None:
            raise SystemExit("the server did not start:\n" + "".join(self.log))
        threading.Thread(target=self._drain, daemon=True).start()
        return self

    def _drain(self):
        for line in self.process.stdout:
            self.log.append(line)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.directory.cleanup()

    def call(self, method, path, body=None, token=None, headers=None):
        """One request. `body`: a value to be sent as JSON, or bytes as they are."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode("utf-8")
            sent.setdefault("Content-Type", "application/json")
        if token is not None:
            sent.setdefault("Authorization", "Bearer " + token)
        connection = http.client.HTTPConnection(*self.address, timeout=120)
        try:
            connection.request(method, path, body=body, headers=sent)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def race(self, count, request):
        """The replies to `request(i)` for i from 0 to count-1, sent at once."""
        replies = [None] * count
        start = threading.Barrier(count)

        def run(i):
            start.wait()
            replies[i] = request(i)

        threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return replies


class Conversation:
    """Counts what was checked, and says what did not hold."""

    def __init__(self):
        self.checked = 0
        self.wrong = []

    def expect(self, what, got, wanted):
        self.checked += 1
        if got != wanted:
            self.wrong.append(f"{what}: got {got!r}, not {wanted!r}")

    def reply(self, what, reply, status, /, **fields):
        """The reply has that status and these fields."""
        self.expect(what + ": status", reply.status, status)
        for name, value in fields.items():
            self.expect(f"{what}: {name}", reply[name], value)
        return reply

    def refusal(self, what, reply, status, sentence):
        """The reply is a refusal with that sentence, under each name clients look for."""
        self.reply(what, reply, status, error=sentence, message=sentence)

    def keys(self, what, reply, *names):
        missing = [name for name in names if name not in (reply.body or {})]
        self.expect(what + ": missing keys", missing, [])

    def end(self):
        for line in self.wrong:
            print(line)
        print(f"{self.checked} facts, {len(self.wrong)} wrong")
        sys.exit(1 if self.wrong else 0)
