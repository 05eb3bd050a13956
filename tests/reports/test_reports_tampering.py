"""Whatever is deleted or cut short, it never turns into a PASS that is not deserved, and nothing crashes."""

import shutil
from pathlib import Path

import pytest
from evidence_builder import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.evidence.manifest import verify_manifest
from reports.evidence.reader import Evidence
from reports.verdict import Outcome, judge, write

FILES = sorted(path.relative_to("x").as_posix() for path in map(Path, [
    "x/run.json", "x/experiment.json", "x/journal.json", "x/system.json", "x/heal.json", "x/events.jsonl",
    "x/instances.jsonl", "x/faults.jsonl", "x/breakers.jsonl", "x/fulfilments.jsonl", "x/samples/orders-22.jsonl",
    "x/samples/load-22.samples", "x/samples/load-22.json", "x/samples/load-22.pulse.jsonl",
    "x/samples/canary-shop-21.samples", "x/samples/canary-shop-21.json", "x/samples/canary-shop-21.contents.jsonl",
    "x/samples/canary-product-21.samples", "x/samples/canary-product-21.json",
    "x/samples/calls-1-20.samples", "x/samples/calls-1-20.json",
]))  # fmt: skip
STILL_WHOLE = {"events.jsonl", "instances.jsonl", "breakers.jsonl"}
STILL_WHOLE |= {"samples/orders-22.jsonl", "samples/load-22.pulse.jsonl"}
"""Cut between two lines, what is left of these can still be all that PASS needs; the manifest sees it."""

Cut = tuple[Run, Path]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Run().write(tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = Run().write(tmp_path_factory.mktemp("sealed") / "run")
    assert write(directory).verdict == Outcome.PASS
    return directory


def test_the_list_is_complete(whole: Path) -> None:
    assert sorted(p.relative_to(whole).as_posix() for p in whole.rglob("*") if p.is_file()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_no_file_can_be_missing(name: str, whole: Path) -> None:
    kept = (whole / name).read_bytes()
    (whole / name).unlink()
    try:
        assert judge(Evidence(whole)).verdict != Outcome.PASS
    finally:
        (whole / name).write_bytes(kept)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_no_pass(name: str, share: float, whole: Path) -> None:
    kept = (whole / name).read_bytes()
    cut = kept[: int(len(kept) * share)]
    (whole / name).write_bytes(cut)
    try:
        verdict = judge(Evidence(whole))
    finally:
        (whole / name).write_bytes(kept)
    between_lines = not cut or cut.endswith(b"\n")
    if not (name in STILL_WHOLE and between_lines):
        assert verdict.verdict != Outcome.PASS


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), share=st.floats(0, 1, exclude_max=True))
def test_sealed_evidence_cut_anywhere_is_no_pass(name: str, share: float, sealed: Path) -> None:
    kept = (sealed / name).read_bytes()
    (sealed / name).write_bytes(kept[: int(len(kept) * share)])
    try:
        assert judge(Evidence(sealed)).verdict != Outcome.PASS
    finally:
        (sealed / name).write_bytes(kept)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), noise=st.binary(max_size=60), at=st.floats(0, 1))
def test_noise_in_a_file_never_breaks_the_judge(name: str, noise: bytes, at: float, whole: Path) -> None:
    kept = (whole / name).read_bytes()
    split = int(len(kept) * at)
    (whole / name).write_bytes(kept[:split] + noise + kept[split:])
    try:
        assert judge(Evidence(whole)).verdict in Outcome
    finally:
        (whole / name).write_bytes(kept)


def test_rendering_again_cannot_launder_changed_evidence(sealed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sealed, copy)
    (copy / "faults.jsonl").write_text((copy / "faults.jsonl").read_text().replace("f1", "f2"))
    for _ in range(2):
        verdict = write(copy)
        assert verdict.verdict == Outcome.INCONCLUSIVE
        assert "faults.jsonl was changed after the run was sealed" in [one.sentence for one in verdict.reasons]
    assert verify_manifest(copy) == ["faults.jsonl was changed after the run was sealed"]


def test_evidence_added_after_the_seal_is_noticed_and_a_note_is_not(sealed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sealed, copy)
    (copy / "note.txt").write_text("shown to the customer on Monday")
    assert write(copy).verdict == Outcome.PASS
    shutil.copy(copy / "samples" / "load-22.samples", copy / "samples" / "load-23.samples")
    for _ in range(2):
        assert write(copy).verdict != Outcome.PASS


def test_a_broken_seal_stays_broken(sealed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sealed, copy)
    (copy / "manifest.json").write_text('{"files": {')
    for _ in range(2):
        assert write(copy).verdict == Outcome.INCONCLUSIVE


def test_the_same_evidence_gives_the_same_bytes(sealed: Path) -> None:
    before = [(sealed / name).read_bytes() for name in ("verdict.json", "report.html", "manifest.json")]
    assert write(sealed).verdict == Outcome.PASS
    assert [(sealed / name).read_bytes() for name in ("verdict.json", "report.html", "manifest.json")] == before
