"""Compose projects of anybody's: what is written for them is sound, and nothing of a user's is lost."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from probes.errors import ConfigurationError
from probes.gate.suite import _project
from probes.lint.linting import fails, lint
from probes.projects.experiments import drafts
from probes.projects.files import load_text, readme_text
from probes.projects.possible import abilities
from probes.projects.reaching import Door, knocked, own_path
from probes.projects.reading import _declared, from_file
from probes.projects.scaffolding import scaffold
from probes.projects.showing import FORMATS, Inspection
from probes.projects.values import Part, Port, Project
from probes.run.observation import project_of
from probes.settings import Settings

DB = Part(
    "db", "postgres", "always", "pg_isready", 2.0, (), (5432,), (), False, False, "", False, ("running, healthy",)
)
TASK = replace(DB, name="migrate", restart="no", inner=(), depends_on=("db",), is_task=True, states=("done",))
WEB = replace(
    DB, name="web", published=(Port("127.0.0.1", 8091, 8000),), inner=(8000,), depends_on=("migrate",),
    healthcheck="curl -f http://localhost:8000/health", interval_s=20.0,
)  # fmt: skip
SHOP = Project("shop", (), (DB, TASK, WEB), is_running=True)
DOOR = Door(
    "web", WEB.published[0], "/notes", "/health", ("/health", "/notes"), ("POST /notes",), "http://x/openapi.json"
)


def seen(project: Project = SHOP, *doors: Door, **lacking: str) -> Inspection:
    return Inspection(project, doors, {part.name: abilities(part, lacking) for part in project.parts}, ())


def written(project: Project = SHOP, *doors: Door, **lacking: str) -> dict[str, dict[str, Any]]:
    found = seen(project, *doors, **lacking)
    load = "experiments/load.py" if doors else None
    return {one.name: one.content for one in drafts(project, doors, found.abilities, load)}


def test_one_experiment_a_service_and_fault_that_makes_sense_there() -> None:
    assert list(written(SHOP, DOOR)) == ["db-crash", "db-hang", "db-latency", "web-crash", "web-hang"]


def test_what_nothing_brings_back_is_not_crashed() -> None:
    alone = replace(SHOP, parts=(replace(DB, restart="no"), WEB))
    assert "db-crash" not in written(alone, DOOR)
    told = readme_text(
        seen(alone, DOOR), list(drafts(alone, (DOOR,), seen(alone).abilities, None)), Path("x"), has_load=False
    )
    assert "- db, `crash`: no restart policy brings it back" in told


def test_what_could_not_be_proved_is_not_broken() -> None:
    hidden = replace(SHOP, parts=(replace(DB, inner=()), WEB))
    assert not {"db-hang", "db-latency"} & set(written(hidden, DOOR))


def test_what_the_engine_lacks_is_passed_over() -> None:
    assert "db-latency" not in written(SHOP, DOOR, latency="the kernel has none of it")


def test_what_shares_the_hosts_network_is_not_made_slow() -> None:
    shared = replace(SHOP, parts=(replace(DB, shares="network host"), WEB))
    assert "db-latency" not in written(shared, DOOR)


def test_out_of_memory_needs_a_limit() -> None:
    limited = replace(SHOP, parts=(replace(DB, has_memory_limit=True), WEB))
    assert "db-out-of-memory" in written(limited, DOOR)
    assert "db-out-of-memory" not in written(SHOP, DOOR)


@pytest.mark.parametrize("doors", [(), (DOOR,)], ids=["no HTTP", "HTTP"])
def test_what_is_written_validates_and_passes_the_linter(doors: tuple[Door, ...], tmp_path: Path) -> None:
    for name, content in written(SHOP, *doors).items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    found = lint(sorted(tmp_path.iterdir()))
    assert not fails(found), found


def test_a_claim_gives_a_slow_health_check_its_time() -> None:
    limits = [one["tolerance"]["range"][1] for one in written(SHOP, DOOR)["web-crash"]["method"] if "tolerance" in one]
    assert limits == [60, 60]


def test_the_hypothesis_asks_what_the_health_check_asks_at_the_published_port() -> None:
    probes = written(SHOP, DOOR)["web-crash"]["steady-state-hypothesis"]["probes"]
    urls = [one["provider"]["arguments"].get("url") for one in probes]
    assert urls == [None, "http://127.0.0.1:8091/notes", "http://127.0.0.1:8091/health"]


def test_the_experiment_names_its_project_and_the_environment_may_name_a_copy() -> None:
    control = written(SHOP, DOOR)["db-crash"]["controls"][0]["provider"]["arguments"]
    own = Settings.from_environment({}).on(control["project"])
    assert (own.project, own.is_own_stack) == ("shop", False)
    assert Settings.from_environment({"STEHAUF_PROJECT": "copy"}).on("shop").project == "copy"


def test_a_suite_takes_the_project_that_its_experiments_are_for() -> None:
    content = written(SHOP, DOOR)["db-crash"]
    assert project_of(content) == "shop"
    assert project_of({"controls": [{"name": "x"}, "nonsense"]}) is None
    one, other = (SimpleNamespace(content=made) for made in (content, {}))
    assert _project([one, one]) == "shop"
    assert _project([other]) is None
    with pytest.raises(ConfigurationError, match="different projects"):
        _project([one, other])


def test_nothing_is_overwritten_without_being_told(tmp_path: Path) -> None:
    list(scaffold({"a.yaml": "ours"}, tmp_path, force=False))
    (tmp_path / "a.yaml").write_text("mine")
    said = list(scaffold({"a.yaml": "ours", "b.yaml": "new"}, tmp_path, force=False))
    assert ((tmp_path / "a.yaml").read_text(), (tmp_path / "b.yaml").read_text()) == ("mine", "new")
    assert "left alone" in said[0]
    list(scaffold({"a.yaml": "ours"}, tmp_path, force=True))
    assert (tmp_path / "a.yaml").read_text() == "ours"


def test_a_link_is_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "a.yaml").symlink_to(tmp_path / "elsewhere")
    list(scaffold({"a.yaml": "ours"}, tmp_path, force=True))
    assert (tmp_path / "elsewhere").read_text() == "mine"


def test_a_description_cannot_put_code_into_the_locust_file() -> None:
    evil = replace(DOOR, endpoints=('/a"+exit()+"', "/a\\", "/a{b}"), open_ends=('POST /"""\nexit()\n"""',))
    text = load_text(seen(SHOP, evil))
    assert text
    tree = compile(text, "load.py", "exec")
    assert "exit" not in tree.co_names
    assert 'exit()+"' not in text


def test_without_a_description_there_is_no_locust_file() -> None:
    assert load_text(seen(SHOP, replace(DOOR, endpoints=()))) is None
    assert load_text(seen(SHOP)) is None


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("curl --fail http://localhost:8000/health", "/health"),
        ("wget -qO- 'http://127.0.0.1:8000/up?x=1' || exit 1", "/up"),
        ("curl http://localhost:8000", "/"),
        ("curl http://localhost:9000/health", ""),
        ("curl http://elsewhere:8000/health", ""),
        ("pg_isready", ""),
    ],
)
def test_the_path_of_a_health_check(command: str, path: str) -> None:
    assert own_path(command, 8000) == path


def test_both_formats_say_what_there_is_and_what_cannot_be_done() -> None:
    found = seen(SHOP, DOOR)
    text, read = FORMATS["text"](found), json.loads(FORMATS["json"](found))
    assert "reach it at   127.0.0.1:8091  (port 8000 inside)  HTTP, http://127.0.0.1:8091/notes" in text
    assert "cannot        out_of_memory: it has no memory limit" in text
    assert [one["name"] for one in read["services"]] == ["db", "migrate", "web"]
    assert {one["fault"]: one["refused"] for one in read["services"][0]["faults"]}["crash"] == ""


class Described(BaseHTTPRequestHandler):
    """An app with a description."""

    asked: list[str] = []  # noqa: RUF012 - one server a test
    description: dict[str, Any] = {  # noqa: RUF012
        "paths": {
            "/notes": {"get": {"parameters": [{"name": "limit", "in": "query", "required": False}]}, "post": {}},
            "/notes/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "required": True}]}, "delete": {}},
            "/kinds/{kind}": {
                "get": {"parameters": [{"name": "kind", "in": "path", "required": True, "schema": {"enum": ["a b"]}}]}
            },
            "/broken": {"get": {}},
        }
    }

    def do_GET(self) -> None:
        self.asked.append(f"GET {self.path}")
        body = json.dumps(self.description).encode() if self.path == "/openapi.json" else b"{}"
        self.send_response(404 if self.path == "/" else 500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.asked.append(f"POST {self.path}")

    do_DELETE = do_PUT = do_PATCH = do_POST  # noqa: N815 - the names that the library asks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def described() -> Iterator[Part]:
    Described.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Described) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield replace(WEB, published=(Port("127.0.0.1", server.server_port, 8000),))
        server.shutdown()


def test_endpoints_are_those_that_answer_well_and_nothing_is_changed(described: Part) -> None:
    (door,) = knocked(described)
    assert door.endpoints == ("/notes", "/kinds/a%20b")
    assert set(door.open_ends) == {"POST /notes", "GET /notes/{id}", "DELETE /notes/{id}", "GET /broken"}
    assert (door.path, door.health) == ("/notes", "/health")
    assert all(one.startswith("GET ") for one in Described.asked)


def test_a_port_that_speaks_no_http_is_no_door() -> None:
    assert knocked(replace(WEB, published=(Port("127.0.0.1", 1, 8000),))) == ()


def test_nobody_asks_at_a_port_that_moves_with_each_start() -> None:
    there = replace(WEB.published[0], moves=True)
    moving = replace(SHOP, parts=(DB, TASK, replace(WEB, published=(there,))))
    for content in written(moving, replace(DOOR, port=there)).values():
        assert "127.0.0.1" not in yaml.safe_dump(content)
    found = seen(moving, replace(DOOR, port=there))
    told = readme_text(found, list(drafts(moving, found.doors, found.abilities, None)), Path("x"), has_load=False)
    assert "- web: the engine chooses its port anew at each start" in told
    assert "(port 8000 inside, another one at each start)" in FORMATS["text"](found)


def test_users_are_looked_at_before_anything_is_broken_and_after_all_is_over() -> None:
    for content in written(SHOP, DOOR).values():
        first, last = (one for one in content["method"] if "pauses" in one)
        assert (first["pauses"]["before"], last["pauses"]) == (5, {"after": 3})
        assert (first, last) == (content["method"][0], content["method"][-1])


def test_a_service_that_users_do_not_miss_is_held_to_its_own_canary() -> None:
    behind = replace(WEB, name="app", published=(Port("127.0.0.1", 8092, 8000),))
    both = replace(SHOP, parts=(behind, replace(WEB, depends_on=("app",))))
    own = replace(DOOR, service="app", port=behind.published[0])
    method = written(both, DOOR, own)["app-crash"]["method"]
    assert [one["provider"]["arguments"].get("canary") for one in method] == [None, None, "users", "app"]


def test_a_port_without_one_of_the_hosts_is_declared_as_one_that_moves() -> None:
    part = _declared("web", {"ports": [{"target": 80, "protocol": "tcp"}]}, is_task=False)
    assert (part.published, part.inner) == ((), (80,))
    told = FORMATS["text"](seen(Project("x", (), (part,), is_running=False)))
    assert "a port that the engine chooses at each start" in told
    assert "nowhere" not in told


def test_what_cannot_be_done_is_not_warned_of_as_well() -> None:
    told = FORMATS["text"](seen(replace(SHOP, parts=(replace(DB, restart="no"),))))
    (but,) = [line for line in told.splitlines() if line.strip().startswith("but")]
    assert "crash" in but
    assert "out_of_memory" not in but


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no file"):
        from_file(tmp_path / "compose.yaml", {})
