"""The table of benchmarks: whatever breaks is a row that says so, and nothing names the machine."""

import platform
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # it is run from here, and not installed

import benchmarks
from benchmarks import __main__ as runner
from benchmarks import null, recovery
from benchmarks.table import Row
from reports.trials.reading import Trial, Trials
from reports.verdict import Outcome

ROOT = Path(__file__).parents[2]
GOOD = """
from benchmarks.table import Row
def measure():
    return [Row("a", "b", 2.0, 1.0, "s", "at most 3", True), Row("c", "-", 1500.0, None, "req/s", "", None)]
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with a benchmark that works, one that breaks, and a helper."""
    (tmp_path / "demo_good.py").write_text(GOOD)
    (tmp_path / "demo_broken.py").write_text("def measure():\n    raise RuntimeError('no engine')\n")
    (tmp_path / "demo_helper.py").write_text("")
    monkeypatch.setattr(benchmarks, "__path__", [str(tmp_path), *benchmarks.__path__])
    monkeypatch.setattr(runner, "RESULTS", ROOT / "benchmarks" / "not-written.md")
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("benchmarks.demo_")]:
        del sys.modules[name]


@pytest.mark.usefixtures("there")
def test_one_that_breaks_is_a_row_and_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["demo_good"]) == 0
    assert runner.main(["demo_broken", "demo_helper", "demo_good"]) == 1
    said, err = capsys.readouterr()
    assert "2.00" in said
    assert "no engine" in err
    assert not runner.RESULTS.exists(), "only all of them together are kept"


@pytest.mark.usefixtures("there")
def test_nonsense_is_refused_with_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["nothing"]) == 2
    assert "breaker" in capsys.readouterr().out


def test_what_is_kept_names_no_host_and_no_path() -> None:
    machine = runner.described()
    text = runner.markdown([Row("a", "b", 1.0, 3.0, "ms", "at most 1", met=False)], machine)
    assert "| a | b | 1 ms | 3 ms | 0.33 \N{MULTIPLICATION SIGN} | at most 1 | no |" in text
    assert {"cores", "kernel", "python"} <= machine.keys()
    assert str(ROOT) not in text
    assert str(Path.home()) not in text
    assert platform.node() not in text or platform.node() in ("", platform.system())


def trials_of(recovery_s: list[float]) -> Trials:
    runs = [
        Trial(number, f"run-{number}", Outcome.PASS, number, {"recovery_seconds": value})
        for number, value in enumerate(recovery_s)
    ]
    return Trials("t", "e", "sha", "embedded", {}, {}, len(runs), tuple(runs))


def test_a_null_comparison_alarms_where_the_machine_drifts_and_tells_nothing_of_too_few() -> None:
    dice = random.Random(1)
    steady = [1 + dice.random() for _ in range(66)]
    (row,) = null.rows([trials_of(steady[:33]), trials_of(steady[33:])])
    assert (row.ours <= 1, row.met) == (True, True)
    (row,) = null.rows([trials_of([value + 2 * (number // 6) for number, value in enumerate(steady)])])
    assert (row.ours, row.met) == (10, False), "each block is slower than the one before"
    (row,) = null.rows([trials_of(steady[:60])])
    assert row.met is None


def seen(apart_s: float, ours_s: float = 1.2) -> recovery.Round:
    """A crash whose end the observer saw so much later; the bound stated is 20 ms, the sleepers take 0.6 and 1 s."""
    alone = {"by itself": ours_s, "started": 0.9, "seen": ours_s + 1}
    return {"ours": 2.5, "observer": 2.5 + apart_s, "bound": 0.020}, alone, 0.6, 1.0


@pytest.mark.parametrize(
    ("apart_s", "words", "met"),
    [(0.019, "all kept", True), (-0.024, "not all kept", False), (0.030, "not all kept", False)],
)
def test_a_recovery_farther_from_the_observers_than_its_own_bound_is_not_met(
    apart_s: float, words: str, met: bool
) -> None:
    bound, *_ = recovery.rows([seen(0.001), seen(apart_s), seen(0.001)])
    assert (bound.met, bound.ours) == (met, abs(apart_s) * 1e3)
    assert bound.against.endswith(f"ms, {words}")


def test_a_recovery_is_held_against_both_that_only_sleep() -> None:
    _, bare, alike, *_ = recovery.rows([seen(0)] * 3)
    assert [(one.ratio, one.met) for one in (bare, alike)] == [(2.0, False), (1.2, True)]
    _, _, slow, *_ = recovery.rows([seen(0, ours_s=1.6)] * 3)
    assert slow.met is False
