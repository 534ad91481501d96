"""Three nats-servers and two of each service: one server and one of each service are killed in the middle of a night, and the end
state is that of an undisturbed run, of one of everything, of the same input."""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone

from . import agents
from .commune import Commune
from .hardened import check_hardened
from .state import differences, end_state
from .tools import SERVICES, say, until

AGENTS, NOTES = 6, 40
# what the night has just done when each is killed; the librarian while it is asked where pieces belong, and before it curates, which
# takes too short a time to be met for sure
MOMENTS = [
    ("the first memory is tidied", "commune.event.memory-tidied.", ["nats", "selfcare"]),
    ("the first piece is shared", "commune.event.knowledge-shared.", ["mutualaid", "librarian"]),
]


def check(engine, work):
    day = (datetime.now(timezone.utc) - timedelta(days=3)).date().isoformat()
    said = [("note", *note) for note in agents.notes(AGENTS, NOTES, day)] + [("need", *need) for need in agents.needs(AGENTS)]
    before, after = said[: len(said) // 2], said[len(said) // 2 :]
    backup = work / "of-one"
    with Commune(engine, work) as commune:
        commune.up()
        say("one of everything is up")
        tell(commune, before)
        commune.cli("backup", backup, timeout=90)
        tell(commune, after)
        began = time.monotonic()
        board = commune.cli(*night(commune), timeout=140)[0]
        assert board["state"] == "done", json.dumps(board)
        say(f"an undisturbed night of {AGENTS} agents and {AGENTS * NOTES} notes took {time.monotonic() - began:.1f} s")
        calm = end_state(commune)
    with Commune(engine, work, cluster=True) as commune:
        commune.up("nats", "nats-2", "nats-3")
        # servers that have just found together may leave a question unanswered
        until("the backup is restored", 60, lambda: commune.cli("restore", backup, timeout=90))
        say("three servers have what the one had")
        commune.up()
        say("two of each service are up and healthy")
        check_hardened(commune)
        check_routes(commune)
        tell(commune, after)
        began = time.monotonic()
        kills = disturbed(commune)
        say(f"the disturbed night took {time.monotonic() - began:.1f} s")
        state = end_state(commune)
        differing = differences(calm, state)
        shown = {subject: (calm.get(subject), state.get(subject)) for subject in differing[:1]}
        assert not differing, f"{len(differing)} subjects differ, such as (calm, disturbed): {json.dumps(shown, indent=1)[:6000]}"
        in_the_middle(commune, kills)
        say(f"the end state is that of the undisturbed run: {counted(state)}")
        for service in kills:
            until(f"{service} is healthy again", 60, lambda service=service: commune.healthy(service))
        until("the doctor finds nothing wrong", 60, lambda: well(commune))
        say(f"stopped: {commune.stop()}")


def tell(commune, said):
    wire = agents.Wire(commune.nats_ports)
    for kind, agent, ident, text in said:
        wire.say(agent, kind, ident, text)
    # a night looks at the needs that are there: that all are is a part of the input
    asked = ["tail", "--stream", "AID", "--subject", "commune.aid.need.>", "--from", "1", "--once"]
    needs = sum(kind == "need" for kind, *_ in said)
    until("every question is taken in", 30, lambda: len(commune.cli(*asked)) == needs)
    say(f"{len(said)} notes and questions are acknowledged")


def night(commune):
    return ["night", "run", "--zone", commune.zone, "--timeout", "120"]


def disturbed(commune):
    """Runs a night and kills on the way; gives when each was killed."""
    victims = {"nats": leader(commune, "MEMORY"), **{service: service for service in SERVICES}}
    about = {name: commune.container(name) for name in victims.values()}
    events, kills = queue.Queue(), {}
    follow = ["tail", "--new", "--stream", "MEMORY", "--stream", "AID", "--stream", "LIBRARY"]
    with following(commune, follow, events) as _:
        running = subprocess.Popen(commune.command(*night(commune)), env=commune.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for moment, subject, names in MOMENTS:
                waited_for(events, subject)
                for name in (victims[name] for name in names):
                    os.kill(about[name]["State"]["Pid"], signal.SIGKILL)
                    kills[name] = datetime.now(timezone.utc)
                say(f"{moment}: killed {', '.join(victims[name] for name in names)}")
            told, problem = running.communicate(timeout=140)
        finally:
            running.kill()
    assert running.returncode == 0, problem.decode()
    board = json.loads(told.decode().splitlines()[0])
    assert board["state"] == "done", told.decode()
    for name in kills:
        restarted = commune.container(name)["RestartCount"] > about[name]["RestartCount"]
        assert restarted, f"{name} was killed and not started again"
    return kills


class following:
    """`commune tail`, whose lines are put into a queue as they come."""

    def __init__(self, commune, arguments, events):
        self.process = subprocess.Popen(commune.command(*arguments), env=commune.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # it says that it follows before anything new can have come
        self.process.stderr.readline()
        threading.Thread(target=self.read, args=(events,), daemon=True).start()

    def read(self, events):
        for line in self.process.stdout:
            events.put(json.loads(line)["subject"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def waited_for(events, beginning, within=60):
    end = time.monotonic() + within
    while not events.get(timeout=max(0.1, end - time.monotonic())).startswith(beginning):
        pass


def in_the_middle(commune, kills):
    """The night went on after the last kill."""
    trail = [m for m in commune.cli("tail", "--stream", "NIGHTS", "--from", "1", "--once") if ".trail." in m["subject"]]
    last = max(datetime.fromisoformat(m["stored_at"]) for m in trail)
    late = {name: at for name, at in kills.items() if at >= last}
    assert not late, f"the night was over at {last}, and then {late} was killed"
    say(f"the night went on for {(last - max(kills.values())).total_seconds():.1f} s after the last kill")


def leader(commune, stream):
    """The container of the server that leads a stream."""
    told = monitor(commune, "nats", "jsz?accounts=true&streams=true")
    streams = [detail for account in told["account_details"] for detail in account.get("stream_detail", [])]
    name = next(detail["cluster"]["leader"] for detail in streams if detail["name"] == stream)
    return name.replace("commune", "nats")


def check_routes(commune):
    """Each server has a route to both others, and who does not know the password has none."""
    for server in ("nats", "nats-2", "nats-3"):
        known = {route["remote_name"] for route in monitor(commune, server, "routez")["routes"]}
        assert len(known) == 2, f"{server} has routes to {known}"
    said = commune.engine.docker(
        "exec", commune.container("nats")["Id"], "sh", "-c",
        "printf 'INFO {\"server_id\":\"X\",\"cluster\":\"commune\"}\\r\\nCONNECT {\"cluster\":\"commune\"}\\r\\nPING\\r\\n' | nc -w 3 nats-2 6222",
        check=False)
    assert "Authorization Violation" in said, f"a route without a password: {said}"


def monitor(commune, server, page):
    found = commune.container(server)["Id"]
    return json.loads(commune.engine.docker("exec", found, "wget", "-q", "-O", "-", f"http://127.0.0.1:8222/{page}"))


def well(commune):
    wrong = commune.doctor()
    assert not wrong, json.dumps(wrong)
    return True


def counted(state):
    kinds = {"notes and briefs": "MEMORY", "contributions and needs": "AID", "articles": "LIBRARY", "trail records": "NIGHTS"}
    return ", ".join(f"{sum(key.startswith(stream) for key in state)} {what}" for what, stream in kinds.items())
