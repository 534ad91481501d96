"""What holds of every container: no root, no capabilities, nothing writable, limits."""

import json
from pathlib import Path


def check_hardened(commune):
    for service in [*commune.lasting, *commune.owners]:
        about = commune.container(service)
        host, config = about["HostConfig"], about["Config"]
        lasting = service in commune.lasting
        user = config["User"].split(":")[0]
        checks = {
            "runs as nobody's root": user not in ("", "0", "root") if lasting else user == "0",
            "read-only": host["ReadonlyRootfs"],
            "no capabilities": host["CapDrop"] == ["ALL"] and (host["CapAdd"] or []) in ([], ["CHOWN"]) and not (lasting and host["CapAdd"]),
            "no new privileges": "no-new-privileges:true" in (host["SecurityOpt"] or []),
            "limits": host["Memory"] > 0 and host["NanoCpus"] > 0 and (host["PidsLimit"] or 0) > 0,
            "logs are rotated": host["LogConfig"]["Config"].get("max-size") is not None,
            "restarts": host["RestartPolicy"]["Name"] in (["unless-stopped"] if lasting else ["no", ""]),
            "ports on this host alone": all(
                binding["HostIp"] == "127.0.0.1" for bindings in (host["PortBindings"] or {}).values() for binding in bindings),
            "not privileged": not host["Privileged"],
        }
        failed = [name for name, good in checks.items() if not good]
        assert not failed, f"{service}: {failed}\n{json.dumps(host, indent=1)[:4000]}"
        if lasting:
            # as the kernel has it, not as it was asked for
            status = Path(f"/proc/{about['State']['Pid']}/status").read_text()
            effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))
            assert int(effective, 16) == 0, f"{service} has capabilities: {effective}"
