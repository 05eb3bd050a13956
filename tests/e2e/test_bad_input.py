"""What a user can get wrong in an experiment or a setting is one sentence: non-zero, nothing broken, nothing left."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Bench
from refusals import assert_refused, left_by, output

from experiments import smallest

OTHERS = ROOT / "tests" / "foreign" / "notes" / "compose.yaml"

pytestmark = pytest.mark.embedded

BOTH = pytest.mark.parametrize("bench", ["embedded", pytest.param("docker", marks=pytest.mark.docker)], indirect=True)


def control(experiment: dict[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = experiment["controls"][0]["provider"]["arguments"]
    return arguments


@BOTH
def test_an_unknown_service_is_refused_before_the_stack_is_brought_up(bench: Bench) -> None:
    experiment = smallest()
    experiment["method"][0]["provider"]["arguments"]["service"] = "prodct"
    assert_refused(bench.run(experiment), "prodct", "product", "storefront")
    assert left_by(bench) == []


def test_a_target_that_a_run_cannot_use(bench: Bench) -> None:
    words = ("STEHAUF_TARGET", "docker, embedded")
    assert_refused(bench.run(smallest(), STEHAUF_TARGET="memory"), "memory", "unit tests", *words)
    assert_refused(bench.run(smallest(), STEHAUF_TARGET="foo"), "'foo'", *words)
    assert_refused(bench.chaos("stack", "status", STEHAUF_TARGET="foo"), "'foo'", *words)


@pytest.mark.parametrize(
    ("argument", "value", "words"),
    [
        ("canarys", [], ["canarys", "canaries"]),
        ("canaries", [{"name": "shop", "url": "http://192.0.2.1/"}], ["192.0.2.1", "loopback"]),
        ("canaries", [{"name": "shop", "url": "${shop}"}] * 2, ["shop", "twice"]),
        ("load", {"host": "${shop}", "file": "no/such.py"}, ["no/such.py", "Locust"]),
    ],
)
def test_what_is_wrong_in_the_control_is_named(bench: Bench, argument: str, value: object, words: list[str]) -> None:
    experiment = smallest()
    control(experiment)[argument] = value
    assert_refused(bench.run(experiment), *words)
    assert left_by(bench) == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("func", "crush", ["probes.actions", "crush"]), ("module", "probes.actoins", ["probes.actoins"])],
)
def test_a_function_or_a_module_that_does_not_exist(bench: Bench, key: str, value: str, words: list[str]) -> None:
    experiment = smallest()
    experiment["method"][0]["provider"][key] = value
    assert_refused(bench.run(experiment), *words)
    assert left_by(bench) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("broken.yaml", "title: [\n  - x: {\n"),
        ("broken.json", "{"),
        ("empty.yaml", ""),
        ("empty.json", ""),
        ("list.yaml", "- a\n"),
        ("method.yaml", "title: x\ndescription: x\nmethod: [x]\n"),
        ("missing.yaml", None),
        ("folder.yaml", Path()),
        ("experiment.txt", "title: x"),
    ],
)
def test_a_file_that_is_no_experiment(bench: Bench, name: str, text: str | Path | None) -> None:
    bench.folder.mkdir(exist_ok=True)
    file = bench.folder / name
    if isinstance(text, str):
        file.write_text(text, encoding="utf-8")
    elif text is not None:
        file.mkdir()
    assert_refused(bench.chaos("run", str(file)))
    assert left_by(bench) == []


def test_a_configuration_that_the_environment_does_not_have(bench: Bench) -> None:
    experiment = smallest()
    experiment["configuration"]["shop"]["key"] = "STEHAUF_NOWHERE"
    assert_refused(bench.run(experiment), "STEHAUF_NOWHERE")
    assert left_by(bench) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"STEHAUF_PROJECT": "../other"}, ["../other", "STEHAUF_PROJECT"]),
        ({"STEHAUF_PROJECT": "nobody", "STEHAUF_COMPOSE_FILE": ""}, ["nobody", "embedded", "STEHAUF_TARGET=docker"]),
        ({"STEHAUF_PROJECT": "", "STEHAUF_COMPOSE_FILE": str(OTHERS)}, ["name its project", "docker compose ls"]),
        ({"STEHAUF_COMPOSE_FILE": "nowhere.yaml"}, ["nowhere.yaml", "STEHAUF_COMPOSE_FILE"]),
    ],
)
def test_a_project_that_cannot_be(bench: Bench, settings: dict[str, str], words: list[str]) -> None:
    assert_refused(bench.run(smallest(), **settings), *words)
    assert left_by(bench) == []


@pytest.mark.parametrize("below", ["", "runs"])
def test_a_file_where_the_folder_of_runs_should_be(bench: Bench, below: str) -> None:
    bench.folder.mkdir(exist_ok=True)
    (bench.folder / "file").touch()
    assert_refused(bench.run(smallest(), STEHAUF_RUNS=str(bench.folder / "file" / below)), "STEHAUF_RUNS", "file")
    assert left_by(bench) == []


@BOTH
@pytest.mark.parametrize("command", ["run", "up"])
def test_a_port_that_is_taken_is_named_with_its_holder(bench: Bench, command: str) -> None:
    port = bench.environment["ORDER_PORT"]
    with socket.create_server(("127.0.0.1", int(port))):
        run = bench.run(smallest()) if command == "run" else bench.chaos("stack", "up")
    assert_refused(run, port, "order", f"process {os.getpid()} (", "nothing was started")
    assert left_by(bench) == []


@pytest.mark.docker
def test_a_project_of_the_users_own_that_is_not_up_is_never_started(bench: Bench) -> None:
    settings = {"STEHAUF_TARGET": "docker", "STEHAUF_PROJECT": "nobody", "STEHAUF_COMPOSE_FILE": ""}
    assert_refused(bench.run(smallest(), **settings), "nobody", "not up", "docker compose up")
    assert_refused(bench.chaos("stack", "up", **settings), "nobody")
    assert output("docker", "ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project=nobody") == ""


UNWELL = """
services:
  web:
    image: stehauf-stack:latest
    command: ["sleep", "600"]
    init: true
    healthcheck: {test: ["CMD", "false"], interval: 1s, retries: 1}
"""


@pytest.mark.docker
def test_a_project_of_the_users_own_that_is_unhealthy_is_refused_by_name(docker: Bench, tmp_path: Path) -> None:
    file, project = tmp_path / "compose.yaml", f"{docker.project}-unwell"
    file.write_text(UNWELL, encoding="utf-8")
    compose = ("docker", "compose", "-f", str(file), "-p", project)
    experiment = smallest()
    for activity in (*experiment["method"], *experiment["rollbacks"]):
        activity["provider"]["arguments"]["service"] = "web"
    try:
        output(*compose, "up", "--detach")
        before = output(*compose, "ps", "--quiet")
        run = docker.run(experiment, STEHAUF_PROJECT=project, STEHAUF_COMPOSE_FILE="")
        assert_refused(run, "web is unhealthy")
        assert output(*compose, "ps", "--quiet") == before
    finally:
        output(*compose, "down", "--volumes", "--timeout", "1")
