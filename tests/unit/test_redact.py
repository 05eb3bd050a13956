"""A secret never reaches a file, however it is written there."""

import base64
import json
from pathlib import Path

import pytest

from probes.run.redact import MASK, Redactor

SECRET = 'hunter2 "ü/&'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"Authorization: Bearer {SECRET}",
        "?token=hunter2%20%22%C3%BC%2F%26",
        "?token=hunter2+%22%C3%BC%2F%26",
        json.dumps({"a": SECRET}),
        repr([SECRET]),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_form(text: str) -> None:
    told = Redactor([SECRET]).text(text)
    assert MASK in told
    assert "hunter2" not in told


def test_values_keys_and_numbers_are_masked_and_the_rest_is_kept() -> None:
    redact = Redactor(["topsecret", "4711"])
    assert redact({"topsecret": [1, 4711, "a topsecret b", None, True]}) == {MASK: [1, MASK, "a *** b", None, True]}


def test_a_short_secret_is_masked_only_as_a_whole_value() -> None:
    assert Redactor(["a1"])({"x": "a1", "y": "data1"}) == {"x": MASK, "y": "data1"}


def test_what_counts_as_a_secret() -> None:
    experiment = {
        "configuration": {"shop": {"type": "env", "key": "SHOP_TOKEN"}, "url": {"type": "env", "key": "URL"}},
        "secrets": {"a": {"b": {"type": "env", "key": "NAME_OF_IT"}, "c": "literal"}},
    }
    configuration = {"shop": "from-shop", "url": "http://127.0.0.1", "api_key": "from-key"}
    redact = Redactor.of(experiment, configuration, {"a": {"b": "resolved", "c": "literal"}})
    told = redact(["from-shop", "from-key", "resolved", "literal", "http://127.0.0.1", "NAME_OF_IT", "env"])
    assert told == [MASK, MASK, MASK, MASK, "http://127.0.0.1", "NAME_OF_IT", "env"]


def test_files_that_others_wrote_are_swept_and_samples_are_left(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "load.log").write_bytes(b"\xff topsecret\n")
    (tmp_path / "a.samples").write_bytes(b"topsecret")
    (tmp_path / "spans.jsonl").write_text('{"attributes": {"url": "/?q=topsecret"}}\n')
    Redactor(["topsecret"]).sweep(tmp_path)
    assert (tmp_path / "logs" / "load.log").read_bytes() == b"\xff ***\n"
    assert (tmp_path / "a.samples").read_bytes() == b"topsecret"
    assert (tmp_path / "spans.jsonl").read_text() == '{"attributes": {"url": "/?q=***"}}\n'


def test_without_secrets_nothing_is_touched() -> None:
    value = {"a": object()}
    assert Redactor()(value) is value
