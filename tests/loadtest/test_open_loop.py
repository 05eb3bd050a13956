"""Open loop: what is due is asked for, a stall shows as what it is, and the generator says when it was the limit."""

import json
import signal
import sys
import time
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest
from generators import ROOT, Generator, Shop, read_samples, running, wait_for

from reports.evidence.reader import Evidence
from reports.evidence.samples import TIMEOUT
from reports.evidence.tables import TABLE

Start = Callable[..., Generator]

RATE, BEFORE_S, STALL_S, AFTER_S, TOO_LONG_S = 100, 2.0, 3.0, 4.0, 1.0
BY_PATH = {"PYTHONPATH": str(ROOT / "loadtest")}


def locust(folder: Path, url: str, *arguments: str, file: str = "tests/loadtest/asking.py") -> list[str]:
    command = f"-m locust -f {file} --headless --only-summary --exit-code-on-error 0 --stop-timeout 60"
    return [sys.executable, *command.split(), "--host", url, "--evidence", str(folder), *arguments]


def table(folder: Path) -> np.ndarray:
    """All the load's samples, by the time they were due."""
    parts = [np.fromfile(path, TABLE) for path in folder.glob("load-*.samples")]
    together = np.concatenate([np.empty(0, TABLE), *parts])
    return together[np.argsort(together["due_ns"])]


def pulses(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for path in folder.glob("*.pulse.jsonl") for line in path.read_text().splitlines()]


