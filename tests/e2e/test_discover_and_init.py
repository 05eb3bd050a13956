"""`chaos discover` and `chaos init`, as users of Chaos Toolkit know them."""

import json
import subprocess
import sys
from pathlib import Path


def chaos(folder: Path, *arguments: str, answers: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file", *arguments],
        cwd=folder, text=True, input=answers, check=False, timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert "Traceback" not in done.stdout, done.stdout
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_an_experiment_is_made_of_what_was_discovered_and_the_linter_says_what_it_lacks(tmp_path: Path) -> None:
    chaos(tmp_path, "discover", "stehauf", "--no-install")
    found = json.loads((tmp_path / "discovery.json").read_text(encoding="utf-8"))["activities"]
    actions, probes = ([one["name"] for one in found if one["type"] == kind] for kind in ("action", "probe"))

    def number(of: list[str], name: str) -> str:
        return str(of.index(name) + 1)

    answers = [
        "web comes back", "y", "all is well", number(probes, "all_healthy"), "y", "true", "30", "n",
        "y", number(actions, "crash"), "y", "web", "1", "first", "", "n",
        "y", number(actions, "ensure_running"), "y", "web", "20", "n",
    ]  # fmt: skip
    chaos(tmp_path, "init", answers="\n".join(answers) + "\n")
    made = json.loads((tmp_path / "experiment.json").read_text(encoding="utf-8"))
    crash, runs = made["method"][0]["provider"], made["rollbacks"][0]["provider"]
    assert crash["arguments"] == {"service": "web", "count": 1, "choose": "first", "seed": None}
    assert runs["arguments"] == {"service": "web", "within": 20.0}
    chaos(tmp_path, "validate", "experiment.json")
    lint = [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file", "lint", "experiment.json"]
    said = subprocess.run(lint, cwd=tmp_path, text=True, check=False, capture_output=True, timeout=60)
    assert said.returncode == 1
    assert {"E101", "E109", "E112"} <= {word.strip(":") for word in said.stdout.split()}
