"""What the Docker target can do to a container's limits, and what the kernel says of them: cgroup v1 and v2."""

from collections.abc import Mapping
from typing import Any

from probes.errors import FaultNotPossible
from probes.targets.abilities import Limits, Use
from probes.targets.api import Instance
from probes.targets.docker.engine import asked
from probes.targets.docker.parts import Part

__all__ = ["Limited", "limits_in", "look_for", "use_in"]

_PERIOD_US = 100_000
_ENDLESS = 1 << 62
"""The engine refuses to take a limit away; the kernel writes no limit as about this many bytes."""
_MOST = 1 << 50
"""Bytes above which a limit is none."""
_KEYS = ("NanoCpus", "CpuQuota", "CpuPeriod", "Memory", "MemorySwap")

_READ = """
folder() { dirname "$(find ROOT -path '*ID*' -name "$1" 2>/dev/null | head -n 1)"; }
cpu=$(folder cpu.max)
if [ -e "$cpu/cpu.max" ]; then
  set -- $(cat "$cpu/cpu.max"); echo quota $1; echo period $2
  sed -n 's/^throttled_usec /throttled_us /p' "$cpu/cpu.stat"
  echo limit $(cat "$cpu/memory.max"); echo used $(cat "$cpu/memory.current")
else
  cpu=$(folder cpu.cfs_quota_us); memory=$(folder memory.limit_in_bytes)
  echo quota $(cat "$cpu/cpu.cfs_quota_us"); echo period $(cat "$cpu/cpu.cfs_period_us")
  sed -n 's/^throttled_time /throttled_ns /p' "$cpu/cpu.stat"
  echo limit $(cat "$memory/memory.limit_in_bytes"); echo used $(cat "$memory/memory.usage_in_bytes")
fi 2>/dev/null
"""
"""Read from outside: inside, what is starved would have to read it, and would take its time."""
_ROOT = "/cgroup"
_CGROUP = {"/sys/fs/cgroup": {"bind": _ROOT, "mode": "ro"}}
_EXHAUST = """
for process in /proc/[0-9]*; do
  [ ${process#/proc/} = $$ ] || echo 1000 > $process/oom_score_adj
done 2>/dev/null
exec tail /dev/zero
"""
"""Every other process of the container is to be killed before the one that then takes all the memory."""


class Limited(Part):
    """The part of the Docker target that changes limits."""

    def limits(self, instance: Instance) -> Limits:
        """From its cgroup, read by a helper container."""
        return limits_in(self._cgroup(instance))

    def use(self, instance: Instance) -> Use:
        """From its cgroup, read by a helper container."""
        return use_in(self._cgroup(instance))

    def declared(self, instance: Instance) -> dict[str, int]:
        """The engine's own settings."""
        host = self._ours(instance).attrs["HostConfig"]
        return {key: int(host.get(key) or 0) for key in _KEYS}

    def limit(self, instance: Instance, limits: Limits) -> None:
        """By the engine, on the running container."""
        wanted: dict[str, int] = {}
        if limits.cpus is not None and self.declared(instance)["NanoCpus"]:
            wanted["NanoCpus"] = round(limits.cpus * 1e9)  # a quota would be a conflict with it
        elif limits.cpus is not None:
            wanted |= {"CpuPeriod": _PERIOD_US, "CpuQuota": round(limits.cpus * _PERIOD_US)}
        if limits.memory_bytes is not None:
            wanted |= {"Memory": limits.memory_bytes, "MemorySwap": limits.memory_bytes}
        self._update(instance, wanted)

    def restore(self, instance: Instance, declared: dict[str, int]) -> None:
        """As they were; what was no limit before gets the engine's way of saying none."""
        now, wanted = self.declared(instance), {}
        if declared["NanoCpus"] != now["NanoCpus"]:
            wanted["NanoCpus"] = declared["NanoCpus"]
        if not declared["NanoCpus"] and max(declared["CpuQuota"], 0) != max(now["CpuQuota"], 0):
            wanted["CpuQuota"] = declared["CpuQuota"] if declared["CpuQuota"] > 0 else -1
        if declared["Memory"] != now["Memory"]:
            wanted["Memory"] = declared["Memory"] or _ENDLESS // 4096 * 4096
            wanted["MemorySwap"] = declared["MemorySwap"] or -1
        if wanted:
            self._update(instance, wanted)

    def exhaust(self, instance: Instance) -> None:
        """A process inside takes all memory up to the container's limit; the kernel kills the service's own first."""
        container = self._ours(instance)
        if not container.attrs["HostConfig"].get("Memory"):
            raise FaultNotPossible(
                f"{instance.service} has no memory limit, so running out of memory would be the whole machine's; "
                "nothing was done. Give it `mem_limit` in its Compose file (for a swarm deploy.resources.limits.memory)"
            )
        with asked(f"let {instance.service} run out of memory"):
            container.exec_run(["sh", "-c", _EXHAUST], detach=True)

    def _cgroup(self, instance: Instance) -> dict[str, str]:
        container = self._ours(instance)
        text = self._helpers().ask("none", look_for(str(container.id), _ROOT), volumes=_CGROUP)
        found = dict(line.split(maxsplit=1) for line in text.splitlines() if " " in line)
        if not {"quota", "limit", "used"} <= set(found):
            raise FaultNotPossible(
                f"The limits of {instance.service} cannot be read on the engine's machine: {text.strip()[:200]}. "
                "Without that nothing could show that the fault is in place"
            )
        return found

    def _update(self, instance: Instance, wanted: dict[str, int]) -> None:
        container = self._ours(instance)
        api: Any = self._engine().api
        with asked(f"change the limits of {instance.service}"):
            # Not the SDK's own update: it leaves out zeros, and knows no NanoCpus.
            answer = api._post_json(api._url("/containers/{0}/update", container.id), data=wanted)  # noqa: SLF001
            api._raise_for_status(answer)  # noqa: SLF001


def look_for(container: str, root: str) -> str:
    """The shell that reads a container's cgroup below the folder `root`: a name and a value in each line."""
    return _READ.replace("ROOT", root).replace("ID", container)


def limits_in(found: Mapping[str, str]) -> Limits:
    """What it says of the limits: `max` and what is not positive are none, and so is the kernel's most."""
    quota, limit = found["quota"], int(found["limit"]) if found["limit"] != "max" else _ENDLESS
    unlimited = quota == "max" or int(quota) <= 0
    return Limits(
        cpus=None if unlimited else int(quota) / int(found["period"]),
        memory_bytes=None if limit > _MOST else limit,
    )


def use_in(found: Mapping[str, str]) -> Use:
    """What it says of the use: version 1 counts nanoseconds, version 2 microseconds."""
    throttled = int(found.get("throttled_ns") or int(found.get("throttled_us", 0)) * 1000)
    return Use(throttled, int(found["used"]))
