"""The canary tells what users could get, at every moment, and keeps what it saw."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from generators import LIMITED, PARENT, ROOT, Generator, Shop, canary, read_samples, running, wait_for

from reports.evidence.samples import DEGRADED, INVALID, RECORD, TIMEOUT

Start = Callable[..., Generator]


def test_a_stall_is_seen_in_full_and_no_arrival_is_lost(shop: Shop, folder: Path, start: Start) -> None:
    """Requests keep arriving while the server stalls, and none claims to have been answered meanwhile."""
    patient, hasty = f"patient={shop.url}/,timeout=60", f"hasty={shop.url}/,timeout=0.15"
    process = start(*canary(folder, "--target", patient, "--target", hasty, "--rate", "50"))
    process.ready()
    shop.open.clear()
    closed_ns, before = time.time_ns(), shop.seen["GET"]
    wait_for(lambda: shop.seen["GET"] >= before + 150, "150 requests that nobody answers")
    opened_ns = time.time_ns()
    shop.open.set()
    due_s = (opened_ns - closed_ns) / 1e9
    process.send_signal(signal.SIGINT)
    assert process.ended() == 0, process.complained

    about, samples = read_samples(folder, "canary-patient")
    assert about["kind"] == "canary"
    assert about["target"] == "patient"
    assert (about["url"], about["rate"], about["timeout_s"]) == (f"{shop.url}/", 50, 60)
    samples.sort(key=lambda sample: sample.due_ns)
    assert {b.due_ns - a.due_ns for a, b in pairwise(samples)} == {20_000_000}
    stalled = [sample for sample in samples if closed_ns < sample.due_ns < opened_ns]
    assert abs(len(stalled) - due_s * 50) <= 1
    assert {(sample.status, sample.flags) for sample in stalled} == {(200, 0)}
    for sample in stalled:  # so latencies fall by 20 ms from each to the next
        assert sample.latency_s >= (opened_ns - sample.due_ns) / 1e9 - 0.001

    _, samples = read_samples(folder, "canary-hasty")
    samples.sort(key=lambda sample: sample.due_ns)
    assert {b.due_ns - a.due_ns for a, b in pairwise(samples)} == {20_000_000}
    timed_out = [sample for sample in samples if sample.flags == TIMEOUT]
    assert len(timed_out) >= 10
    assert {sample.status for sample in timed_out} == {0}
    assert min(sample.latency_s for sample in timed_out) >= 0.149


def test_the_last_line_counts_what_happened(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*canary(folder, "--target", f"shop={shop.url}/,timeout=60", "--duration", "1", "--rate", "20"))
    assert process.ended() == 0, process.complained
    ready, last = process.said.splitlines()
    counts = json.loads(last)["targets"]["shop"]
    assert ready == "ready"
    assert counts["requests"] == counts["good"] + counts["failed"] == 20
    assert counts["unsent"] == 0
    assert 0 <= counts["lag_p99_s"] <= counts["lag_max_s"]


def test_contents_are_kept_once_without_what_always_changes(shop: Shop, folder: Path, start: Start) -> None:
    process = start(
        *canary(folder, "--target", f"shop={shop.url}/,timeout=60", "--target", f"other={shop.url}/,timeout=60"),
        *["--keep-contents", "shop", "--drop-key", "as_of_ns"],
    )
    process.ready()
    shop.body = json.dumps({"products": [], "nested": [{"as_of_ns": 1, "x": "ü"}]}).encode()
    wait_for(lambda: any(s.content == 2 for s in read_samples(folder, "canary-shop")[1]), "second content")
    shop.body = b"no json"
    wait_for(lambda: any(s.flags == INVALID for s in read_samples(folder, "canary-shop")[1]), "INVALID")
    process.send_signal(signal.SIGINT)
    assert process.ended() == 0, process.complained
    (contents,) = folder.glob("canary-shop-*.contents.jsonl")
    texts = [json.loads(line)["text"] for line in contents.read_text().splitlines()]
    assert texts == [
        '{"degraded":false,"products":[{"id":"p1","name":"Kreisel"},{"id":"p2","name":"Stehaufmännchen"}]}',
        '{"nested":[{"x":"ü"}],"products":[]}',
    ]
    assert not list(folder.glob("canary-other-*.contents.jsonl"))
    assert {(s.content, s.flags) for s in read_samples(folder, "canary-shop")[1]} == {
        (1, 0), (2, 0), (0, INVALID)
    }  # fmt: skip
    assert {(s.content, s.flags) for s in read_samples(folder, "canary-other")[1]} == {(0, 0)}


def test_a_degraded_answer_is_told_from_a_good_one(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*canary(folder, "--target", f"shop={shop.url}/,timeout=60"))
    process.ready()
    shop.headers = {"X-Degraded": "true"}
    wait_for(lambda: any(s.flags == DEGRADED for s in read_samples(folder, "canary-shop")[1]), "DEGRADED")
    process.send_signal(signal.SIGTERM)
    assert process.ended() == 0, process.complained
    _, samples = read_samples(folder, "canary-shop")
    assert {(s.status, s.flags) for s in samples} == {(200, 0), (200, DEGRADED)}


def test_a_fallback_is_told_by_the_mark_that_the_user_names(shop: Shop, folder: Path, start: Start) -> None:
    """And by no other: what does not bear it is a good answer."""
    marks = {
        "header": ("--degraded-header", "X-Cache: stale", DEGRADED),
        "any": ("--degraded-header", "X-Cache", DEGRADED),
        "other": ("--degraded-header", "X-Cache: fresh", 0),
        "body": ("--degraded-body", '"Kreisel"', DEGRADED),
        "nobody": ("--degraded-body", "Kreisler", 0),
    }
    shop.headers = {"X-Cache": "stale"}
    targets = [part for name in marks for part in ("--target", f"{name}={shop.url}/,timeout=60")]
    told = [part for name, (option, mark, _) in marks.items() for part in (option, f"{name}={mark}")]
    process = start(*canary(folder, *targets, *told, "--duration", "0.5"))
    assert process.ended() == 0, process.complained
    found = {name: {sample.flags for sample in read_samples(folder, f"canary-{name}")[1]} for name in marks}
    assert found == {name: {flags} for name, (_, _, flags) in marks.items()}


def test_a_mark_of_a_target_that_is_not_there_is_refused(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*canary(folder, "--target", f"shop={shop.url}/", "--degraded-header", "shpo=X-Cache"))
    assert process.ended() == 2
    assert "shpo" in process.complained


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/missing", {(404, 0)}),
        ("/elsewhere", {(302, 0)}),
        ("/cut", {(200, INVALID)}),
        ("/text", {(200, 0)}),
        ("/drop-second", {(200, 0), (0, 0)}),
    ],
)
def test_each_request_is_sent_once_and_recorded_as_what_it_became(
    path: str, expected: set[tuple[int, int]], shop: Shop, folder: Path, start: Start
) -> None:
    """A connection that breaks is a failure, a redirect is not followed, nothing is tried again."""
    process = start(*canary(folder, "--target", f"shop={shop.url}{path},timeout=30", "--duration", "0.5"))
    assert process.ended() == 0, process.complained
    _, samples = read_samples(folder, "canary-shop")
    assert {(s.status, s.flags) for s in samples} == expected
    assert len(samples) == shop.seen["GET"] == 25


def test_nobody_listening_is_status_0(folder: Path, start: Start) -> None:
    with socket.socket() as bound:  # bound and not listening: refused, and nobody else can have it
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        process = start(*canary(folder, "--target", f"shop={url}", "--duration", "0.5"))
        assert process.ended() == 0, process.complained
    _, samples = read_samples(folder, "canary-shop")
    assert {(s.status, s.flags) for s in samples} == {(0, 0)}
    assert len(samples) == 25


@pytest.mark.parametrize("limit", [1000, 1010])
def test_a_full_disk_ends_it_with_one_sentence(limit: int, shop: Shop, folder: Path, start: Start) -> None:
    arguments = canary(folder, "--target", f"shop={shop.url}/,timeout=0.5")
    process = start(sys.executable, "-c", LIMITED, str(limit), *arguments[1:])
    assert process.ended() == 3
    assert len(process.complained.splitlines()) == 1
    assert str(folder) in process.complained
    assert len(read_samples(folder, "canary-shop")[1]) == 1000 // RECORD.size


def test_a_folder_that_cannot_be_written_ends_it_with_one_sentence(tmp_path: Path, start: Start) -> None:
    (tmp_path / "file").touch()
    process = start(*canary(tmp_path / "file" / "samples", "--target", "shop=http://127.0.0.1:9/"))
    assert process.ended() == 3
    assert len(process.complained.splitlines()) == 1


def test_what_was_written_survives_sigkill(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*canary(folder, "--target", f"shop={shop.url}/,timeout=60", "--rate", "100"))
    wait_for(lambda: len(read_samples(folder, "canary-shop")[1]) >= 20, "20 samples")
    process.kill()
    process.ended()
    about, samples = read_samples(folder, "canary-shop")
    assert about["names"] == ["shop"]
    assert len(samples) >= 20
    assert {s.status for s in samples} == {200}


def test_it_does_not_outlive_its_parent(shop: Shop, folder: Path, start: Start) -> None:
    command = canary(folder, "--target", f"shop={shop.url}/,timeout=60", "--die-with-parent")
    parent = start(sys.executable, "-c", PARENT, *command)
    pid = int(wait_for(lambda: parent.said.partition("\n")[0], "the canary's pid"))
    wait_for(lambda: read_samples(folder, "canary-shop")[1], "a sample")
    assert running(pid)
    parent.kill()
    wait_for(lambda: not running(pid), "the canary to end")


def test_it_does_not_start_for_a_parent_that_is_gone(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*canary(folder, "--target", f"shop={shop.url}/,timeout=60", "--die-with-parent", "1"))
    assert process.ended() == 3
    assert "gone" in process.complained
    assert not shop.seen


def test_proxies_are_not_used(shop: Shop, folder: Path, start: Start) -> None:
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:9")
    process = start(*canary(folder, "--target", f"shop={shop.url}/,timeout=60", "--duration", "0.2"), env=proxies)
    assert process.ended() == 0, process.complained
    assert {s.status for s in read_samples(folder, "canary-shop")[1]} == {200}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--target", "shop=http://192.0.2.1/"], "--allow-host 192.0.2.1"),
        (["--target", "shop=http://127.0.0.1@192.0.2.1/"], "--allow-host 192.0.2.1"),
        (["--target", "shop=http://127.0.0.1.example.org/"], "--allow-host 127.0.0.1.example.org"),
        (["--target", "shop=http://0.0.0.0/"], "--allow-host 0.0.0.0"),
        (["--target", "shop=ftp://127.0.0.1/"], "no http URL"),
        (["--target", "shop=http://127.0.0.1:x/"], "no URL"),
        (["--target", "shop"], "NAME=URL"),
        (["--target", "../shop=http://127.0.0.1/"], "NAME=URL"),
        (["--target", "shop=http://127.0.0.1/,timeout=0"], "time-out"),
        (["--target", "shop=http://127.0.0.1/,timeout="], "time-out"),
        (["--target", "a=http://127.0.0.1/", "--target", "a=http://[::1]/"], "same name"),
        (["--target", "a=http://localhost/", "--keep-contents", "b"], "no such target"),
        (["--target", "a=http://127.0.0.1/", "--rate", "nan"], "number above 0"),
    ],
)
def test_what_it_refuses_it_says_in_words_and_sends_nothing(
    arguments: list[str], said: str, folder: Path, start: Start
) -> None:
    process = start(*canary(folder, *arguments))
    assert process.ended() == 2
    assert said in process.complained
    assert "Traceback" not in process.complained
    assert not folder.exists()


def test_it_loads_nothing_that_it_does_not_need() -> None:
    """An import is start-up time; numpy and Locust are for others."""
    code = "import sys; sys.path.insert(0, 'loadtest'); import canary; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert not {"numpy", "locust", "gevent", "probes", "requests"} & set(loaded.stdout.split())
