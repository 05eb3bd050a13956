"""The pieces that synthetic evidence is made of: times, activities, states, samples."""

import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reports.evidence.samples import RECORD

S = 1_000_000_000
MS = 1_000_000
ASKED = 1_780_000_000 * S
DIED = ASKED + 113 * MS
STARTED = DIED + 439 * MS
OPENED = DIED + 64 * MS
TRIAL = OPENED + 1_004 * MS
CLOSED = TRIAL + 9 * MS
HEALTHY = STARTED + 2_080 * MS
BEGIN = ASKED - 6 * S
END = ASKED + 15 * S
INSTANCE = "6c1f0d3b9a52"
PRODUCTS = [{"id": "mug", "name": "Mug", "price_cents": 1290}, {"id": "cap", "name": "Cap", "price_cents": 1890}]


def iso(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat()


def contents(as_of_ns: int, products: Any = None, *, is_degraded: bool = False) -> str:
    products = PRODUCTS if products is None else products
    return json.dumps({"products": products, "degraded": is_degraded, "as_of_ns": as_of_ns})


@dataclass
class Samples:
    """What one writer leaves: rows of `RECORD`, and the texts that they refer to."""

    about: dict[str, Any]
    rows: list[tuple[int, int, int, int, int, int, int]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def add(  # noqa: PLR0913, PLR0917 - the fields of a record
        self, due: int, latency_ms: float, status: int = 200, flags: int = 0, text: str | None = None, name: int = 0
    ) -> None:
        if text is not None and text not in self.texts:
            self.texts.append(text)
        content = 0 if text is None else self.texts.index(text) + 1
        self.rows.append((due, int(latency_ms * 1000), 1, status, flags, name, content))

    def write(self, directory: Path, stem: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        data = b"".join(RECORD.pack(*row) for row in self.rows)
        (directory / f"{stem}.samples").write_bytes(data)
        about = {"format": 1, "writer": stem, "pid": 4711, "names": ["GET"], "samples": len(self.rows), **self.about}
        (directory / f"{stem}.json").write_text(json.dumps(about))
        if self.texts:
            lines = [json.dumps({"content": n, "text": text}) for n, text in enumerate(self.texts, 1)]
            (directory / f"{stem}.contents.jsonl").write_text("\n".join(lines) + "\n")


def canary(name: str, url: str) -> Samples:
    return Samples({"kind": "canary", "target": name, "url": url, "rate": 50, "timeout_s": 1.0})


def probe(func: str, value: Any, tolerance: Any, **arguments: Any) -> dict[str, Any]:
    return entry(
        {
            "type": "probe",
            "name": func.replace("_", " "),
            "tolerance": tolerance,
            "provider": {"type": "python", "module": "probes.figures", "func": func, "arguments": arguments},
        },
        value,
    )


def entry(activity: dict[str, Any], output: Any = None, at: int = ASKED, seconds: float = 0.5) -> dict[str, Any]:
    return {
        "activity": activity,
        "output": output,
        "status": "succeeded",
        "start": iso(at),
        "end": iso(at + int(seconds * S)),
        "duration": seconds,
    }


def state(met: bool = True) -> dict[str, Any]:
    shop = {
        "type": "probe",
        "name": "the shop answers",
        "tolerance": 200,
        "provider": {"type": "http", "url": "http://127.0.0.1:8080/"},
    }
    closed = {
        "type": "probe",
        "name": "the breaker is closed",
        "tolerance": "closed",
        "provider": {"type": "python", "module": "probes.probes", "func": "breaker_state"},
    }
    probes = [
        {**entry(shop, {"status": 200, "body": "…"}), "tolerance_met": True},
        {**entry(closed, "closed" if met else "open"), "tolerance_met": met},
    ]
    return {"steady_state_met": met, "probes": probes}


def action(func: str, name: str, module: str = "probes.actions", **arguments: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": module, "func": func, "arguments": arguments}
    return {"type": "action", "name": name, "provider": provider}


def record(path: Path) -> list[tuple[Any, ...]]:
    """The rows of a sample file, by the plainest means there is."""
    data = path.read_bytes()
    return [struct.unpack("<QIHHBBH", data[i : i + 20]) for i in range(0, len(data) - 19, 20)]
