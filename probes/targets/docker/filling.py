"""What the Docker target can do to a container's volume: fill it, where it has a file system of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from probes.errors import ConfigurationError, FaultNotPossible, TargetError
from probes.targets.abilities import Room
from probes.targets.api import Instance
from probes.targets.docker.containers import SERVICE, labels_of
from probes.targets.docker.engine import asked
from probes.targets.docker.parts import Part

__all__ = ["Filled", "named_volumes"]

LARGEST = 1 << 30
"""Bytes: what is larger takes long to fill, and is most likely no volume made for this."""
FILE = ".stehauf-full-"
_AT = "/volume"
_RIGHTS = {"cap_add": ["DAC_OVERRIDE"]}
"""The volume belongs to the service's user."""
_LOOK = f"""
awk '$5 == "{_AT}" {{print "device", $3; print "root", $4; for (n = 7; $n != "-"; n++); print "type", $(n + 1)}}
     $5 == "/etc/hostname" {{print "engine", $3}}' /proc/self/mountinfo
echo size $(($(stat -f -c '%S * %b' {_AT})))
echo free $(($(stat -f -c '%S * %a' {_AT})))
for file in {_AT}/{FILE}*; do [ -e "$file" ] && echo file ${{file#{_AT}/{FILE}}}; done
true
"""
"""The engine's own disk is the one that it gives a container's /etc/hostname from."""


class Filled(Part):
    """The part of the Docker target that fills volumes."""

    def own_disk(self, instance: Instance, path: str) -> str:
        """Its one named volume, or the one at `path`; looked at by a helper that has it, too."""
        there = named_volumes(self._ours(instance).attrs)
        if not there:
            raise FaultNotPossible(f"{instance.service} has no named volume that could be filled; nothing was done")
        if path not in there and (path or len(there) > 1):
            raise ConfigurationError(
                f"disk_full: path reads {path!r}; {instance.service} has volumes at {', '.join(sorted(there))}"
            )
        path = path or next(iter(there))
        self._refuse_shared(instance, there[path])
        said = self._look(there[path])
        if why := _not_its_own({key: value for key, value in said if key != "file"}):
            raise FaultNotPossible(
                f"The volume of {instance.service} at {path} {why}; nothing was done. Only a volume that has a file "
                f"system of its own is filled: `chaos stack up --own-disk {instance.service}` makes one, and so does a "
                "run of this experiment that brings the stack up by itself (`chaos stack down` first). In a project of "
                "your own, give the volume a device (driver_opts)"
            )
        return path

    def room(self, instance: Instance, path: str, fault: str) -> Room:
        """From the kernel, by a helper that has the same volume."""
        said = self._look(named_volumes(self._ours(instance).attrs)[path])
        found = dict(said)
        return Room(int(found["size"]), int(found["free"]), ("file", fault) in said)

    def fill(self, instance: Instance, path: str, fault: str, for_seconds: float) -> None:
        """By a helper with the same volume, which stays until its own time is over and takes what gets free, too."""
        self.empty(instance, path, fault)
        command = ["sh", "-c", _filling(f"{_AT}/{FILE}{fault}", for_seconds)]
        self._helpers().start("none", command, fault, self._mounted(instance, path), _RIGHTS)

    def empty(self, instance: Instance, path: str, fault: str) -> None:
        """End the fault's helpers, and remove its file."""
        helpers = self._helpers()
        helpers.end(fault)
        helpers.ask("none", f"rm -f {_AT}/{FILE}{fault}", self._mounted(instance, path), _RIGHTS)

    def stray_files(self) -> tuple[tuple[str, str], ...]:
        """The fault's id, and a sentence, for each file of ours in a volume that has a device of its own."""
        told = "{}: fault {} fills the volume {}"
        return tuple((fault, told.format(service, fault, name)) for service, name, fault in self._files())

    def sweep_files(self) -> tuple[str, ...]:
        """Remove all of them; a sentence for each."""
        done = []
        for service, name, fault in self._files():
            self._helpers().ask("none", f"rm -f {_AT}/{FILE}{fault}", {name: {"bind": _AT}}, _RIGHTS)
            done.append(f"{service}: took away what fault {fault} filled the volume {name} with")
        return tuple(done)

    def _files(self) -> Iterator[tuple[str, str, str]]:
        """Service, volume and fault."""
        for container in self._containers():
            for name in named_volumes(container.attrs).values():
                with asked(f"look at the volume {name}"):
                    options = self._engine().volumes.get(name).attrs.get("Options") or {}
                if options.get("device"):
                    faults = [value for key, value in self._look(name) if key == "file"]
                    yield from ((labels_of(container.attrs)[SERVICE], name, fault) for fault in faults)

    def _mounted(self, instance: Instance, path: str) -> dict[str, Any]:
        return {named_volumes(self._ours(instance).attrs)[path]: {"bind": _AT}}

    def _look(self, volume: str) -> list[tuple[str, str]]:
        said = self._helpers().ask("none", _LOOK, {volume: {"bind": _AT}}, _RIGHTS)
        found = [(words[0], words[1]) for line in said.splitlines() if len(words := line.split()) == 2]  # noqa: PLR2004
        if not {"device", "root", "type", "engine", "size", "free"} <= {key for key, _ in found}:
            raise TargetError(f"A helper could not look at the volume {volume}: {said[:200]}")
        return found

    def _refuse_shared(self, instance: Instance, volume: str) -> None:
        with asked(f"list the containers that have the volume {volume}"):
            users = self._engine().containers.list(all=True, filters={"volume": volume}, ignore_removed=True)
        others = sorted(one.name or "" for one in users if one.id != instance.id)
        if others:
            raise FaultNotPossible(
                f"The volume {volume} of {instance.service} is that of {', '.join(others)}, too, which would be hit; "
                "nothing was done"
            )


def named_volumes(attributes: Mapping[str, Any]) -> dict[str, str]:
    """By their place in the container, the engine's names of the volumes that can be written."""
    mounts = attributes.get("Mounts") or []
    return {each["Destination"]: each["Name"] for each in mounts if each.get("Type") == "volume" and each.get("RW")}


def _not_its_own(found: Mapping[str, str]) -> str:
    """Why filling it would fill another disk, too; empty: it would not."""
    if found["type"] in {"tmpfs", "ramfs"}:
        return "is kept in memory, which is the machine's"
    if found["root"] != "/" or found["device"] == found["engine"]:
        return "lies on the engine's own disk"
    if int(found["size"]) > LARGEST:
        return f"has {int(found['size']) >> 20} MiB, more than the {LARGEST >> 20} that are filled"
    return ""


def _filling(file: str, for_seconds: float) -> str:
    """The helper's shell: fill, say so, fill again what gets free, and give it back at the end, also on SIGTERM."""
    return (
        f"by_kib() {{ dd if=/dev/zero of={file} bs=1k oflag=append conv=notrunc; }}\n"
        f"fill() {{ cat /dev/zero >> {file}; by_kib; }} 2>/dev/null\n"
        f"away() {{ kill $waiting 2>/dev/null; rm -f {file}; exit 0; }}\n"
        "trap away TERM INT\n"
        f"sleep {for_seconds:.3f} & waiting=$!\n"
        "fill\n"
        f"[ -s {file} ] || {{ echo it could not be written; away; }}\n"
        "echo armed\n"
        "while kill -0 $waiting 2>/dev/null; do sleep 0.1; fill; done\n"
        "away\n"
    )
