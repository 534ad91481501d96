"""Agents that speak NATS as it is on the wire, without credentials, and say a thing again until the stream has it."""

import json
import socket
import time

SYLLABLES = ["ka", "ro", "mil", "ten", "vor", "sa", "lu", "pek", "dra", "nim", "os", "ber", "tiv", "gan", "hul", "fe"]
STATEMENTS = [
    "Before the {a} is {b}, look at the {c}.",
    "Drain the {a} first, or the {b} sticks to the {c}.",
    "When it is cold, the {a} wants a {b} and some {c}.",
    "Nobody {a} the {b} alone: one holds the {c}, the other reads the dial.",
    "After {number} weeks the {a} is {b}.",
    "With a {a} of {number} the {b} does not {c}.",
    "Most of the {a} is {b}; what is left is {c}.",
]
KINDS = ["lesson", "how-to", "fix", "fact", "decision", "preference"]


def word(topic, place):
    """A word that no other topic is likely to have."""
    rest, said = (topic + 1) * 2654435761 + place * 40503 >> 3, ""
    for _ in range(3):
        said, rest = said + SYLLABLES[rest % 16], rest // 16
    return said


def topic_of(agent, index):
    """Agents meet in a third of the topics."""
    return index if index % 3 == 0 else 1000 + 100 * agent + index


def notes(agents, each, day):
    """The same notes every time, as (agent, id, text); one in ten says what another has said."""
    for index in range(each):
        for agent in range(agents):
            topic = topic_of(agent, index - 1 if index % 10 == 8 else index)
            words = [word(topic, place) for place in range(9)]
            lines = [
                STATEMENTS[(topic + step) % len(STATEMENTS)].format(a=words[step], b=words[step + 2], c=words[step + 4], number=topic % 7 + 2)
                for step in range(3 + agent % 2)
            ]
            head = f"---\ntitle: {words[0]} {words[1]} and {words[2]}\nkind: {KINDS[topic % len(KINDS)]}\ndate: {day}\n---\n"
            yield f"agent-{agent}", f"n{index:04}", head + "\n".join(lines) + "\n"


def needs(agents):
    """Questions: one that the night may answer, and one that nobody can, of each agent."""
    for agent in range(agents):
        topic = topic_of(agent, 3 * agent)
        yield f"agent-{agent}", f"q{agent:04}", f"How do I drain the {word(topic, 0)} {word(topic, 1)}?"
        yield f"agent-{agent}", f"r{agent:04}", f"Where is the spare key of balloon {agent} kept?"


class Wire:
    """A connection to the first server that answers; made anew when it is lost."""

    def __init__(self, ports):
        self.ports, self.socket = ports, None

    def connect(self):
        for port in self.ports:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
                self.lines = self.socket.makefile("rb")
                self.lines.readline()
                self.socket.sendall(b'CONNECT {"verbose":false,"headers":true}\r\nSUB _INBOX.trial 1\r\nPING\r\n')
                while self.lines.readline() not in (b"PONG\r\n", b""):
                    pass
                return
            except OSError:
                continue
        raise OSError("no server answers")

    def say(self, agent, kind, ident, text, patience=30):
        """Says it until it is acknowledged."""
        end, body = time.monotonic() + patience, text.encode()
        subject = f"commune.agent.{agent}.{kind}.{ident}"
        head = f"NATS/1.0\r\nNats-Msg-Id: {agent}-{ident}\r\n\r\n".encode()
        while time.monotonic() < end:
            try:
                if self.socket is None:
                    self.connect()
                self.socket.sendall(f"HPUB {subject} _INBOX.trial {len(head)} {len(head) + len(body)}\r\n".encode() + head + body + b"\r\n")
                answer = self.answer()
                if "seq" in answer:
                    return
            except (OSError, ValueError):
                self.socket = None
            time.sleep(0.1)
        raise AssertionError(f"{subject} was not acknowledged within {patience} s")

    def answer(self):
        while True:
            line = self.lines.readline()
            if not line:
                raise OSError("the connection is closed")
            if line == b"PING\r\n":
                self.socket.sendall(b"PONG\r\n")
            elif line.startswith(b"-ERR"):
                raise OSError(line.decode())
            elif line.startswith((b"MSG", b"HMSG")):
                words = line.split()
                body = self.lines.read(int(words[-1]) + 2)
                return json.loads(body[int(words[-2]) if words[0] == b"HMSG" else 0:])
