"""The load records every request, and of every order what its user knows."""

import json
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from generators import LIMITED, PARENT, Generator, Shop, locust, read_samples, running, wait_for

from reports.evidence.samples import DEGRADED, TIMEOUT

Start = Callable[..., Generator]

OUTCOMES = {
    "accepted": ("acknowledged", 201, "accepted"),
    "queued": ("acknowledged", 202, "queued"),
    "refused": ("refused", 503, "refused"),
    "invalid": ("refused", 400, None),
    "unavailable": ("unknown", 503, None),
    "unconfirmed": ("unknown", 504, "unknown"),
    "broken": ("unknown", 500, None),
    "aborted": ("unknown", 0, None),
}
PATIENT = ("--stop-timeout", "60")
"""However slow the machine, what is in flight at the end has time to finish."""
ROUTES = {"/api/products", "/api/products/{id}", "/api/orders", "/api/orders/{id}"}


def orders(folder: Path) -> list[dict[str, object]]:
    """The ledger's whole lines."""
    path = next(iter(folder.glob("orders-*.jsonl")), None)
    return [json.loads(line) for line in path.read_text().splitlines()] if path else []


def stop(process: Generator) -> None:
    """Stop the load as the control does, and see that it ends without noise."""
    process.send_signal(signal.SIGINT)
    assert process.ended() == 0, process.complained
    assert "Traceback" not in process.complained
    assert "ERROR" not in process.complained


def test_every_request_is_a_sample_and_every_order_a_line(shop: Shop, folder: Path, start: Start) -> None:
    kinds = list(OUTCOMES)
    shop.answers = lambda number: kinds[number % len(kinds)]
    process = start(*locust(folder, shop.url, *PATIENT))
    wait_for(lambda: len(orders(folder)) >= 2 * len(kinds), "two orders of each outcome")
    stop(process)

    about, samples = read_samples(folder, "load")
    assert about["kind"] == "load"
    assert about["host"] == shop.url
    assert set(about["names"]) <= ROUTES
    assert len(samples) == shop.seen.total()

    ledger = orders(folder)
    known = {str(order["id"]): (order["outcome"], order["status"], order["state"]) for order in ledger}
    assert len(known) == len(ledger)
    assert known == {order_id: OUTCOMES[answer] for order_id, answer in shop.orders.items()}

    failed = [sample for sample in samples if sample.status not in {200, 201, 202}]
    assert {sample.status for sample in failed} == {0, 400, 500, 503, 504}
    assert {about["names"][sample.name] for sample in failed} == {"/api/orders"}


def test_a_fallback_is_recorded_as_degraded(shop: Shop, folder: Path, start: Start) -> None:
    shop.headers = {"X-Degraded": "true"}
    process = start(*locust(folder, shop.url))
    wait_for(lambda: len(read_samples(folder, "load")[1]) >= 20, "20 samples")
    stop(process)
    assert {sample.flags for sample in read_samples(folder, "load")[1]} == {DEGRADED}


def test_stopping_cuts_off_no_request_that_still_answers(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*locust(folder, shop.url, *PATIENT))
    wait_for(lambda: len(orders(folder)) >= 10, "ten orders")
    stop(process)
    _, samples = read_samples(folder, "load")
    assert {sample.status for sample in samples} <= {200, 201}
    assert {order["outcome"] for order in orders(folder)} == {"acknowledged"}
    assert len(samples) == shop.seen.total()


def test_what_hangs_at_the_end_is_no_failed_request_and_an_unknown_order(
    shop: Shop, folder: Path, start: Start
) -> None:
    shop.orders_open.clear()
    process = start(*locust(folder, shop.url))
    wait_for(lambda: shop.seen["POST"] >= 3, "three orders in flight")
    stop(process)
    about, samples = read_samples(folder, "load")
    hanging = {(s.status, s.flags) for s in samples if about["names"][s.name] == "/api/orders"}
    assert hanging <= {(0, TIMEOUT)}, "on a slow machine the 5 s may have passed: those are recorded"
    assert {order["outcome"] for order in orders(folder)} == {"unknown"}
    assert {str(order["id"]) for order in orders(folder)} >= set(shop.orders)


def test_a_server_that_hangs_shows_as_time_outs(shop: Shop, folder: Path, start: Start) -> None:
    shop.open.clear()
    process = start(*locust(folder, shop.url))
    wait_for(lambda: read_samples(folder, "load")[1], "a sample")
    stop(process)
    samples = read_samples(folder, "load")[1]
    assert {(sample.status, sample.flags) for sample in samples} == {(0, TIMEOUT)}
    assert min(sample.latency_s for sample in samples) >= 4.9


def test_nobody_listening_is_status_0(folder: Path, start: Start) -> None:
    with socket.socket() as bound:  # bound and not listening: refused, and nobody else can have it
        bound.bind(("127.0.0.1", 0))
        process = start(*locust(folder, f"http://127.0.0.1:{bound.getsockname()[1]}"))
        wait_for(lambda: read_samples(folder, "load")[1], "a sample")
        stop(process)
    assert {(sample.status, sample.flags) for sample in read_samples(folder, "load")[1]} == {(0, 0)}


def test_a_full_disk_ends_it_with_one_sentence(shop: Shop, folder: Path, start: Start) -> None:
    process = start(sys.executable, "-c", LIMITED, "6010", *locust(folder, shop.url)[1:])
    assert process.ended() == 3
    assert process.complained.count("could not write its evidence") == 1
    assert "Traceback" not in process.complained
    about, samples = read_samples(folder, "load")
    assert about["samples"] == len(samples) > 0


def test_what_was_written_survives_sigkill(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*locust(folder, shop.url))
    wait_for(lambda: orders(folder) and len(read_samples(folder, "load")[1]) >= 20, "20 samples")
    process.kill()
    process.ended()
    assert len(read_samples(folder, "load")[1]) >= 20
    assert {order["outcome"] for order in orders(folder)} == {"acknowledged"}


def test_it_does_not_outlive_its_parent(shop: Shop, folder: Path, start: Start) -> None:
    parent = start(sys.executable, "-c", PARENT, *locust(folder, shop.url, "--die-with-parent"))
    pid = int(wait_for(lambda: parent.said.partition("\n")[0], "the load's pid"))
    wait_for(lambda: read_samples(folder, "load")[1], "a sample")
    assert running(pid)
    parent.kill()
    wait_for(lambda: not running(pid), "the load to end")


def test_it_does_not_start_for_a_parent_that_is_gone(shop: Shop, folder: Path, start: Start) -> None:
    process = start(*locust(folder, shop.url, "--die-with-parent", "1"))
    assert process.ended() == 3
    assert "gone" in process.complained
    assert not shop.seen


def test_proxies_are_not_used(shop: Shop, folder: Path, start: Start) -> None:
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:9")
    process = start(*locust(folder, shop.url), env=proxies)
    wait_for(lambda: read_samples(folder, "load")[1], "a sample")
    stop(process)
    assert {sample.status for sample in read_samples(folder, "load")[1]} <= {200, 201}


@pytest.mark.parametrize(
    ("url", "said"), [("http://192.0.2.1", "--allow-host 192.0.2.1"), ("192.0.2.1:80", "no http URL")]
)
def test_what_is_not_loopback_is_refused_in_words(url: str, said: str, folder: Path, start: Start) -> None:
    process = start(*locust(folder, url))
    assert process.ended() == 2
    assert said in process.complained
    assert "Traceback" not in process.complained
    assert not folder.exists()
