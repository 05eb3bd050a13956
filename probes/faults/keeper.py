"""Holds the faults that last while this process lives: ends each at its bound, and puts back what a restart took."""

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.errors import StehaufError, TargetError
from probes.faults.kinds import Lasting, Readings
from probes.faults.undo import undo
from probes.run.ledger import Entry
from probes.targets.api import Event, Instance

if TYPE_CHECKING:
    from probes.run.session import Session

__all__ = ["Keeper"]

logger = logging.getLogger("chaostoolkit")

_EVERY_S = 0.1
_AGAIN_S = 2.0
"""Between two attempts at an undo that failed: the next one may find an engine that answers."""


@dataclass(frozen=True, slots=True)
class _Held:
    fault: Lasting
    entry: Entry
    instance: Instance


class Keeper:
    """The faults in place, each with its bound. Every method is safe from any thread."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._held: dict[str, _Held] = {}
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._not_before: dict[str, float] = {}
        self._restarted: list[Event] = []
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)
        session.recorder.listeners.append(self._heard)

    def hold(self, fault: Lasting, entry: Entry, instance: Instance) -> None:
        """Take a fault that is about to be put in place."""
        with self._lock:
            self._held[entry.id] = _Held(fault, entry, instance)
            if not self._thread.is_alive():
                self._thread.start()

    def settle(self, entry: Entry, by: str) -> str:
        """Undo a fault, verify that, and strike it off; read the target before and after it.

        Gives a sentence, an empty one where it was undone already. Raises TargetError: it stays in the ledger.
        """
        session = self._session
        with self._lock:
            if all(entry.id != one.id for one in session.ledger):
                self._held.pop(entry.id, None)
                return ""
            held = self._held.get(entry.id)
            if held:
                self._read(held, "during")
            told = undo(session.target, entry)
            session.ledger.strike(entry)
            self._held.pop(entry.id, None)
            session.recorder.append(
                "faults.jsonl",
                {"id": entry.id, "phase": "undone", "at_ns": time.time_ns(), "fault": entry.fault,
                 "service": entry.service, "instance": entry.instance, "detail": "", "by": by},
            )  # fmt: skip
            logger.info("Undo: %s", told)
            if held:
                self._read(held, "after")
            return told

    def settle_all(self, by: str) -> None:
        """Undo all that the ledger still holds, the last one first. Raises TargetError naming what resists."""
        resisting = []
        for entry in sorted(self._session.ledger, key=lambda one: one.asked_ns, reverse=True):
            try:
                self.settle(entry, by)
            except StehaufError as error:
                resisting.append(str(error))
        if resisting:
            raise TargetError("; ".join(resisting))

    def stop(self) -> None:
        """No more is watched."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _read(self, held: _Held, when: str) -> Readings:
        try:
            found = held.fault.read(self._session.target, held.instance, held.entry)
        except StehaufError as error:
            logger.debug("%s of %s could not be read: %s", held.fault.kind, held.entry.service, error)
            return {}
        self._session.recorder.reading(held.entry.id, "during" if when == "during" else "after", found)
        return found

    def _heard(self, event: Event) -> None:
        if event.kind == "start":
            self._restarted.append(event)

    def _watch(self) -> None:
        while not self._over.wait(_EVERY_S):
            while self._restarted:
                self._put_back(self._restarted.pop(0))
            for held in list(self._held.values()):
                deadline = held.entry.deadline_ns
                due = deadline is not None and time.time_ns() >= deadline
                if due and time.monotonic() >= self._not_before.get(held.entry.id, 0):
                    self._end(held)

    def _end(self, held: _Held) -> None:
        try:
            self.settle(held.entry, "its bound")
        except StehaufError as error:
            self._not_before[held.entry.id] = time.monotonic() + _AGAIN_S
            logger.warning("Undo: %s", error)

    def _put_back(self, event: Event) -> None:
        """A restart gave the instance a new namespace: what lived in the old one is gone."""
        with self._lock:
            for held in list(self._held.values()):
                if not held.fault.concerns(event, held.entry):
                    continue
                if event.at_ns <= held.entry.asked_ns or (held.entry.deadline_ns or 0) <= time.time_ns():
                    continue
                try:
                    held.fault.inject(self._session.target, held.instance, held.entry)
                    recorder = self._session.recorder
                    recorder.fault("injected", held.entry.id, held.fault.kind, held.instance, again=True)
                    logger.info("Fault: %s of %s again, after a restart", held.fault.kind, held.entry.service)
                except StehaufError as error:
                    self._session.recorder.problem(f"{held.fault.kind} of {held.entry.service}, again", str(error))
