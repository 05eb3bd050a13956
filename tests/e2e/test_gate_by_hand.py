"""A mechanism taken away by hand, in the stack's own files and not through the overlays: the gate goes red for it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from harness import ROOT, Bench

pytestmark = pytest.mark.embedded

BY_HAND = {
    "no restart policy": (
        "stack/compose.yaml",
        "restart: ${RESTART_POLICY:-unless-stopped}\n  # Process 1",
        'restart: "no"\n  # Process 1',
        "“seconds until product was back by its restart policy” does not hold",
    ),
    "no fallback": (
        "stack/services/storefront/catalogue.py",
        "        if not self._fallback:\n",
        "        if True:\n",
        "“failed requests of shoppers”: observed ",
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_gate_is_red_and_says_why(name: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for room in ("probes", "reports", "loadtest", "stack", "experiments"):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("runs", "wheelhouse"))
    for file in ("pyproject.toml", "stehauf.py"):
        shutil.copy(ROOT / file, copy)
    file, original, spoiled, told = BY_HAND[name]
    text = (copy / file).read_text(encoding="utf-8")
    assert text.count(original) == 1
    (copy / file).write_text(text.replace(original, spoiled), encoding="utf-8")
    environment = {"PYTHONPATH": str(copy), "STEHAUF_COMPOSE_FILE": str(copy / "stack" / "compose.yaml")}
    bench = Bench("embedded", tmp_path / "bench", environment=environment)
    command = [str(bench.python), "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null"]
    gated = subprocess.run(
        [*command, str(copy / "experiments" / "kill-product.yaml"), "--target", "embedded"],
        cwd=copy, env=bench.environment, text=True, check=False, timeout=400,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert gated.returncode == 1, gated.stdout
    assert "FAIL          kill-product" in gated.stdout
    assert told in gated.stdout
    assert "Traceback" not in gated.stdout
    assert "not up" in bench.chaos("stack", "status").output
