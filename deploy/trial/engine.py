"""An engine of Docker: the one that is there, or one of our own."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .tools import run, skip


class Engine:
    """The engine that is there, or one of our own in a folder that goes with us; and the plugins that it needs."""

    def __init__(self, work):
        self.work, self.daemon = work, None
        self.env = {**os.environ, "DOCKER_CONFIG": str(work / "docker"), "DOCKER_BUILDKIT": "1"}
        if not self.answers():
            self.start()
        try:
            self.plugins()
        except BaseException:
            self.stop()
            raise

    def answers(self):
        try:
            return shutil.which("docker") and self.docker("info", timeout=20, check=False).find("Server Version") >= 0
        except subprocess.TimeoutExpired:
            return False

    def start(self):
        if os.geteuid() != 0:
            skip("no engine of Docker answers, and only root can start one")
        if subprocess.run(["pidof", "dockerd"], stdout=subprocess.DEVNULL, check=False).returncode == 0:
            skip("an engine of Docker runs and does not answer here; a second one would take its network away")
        missing = [package for command, package in [("dockerd", "docker.io"), ("iptables", "iptables"), ("docker", "docker.io")]
                   if not shutil.which(command)]
        if missing and not self.installed(*missing):
            skip("no engine of Docker is here, and none can be installed (apt-get install docker.io iptables)")
        log = open(self.work / "dockerd.log", "wb")
        sock = f"unix://{self.work}/docker.sock"
        self.daemon = subprocess.Popen(
            ["dockerd", "--data-root", self.work / "data", "--exec-root", self.work / "exec", "--pidfile",
             self.work / "dockerd.pid", "-H", sock],
            stdout=log, stderr=log, start_new_session=True,
        )
        self.env["DOCKER_HOST"] = sock
        end = time.monotonic() + 30
        while not self.answers():
            if self.daemon.poll() is not None or time.monotonic() > end:
                tail = (self.work / "dockerd.log").read_text(errors="replace").strip().splitlines()[-1:]
                self.stop()
                skip(f"no engine of Docker can run here: {tail}")
            time.sleep(0.2)

    @staticmethod
    def installed(*packages):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            try:
                subprocess.run(["apt-get", *command], env=env, timeout=240, stdout=subprocess.DEVNULL, check=True)
            except (OSError, subprocess.SubprocessError):
                return False
        return True

    def plugins(self):
        """Compose v2 and buildx, where they are missing out of Debian's next release, into a folder of our own."""
        missing = [plugin for plugin in ("compose", "buildx") if not self.has(plugin)]
        if not missing:
            return
        apt, source = self.work / "apt", Path("/etc/apt/sources.list.d/debian.sources")
        if not source.exists():
            skip(f"docker {' and docker '.join(missing)} (v2) are missing: install them")
        for folder in ("lists/partial", "cache/archives/partial", "sources"):
            (apt / folder).mkdir(parents=True)
        stanzas = [stanza for stanza in source.read_text().split("\n\n") if "debian-security" not in stanza]
        text = "\n\n".join(stanzas)
        lines = ["Suites: trixie" if line.startswith("Suites:") else line for line in text.splitlines()]
        (apt / "sources" / "trixie.sources").write_text("\n".join(lines) + "\n")
        options = ["-o", f"Dir::State::Lists={apt}/lists", "-o", "Dir::Etc::SourceList=/dev/null", "-o",
                   f"Dir::Etc::SourceParts={apt}/sources", "-o", f"Dir::Cache={apt}/cache", "-o", "APT::Sandbox::User=root"]
        into = Path(self.env["DOCKER_CONFIG"]) / "cli-plugins"
        into.mkdir(parents=True, exist_ok=True)
        try:
            run("apt-get", *options, "update", "-qq", timeout=120)
            for plugin in missing:
                folder = apt / plugin
                folder.mkdir()
                subprocess.run(["apt-get", *options, "download", "-qq", f"docker-{plugin}"], cwd=folder, timeout=120,
                               stdout=subprocess.DEVNULL, check=True)
                run("dpkg", "-x", next(folder.glob("*.deb")), folder / "x")
                found = next(path for path in (folder / "x").rglob(f"docker-{plugin}") if path.is_file() and os.access(path, os.X_OK))
                shutil.copy(found, into / f"docker-{plugin}")
                (into / f"docker-{plugin}").chmod(0o755)
        except (AssertionError, OSError, StopIteration, subprocess.SubprocessError) as error:
            self.stop()
            skip(f"docker {' and docker '.join(missing)} (v2) are missing and cannot be fetched: {error}")
        assert all(self.has(plugin) for plugin in missing), "a plugin that was fetched does not run"

    def has(self, plugin):
        return "version" in self.docker(plugin, "version", check=False).lower() or "buildx" in self.docker(plugin, "version", check=False)

    def docker(self, *arguments, **how):
        return run("docker", *arguments, env=self.env, **how)

    def stop(self):
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(20)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait(5)
