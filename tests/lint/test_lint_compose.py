"""What the linter finds in Compose files, on which line; and what it leaves alone."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from probes.cli.lint import lint
from probes.lint.codes import CODES

ROOT = Path(__file__).parents[2]
GOOD = """\
services:
  web:
    image: nginx:${TAG:-1}
    init: true
    restart: ${POLICY:-unless-stopped}
    ports: ["127.0.0.1:${PORT:-80}:80"]
    healthcheck: {test: [CMD, curl, -f, localhost], interval: 2s, retries: 3}
"""


def linted(tmp_path: Path, text: str, *more: str) -> list[tuple[str, int]]:
    file = tmp_path / "compose.yaml"
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(lint, [str(file), *more, "--format", "json"])
    assert "Traceback" not in done.output
    found = json.loads(done.output)
    assert done.exit_code == int(any(one["level"] != "note" for one in found))
    return [(one["code"], one["line"]) for one in found]


def test_a_good_file_has_no_findings(tmp_path: Path) -> None:
    assert linted(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("init: true", 'init: true\n    command: sh -c "while :; do sleep 6h; nginx -s reload; done & nginx"'),
        ("init: true", "entrypoint: [/usr/bin/tini, --, nginx]"),
        ("init: true", 'init: true\n    command: "while true; do\\n sleep 1\\n done &\\n exec nginx"'),
        ("restart: ${POLICY:-unless-stopped}", "profiles: [tools]"),
    ],
)
def test_what_is_well_in_another_way_is_left_alone(tmp_path: Path, before: str, after: str) -> None:
    assert linted(tmp_path, GOOD.replace(before, after)) == []


def test_our_own_files_have_none() -> None:
    done = CliRunner().invoke(lint, [str(ROOT / "stack" / "compose.yaml"), str(ROOT / "experiments")])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "nothing found")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("    restart: ${POLICY:-unless-stopped}\n", "", ("C101", 2)),
        ("${POLICY:-unless-stopped}", '"no"', ("C101", 5)),
        ("${POLICY:-unless-stopped}", "no", ("C101", 5)),
        ("${POLICY:-unless-stopped}", "on-failure", ("C102", 5)),
        ("${POLICY:-unless-stopped}", '"always:3"', ("C103", 5)),
        ("init: true", "init: true\n    stop_signal: SIGKILL", ("C104", 5)),
        ("init: true", "init: true\n    command: sh -c 'nginx & tail -f /dev/null'", ("C105", 5)),
        ("init: true", "init: true\n    command: [sh, -c, 'nginx || true']", ("C105", 5)),
        ("    init: true\n", "", ("C106", 2)),
        ("    init: true\n", "    entrypoint: [/bin/server, --init]\n", ("C106", 2)),
        ("    init: true\n", "    entrypoint: [/init.sh]\n", ("C106", 2)),
        ("init: true", 'init: true\n    command: sh -c "nginx & while :; do sleep 1; done & wait"', ("C105", 5)),
        ("    healthcheck: {test: [CMD, curl, -f, localhost], interval: 2s, retries: 3}\n", "", ("C110", 2)),
        ("[CMD, curl, -f, localhost]", "[NONE]", ("C111", 7)),
        ("{test: [CMD, curl, -f, localhost]", "{disable: true", ("C111", 7)),
        ("[CMD, curl, -f, localhost]", "[CMD, 'true']", ("C112", 7)),
        ("[CMD, curl, -f, localhost]", "curl -f localhost || exit 0", ("C112", 7)),
        ("[CMD, curl, -f, localhost]", "[CMD-SHELL, echo fine]", ("C112", 7)),
        ('"127.0.0.1:${PORT:-80}:80"', '"${PORT:-80}:80"', ("C120", 6)),
        ('"127.0.0.1:${PORT:-80}:80"', "80", ("C120", 6)),
        ('"127.0.0.1:${PORT:-80}:80"', "'${PORT}:${PORT}'", ("C120", 6)),
        ('"127.0.0.1:${PORT:-80}:80"', "{target: 80, published: '80'}", ("C120", 6)),
        ('"127.0.0.1:${PORT:-80}:80"', "'0.0.0.0:80:80'", ("C120", 6)),
        ('"127.0.0.1:${PORT:-80}:80"', "{target: 80}", ("C120", 6)),
        ('"127.0.0.1:${PORT:-80}:80"', "22:22", ("C120", 6)),
        ('"127.0.0.1:${PORT:-80}:80"', "'${PORT:?which}:80'", ("C120", 6)),
        ('"127.0.0.1:${PORT:-80}:80"', "'[::]:80:80'", ("C120", 6)),
        ('"127.0.0.1:${PORT:-80}:80"', "'53:53/udp'", ("C120", 6)),
        ("init: true", "init: true\n    network_mode: host", ("C121", 5)),
        ("init: true", "init: true\n    volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']", ("C130", 5)),
        ("init: true", "init: true\n    volumes: [{type: bind, source: /run/docker.sock, target: /x}]", ("C130", 5)),
        ("init: true", "init: true\n    volumes: ['${SOCKET}:/var/run/docker.sock']", ("C130", 5)),
        ("init: true", "init: true\n    volumes: [a:/a, '/var/run:/var/run:ro']", ("C130", 5)),
        ("init: true", "init: true\n    volumes:\n      - a:/a\n      - /:/host", ("C130", 7)),
        ("init: true", "init: true\n    volumes: ['//./pipe/docker_engine://./pipe/docker_engine']", ("C130", 5)),
        ("init: true", "init: true\n    extends: {file: other.yaml, service: web}", ("C002", 5)),
    ],
)
def test_each_fault_is_found_on_its_line(tmp_path: Path, before: str, after: str, found: tuple[str, int]) -> None:
    assert before in GOOD
    assert linted(tmp_path, GOOD.replace(before, after)) == [found]


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("unless-stopped", "always"),
        GOOD.replace("restart: ${POLICY:-unless-stopped}", "deploy: {restart_policy: {condition: any}}"),
        GOOD.replace("${POLICY:-unless-stopped}", "${POLICY}"),
        GOOD.replace("${POLICY:-unless-stopped}", "'${POLICY:?must be set}'"),
        GOOD.replace('"127.0.0.1:${PORT:-80}:80"', "'${ADDRESS}:${PORT}:80'"),
        GOOD.replace('"127.0.0.1:${PORT:-80}:80"', "'${ADDRESS:?which}:80:80/tcp'"),
        GOOD.replace('"127.0.0.1:${PORT:-80}:80"', "{target: 80, host_ip: '${ADDRESS}'}"),
        GOOD.replace("init: true", "init: true\n    volumes: [/var/run, './run:/run', './var/run:/var/run']"),
        GOOD.replace("retries: 3", "retries: $RETRIES"),
        GOOD.replace("[CMD, curl, -f, localhost]", "[CMD-SHELL, 'ps aux | grep worker || false']"),
        GOOD.replace("[CMD, curl, -f, localhost]", "'echo stats | nc 127.0.0.1 11211'"),
        GOOD.replace("init: true", "init: true\n    env_file: .env.nowhere"),
        GOOD.replace('"127.0.0.1:${PORT:-80}:80"', "{target: 80, published: '80', host_ip: 127.0.0.1}"),
        GOOD.replace('"127.0.0.1:${PORT:-80}:80"', "'${WHERE_AND_WHICH}'"),
        GOOD.replace('"127.0.0.1:${PORT:-80}:80"', "'[::1]:80:80'"),
        GOOD + "    depends_on: {migrate: {condition: service_completed_successfully}}\n  migrate: {image: x}\n",
        "x-a: &all {image: x, init: true, restart: always, healthcheck: {test: curl a}}\nservices: {a: {<<: *all}}\n",
    ],
)
def test_what_is_well_is_left_alone(tmp_path: Path, text: str) -> None:
    assert linted(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [("services: [\n", 2), ("", 1), ("a: b\n", 1), ("services: {}\n", 1), ("services:\n\t- x\n", 2), ("\x00", 1)],
)
def test_what_is_no_compose_file(tmp_path: Path, text: str, line: int) -> None:
    assert linted(tmp_path, text) == [("C001", line)]


def test_a_health_check_that_is_slower_than_a_claim(tmp_path: Path) -> None:
    experiment = str(ROOT / "experiments" / "kill-product.yaml")
    slow = GOOD.replace("web:", "product:").replace("interval: 2s", "interval: 20s")
    assert ("C113", 7) in linted(tmp_path, slow, experiment)
    assert "C113" not in dict(linted(tmp_path, GOOD.replace("web:", "product:"), experiment))


def test_an_experiment_that_names_a_service_that_the_file_does_not_have(tmp_path: Path) -> None:
    experiment = str(ROOT / "experiments" / "kill-product.yaml")
    assert "E111" in dict(linted(tmp_path, GOOD, experiment))


@pytest.mark.docker
def test_what_docker_compose_itself_refuses(tmp_path: Path) -> None:
    assert linted(tmp_path, GOOD.replace("init:", "innit:").replace("true", "1"))[0][0] == "C001"


def test_annotations_for_github(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(GOOD.replace("    init: true\n", "    hostname: 100%\n    network_mode: host\n"), encoding="utf-8")
    lines = CliRunner().invoke(lint, [str(file), "--format", "github"]).output.splitlines()
    assert lines[0].startswith(f"::notice file={file},line=2,title=C106::service web")
    assert lines[1].startswith(f"::warning file={file},line=5,title=C121::")


@pytest.mark.parametrize("path", ["nowhere.yaml", "."])
def test_what_is_not_there_is_one_sentence(tmp_path: Path, path: str) -> None:
    done: Result = CliRunner().invoke(lint, [str(tmp_path / path)])
    assert done.exit_code == 1
    assert len(done.output.splitlines()) == 1


def test_the_table_in_the_documentation_is_that_of_the_code() -> None:
    text = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = {
        line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith(("| C", "| E"))
    }
    expected = {
        code: f"| {code} | {rule.level} | {rule.what} | {rule.why} | {rule.remedy} |" for code, rule in CODES.items()
    }
    assert {code: row for code, row in rows.items() if code != "Code"} == expected
