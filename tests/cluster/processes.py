"""Processes of the cluster tests, and where on the network they run.

Each ends with the test, whatever ends that: it is started by one thread that lives as long as the
test does, and told to die with it.
"""
import concurrent.futures
import ctypes
import os
import signal
import subprocess
import time

STARTER = concurrent.futures.ThreadPoolExecutor(max_workers=1)
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


class Place:
    """Where a process runs: here, or in a network namespace of that name."""

    def __init__(self, namespace=None):
        self.prefix = ["ip", "netns", "exec", namespace] if namespace else []
        self.path = "/run/netns/" + namespace if namespace else "/proc/self/ns/net"
        self.handle = os.open(self.path, os.O_RDONLY)

    def enter(self):
        """What this thread connects to from now on is there."""
        if LIBC.setns(self.handle, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns " + self.path)

    def close(self):
        os.close(self.handle)


class Process:
    """A program that may be frozen, killed and started again; its output goes to a file."""

    def __init__(self, command, log, environment=None):
        self.command = ["setpriv", "--pdeathsig", "KILL", *command]
        self.log = log
        self.environment = {**os.environ, **(environment or {})}
        self.process = None

    def start(self):
        assert not self.running()
        with open(self.log, "ab") as log:
            self.process = STARTER.submit(
                subprocess.Popen, self.command, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=self.environment).result()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """kill -9; returns when it is gone."""
        if self.running():
            self.process.kill()
        if self.process is not None:
            self.process.wait(20)

    def terminate(self, seconds=20):
        """SIGTERM; gives the exit code."""
        self.thaw()
        self.process.terminate()
        return self.process.wait(seconds)

    def output(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""


def until(condition, seconds, what):
    """The first true value of condition(), which is asked again and again; else fails."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("not within %d s: %s" % (seconds, what))
        time.sleep(0.02)
