"""Leads a presenter through a run: follows what `chaos run` says, tells the scenes, gives their cues."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from probes.demonstration.script import PHRASES, cue

__all__ = ["Lead"]

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"^\[[\d :-]+(?P<level>[A-Z]+)\] (?P<text>.*)$")
_TOLD = ("Stack: ", "Target: ", "Fault: ", "PASS ", "FAIL ", "INCONCLUSIVE ", "because ", "Verdict: ")
_LOUD = frozenset({"WARNING", "ERROR", "CRITICAL"})
_USUAL = "Rollbacks were explicitly requested"
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Lead:
    """One demonstration. `show` opens a URL for the audience; `wait` returns when the presenter goes on."""

    command: list[str]
    environment: Mapping[str, str]
    seconds: Mapping[str, float]
    language: str
    shop: str
    deep: Callable[[], Mapping[str, str]] = dict
    """What else there is to look at in the last act: name and URL."""
    pause: bool = False
    show: Callable[[str], object] | None = webbrowser.open
    wait: Callable[[], object] = field(default=sys.stdin.readline)
    _seen: set[str] = field(default_factory=set)
    _live: str = ""
    _report: str = ""
    _begun: bool = False
    _stopped: bool = False
    _waiting: bool = False

    def run(self) -> int:
        """The exit code of the run, which is its verdict's."""
        with tempfile.TemporaryDirectory(prefix="stehauf-demo-") as folder:
            scenes = {f"STEHAUF_DEMO_{name.upper()}_S": str(length) for name, length in self.seconds.items()}
            cues = {"STEHAUF_DEMO_CUES": folder} if self.pause else {}
            self._heading(self._phrase("prepare"))
            process = subprocess.Popen(
                [*self.command, "--journal-path", str(Path(folder) / "journal.json")],
                env={**self.environment, **scenes, **cues},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                start_new_session=True,
            )  # fmt: skip
            with self._forwarding(process):
                assert process.stdout is not None  # noqa: S101 - it is a pipe: for the type checker
                with process.stdout as said:
                    for line in said:
                        self._hear(line, Path(folder))
                code = process.wait()
        if self._report:
            click.secho(f"\n{self._phrase('report')}: {self._report}", bold=True)
        return code

    def _hear(self, line: str, cues: Path) -> None:
        match = _LINE.match(_COLOURS.sub("", line).rstrip())
        if match is None:
            return
        text = match["text"]
        if text.startswith("Scene: "):
            self._tell(text.removeprefix("Scene: "), cues)
        elif text.startswith("Live: http"):
            self._live = text.removeprefix("Live: ")
            click.echo(f"  {self._phrase('live')}: {self._live}")
        elif text.startswith("Report: "):
            self._report = text.removeprefix("Report: ")
        elif text == "Let's rollback...":
            if self._begun:
                self._heading(self._phrase("ending"))
        elif text.startswith(_TOLD) or (match["level"] in _LOUD and not text.startswith(_USUAL)):
            self._tick(text, match["level"])

    def _tell(self, name: str, cues: Path) -> None:
        """The scene; with `pause` it lasts until the presenter goes on."""
        self._seen.clear()
        self._begun = True
        told, length = cue(name, self.language), self.seconds.get(name, 0.0)
        self._heading(told.title if self.pause else f"{told.title}  ({_clock(length)})")
        if told.happens:
            click.echo(_wrapped(f"{self._phrase('happens')}: {told.happens}", "  ", "  "))
        first, last = self._phrase("quotes").split()
        for number, sentence in enumerate(told.say):
            lead_in = f"  {self._phrase('say') + ':' if number == 0 else '':12}"
            click.secho(_wrapped(f"{first}{sentence}{last}", lead_in, " " * (len(lead_in) + 1)), fg="cyan")
        if name == "normal":
            self._open(self._phrase("shop"), self.shop)
            self._open(self._phrase("live"), self._live)
        if name == "deep":
            for what, url in self.deep().items():
                self._open(what, url)
        if self.pause:
            click.secho(f"  {self._phrase('key')} …", dim=True)
            self._wait_for_key()
            (cues / name).touch()

    def _wait_for_key(self) -> None:
        """A signal ends the wait, and the run takes it from there."""
        self._waiting = True
        try:
            if not self._stopped:
                self.wait()
        except _Stopped:
            pass
        finally:
            self._waiting = False

    def _open(self, what: str, url: str) -> None:
        if not url:
            return
        click.echo(f"  {self._phrase('open')}: {what}  {url}")
        if self.show is not None:
            self.show(url)

    def _tick(self, text: str, level: str) -> None:
        """A line of the run, once a scene: a loop says the same twenty times."""
        if text not in self._seen:
            self._seen.add(text)
            colour = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}.get(level)
            click.secho(f"    {text}", fg=colour, dim=colour is None)

    def _heading(self, text: str) -> None:
        click.secho(f"\n{text}", bold=True)

    def _phrase(self, name: str) -> str:
        return PHRASES[self.language][name]

    @contextmanager
    def _forwarding(self, process: "subprocess.Popen[str]") -> Iterator[None]:
        """Ctrl-C reaches the run once, by us: it undoes what it broke, and keeps the evidence."""

        def forward(number: int, _frame: object) -> None:
            if not self._stopped:
                self._stopped = True
                click.secho(f"\n{self._phrase('stopping')}", fg="yellow")
                process.send_signal(signal.SIGTERM if number == signal.SIGHUP else number)
                if self._waiting:
                    raise _Stopped

        before = {number: signal.signal(number, forward) for number in _ENDINGS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if process.poll() is None:  # whatever ended us must not leave a run behind
                process.terminate()
                process.wait()


class _Stopped(Exception):
    """Ends the wait for a key."""


def _wrapped(text: str, first: str, further: str) -> str:
    """The text in lines that fit the terminal, and that an eye can follow."""
    return textwrap.fill(
        text, min(shutil.get_terminal_size().columns, 100), initial_indent=first, subsequent_indent=further
    )


def _clock(length: float) -> str:
    return f"{int(length) // 60}:{int(length) % 60:02}"
