"""A breaker that only looks like one, in the real stack: the claim about it fails, whatever it says of itself."""

import re
import shutil
from pathlib import Path

import pytest
from harness import ROOT, Bench, undisturbed
from killing import reasons, shortened

MUTANTS = {
    "it reports every state and lets every call through": (
        'raise BreakerOpen(f"the breaker of {self.name} is {self.state}: {self._last}") from None',
        "return await function()",
        r"“calls to product while the breaker was open”: observed (\d+)[^,]*, claimed 0",
    ),
    "half-open it lets five in": (
        "permitted_calls_in_half_open=1,\n        max_concurrent_probes=1,",
        "permitted_calls_in_half_open=5,\n        max_concurrent_probes=5,",
        r"“trial calls while the breaker was half-open”: observed (\d+)[^,]*, claimed 1",
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout of its own, whose stack can be spoiled; what Python finds there comes before what is installed."""
    for room in ("probes", "reports", "loadtest", "stack"):
        shutil.copytree(ROOT / room, tmp_path / "copy" / room, ignore=shutil.ignore_patterns("runs", "wheelhouse"))
    for file in ("pyproject.toml", "stehauf.py", "experiments/kill-product.yaml"):
        (tmp_path / "copy" / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / "copy" / file)
    return tmp_path / "copy"


@pytest.mark.embedded
@pytest.mark.parametrize("name", MUTANTS)
def test_what_only_looks_like_a_breaker_fails(name: str, copy: Path, tmp_path: Path) -> None:
    original, mutant, told = MUTANTS[name]
    breaker = copy / "stack" / "services" / "common" / "breaker.py"
    source = breaker.read_text(encoding="utf-8")
    assert source.count(original) == 1
    breaker.write_text(source.replace(original, mutant), encoding="utf-8")
    environment = {"PYTHONPATH": str(copy), "STEHAUF_COMPOSE_FILE": str(copy / "stack" / "compose.yaml")}
    bench = Bench("embedded", tmp_path, environment=environment)
    said = reasons(undisturbed(lambda: bench.run(shortened()), lambda run: run), "FAIL")
    found = re.search(told, said)
    assert found, said
    assert int(found[1]) > 1
    assert "times that the breaker around product opened" not in said  # it says that it did all it should
