"""What the documents tell a reader to type works as it stands there, and what they say about files is so."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from documented import DOCUMENTS, LANGUAGES, all_commands, fences
from harness import ROOT, Bench, Run

TABLE: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("documented_commands.toml").read_text(encoding="utf-8")
)
RUN, NAMED = TABLE["run"], TABLE["named"]["commands"]
ELSEWHERE, NOT_TO_ITS_END = TABLE["elsewhere"], TABLE["not_to_its_end"]
OURS = {"chaos", "make", "pytest", "python"}


def test_every_command_of_the_documents_has_somebody_who_makes_sure_of_it() -> None:
    listed = {*RUN, *NAMED, *ELSEWHERE, *NOT_TO_ITS_END}
    shown = all_commands()
    assert {command: where for command, where in shown.items() if command not in listed} == {}
    assert listed - set(shown) == set(), "what no document shows any more"


def test_every_fenced_block_says_its_language() -> None:
    """So that no command hides in a block that is not looked at."""
    found = {path.name: [language for language, _ in fences(path.read_text())] for path in DOCUMENTS}
    assert {name: said for name, said in found.items() if set(said) - LANGUAGES} == {}
    assert sum(map(len, found.values())) > 20


@pytest.mark.parametrize("command", ELSEWHERE)
def test_the_test_that_is_named_is_there_and_is_about_it(command: str) -> None:
    file, _, function = ELSEWHERE[command].partition("::")
    source = (ROOT / file).read_text(encoding="utf-8")
    if function:
        assert function in {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    beside = [source, *(path.read_text(encoding="utf-8") for path in (ROOT / file).parent.glob("*.py"))]
    followed = re.findall(r'"docs" / "([\w-]+\.md)"', source)  # a document that the test itself types from
    beside += [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in followed]
    assert missing_words(command, "\n".join(beside) if file.endswith(".py") else source) == []


def test_a_test_that_is_about_something_else_is_noticed() -> None:
    assert missing_words("chaos evidence pdf RUN --lang de", "chaos evidence list") == ["pdf", "--lang"]
    assert missing_words("make lint", "make install") == ["lint"]


def missing_words(command: str, source: str) -> list[str]:
    """Of a command's own words, those that a source does not have: sub-commands, targets, options, variables."""
    words = [word.partition("=")[0] for word in shlex.split(re.sub(r"[\[\]]|\.\.\.", " ", command))]
    own = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if re.fullmatch(r"--?[a-z-]{2,}|[a-z][a-z-]+|[A-Z]+_[A-Z_]+", word)
        and word not in OURS
        and (word.startswith("-") or not before.startswith("--"))
    ]
    return [word for word in own if word not in source]


@pytest.mark.parametrize("command", NAMED)
def test_a_command_that_is_only_named_is_there_with_its_options(command: str) -> None:
    words = command.split()
    options = [word for word in words if word.startswith("--")]
    base = words[: words.index(options[0])] if options else words
    done = typed(" ".join([*base, "--help"]), ROOT, dict(os.environ))
    known = done.returncode == 0 or "python -m reports reports/runs/latest" in done.stderr
    assert known, done.stderr
    assert [option for option in options if option not in done.stdout] == []


@pytest.mark.parametrize("command", [command for command in NOT_TO_ITS_END if command.startswith("make ")])
def test_make_knows_what_no_test_runs_to_its_end(command: str) -> None:
    recipe = typed(f"make --no-print-directory --dry-run {command.removeprefix('make ')}", ROOT, dict(os.environ))
    assert recipe.returncode == 0, recipe.stderr
    scripts = re.findall(r"python (-m benchmarks|tests/soak/\w+\.py)", recipe.stdout)
    assert scripts or "pytest --long" in recipe.stdout
    for script in scripts:
        done = typed(f"python {script} --help", ROOT, dict(os.environ))
        listed = re.match(r"There is no benchmark --help; there are (.+)", done.stdout, re.DOTALL)
        assert done.returncode == 0 or listed, done.stderr
        named = command.partition("ARGS=")[2]
        assert not named or (listed and named in re.findall(r"\w+", listed[1]))


@pytest.mark.embedded
def test_every_command_that_can_be_run_at_once_works_as_it_stands(embedded: Bench, killed: Run, tmp_path: Path) -> None:
    """In a folder that has what a checkout has, with the run of kill-product.yaml."""
    assert killed.directory
    directory = shutil.copytree(killed.directory, tmp_path / "runs" / killed.directory.name)
    for name in ("experiments", "stack", "loadtest"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "compose.yaml").symlink_to(ROOT / "stack" / "compose.yaml")
    stands_for = {"RUN": directory.name, "FILE": "experiments/kill-product.yaml", "DIRECTORY": directory}
    alone = Bench("embedded", tmp_path / "alone")
    for command, code in RUN.items():
        text = re.sub(r"\[[^\]]*\]|\.\.\.", "", command)
        for word, meaning in stands_for.items():
            text = re.sub(rf"\b{word}\b", str(meaning), text)
        bench = alone if command == "chaos stack down" else embedded
        done = typed(text, tmp_path, {**bench.environment, "STEHAUF_RUNS": str(tmp_path / "runs")})
        assert done.returncode == code, f"{command}: {done.stdout[-1500:]}{done.stderr[-1500:]}"
        assert "Traceback" not in done.stdout + done.stderr, command


def typed(command: str, folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """A command as a shell in an active environment runs it."""
    path = f"{Path(sys.executable).parent}:{environment.get('PATH', '')}"
    return subprocess.run(
        ["bash", "-euc", command], cwd=folder, env={**environment, "PATH": path}, timeout=180,
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
