"""The Compose file as the embedded target reads it: everything it does not know is refused by name."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.errors import ConfigurationError
from probes.targets.embedded.compose import Place, read_compose
from probes.targets.embedded.fields import duration_s, health_check
from probes.targets.embedded.interpolate import interpolated
from probes.targets.embedded.plan import Plan, Port, Process, plan_from_json, plan_to_json

STACK = Path(__file__).parents[2] / "stack" / "compose.yaml"


def _read(folder: Path, services: str, **variables: str) -> Plan:
    file = folder / "compose.yaml"
    file.write_text(services, encoding="utf-8")
    return read_compose(file, "try", Place({"PATH": "/bin", **variables}, folder / "state", "/venv/bin"))


def _one(folder: Path, lines: str, **variables: str) -> Process:
    (process,) = _read(folder, f"services:\n  web:\n    command: [run]\n{lines}", **variables).processes
    return process


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$X and ${X}", "1 and 1"),
        ("${NO:-d}${EMPTY:-d}${X:-d}", "dd1"),
        ("${NO-d}[${EMPTY-d}]${X-d}", "d[]1"),
        ("${NO:-${X:-2}}", "1"),
        ("${NO:-a{b}c", "a{bc"),
        ("$$X $${X}", "$X ${X}"),
        ("${NO}", ""),
        ("${X:?needed}", "1"),
    ],
)
def test_variables_are_read_as_compose_reads_them(text: str, expected: str) -> None:
    assert interpolated(text, {"X": "1", "EMPTY": ""}) == expected


@pytest.mark.parametrize("text", ["${", "${X", "$", "${1}", "${X:+y}", "a $ b", "${NO:?give it}", "${EMPTY:?give it}"])
def test_a_variable_that_cannot_be_read_is_one_sentence(text: str) -> None:
    with pytest.raises(ConfigurationError, match="Compose file"):
        interpolated(text, {"X": "1", "EMPTY": ""})


@settings(deadline=None)
@given(st.text())
def test_doubled_dollars_give_back_any_text(text: str) -> None:
    assert interpolated(text.replace("$", "$$"), {}) == text


@settings(deadline=None)
@given(st.text(alphabet=st.characters(blacklist_characters="${}")))
def test_a_default_is_taken_as_it_stands(text: str) -> None:
    assert interpolated(f"${{NO:-{text}}}", {}) == text


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("2s", 2), ("1m30s", 90), ("1h", 3600), ("1.5s", 1.5), ("0s", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_s(text, "here") == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["", "2", "s", "2 s", 2, None, "2x", "-1s"])
def test_what_is_no_duration_is_refused_by_its_place(value: object) -> None:
    with pytest.raises(ConfigurationError, match="service web, healthcheck"):
        duration_s(value, "service web, healthcheck")


@pytest.mark.parametrize(
    ("test", "command"),
    [
        ('["CMD", "a", "b"]', ("a", "b")),
        ('["CMD-SHELL", "a | b"]', ("/bin/sh", "-c", "a | b")),
        ("a | b", ("/bin/sh", "-c", "a | b")),
    ],
)
def test_health_checks(tmp_path: Path, test: str, command: tuple[str, ...]) -> None:
    check = _one(tmp_path, f"    healthcheck: {{test: {test}, interval: 500ms}}").check
    assert check is not None
    assert (check.command, check.interval_s, check.timeout_s, check.retries) == (command, 0.5, 30, 3)


def test_no_health_check() -> None:
    assert health_check({"test": ["NONE"]}, "here") is None


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("    privileged: true", "service web.*privileged"),
        ("    healthcheck: {test: x, start_interval: 1s}", "service web, healthcheck.*start_interval"),
        ("    healthcheck: {test: [RUN, x]}", "service web, healthcheck.*CMD"),
        ("    healthcheck: {test: x, retries: 0}", "retries is 0"),
        ("    restart: on-failure", "service web.*on-failure.*no, always, unless-stopped"),
        ("    volumes: [./here:/there]", "service web.*here"),
        ("    ports: ['8080']", "service web.*8080"),
        ("    ports: ['127.0.0.1:80:8080']", "one and the same port"),
        ("    depends_on: [nobody]", "service web.*nobody, which is not declared"),
        ("    depends_on: {web: {condition: service_completed_successfully}}", "service_completed_successfully"),
        ("    depends_on: [web]", "circle: web -> web"),
        ("    environment: {A: [1]}", "environment: A"),
        ("    environment: words", "environment"),
        ("    stop_grace_period: soon", "stop_grace_period"),
        ("    deploy: {replicas: 2}", "deploy"),
    ],
)
def test_what_is_not_known_is_refused_by_service_and_key(tmp_path: Path, lines: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        _one(tmp_path, lines)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "services: {}",
        "services: [",
        "- a",
        "services:\n  web: {image: x}",
        "secrets: {}\nservices: {a: {command: b}}",
    ],
)
def test_a_file_that_is_no_stack_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError):
        _read(tmp_path, text)


@pytest.mark.parametrize("policy", ["no", "'no'", "always", "unless-stopped"])
def test_restart_policies(tmp_path: Path, policy: str) -> None:
    assert _one(tmp_path, f"    restart: {policy}").restart == policy.strip("'")


def test_environment_is_a_map_or_a_list_and_inherits_little(tmp_path: Path) -> None:
    lines = "    environment: {A: 1, B: true, GIVEN: , MISSING: }"
    process = _one(tmp_path, lines, GIVEN="x", PYTHONDONTWRITEBYTECODE="1", HTTP_PROXY="http://proxy")
    environment = dict(process.environment)
    assert {name: environment[name] for name in process.declared} == {"A": "1", "B": "true", "GIVEN": "x"}
    assert environment["PATH"] == "/venv/bin:/bin"
    assert not {"PYTHONDONTWRITEBYTECODE", "HTTP_PROXY"} & set(environment)
    assert _one(tmp_path, "    environment: [A=1, B=a=b, GIVEN]", GIVEN="x").declared == ("A", "B", "GIVEN")


def test_services_with_a_profile_are_left_out_as_compose_leaves_them_out(tmp_path: Path) -> None:
    plan = _read(tmp_path, "services: {a: {command: x}, b: {command: y, profiles: [more]}}")
    assert [process.service for process in plan.processes] == ["a"]


def test_a_command_is_a_list_or_a_line(tmp_path: Path) -> None:
    plan = _read(tmp_path, "services: {a: {command: run 'this one'}, b: {command: [run, this one]}}")
    assert {process.command for process in plan.processes} == {("run", "this one")}


def test_our_stack_is_read_whole_and_moved_to_loopback(tmp_path: Path) -> None:
    plan = read_compose(STACK, "stehauf", Place({"PRODUCT_PORT": "9081"}, tmp_path, "/venv/bin"))
    processes = {process.service: process for process in plan.processes}
    assert {"storefront", "product", "order", "fulfilment", "broker"} <= set(processes)
    assert processes["product"].ports == (Port("127.0.0.1", 9081),)
    assert processes["product"].directory == str(STACK.parent)
    storefront = dict(processes["storefront"].environment)
    assert (storefront["PRODUCT_HOST"], storefront["PRODUCT_PORT"]) == ("127.0.0.1", "9081")
    assert any(str(tmp_path / "data" / "broker-data") in word for word in processes["broker"].command)
    order = [process.service for process in plan.processes]
    assert order.index("broker") < order.index("order") < order.index("storefront")


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    plan = read_compose(STACK, "stehauf", Place({}, tmp_path, "/venv/bin"))
    (tmp_path / "plan.json").write_text(plan_to_json(plan), encoding="utf-8")
    assert plan_from_json(tmp_path / "plan.json") == plan
