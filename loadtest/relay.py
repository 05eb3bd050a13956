"""Beside a load on another machine: starts it there, and hands over what it records, as it records it.

    python relay.py FOLDER COMMAND [ARGUMENT ...]

Nothing happens before a byte came on stdin. After that stdout bears JSON lines:
`{"file": NAME, "at": OFFSET, "data": BASE64}` came to a file that grows, `{"file": NAME, "data": BASE64}` is one that
was written anew, `{"at_ns": NS}` is what the clock here says, once a second, and last comes `{"ended": EXIT CODE}`,
after everything else that was in FOLDER.

Whoever listens sends `.` every few seconds. Anything else, or 10 s without (it is gone, or cannot be heard), is SIGINT
for the command, and SIGKILL 12 s later. Standard library only: it is copied to where it runs.
"""

import base64
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["Folder", "main"]

_LOOK_S = 0.05
_ALIVE_S = 1.0
_STOP_WITHIN_S = 12.0
_UNHEARD_S = 10.0
_STDIN = 0
_GROWING = (".samples", ".jsonl")


class Folder:
    """What came to the files of a folder since it was last looked at."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sent: dict[str, int] = {}
        self._stamps: dict[str, tuple[int, int]] = {}

    def news(self) -> Iterator[dict[str, Any]]:
        """Each part, what is written anew first: names come before the samples that bear them."""
        paths = [path for path in sorted(self._folder.glob("*")) if path.suffix != ".tmp"]
        grown = [self._grown(path) for path in paths if path.suffix in _GROWING]  # read first, told last
        anew = [self._anew(path) for path in paths if path.suffix not in _GROWING]
        yield from (part for part in (*anew, *grown) if part is not None)

    def _grown(self, path: Path) -> dict[str, Any] | None:
        at = self._sent.get(path.name, 0)
        with path.open("rb") as file:
            file.seek(at)
            data = file.read()
        if not data and path.name in self._sent:
            return None
        self._sent[path.name] = at + len(data)
        return {"file": path.name, "at": at, "data": base64.b64encode(data).decode()}

    def _anew(self, path: Path) -> dict[str, Any] | None:
        try:
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            if self._stamps.get(path.name) == stamp:
                return None
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        self._stamps[path.name] = stamp
        return {"file": path.name, "data": base64.b64encode(data).decode()}


def main(folder: Path, command: list[str]) -> int:
    """Run the command to its end; its exit code."""
    os.read(_STDIN, 1)
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    threading.Thread(target=_end_when_told, args=(process,), daemon=True).start()
    watched, told_at = Folder(folder), 0.0
    while True:
        code = process.poll()  # before the look: what it wrote last is seen by that
        for part in watched.news():
            _tell(part)
        if code is not None:
            _tell({"ended": code})
            return code
        if time.monotonic() > told_at + _ALIVE_S:
            told_at = time.monotonic()
            _tell({"at_ns": time.time_ns()})
        time.sleep(_LOOK_S)


def _tell(part: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(part) + "\n")
    sys.stdout.flush()


def _end_when_told(process: "subprocess.Popen[bytes]") -> None:
    """In a thread of its own: should nobody take what is told, telling may wait for ever, and this must not."""
    while select.select([_STDIN], [], [], _UNHEARD_S)[0] and os.read(_STDIN, 1) == b".":
        pass
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
