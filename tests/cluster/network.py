"""Three machines in network namespaces, with a link between each two that can be cut."""
import contextlib
import os
import subprocess

from processes import Place

# Of a range that belongs to nobody and is routed nowhere.
ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
LINKS = ((0, 1), (0, 2), (1, 2))


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError("ip %s: %s" % (" ".join(arguments), done.stderr.strip()))


class Network:
    def __init__(self):
        self.names = ["coupond-%d-%d" % (os.getpid(), i) for i in range(3)]
        self.made = []
        self.places = []
        try:
            for i, name in enumerate(self.names):
                ip("netns", "add", name)
                self.made.append(name)
                self.inside(i, "link", "set", "lo", "up")
                self.inside(i, "addr", "add", ADDRESSES[i] + "/32", "dev", "lo")
            for one, two in LINKS:
                self.inside(one, "link", "add", "to%d" % two, "type", "veth", "peer", "name",
                            "to%d" % one, "netns", self.names[two])
                self.join(one, two)
            self.places = [Place(name) for name in self.names]
        except OSError:
            self.close()
            raise

    def hosts(self):
        return list(zip(self.places, ADDRESSES))

    def inside(self, i, *arguments):
        ip("-n", self.names[i], *arguments)

    def cut(self, one, two):
        self.inside(one, "link", "set", "to%d" % two, "down")
        self.inside(two, "link", "set", "to%d" % one, "down")

    def join(self, one, two):
        """The routes are gone with the link."""
        for near, far in ((one, two), (two, one)):
            self.inside(near, "link", "set", "to%d" % far, "up")
        for near, far in ((one, two), (two, one)):
            self.inside(near, "route", "replace", ADDRESSES[far], "dev", "to%d" % far, "src",
                        ADDRESSES[near])

    def heal(self):
        for one, two in LINKS:
            self.join(one, two)

    def isolate(self, i):
        for one, two in LINKS:
            if i in (one, two):
                self.cut(one, two)

    def close(self):
        for place in self.places:
            place.close()
        for name in self.made:
            with contextlib.suppress(OSError):
                ip("netns", "delete", name)
