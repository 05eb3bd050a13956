"""The gate over evidence that was made for it: real pytest processes, and no stack."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

RECORDED = '''
"""In place of `chaos run`: its evidence is there already; which, stands in recorded.json."""
import json, os, threading
from pathlib import Path
import probes.gate.suite as suite
import probes.prove.proving as proving
from probes.gate.process import Ended

class AsFound:
    def __init__(self, settings, experiments=()): pass
    def require(self, progress): print("a stack comes up", flush=True)
    def renew(self): pass
    def release(self): pass

def recorded(experiment, runs, environment, heard=None, began=None):
    print("an experiment begins", flush=True)
    code, output, directory = to_come[experiment.stem].pop(0)
    if together.parties > 1:
        Path(f"{experiment.stem}.env").write_text(json.dumps(dict(environment)))
        together.wait()
    return Ended(code, output, Path(directory) if directory else None)

together = threading.Barrier(int(os.environ.get("GATE_TOGETHER", 1)), timeout=20)
to_come = json.loads(Path("recorded.json").read_text()) if Path("recorded.json").exists() else {}
suite.SuiteStack, suite.chaos_run, suite.APART_S = AsFound, recorded, 0
proving.SuiteStack, proving.chaos_run = AsFound, recorded
'''


@dataclass
class Gated:
    """What a pytest process left."""

    code: int
    output: str
    folder: Path

    @property
    def verdicts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "runs" / "verdicts.json").read_text(encoding="utf-8"))
        return found

    def case(self, name: str) -> ET.Element:
        cases = {one.get("name"): one for one in ET.parse(self.folder / "junit.xml").iter("testcase")}
        return cases[name]

    def told(self, name: str, kind: str) -> str:
        """The text of the test's only `failure` or `error`."""
        found = [child for child in self.case(name) if child.tag in {"failure", "error"}]
        assert [child.tag for child in found] == [kind]
        return found[0].text or ""

    def allure(self, name: str) -> dict[str, Any]:
        results = [json.loads(path.read_text(encoding="utf-8")) for path in self.folder.glob("allure/*-result.json")]
        return next(one for one in results if one["name"] == name)


@dataclass
class Gate:
    """A folder with experiments, and the runs that each is going to have."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "conftest.py").write_text(RECORDED, encoding="utf-8")

    def experiment(
        self,
        name: str,
        *runs: tuple[int, str, Path | None],
        tags: tuple[str, ...] = (),
        controls: Mapping[str, str] | None = None,
    ) -> None:
        """An experiment; each of its runs is an exit code, an output, and a folder of evidence."""
        (self.folder / "experiments").mkdir(exist_ok=True)
        control = {"name": "stehauf", "provider": {"type": "python", "module": "probes.control"}}
        claims = [{"name": claim, "type": "probe", "tolerance": 0} for claim in (controls or {}).values()]
        content = {
            "title": f"title of {name}",
            "tags": list(tags),
            "controls": [control],
            "method": claims,
            "extensions": [{"name": "stehauf", "negative_controls": dict(controls or {})}],
        }
        (self.folder / "experiments" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        path = self.folder / "recorded.json"
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        known[name] = [(code, output, str(directory) if directory else "") for code, output, directory in runs]
        path.write_text(json.dumps(known), encoding="utf-8")

    def __call__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Gated:
        """Run pytest in the folder."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith("STEHAUF_")}
        variables |= {"STEHAUF_RUNS": "runs", "XDG_STATE_HOME": str(self.folder / "state"), **(environment or {})}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", "-W", "error"]
        command += ["--junit-xml", "junit.xml", "--alluredir", "allure", "--clean-alluredir", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=variables, text=True, check=False, timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return Gated(done.returncode, done.stdout, self.folder)
