"""What stands in for images of registries, and our own image by the shipped Dockerfile."""

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from .engine import Engine
from .tools import PROGRAMS, ROOT, SERVICES, run, skip

COMMUNE, RUNTIME = "commune:0.1.0", "gcr.io/distroless/cc-debian12:nonroot"
NATS, JAEGER, BINARIES = "nats:2.15.1-alpine", "jaegertracing/jaeger:2.20.0", "commune-binaries:test-compose"


class Images:
    """What stands in for images of registries, under their names, and our own image by the shipped Dockerfile."""

    def __init__(self, engine, work):
        self.engine, self.work, self.stand_ins = engine, work, []

    def all(self):
        self.nats()
        self.jaeger()
        self.distroless()
        self.commune()

    def remove(self):
        """Takes out of somebody else's engine what was put there."""
        if self.engine.daemon is None:
            for name in [COMMUNE, BINARIES, *self.stand_ins]:
                self.engine.docker("rmi", "-f", name, check=False)

    def there(self, name):
        return self.engine.docker("images", "-q", name).strip() != ""

    def load(self, name, folder, *changes):
        body = io.BytesIO()
        with tarfile.open(fileobj=body, mode="w") as tar:
            tar.add(folder, arcname=".", filter=as_root)
        options = [part for change in changes for part in ("--change", change)]
        self.engine.docker("import", *options, "-", name, given=body.getvalue())
        if name != BINARIES:
            self.stand_ins.append(name)

    @staticmethod
    def static_busybox():
        found = shutil.which("busybox")
        linked = subprocess.run(["ldd", found], capture_output=True, check=False) if found else None
        return found if linked and b"=>" not in linked.stdout else None

    def with_busybox(self, name):
        busybox = self.static_busybox() or (os.geteuid() == 0 and Engine.installed("busybox-static") and self.static_busybox())
        if not busybox:
            skip("a static busybox for the stand-ins is missing: apt-get install busybox-static")
        folder = self.work / name
        (folder / "bin").mkdir(parents=True)
        shutil.copy(busybox, folder / "bin" / "busybox")
        for applet in ("sh", "wget", "chown", "nc", "printf"):
            (folder / "bin" / applet).symlink_to("busybox")
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o1777)
        return folder

    def nats(self):
        if self.there(NATS):
            return
        server = Path(os.environ.get("NATS_SERVER") or ROOT / ".tools" / "bin" / "nats-server")
        folder = self.with_busybox("nats")
        shutil.copy(server, folder / "bin" / "nats-server")
        self.load(NATS, folder, "ENV PATH=/bin", 'ENTRYPOINT ["nats-server"]')

    def jaeger(self):
        if self.there(JAEGER):
            return
        folder = self.with_busybox("jaeger")
        copy_libraries(PROGRAMS / "jaeger-stand-in", folder)
        strip(PROGRAMS / "jaeger-stand-in", folder / "bin" / "jaeger")
        listen = '["/bin/jaeger", "0.0.0.0:4317", "0.0.0.0:16686", "0.0.0.0:13133"]'
        self.load(JAEGER, folder, "ENV PATH=/bin", f"ENTRYPOINT {listen}", "USER 10001")

    def distroless(self):
        if self.there(RUNTIME):
            return
        folder = self.work / "distroless"
        for part in ("etc/ssl/certs", "tmp", "home/nonroot"):
            (folder / part).mkdir(parents=True)
        (folder / "tmp").chmod(0o1777)
        (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n")
        (folder / "etc/group").write_text("root:x:0:\nnonroot:x:65532:\n")
        authorities = Path("/etc/ssl/certs/ca-certificates.crt")
        if authorities.exists():
            shutil.copy(authorities, folder / "etc/ssl/certs")
        for program in (*SERVICES, "commune"):
            copy_libraries(PROGRAMS / program, folder)
        self.load(RUNTIME, folder, "USER 65532:65532", "ENV PATH=/usr/local/bin:/usr/bin:/bin")

    def commune(self):
        folder = self.work / "binaries"
        (folder / "out").mkdir(parents=True)
        (folder / "store").mkdir()
        for program in (*SERVICES, "commune"):
            strip(PROGRAMS / program, folder / "out" / program)
        self.load(BINARIES, folder)
        self.engine.docker(
            "buildx", "build", "--load", "--target", "runtime", "-f", ROOT / "deploy" / "Dockerfile", "--build-arg",
            f"BINARIES={BINARIES}", "--build-arg", f"RUNTIME_IMAGE={RUNTIME}", "-t", COMMUNE, ROOT, timeout=120,
        )


def as_root(member):
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def strip(program, into):
    shutil.copy(program, into)
    if shutil.which("strip"):
        run("strip", "--strip-debug", into)


def copy_libraries(program, folder):
    """The loader and the libraries of the machine that the program names."""
    for line in run("ldd", program).splitlines():
        path = next((word for word in line.split() if word.startswith("/")), None)
        if path:
            into = folder / path.lstrip("/")
            into.parent.mkdir(parents=True, exist_ok=True)
            if not into.exists():
                shutil.copy(path, into)
