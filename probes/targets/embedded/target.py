"""The embedded target: the seam's end on this side of the supervisor."""

import contextlib
import hashlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from platform import python_version
from typing import Any

import platformdirs
import psutil

from probes.errors import ConfigurationError, NotOurs, StackNotUp, TargetError, TargetUnavailable, UnknownService
from probes.targets.api import EventSink, Instance, Service, System
from probes.targets.embedded.bringing_up import wait_until_healthy
from probes.targets.embedded.compose import Place, read_compose
from probes.targets.embedded.identity import is_same
from probes.targets.embedded.journal import Follower
from probes.targets.embedded.link import Link
from probes.targets.embedded.plan import Plan, Process, plan_from_json, plan_to_json
from probes.targets.ports import refuse_taken_ports
from probes.targets.values import check_command, masked

__all__ = ["EmbeddedTarget"]


class EmbeddedTarget:
    """A Compose file's services as processes; everything lives in one state folder.

    `environment` is the caller's: its variables fill the Compose file. `own` says that the file is the stack that
    we ship, the only one brought up unasked. With `die_with_parent` the services end with this process.
    """

    name = "embedded"

    def __init__(  # noqa: PLR0913 - keyword arguments, each a setting
        self,
        project: str,
        compose_file: Path,
        *overlays: Path,
        environment: Mapping[str, str],
        own: bool = False,
        state_dir: Path | None = None,
        die_with_parent: bool = False,
        healthy_within_s: float = 60.0,
    ) -> None:
        self.project = project
        self.is_own = own
        state = state_dir or platformdirs.user_state_path("stehauf") / "embedded" / project
        self._link = Link(state.absolute())
        self._compose_file, self._overlays = compose_file.absolute(), overlays
        self._environment = dict(environment)
        self._die_with_parent = die_with_parent
        self._healthy_within_s = healthy_within_s

    def services(self) -> tuple[str, ...]:
        """Names of the services, sorted."""
        return tuple(sorted(process.service for process in self._plan().processes))

    def instances(self, service: str) -> tuple[Instance, ...]:
        """The one process of a service; nothing while the stack is not up."""
        if service not in self.services():
            raise UnknownService(
                f"The embedded target has no service {service!r}; it has {', '.join(self.services())}."
            )
        return tuple(_instance(row) for row in self._rows() if row["service"] == service)

    def describe(self) -> System:
        """The system under test as the plan declares it."""
        services = tuple(_service(process) for process in self._plan().processes)
        return System(self.name, self.project, f"Stehauf supervisor, Python {python_version()}", services)

    @contextlib.contextmanager
    def watch(self, sink: EventSink, failed: Callable[[str], None]) -> Iterator[None]:
        """Follow the supervisor's events."""
        pid = self._supervisor_pid()
        try:
            # The follower closes it: it tells when the supervisor is gone.
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError as gone:
            raise self._not_up() from gone
        follower = Follower(self._link.state / "events.jsonl", descriptor, sink, failed)
        try:
            yield
        finally:
            follower.close()

    def crash(self, instance: Instance) -> None:
        """SIGKILL to the processes themselves, past the supervisor: it sees them end without an order."""
        self.signal(instance, signal.SIGKILL)

    def signal(self, instance: Instance, number: int) -> None:
        """To the processes themselves, past the supervisor."""
        row = self._running(instance)
        children = self._children(row["pid"])
        if not is_same(row["pid"], row["ticks"]):
            raise TargetError(f"{instance.service} ended by itself before it was broken; try again.")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(row["pid"], number)
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.send_signal(number)

    def stopped_processes(self, instance: Instance) -> int:
        """As the kernel shows them; none where it does not run."""
        pid = self._ours(instance)["pid"]
        if pid is None:
            return 0
        found = 0
        for process in [psutil.Process(pid), *self._children(pid)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                found += process.status() == psutil.STATUS_STOPPED
        return found

    def addresses(self, instance: Instance) -> tuple[tuple[str, int], ...]:
        """The ports that it publishes, which it listens on itself."""
        self._ours(instance)
        found = next(process for process in self._plan().processes if process.service == instance.service)
        return tuple((port.host, port.number) for port in found.ports)

    def stop(self, instance: Instance) -> None:
        """SIGTERM by the supervisor, SIGKILL after the grace; it stays down."""
        self._ours(instance)
        self._link.ask("stop", instance.id, self._patience_s(instance.id))

    def start(self, instance: Instance) -> None:
        """Start it again."""
        self._ours(instance)
        self._link.ask("start", instance.id)

    def kill(self, instance: Instance) -> None:
        """What an operator's `docker kill` is: SIGKILL by the supervisor, which then leaves it down. No fault."""
        self._ours(instance)
        self._link.ask("kill", instance.id)

    def pause(self, instance: Instance) -> None:
        """SIGSTOP to all its processes."""
        self._running(instance)
        self._link.ask("pause", instance.id)

    def resume(self, instance: Instance) -> None:
        """SIGCONT to all its processes."""
        self._ours(instance)
        self._link.ask("resume", instance.id)

    def is_up(self) -> bool:
        """Whether a supervisor works in the state folder."""
        return self._link.pid is not None

    def up(self, progress: Callable[[str], None]) -> None:
        """Start the supervisor and wait until all is healthy; on any failure take all down."""
        if self.is_up():
            self._wait(progress)
            return
        # What a supervisor that was killed left: a stale folder.
        self._link.end()
        plan = self._read()
        refuse_taken_ports(
            (process.service, port.host, port.number) for process in plan.processes for port in process.ports
        )
        try:
            self._make_folder(plan)
            progress(f"starting {len(plan.processes)} services as processes on this machine")
            self._link.start(die_with_parent=self._die_with_parent)
            self._wait(progress)
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End the supervisor and its services, and remove the state folder with their data."""
        self._link.end()

    def _wait(self, progress: Callable[[str], None]) -> None:
        logs = self._link.state / "logs"
        wait_until_healthy(lambda: [_instance(row) for row in self._rows()], logs, progress, self._healthy_within_s)

    def _make_folder(self, plan: Plan) -> None:
        self._link.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(self._link.state.iterdir()):
            raise ConfigurationError(
                f"The state folder {self._link.state} holds files that are not the embedded target's; nothing was "
                f"started. Give it an empty or a new folder."
            )
        for volume in {value for process in plan.processes for _, value in process.environment}:
            if volume.startswith(f"{self._link.state}/data/"):
                Path(volume).mkdir(parents=True, exist_ok=True)
        (self._link.state / "events.jsonl").touch(mode=0o600)
        (self._link.state / "plan.json").touch(mode=0o600)
        (self._link.state / "plan.json").write_text(plan_to_json(plan), encoding="utf-8")

    def _read(self) -> Plan:
        programs = str(Path(sys.executable).parent)
        place = Place(self._environment, self._link.state, programs)
        return read_compose(self._compose_file, self.project, place, self._overlays)

    def _plan(self) -> Plan:
        """What runs, or else what would be run."""
        return plan_from_json(self._link.state / "plan.json") if self.is_up() else self._read()

    def _rows(self) -> list[dict[str, Any]]:
        return list(self._link.ask("list")["instances"]) if self.is_up() else []

    def _ours(self, instance: Instance) -> dict[str, Any]:
        """What the supervisor says of the instance. Raises NotOurs, StackNotUp."""
        self._supervisor_pid()
        row = next((row for row in self._rows() if row["service"] == instance.id == instance.service), None)
        if row is None:
            raise NotOurs(
                f"{instance.id!r} is not a service of the supervisor in {self._link.state}; nothing was done to it."
            )
        return row

    def _running(self, instance: Instance) -> dict[str, Any]:
        row = self._ours(instance)
        if row["state"] not in {"running", "paused"} or row["ticks"] is None:
            raise TargetError(f"{instance.service} is {row['state']}, not running; start it before breaking it.")
        if instance.pid not in {None, row["pid"]}:
            raise NotOurs(
                f"Process {instance.pid} is not the one of {instance.service} (that is {row['pid']}); "
                f"nothing was done to it. Look at the instances again."
            )
        return row

    def _children(self, pid: int) -> list[psutil.Process]:
        try:
            return psutil.Process(pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _patience_s(self, service: str) -> float:
        return 10.0 + max(process.stop_grace_s for process in self._plan().processes if process.service == service)

    def _supervisor_pid(self) -> int:
        pid = self._link.pid
        if pid is None:
            raise self._not_up()
        return pid

    def _not_up(self) -> TargetUnavailable | StackNotUp:
        return StackNotUp(
            f"The project {self.project} is not up: no supervisor works in {self._link.state}. Bring it up first."
        )


def _instance(row: dict[str, Any]) -> Instance:
    fields = {name: row[name] for name in Instance.__dataclass_fields__ if name in row and name != "id"}
    return Instance(id=row["service"], **fields)


def _service(process: Process) -> Service:
    check = process.check
    return Service(
        name=process.service,
        restart=process.restart,
        image=process.image,
        digest=_digest(process),
        healthcheck="" if check is None else check_command(["CMD", *check.command], process.environment),
        health_interval_s=None if check is None else check.interval_s,
        ports=tuple(f"{port.host}:{port.number}" for port in process.ports),
        depends_on=tuple(name for name, _ in process.depends_on),
        environment=masked(pair for pair in process.environment if pair[0] in process.declared),
    )


def _digest(process: Process) -> str:
    """A SHA-256 of the command and of every file below the service's folder, by sorted path."""
    found = hashlib.sha256("\0".join(process.command).encode())
    directory = Path(process.directory)
    for path in sorted(directory.rglob("*")):
        hidden = any(part.startswith(".") or part in {"__pycache__", "wheelhouse"} for part in path.parts)
        if path.is_file() and not hidden:
            found.update(str(path.relative_to(directory)).encode() + b"\0" + path.read_bytes())
    return f"sha256:{found.hexdigest()}"