def truth(begin_ns: int, closed_ns: int, opened_ns: int, end_ns: int) -> tuple[float, float]:
    """What users saw who came 100 times a second: share of answers over 1 s, and p95 in seconds.

    By arithmetic alone: who came while the server stalled waited until it opened, everybody else for nothing.
    """
    arrivals = [begin_ns + number * 10**9 // RATE for number in range((end_ns - begin_ns) * RATE // 10**9)]
    waits = [(opened_ns - at) / 1e9 if closed_ns <= at < opened_ns else 0.0 for at in arrivals]
    return np.mean([wait > TOO_LONG_S for wait in waits]), float(np.percentile(waits, 95))


def seen(folder: Path, begin_ns: int, end_ns: int) -> tuple[float, float, int]:
    """What the samples of that time say: share of answers over 1 s, p95 in seconds, and how many there are."""
    samples = table(folder)
    samples = samples[(samples["due_ns"] >= begin_ns) & (samples["due_ns"] < end_ns)]
    waits = samples["latency_us"] / 1e6
    return float(np.mean(waits > TOO_LONG_S)), float(np.percentile(waits, 95)), len(samples)


def test_a_stall_is_told_within_one_percentage_point_where_a_closed_loop_hides_it(
    shop: Shop, tmp_path: Path, start: Start
) -> None:
    for attempt in count():
        opened, closed = tmp_path / f"open-{attempt}", tmp_path / f"closed-{attempt}"
        generators = [
            start(*locust(opened, shop.url, "--arrivals", str(RATE)), env=BY_PATH),
            start(*locust(closed, shop.url, "-u", "10", "-r", "10"), env=BY_PATH),
        ]
        for folder in (opened, closed):
            wait_for(lambda folder=folder: len(table(folder)) >= RATE, "a second of samples")
        begin_ns = time.time_ns()
        time.sleep(BEFORE_S)
        shop.open.clear()
        closed_ns = time.time_ns()
        time.sleep(STALL_S)
        opened_ns = time.time_ns()
        shop.open.set()
        time.sleep(AFTER_S)
        end_ns = time.time_ns()
        for generator in generators:
            generator.send_signal(signal.SIGINT)
        assert [generator.ended() for generator in generators] == [0, 0], generators[0].complained
        if max(pulse["late_s"] for pulse in pulses(opened)) < 0.05 or attempt == 2:
            break
    slow, p95 = truth(begin_ns, closed_ns, opened_ns, end_ns)
    assert slow > 0.2
    assert p95 > 2
    ours_slow, ours_p95, arrivals = seen(opened, begin_ns, end_ns)
    assert abs(arrivals - RATE * (end_ns - begin_ns) / 1e9) <= 1
    assert ours_slow >= slow - 0.01
    assert ours_p95 >= p95 - 0.1
    if max(pulse["late_s"] for pulse in pulses(opened)) < 0.05:  # else the machine itself added to it
        assert ours_slow <= slow + 0.01
        assert ours_p95 <= p95 + 0.1
    hidden_slow, hidden_p95, asked = seen(closed, begin_ns, end_ns)
    assert hidden_slow < slow - 0.1, "the check would not tell a generator that omits from one that does not"
    assert hidden_p95 < p95 / 2
    assert asked < arrivals - 200


def test_a_shape_is_followed_to_the_request(shop: Shop, folder: Path, start: Start) -> None:
    """20 a second for 1 s, 200 for 0.5 s, then nothing: 120 requests, each at its time."""
    process = start(*locust(folder, shop.url, "--arrivals", "[[1, 20, 20], [0.5, 200, 200]]"), env=BY_PATH)
    wait_for(lambda: len(table(folder)) == 120, "all that was due")
    process.send_signal(signal.SIGINT)
    assert process.ended() == 0, process.complained
    due = table(folder)["due_ns"].astype(np.int64)
    assert {b - a for a, b in pairwise(due[:21])} == {50_000_000}
    assert {b - a for a, b in pairwise(due[20:])} == {5_000_000}
    about, _ = read_samples(folder, "load")
    assert about["arrivals"] == [[1, 20, 20], [0.5, 200, 200]]
    assert about["samples"] == 120


def test_the_shop_s_journeys_run_on_a_schedule(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*locust(folder, shop.url, "--arrivals", "100", file="loadtest/shop.py"))
    names = {"/api/products", "/api/products/{id}", "/api/orders", "/api/orders/{id}"}
    wait_for(lambda: set(read_samples(folder, "load")[0].get("names", ())) == names, "all four kinds of request")
    wait_for(lambda: len(table(folder)) >= 100, "five rows of journeys")
    process.send_signal(signal.SIGINT)
    assert process.ended() == 0, process.complained
    assert set(table(folder)["status"].tolist()) <= {200, 201}
    assert len(table(folder)) == shop.seen.total()
    orders = read_samples(folder, "load")[0]["names"].index("/api/orders")
    samples = np.sort(table(folder), order="due_ns")
    journeys = samples[(samples["due_ns"] - samples["due_ns"][0]) % 10_000_000 == 0]
    rows = journeys["name"][19 : 19 * (len(journeys) // 19)].reshape(
        -1, 19
    )  # the first row had no catalogue to order from
    assert ((rows == orders).sum(axis=1) == 3).all(), "three of nineteen journeys order, in every short while"


def test_a_time_out_is_that_of_each_request_and_not_of_all_together(shop: Shop, folder: Path, start: Start) -> None:
    """Three stalls of two seconds: who waited through all of them waited longer than the 5 s that one request may."""
    process = start(*locust(folder, shop.url, "--arrivals", "20", file="loadtest/shop.py"), env=BY_PATH)
    wait_for(lambda: len(table(folder)) >= 20, "a good second")
    for _ in range(3):
        shop.open.clear()
        time.sleep(2)
        shop.open.set()
        time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.ended() == 0, process.complained
    assert table(folder)["latency_us"].max() > 1_500_000
    assert set(table(folder)["status"].tolist()) <= {200, 201}


def test_locust_s_own_statistics_tell_what_the_samples_tell(shop: Shop, folder: Path, start: Start) -> None:
    """They are told of many requests at once, and have to be whole all the same, failures included."""
    shop.answers = lambda number: ("accepted", "aborted", "broken")[number % 3]
    arguments = ("--arrivals", "[[3, 100, 100]]", "--json")
    process = start(*locust(folder, shop.url, *arguments, file="loadtest/shop.py"), env=BY_PATH)
    wait_for(lambda: len(table(folder)) >= 300, "all that was due")
    process.send_signal(signal.SIGINT)
    assert process.ended() == 0, process.complained
    about, _ = read_samples(folder, "load")
    samples = table(folder)
    told = {entry["name"]: entry for entry in json.loads(process.said)}
    assert told.keys() == set(about["names"])
    assert told["/api/orders"]["num_failures"] > 0
    for number, name in enumerate(about["names"]):
        ours, theirs = samples[samples["name"] == number], told[name]
        failed = ~((ours["status"] >= 200) & (ours["status"] < 400))
        assert (theirs["num_requests"], theirs["num_failures"]) == (len(ours), failed.sum())
        assert sum(theirs["num_reqs_per_sec"].values()) == sum(theirs["response_times"].values()) == len(ours)
        assert sum(theirs["num_fail_per_sec"].values()) == failed.sum()
        waited_ms = ours["latency_us"] / 1e3
        limits = (waited_ms.min(), waited_ms.max(), waited_ms.sum())
        assert [theirs[key] for key in ("min_response_time", "max_response_time", "total_response_time")] == (
            pytest.approx(limits, abs=1)
        )


def test_an_outage_at_the_very_end_is_not_cut_off(shop: Shop, folder: Path, start: Start) -> None:
    """Who was kept waiting when the load ended waits to the end of the time-out, and is recorded."""
    command = f"-m locust -f loadtest/shop.py --headless --only-summary --host {shop.url} --evidence {folder}"
    process = start(sys.executable, *command.split(), "--exit-code-on-error", "0", "--arrivals", "20")
    wait_for(lambda: folder.exists() and len(table(folder)) >= 20, "a second of samples")
    shop.open.clear()
    shop.orders_open.clear()
    before = shop.seen.total()
    wait_for(lambda: shop.seen.total() >= before + 20, "20 requests that nobody answers")
    process.send_signal(signal.SIGINT)
    assert process.ended() == 0, process.complained
    samples = table(folder)
    assert len(samples) == shop.seen.total()
    assert (samples["flags"] == TIMEOUT).sum() >= 19


def test_workers_share_the_schedule_and_each_has_a_file_of_its_own(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*locust(folder, shop.url, "--arrivals", "100", "--processes", "2"), env=BY_PATH)
    wait_for(lambda: len(table(folder)) >= 300, "300 samples")
    process.send_signal(signal.SIGINT)
    assert process.ended() == 0, process.complained
    parts = [np.fromfile(path, TABLE) for path in folder.glob("load-*.samples")]
    assert len(parts) == 2
    for part in parts:
        due = np.sort(part["due_ns"].astype(np.int64))
        assert set(np.diff(due).tolist()) == {20_000_000}
    shares = sorted(json.loads(path.read_text())["share"] for path in folder.glob("load-*[0-9].json"))
    assert shares == [[0, 2], [1, 2]]


def test_a_master_that_is_killed_leaves_no_worker(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*locust(folder, shop.url, "--arrivals", "50", "--processes", "2"), env=BY_PATH)
    wait_for(lambda: len(list(folder.glob("load-*.samples"))) == 2 and len(table(folder)), "two workers at work")
    workers = [child.pid for child in psutil.Process(process.pid).children()]
    assert len(workers) == 2
    process.kill()
    process.ended()
    wait_for(lambda: not any(map(running, workers)), "the workers to end")


def test_a_worker_that_is_killed_is_missed(shop: Shop, folder: Path, start: Start) -> None:
    """Its file has no end, and nobody pretends to take over its share."""
    process = start(*locust(folder, shop.url, "--arrivals", "50", "--processes", "2"), env=BY_PATH)
    wait_for(lambda: len(list(folder.glob("load-*.samples"))) == 2 and len(table(folder)), "two workers at work")
    victim, *_ = psutil.Process(process.pid).children()
    victim.kill()
    wait_for(lambda: not running(victim.pid), "the worker to end")
    process.send_signal(signal.SIGINT)
    process.ended()
    ends = {path.stem: "samples" in json.loads(path.read_text()) for path in folder.glob("load-*[0-9].json")}
    assert ends.pop(f"load-{victim.pid}") is False
    assert list(ends.values()) == [True]


def test_workers_at_another_address_join_and_end_with_their_master(shop: Shop, folder: Path, start: Start) -> None:
    """Locust's own master and workers, as on several machines; here at two addresses of one."""
    port = str(20000 + int(shop.url.rpartition(":")[2]) % 10000)
    to_master = ["--worker", "--master-host", "127.0.0.2", "--master-port", port]
    workers = [start(*locust(folder, shop.url, *to_master), env=BY_PATH) for _ in range(2)]
    lead = ["--master", "--expect-workers", "2", "--master-bind-host", "127.0.0.2", "--master-bind-port", port]
    master = start(*locust(folder, shop.url, "--arrivals", "100", *lead), env=BY_PATH)
    wait_for(lambda: len(table(folder)) >= 100, "100 samples of workers elsewhere")
    master.kill()
    wait_for(lambda: all(worker.poll() is not None for worker in workers), "the workers to end")
    assert [psutil.pid_exists(worker.pid) for worker in workers] == [False, False]
    sources = Evidence(folder.parent).sources["load"]
    assert len(sources.files) == 2


def test_a_generator_that_cannot_keep_its_schedule_says_so(shop: Shop, folder: Path, start: Start) -> None:
    """Asked for far more than a core can do: nothing is left out, all is late, and by the generator's own account."""
    process = start(*locust(folder, shop.url, "--arrivals", "40000", "--stop-timeout", "5"), env=BY_PATH)
    wait_for(lambda: len(pulses(folder)) >= 3, "three seconds")
    process.send_signal(signal.SIGINT)
    process.ended()
    samples = table(folder)
    assert np.percentile(samples["lag_100us"], 99) / 1e4 > 0.1
    assert set(np.diff(samples["due_ns"][:1000].astype(np.int64)).tolist()) == {25_000}
    assert max(pulse["cpu"] for pulse in pulses(folder)) > 0.2


@pytest.mark.parametrize(("arrivals", "file"), [("fast", "asking"), ("5", "unfit")])
def test_what_cannot_be_done_is_refused_in_words(
    arrivals: str, file: str, shop: Shop, folder: Path, start: Start
) -> None:
    command = locust(folder, shop.url, "--arrivals", arrivals, file=f"tests/loadtest/{file}.py")
    process = start(*command, env=BY_PATH)
    assert process.ended() == 2
    assert {"asking": "'fast' are not understood", "unfit": "is no RecordedUser"}[file] in process.complained
    assert "Traceback" not in process.complained
    assert not shop.seen
