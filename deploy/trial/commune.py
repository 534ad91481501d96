"""The composed commune, and what is said to it and asked of it."""

import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from .tools import PROGRAMS, ROOT, SERVICES, free_ports, run, say, until

SERVERS = ["NATS_PORT", "NATS_2_PORT", "NATS_3_PORT"]


ONE = ["nats", *SERVICES]
THREE = [*ONE, "nats-2", "nats-3", *(f"{service}-2" for service in SERVICES)]


class Commune:
    """A composed commune, of one of everything or the profile `cluster`; gone after its block, with its volumes."""

    def __init__(self, engine, work, cluster=False):
        self.engine, self.cluster = engine, cluster
        self.lasting = [*(THREE if cluster else ONE), "jaeger"]
        self.owners = [f"{service}-data-owner" for service in self.lasting if service.startswith("nats")]
        self.deploy = Path(tempfile.mkdtemp(dir=work)) / "deploy"
        shutil.copytree(ROOT / "deploy", self.deploy, ignore=shutil.ignore_patterns("secrets", ".env", "trial", "test-compose"))
        run(self.deploy / "new-key")
        run(self.deploy / "new-tokens")
        text = (self.deploy / "compose.yaml").read_text()
        self.ports = free_ports(sorted(set(re.findall(r"127\.0\.0\.1:\$\{(\w+_PORT):-", text))))
        self.nats_ports = [self.ports[name] for name in (SERVERS if cluster else SERVERS[:1])]
        self.nats = ",".join(f"nats://127.0.0.1:{port}" for port in self.nats_ports)
        # where it is about noon, so that no night falls due meanwhile and no day ends
        hour = time.gmtime().tm_hour - 12
        self.zone = f"Etc/GMT{hour:+}" if hour else "Etc/UTC"
        self.env = {**engine.env, **{name: str(port) for name, port in self.ports.items()}, "HEALTH_INTERVAL": "1s",
                    "TIME_ZONE": self.zone, "COMPOSE_PROJECT_NAME": f"commune-test-{os.getpid()}"}
        if cluster:
            self.env |= {"COMPOSE_PROFILES": "cluster", "CLUSTER_REPLICAS": "3"}

    def __enter__(self):
        return self

    def __exit__(self, problem, *_):
        if problem is not None:
            say("what the containers said last:")
            print(self.compose("logs", "--tail", "30", "--no-color", check=False), file=sys.stderr)
        self.compose("down", "-v", "--timeout", "20", timeout=90, check=False)

    def compose(self, *arguments, **how):
        return run("docker", "compose", "-f", self.deploy / "compose.yaml", *arguments, env=self.env, **how)

    def up(self, *services):
        """Brings these up, all without one, and waits until they are healthy."""
        self.compose("config", "--quiet")
        self.compose("up", "-d", "--no-build", "--wait", "--wait-timeout", "90", *services, timeout=120)

    def stop(self):
        """Stops all, and gives the exit codes, which must be good."""
        self.compose("stop", "--timeout", "20", timeout=90)
        codes = {service: self.container(service)["State"]["ExitCode"] for service in self.lasting}
        assert set(codes.values()) == {0}, f"exit codes: {codes}"
        return codes

    def container(self, service):
        found = self.compose("ps", "-a", "-q", service).split()
        assert len(found) == 1, f"{service} has {len(found)} containers"
        return json.loads(self.engine.docker("inspect", found[0]))[0]

    def healthy(self, service):
        return self.container(service)["State"].get("Health", {}).get("Status") == "healthy"

    def command(self, *arguments):
        """A call of the program `commune`, as the operator."""
        key = self.deploy / "secrets" / "services.nk"
        return [str(part) for part in (PROGRAMS / "commune", "--json", "--nats", self.nats, "--operator-key", key, *arguments)]

    def cli(self, *arguments, **how):
        out = run(*self.command(*arguments), env=self.env, **how)
        return [json.loads(line) for line in out.splitlines() if line.strip()]

    def ask_library(self, *arguments):
        token = (self.deploy / "secrets" / "operator.token").read_text().strip()
        return self.cli("--library", f"https://127.0.0.1:{self.ports['LIBRARIAN_PORT']}", "--ca",
                        self.deploy / "secrets" / "tls.pem", "--token", token, *arguments)

    def doctor(self):
        """What `commune doctor` says of everything that it can reach, and does not find well."""
        ports = [name for name in self.ports if name.endswith("_HTTP_PORT") and (self.cluster or "_2_" not in name)]
        services = ",".join(f"http://127.0.0.1:{self.ports[name]}" for name in ports)
        looks = self.cli("doctor", "--service", services, "--secrets", self.deploy / "secrets", check=False)
        assert looks, "the doctor says nothing"
        # how the server writes to disk is told by its monitor, which is not published
        return [look for look in looks if look["verdict"] != "well" and look["at"] != "durability"]

    def note(self, agent, title, text):
        self.cli("note", agent, f"# {title}\n{text}", "--kind", "lesson")

    def trace(self, trace_id):
        url = f"http://127.0.0.1:{self.ports['JAEGER_PORT']}/api/traces/{trace_id}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)["data"][0]
        except urllib.error.HTTPError:
            return None

    def metrics(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}/metrics", timeout=5) as answer:
            return answer.read().decode()

    def kill(self, service):
        """As a crash: the process of the container is gone, and nobody asked for it."""
        before = self.container(service)
        pid, restarts = before["State"]["Pid"], before["RestartCount"]
        os.kill(pid, signal.SIGKILL)
        until(f"{service} was started again and is healthy", 60,
              lambda: self.container(service)["RestartCount"] > restarts and self.healthy(service))
