"""What starts the broker: it ends one that is stuck since its disk was full, as soon as there is room, and no other."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from stack_kit import free_port

START = Path(__file__).parents[2] / "stack" / "broker" / "start"
SERVER = """
import http.server, sys
from pathlib import Path

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said = Path("said").read_bytes()
        self.send_response(503 if said else 200)
        self.end_headers()
        self.wfile.write(said)
        with open("asked", "a") as asked:
            asked.write(".")

    def log_message(self, *_):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1].partition("=")[2])), Health).serve_forever()
"""
"""As the broker's monitoring answers; the arguments are nats-server's."""
STUCK = b"""{"status":"unavailable","error":"JetStream stream '$G > orders' write error: no space left on device"}"""


@contextlib.contextmanager
def started(folder: Path, port: int, said: bytes, store: Path) -> Iterator["subprocess.Popen[str]"]:
    (folder / "said").write_bytes(said)
    command = ["bash", str(START), sys.executable, "-c", SERVER, f"--http_port={port}", f"--store_dir={store}"]
    with subprocess.Popen(command, cwd=folder, text=True, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def asked(folder: Path, times: int, within: float = 30) -> bool:
    deadline = time.monotonic() + within
    while not ((log := folder / "asked").exists() and len(log.read_text(encoding="ascii")) >= times):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_one_that_is_stuck_is_ended_where_there_is_room(tmp_path: Path) -> None:
    with started(tmp_path, free_port(), STUCK, tmp_path) as process:
        assert process.wait(30) == 1
        assert process.stderr
        assert "there is room again" in process.stderr.read()
    assert not (tmp_path / ".room").exists()


@pytest.mark.parametrize(
    ("said", "room"),
    [(b"", True), (b'{"status":"unavailable","error":"JetStream is not current"}', True), (STUCK, False)],
    ids=["well", "ill of something else", "stuck, and no room"],
)
def test_no_other_is_ended(said: bytes, room: bool, tmp_path: Path) -> None:
    store = tmp_path if room else Path("/dev/full")  # nothing can be written below it
    with started(tmp_path, free_port(), said, store) as process:
        assert asked(tmp_path, 2)
        assert process.poll() is None
        process.terminate()  # the broker gets it, as it would without what started it
        assert process.wait(30) != 1


def test_it_ends_with_its_broker_and_as_it(tmp_path: Path) -> None:
    ended = subprocess.run(["bash", str(START), "sh", "-c", "exit 7", "--http_port=1"], cwd=tmp_path, check=False)
    assert ended.returncode == 7
