"""Compose files as public projects have them: read as Compose reads them, and never a traceback."""

import json
import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from probes.cli.lint import lint
from probes.errors import TargetError
from probes.projects.reading import from_file

ROOT = Path(__file__).parents[2]
WELL = """restart: always, init: true, healthcheck: {test: curl a}"""


def linted(tmp_path: Path, text: str, name: str = "compose.yaml") -> list[tuple[str, int]]:
    file = tmp_path / name
    file.write_bytes(text.encode("utf-8"))
    done = CliRunner().invoke(lint, [str(file), "--format", "json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return [(one["code"], one["line"]) for one in json.loads(done.output)]


def told(tmp_path: Path, text: str) -> str:
    linted(tmp_path, text)
    return CliRunner().invoke(lint, [str(tmp_path / "compose.yaml")]).output


MERGED = """\
x-common: &common
  restart: always
  init: true
  healthcheck: &check
    test: curl a
x-more: &more
  <<: *common
  image: one
services:
  plain: {<<: *common, image: x}
  again:
    <<: *more
    image: two
  several:
    <<: [*more, *common]
    healthcheck:
      <<: *check
      test: "true"
  whole: *more
"""


def test_anchors_and_merges_have_the_line_where_it_is_written(tmp_path: Path) -> None:
    assert linted(tmp_path, MERGED) == [("C112", 18)]
    assert linted(tmp_path, MERGED.replace("restart: always", "restart: on-failure")) == [("C102", 2)] * 4 + [
        ("C112", 18)
    ]


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_windows_line_ends_and_a_byte_order_mark_move_no_line(tmp_path: Path, ends: str) -> None:
    text = f"services:\n  # a comment\n\n  a:\n    image: x\n    ports:\n      - '1:1'\n  b: {{image: x, {WELL}}}\n"
    found = [("C101", 4), ("C106", 4), ("C110", 4), ("C120", 7)]
    assert linted(tmp_path, "\ufeff" + text.replace("\n", ends)) == found


def test_what_is_reset_is_not_there_and_what_is_overridden_is(tmp_path: Path) -> None:
    text = f"""\
services:
  a:
    image: x
    ports: !reset []
    restart: !override always
    volumes: !override
      - /var/run/docker.sock:/x
    environment: !reset null
  b: !override {{image: x, {WELL}, ports: !override ["1:1"]}}
"""
    assert linted(tmp_path, text) == [("C106", 2), ("C110", 2), ("C130", 7), ("C120", 9)]


def test_a_file_that_only_includes_others_is_whole(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("services: {a: {image: x}}\n", encoding="utf-8")
    text = "# one line\ninclude:\n  - other.yaml\n  - {path: [other.yaml]}\n"
    for name in ("compose.yaml", "stack.yml"):
        assert ("C002", 2) in linted(tmp_path, text, name)
        assert "E001" not in dict(linted(tmp_path, text, name))


@pytest.mark.parametrize("name", ["compose.yaml", "compose.override.yaml", "compose.prod.yml"])
def test_of_a_file_that_is_laid_over_another_nothing_is_said_that_the_other_may_have(tmp_path: Path, name: str) -> None:
    text = "services:\n  a:\n    environment: {A: b}\n  b:\n    ports: ['5432:5432']\n"
    assert linted(tmp_path, text, name) == [("C002", 2), ("C002", 4), ("C120", 5)]


@pytest.mark.docker
def test_a_service_without_an_image_beside_whole_ones_is_refused(tmp_path: Path) -> None:
    text = f"services:\n  a: {{image: x, {WELL}}}\n  b: {{{WELL}}}\n"
    assert linted(tmp_path, text) == [("C001", 3)]


@pytest.mark.docker
@pytest.mark.parametrize(
    ("service", "line"),
    [
        ("{image: x, network_mode: host, networks: [a]}", 4),
        ("{image: x, depends_on: [b]}", 4),
        ("\n    image: x\n    innit: true", 4),
    ],
)
def test_what_compose_refuses_is_told_where_it_says_that_it_is(tmp_path: Path, service: str, line: int) -> None:
    text = f"# one\nservices:\n  a: {{image: x, {WELL}}}\n  b: {service}\n"
    assert [at for code, at in linted(tmp_path, text) if code == "C001"] == [line]


SWARM = """\
services:
  a: {image: x, init: true, healthcheck: {test: curl a}, deploy: {mode: replicated}}
  b: {image: x, init: true, healthcheck: {test: curl a}, deploy: {placement: {constraints: [node.role == manager]}}}
  c:
    image: x
    init: true
    healthcheck: {test: curl a}
    restart: "no"
    deploy:
      restart_policy: {condition: none}
"""


def test_a_manager_of_a_swarm_restarts_what_it_is_not_told_to_leave(tmp_path: Path) -> None:
    assert linted(tmp_path, SWARM) == [("C101", 10)]
    assert linted(tmp_path, SWARM.replace("none", "on-failure, max_attempts: 3")) == [("C102", 10), ("C103", 10)]
    assert ("C101", 2) in linted(
        tmp_path, SWARM.replace("placement: {constraints: [node.role == manager]}", "replicas: 2")
    )


@pytest.mark.docker
def test_nothing_is_fetched_that_a_file_includes_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "1")
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/x.git"
        text = f"include:\n  - {url}\nservices:\n  a: {{image: x, {WELL}}}\n"
        assert linted(tmp_path, text) == [("C002", 1)]
        with pytest.raises(TargetError, match="remote includes are not fetched"):
            from_file(tmp_path / "compose.yaml", os.environ)
        elsewhere.settimeout(0.5)
        with pytest.raises(TimeoutError):
            elsewhere.accept()


COPIES = """\
services:
  a:
    image: x
    init: true
    healthcheck: {test: curl a}
    deploy:
      replicas: ${COPIES:-2}
      update_config: {parallelism: 1, delay: 10s, failure_action: pause}
"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (", delay: 10s", "", "2 copies without a delay"),
        ("delay: 10s", "delay: 0s", "2 copies without a delay"),
        ("${COPIES:-2}", "3\n      placement: {}", None),
        ("parallelism: 1", "parallelism: 2", "takes 2 copies at once"),
        ("parallelism: 1", "parallelism: 0", "takes 2 copies at once"),
        ("failure_action: pause", "failure_action: continue", "goes on through 2 copies"),
        (
            "replicas: ${COPIES:-2}\n      update_config: {parallelism: 1, delay: 10s,",
            "mode: global\n      x-c: {",
            "every",
        ),
        ("delay: 10s", "order: start-first", None),
        (
            "healthcheck: {test: curl a}\n    deploy:\n",
            "deploy:\n      update_config: {order: start-first}\n      x-a:\n       ",
            "",
        ),
        ("delay: 10s", "delay: 0", "2 copies without a delay"),
        ("deploy:", "deploy:\n      mode: replicated-job", None),
        ("${COPIES:-2}", "1", None),
        ("${COPIES:-2}", "${COPIES}", None),
        ("delay: 10s", "delay: '${DELAY}'", None),
        ("delay: 10s", "delay: 1m30s", None),
    ],
)
def test_an_update_that_can_take_every_copy_is_found(tmp_path: Path, before: str, after: str, said: str | None) -> None:
    assert before in COPIES
    text = COPIES.replace(before, after)
    assert dict(linted(tmp_path, text)).keys() - {"C001"} == ({"C140"} if said else set())
    assert said is None or said in told(tmp_path, text)


def test_our_own_stack_of_a_swarm_waits_between_copies(tmp_path: Path) -> None:
    text = (ROOT / "stack" / "swarm" / "services.yaml").read_text(encoding="utf-8")
    assert "C140" not in dict(linted(tmp_path, text, "services.yaml"))
    assert "C140" in dict(linted(tmp_path, text.replace(", delay: 10s", ""), "services.yaml"))


def test_a_key_that_stands_twice_is_named_on_its_line(tmp_path: Path) -> None:
    text = f"services:\n  a: {{image: x, {WELL}}}\n  b: {{image: x, {WELL}}}\n  a: {{image: y}}\n"
    assert linted(tmp_path, text) == [("C001", 4)]
    assert "'a' stands twice" in told(tmp_path, text)


def test_what_an_anchor_and_its_merge_both_have_stands_there_once(tmp_path: Path) -> None:
    assert "C001" not in dict(linted(tmp_path, MERGED))


def test_of_several_documents_the_first_is_looked_at_and_that_is_said(tmp_path: Path) -> None:
    text = f"---\nservices:\n  a: {{image: x, {WELL}}}\n---\nservices:\n  a: {{ports: ['1:1']}}\n"
    assert linted(tmp_path, text) == [("C002", 1)]
    assert "2 documents" in told(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: &a\n  a: {image: x}\n  b: *a\n", "stands inside of what it stands for"),
        ("services:\n  a: &a [*a]\n", "stands inside of what it stands for"),
        (
            "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
            + "".join(f"{x}: &{x} [{', '.join([f'*{y}'] * 10)}]\n" for y, x in zip("abcdef", "bcdefg", strict=True))
            + "services: {a: {image: x, command: *g}}\n",
            "stand for more than",
        ),
        ("services:\n  a: {image: x}\n" + "  b:\n    c: " + "[" * 2000 + "]" * 2000 + "\n", "C001"),
        ("services: {a: {image: !!python/object/apply:os.system [id]}}\n", "could not determine a constructor"),
        ("services: {a: !include x.yaml}\n", "could not determine a constructor"),
        ("{{- if .Values.on }}\nservices: {}\n", "C001"),
        ("services:\n  ? [a, b]\n  : {image: x}\n", "C001"),
        ("services: {a: {<<: [1], image: x}}\n", "C001"),
    ],
)
def test_what_no_reader_can_hold_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    assert {code for code, _ in linted(tmp_path, text)} == {"C001"}
    assert said in told(tmp_path, text)


@pytest.mark.parametrize(
    "service",
    [
        "", "null", "[]", "text", "{}", "{image: x, deploy: null, healthcheck: null, ports: null, volumes: null}",
        "{image: x, ports: 80, volumes: x, command: {a: b}, depends_on: [b], extends: b, restart: {a: b}}",
        "{image: x, ports: [null, [1], 2020-01-01, 1.5, {target: null}], volumes: [null, {source: 1}, [a]]}",
        "{image: x, healthcheck: {test: {a: b}, interval: [1]}, deploy: {restart_policy: always, mode: [a]}}",
        "{image: x, restart: 1, init: maybe, stop_signal: 9, profiles: a, network_mode: {a: b}}",
        "{image: '${A', ports: ['${B:-1', '$$:1'], restart: '${C:-${D:-always}}', command: '$$(date)'}",
    ],
)  # fmt: skip
def test_nonsense_in_a_service_is_no_traceback(tmp_path: Path, service: str) -> None:
    assert linted(tmp_path, f"services:\n  a: {service}\n")
