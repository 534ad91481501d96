"""One of everything: a night, what operators do, every container killed once, all stopped well."""

import json

from .commune import Commune
from .hardened import check_hardened
from .tools import SERVICES, say, until


def check(engine, work):
    with Commune(engine, work) as commune:
        commune.up()
        say("all is up and healthy")
        check_hardened(commune)
        check_night(commune)
        check_operators(commune, work)
        check_recovery(commune)
        say(f"stopped: {commune.stop()}")


def check_night(commune):
    commune.note("ada", "The clock", "The clock of the tower is wound by hand on Mondays.")
    commune.note("bo", "The pool", "Drain the pool before a restart, or requests fail.")
    board = commune.cli("night", "run", "--zone", commune.zone, "--timeout", "60", timeout=90)[0]
    text = json.dumps(board)
    assert board["state"] == "done", text
    traces = {record["agent"]: record["trace_id"] for record in board["records"]}
    assert len(traces) == len(set(traces.values())) == 2, f"each agent's night is a trace of its own: {text}"
    for agent, trace_id in traces.items():
        whole = until(f"the trace of {agent} is whole", 30, lambda trace_id=trace_id: whole_trace(commune, trace_id))
        say(f"the trace of {agent}'s night, {trace_id}: {len(whole['spans'])} spans of {len(whole['processes'])} services")
    figures = commune.metrics("LIBRARIAN_HTTP_PORT")
    assert 'commune_nights_ended_total{commune_outcome="done",commune_stage="librarian"} 2' in figures, figures


def whole_trace(commune, trace_id):
    """The trace, once all services are in it, one root is above all, and nothing hangs below what is not there."""
    found = commune.trace(trace_id)
    if not found:
        return None
    services = {process["serviceName"] for process in found["processes"].values()}
    known = {span["spanID"] for span in found["spans"]}
    parents = [[ref["spanID"] for ref in span["references"] if ref["refType"] == "CHILD_OF"] for span in found["spans"]]
    roots = [ids for ids in parents if not ids]
    curated = any(span["operationName"].startswith("send commune.event.article-curated") or span["operationName"] == "curate"
                  for span in found["spans"])
    whole = services == set(SERVICES) and len(roots) == 1 and all(set(ids) <= known for ids in parents) and curated
    return found if whole else None


def check_operators(commune, work):
    """What an operator does: looks at everything, reads a trace, takes a backup, changes how much is logged."""
    wrong = commune.doctor()
    assert not wrong, f"the doctor finds {wrong}"
    night = commune.cli("night", "list")[-1]["night"]
    jaeger = f"http://127.0.0.1:{commune.ports['JAEGER_PORT']}"
    spans = commune.cli("trace", night, "--agent", "ada", "--jaeger", jaeger)[0]["spans"]
    assert spans[0]["name"] == "night ada" and {span["service"] for span in spans} == set(SERVICES), spans
    backup = work / "backup"
    taken = commune.cli("backup", backup, timeout=90)[0]
    commune.cli("restore", "--check", backup)
    (commune.deploy / "levels" / "log_level").write_text("info,async_nats=debug")
    for service in SERVICES:
        until(f"{service} logs more", 20, lambda service=service: "the log level has changed" in commune.compose("logs", "--no-color", service))
    (commune.deploy / "levels" / "log_level").unlink()
    say(f"doctor finds nothing wrong; a trace has {len(spans)} spans; a backup of {taken['messages']} messages is whole; the log level changes")


def check_recovery(commune):
    for service in commune.lasting:
        commune.kill(service)
        say(f"{service} was killed, and is back")
    # as after every change of a setting: what is there is taken up again
    commune.up()
    for service in commune.lasting:
        until(f"{service} is healthy", 60, lambda service=service: commune.healthy(service))
    commune.note("ada", "The bell", "The bell of the tower is rung at noon.")
    board = until("a night runs again", 90, lambda: commune.cli("night", "run", "--zone", commune.zone, "--extra", "--timeout", "60", timeout=80)[0])
    assert board["state"] == "done", json.dumps(board)
    articles = commune.ask_library("articles")
    assert len(articles) == 3, f"what was shared before and after is there: {articles}"
