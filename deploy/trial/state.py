"""The end state of a commune as a value: what must be equal after any crash."""

# what depends on when and where a run was
PASSING = {"curated_at", "trace_id", "duration_us", "stream_sequence", "ended_at", "asked_at"}
STREAMS = ["MEMORY", "AID", "LIBRARY", "NIGHTS"]


def end_state(commune):
    """The bodies of every subject of the streams that hold state, oldest first: memories with their diaries and briefs, contributions
    and needs, every revision of every article with its provenance, and the trail."""
    state = {}
    for stream in STREAMS:
        for message in commune.cli("tail", "--stream", stream, "--from", "1", "--once", timeout=90):
            if stream == "NIGHTS" and not message["subject"].startswith("commune.night.trail."):
                continue
            state.setdefault(f"{stream} {message['subject']}", []).append(lasting(message["body"]))
    return state


def lasting(value):
    if isinstance(value, dict):
        return {key: lasting(inner) for key, inner in value.items() if key not in PASSING}
    return [lasting(inner) for inner in value] if isinstance(value, list) else value


def differences(left, right):
    """The subjects that are not the same in both."""
    return sorted(subject for subject in left.keys() | right.keys() if left.get(subject) != right.get(subject))
