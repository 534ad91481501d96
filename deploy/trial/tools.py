"""What every part needs: words with the time, programs with a deadline, waiting for a state."""

import random
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "target" / "debug"
SERVICES = ["selfcare", "mutualaid", "librarian"]
BEGAN = time.monotonic()


def say(words):
    print(f"test-compose: {time.monotonic() - BEGAN:5.1f} s  {words}", file=sys.stderr, flush=True)


def skip(why):
    say(f"skipped: {why}")
    sys.exit(0)


def run(*command, timeout=60, given=None, check=True, env=None, quiet=True):
    ended = subprocess.run(
        [str(part) for part in command], input=given, timeout=timeout, env=env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE if quiet else None,
    )
    if check and ended.returncode != 0:
        said = (ended.stderr or b"").decode(errors="replace") + ended.stdout.decode(errors="replace")
        raise AssertionError(f"{' '.join(map(str, command))} ended with {ended.returncode}:\n{said}")
    return ended.stdout.decode(errors="replace")


def until(what, within, state):
    """Waits for a state, and says what was missing when it does not come."""
    end, last = time.monotonic() + within, None
    while time.monotonic() < end:
        try:
            last = state()
            if last:
                return last
        except (AssertionError, OSError, subprocess.TimeoutExpired, ValueError) as error:
            last = error
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {within} s; last: {last}")


def free_ports(names):
    """A port of this machine for each name; none of those that the system gives to connections, which could take it before it is used."""
    names, ports = list(names), {}
    candidates = iter(random.sample(range(10_000, 20_000), 1_000))
    while len(ports) < len(names):
        port = next(candidates)
        with socket.socket() as taken:
            try:
                taken.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports[names[len(ports)]] = port
    return ports
