"""All of a project's containers that a fault of ours can change, as the engine and the kernel show it."""

import json
from typing import Any

from killing import containers, engine


def state_of(project: str) -> dict[str, Any]:
    """State, limits, networks with addresses and aliases, published ports, packet rules and queueing disciplines."""
    found = {}
    for one in containers(project):
        inspected = json.loads(engine("inspect", one))[0]
        host = inspected["HostConfig"]
        limits = {key: max(host[key] or 0, 0) for key in ("NanoCpus", "CpuQuota", "Memory", "MemorySwap")}
        networks = {
            name: (each["IPAddress"], sorted(each["Aliases"] or []))
            for name, each in inspected["NetworkSettings"]["Networks"].items()
        }
        look = "iptables -S | grep -v '^-P'; tc qdisc show"
        rules = engine("run", "--rm", "--user", "0", "--cap-add", "NET_ADMIN", "--network", f"container:{one}",
                       "--label", "com.docker.compose.project=", inspected["Image"], "sh", "-c", look)  # fmt: skip
        found[one] = (inspected["State"]["Status"], limits, networks, inspected["NetworkSettings"]["Ports"], rules)
    return found
