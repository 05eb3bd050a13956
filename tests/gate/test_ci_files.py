"""The CI files in the documents are what GitHub and GitLab read, and name commands and paths that there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def ci_file(name: str) -> dict[Any, Any]:
    found = re.search(rf"```yaml\n# {re.escape(name)}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    read: dict[Any, Any] = yaml.safe_load(found[1])
    return read


def commands() -> list[str]:
    github = ci_file(".github/workflows/chaos.yml")["jobs"]["gate"]["steps"]
    return [*(step["run"] for step in github if "run" in step), *ci_file(".gitlab-ci.yml")["chaos"]["script"]]


def test_github_reads_its_file() -> None:
    read = ci_file(".github/workflows/chaos.yml")
    assert set(read) == {"name", True, "jobs"}  # YAML reads `on` as true, and so does GitHub's own parser
    (job,) = read["jobs"].values()
    assert {"runs-on", "steps", "timeout-minutes"} <= set(job)
    assert all({"run", "uses"} & set(step) and not {"run", "uses"} <= set(step) for step in job["steps"])
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step)


def test_gitlab_reads_its_file() -> None:
    (job,) = ci_file(".gitlab-ci.yml").values()
    assert {"image", "script", "artifacts"} <= set(job)
    assert all(isinstance(line, str) for line in job["script"])
    assert job["artifacts"]["when"] == "always"
    assert set(job["artifacts"]["reports"]) == {"junit"}


@pytest.mark.parametrize("command", commands())
def test_each_command_is_one_that_there_is(command: str) -> None:
    for target in re.findall(r"make (\w+)", command):
        assert re.search(rf"^{target}:|^{target} \w*:|^[\w ]*\b{target}\b[\w ]*:", MAKEFILE, re.MULTILINE)
    for path in re.findall(r"(?:stack|experiments)[/\w.]*", command):
        assert (ROOT / path).exists()


def test_each_ci_file_names_the_target_of_the_gate() -> None:
    assert any("STEHAUF_TARGET=docker make gate" in command for command in commands())
    assert ci_file(".gitlab-ci.yml")["chaos"]["variables"]["STEHAUF_TARGET"] == "embedded"
