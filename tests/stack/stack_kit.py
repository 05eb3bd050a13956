"""What the tests of the stack share: a free port, and the real broker as a process."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["STACK", "BrokerProcess", "free_port"]

STACK = Path(__file__).resolve().parents[2] / "stack"
_PATIENCE_S = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class BrokerProcess:
    """The real broker with the stack's configuration; can be killed and started again on the same store."""

    def __init__(self, store: Path) -> None:
        self.port, self.monitoring_port = free_port(), free_port()
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = Path(sys.executable).with_name("nats-server")
        command = [program, f"--config={STACK / 'broker/nats.conf'}", "--addr=127.0.0.1"]
        command += [f"--port={self.port}", f"--store_dir={self._store}", f"--http_port={self.monitoring_port}"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait_until_it_listens()

    def kill(self) -> None:
        """SIGKILL, as a crash does it; no-op where it is dead."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_PATIENCE_S)
            self._process = None

    def pause(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        deadline = time.monotonic() + _PATIENCE_S
        while not _is_stopped(self._process.pid):
            assert time.monotonic() < deadline, "the broker could not be stopped"
            time.sleep(0.001)

    def resume(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert time.monotonic() < deadline, "the broker did not start"
                time.sleep(0.02)
            else:
                return


def _is_stopped(pid: int) -> bool:
    """Whether every thread of it is: the kernel stops the others a moment later, and they answer meanwhile."""
    try:
        found = [stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    except (FileNotFoundError, ProcessLookupError):
        return False  # one ended just now
    return set(found) == {"T"}
