"""`chaos evidence`: find a run, check it, make its reports, and delete nothing unasked."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from evidence_builder import Run
from evidence_parts import END, S

from probes.cli.evidence import evidence
from reports.verdict import write

NAMES = ("20260528T202640Z-kill-product", "20260528T212640Z-kill-product", "20260529T080000Z-kill-order")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: PASS, FAIL, PASS; the third is the latest."""
    runs = tmp_path_factory.mktemp("made")
    for number, name in enumerate(NAMES):
        run = Run()
        run.run.update(run=name, started_ns=run.run["started_ns"] + number * 3600 * S)
        run.run["experiment"]["name"] = name.split("-", 1)[1]
        if number == 1:
            run.samples["load-22"].add(END - S, 5, 500)
        write(run.write(runs / name))
    return runs


@pytest.fixture
def runs(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "runs"
    shutil.copytree(made, copy)
    (copy / "latest").symlink_to(NAMES[-1])
    return copy


def chaos(runs: Path, *arguments: str, typed: str = "", **environment: str) -> Result:
    return CliRunner().invoke(evidence, arguments, input=typed, env={"STEHAUF_RUNS": str(runs), **environment})


def test_the_command_joins_chaos() -> None:
    done = subprocess.run([sys.executable, "-m", "chaostoolkit", "evidence", "--help"], capture_output=True, check=True)
    assert b"prune" in done.stdout


def test_list_shows_every_run_with_its_verdict(runs: Path) -> None:
    lines = chaos(runs, "list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["VERDICT", "PASS", "FAIL", "PASS"]
    assert [line.split()[-1] for line in lines[1:]] == list(NAMES)


def test_list_says_where_it_found_nothing(tmp_path: Path) -> None:
    assert chaos(tmp_path / "none", "list").output == f"No runs in {tmp_path / 'none'}\n"


@pytest.mark.parametrize("name", ["latest", "kill-order", NAMES[2], "0529"])
def test_a_run_has_many_names(name: str, runs: Path) -> None:
    done = chaos(runs, "verify", name)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == f"{NAMES[2]}: verified, verdict PASS"


def test_a_run_may_be_a_path(runs: Path) -> None:
    assert chaos(runs.parent, "verify", str(runs / NAMES[0])).exit_code == 0


@pytest.mark.parametrize(("name", "said"), [("kill-product", "2 runs have"), ("nothing", "There is no run 'nothing'")])
def test_a_name_that_means_none_or_several_is_refused_with_what_there_is(name: str, said: str, runs: Path) -> None:
    done = chaos(runs, "verify", name)
    assert done.exit_code == 1
    assert said in done.output
    assert NAMES[0] in done.output


@pytest.mark.parametrize(
    "file", ["journal.json", "events.jsonl", "samples/load-22.samples", "verdict.json", "report.html"]
)
def test_verify_names_the_file_of_a_changed_byte(file: str, runs: Path) -> None:
    path = runs / NAMES[0] / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = chaos(runs, "verify", NAMES[0])
    assert done.exit_code == 1
    assert f"no   {file} was changed after the run was sealed" in done.output
    assert "NOT verified" in done.output


def test_verify_sees_a_verdict_that_was_forged_with_its_seal(runs: Path) -> None:
    directory = runs / NAMES[1]
    verdict = json.loads((directory / "verdict.json").read_text())
    (directory / "verdict.json").write_text(json.dumps({**verdict, "verdict": "PASS", "reasons": []}))
    import hashlib  # noqa: PLC0415 - the forger's

    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["files"]["verdict.json"] = hashlib.sha256((directory / "verdict.json").read_bytes()).hexdigest()
    (directory / "manifest.json").write_text(json.dumps(manifest))
    done = chaos(runs, "verify", NAMES[1])
    assert done.exit_code == 1
    assert "PASS was handed over, FAIL comes out" in done.output


def test_verify_writes_nothing(runs: Path) -> None:
    before = {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}
    chaos(runs, "verify", NAMES[0])
    assert {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()} == before


def test_render_speaks_german_by_option_and_by_environment(runs: Path) -> None:
    report = runs / NAMES[0] / "report.html"
    assert chaos(runs, "render", NAMES[0], "--lang", "de").output == f"PASS: {report}\n"
    german = report.read_text()
    assert '<html lang="de">' in german
    chaos(runs, "render", NAMES[0])
    assert '<html lang="en">' in report.read_text()
    chaos(runs, "render", NAMES[0], STEHAUF_LANG="de")
    assert report.read_text() == german
    assert chaos(runs, "verify", NAMES[0]).exit_code == 0


def test_render_into_another_file_leaves_the_run_as_it_is(runs: Path, tmp_path: Path) -> None:
    before = (runs / NAMES[0] / "report.html").read_bytes()
    chaos(runs, "render", NAMES[0], "--lang", "de", "--out", str(tmp_path / "de.html"))
    assert "Jede Behauptung" in (tmp_path / "de.html").read_text()
    assert (runs / NAMES[0] / "report.html").read_bytes() == before


def test_an_unknown_language_is_a_sentence_and_costs_no_report(runs: Path) -> None:
    done = chaos(runs, "render", NAMES[0], "--lang", "tlh")
    assert done.exit_code == 1
    assert "There is no language 'tlh'; known are en, de" in done.output
    assert (runs / NAMES[0] / "report.html").exists()


def test_the_report_bears_the_customers_name_logo_and_colour(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    (tmp_path / "brand.yaml").write_text("name: Huber & Söhne\nlogo: logo.svg\naccent: '#7a1fa2'\n")
    chaos(runs, "render", NAMES[0], "--branding", str(tmp_path / "brand.yaml"))
    page = (runs / NAMES[0] / "report.html").read_text()
    assert "Huber &amp; Söhne" in page
    assert '<img src="data:image/svg+xml;base64,' in page
    assert "img-src data:" in page
    assert "--accent: #7a1fa2" in page
    assert "alert(1)" not in page


@pytest.mark.parametrize(
    "text",
    [
        "accent: red",
        "accent: '#fff; } body { display: none'",
        "logo: nowhere.svg",
        "logo: x.exe",
        "colour: x",
        "[]",
        "{",
    ],
)
def test_branding_that_cannot_be_used_is_a_sentence(text: str, runs: Path, tmp_path: Path) -> None:
    (tmp_path / "brand.yaml").write_text(text)
    done = chaos(runs, "render", NAMES[0], "--branding", str(tmp_path / "brand.yaml"))
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")


def test_a_suite_is_one_page_that_links_nothing(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "suite.html"
    done = chaos(runs, "suite", NAMES[0], NAMES[1], "kill-order", "--out", str(out))
    assert (done.exit_code, done.output) == (1, f"FAIL: {out}\n")
    page = out.read_text()
    assert "PASS: 2 of 3." in page
    assert page.count('<span class="mark fail">✕ FAIL</span>') == 1
    assert 'href="http' not in page
    assert "src=" not in page
    assert chaos(runs, "suite", NAMES[0], "latest", "--out", str(out), "--lang", "de").exit_code == 0
    assert "Jedes Experiment endete mit PASS." in out.read_text()


@pytest.mark.browser
def test_a_pdf_comes_out_of_chromium(runs: Path, tmp_path: Path) -> None:
    done = chaos(runs, "pdf", NAMES[0], "--out", str(tmp_path / "x.pdf"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_without_a_browser_the_pdf_is_a_sentence(runs: Path) -> None:
    done = chaos(runs, "pdf", NAMES[0], PATH="/nowhere")
    assert done.exit_code == 1
    assert "print it there" in done.output


def test_prune_asks_before_it_deletes(runs: Path) -> None:
    done = chaos(runs, "prune", "--keep", "1", typed="n\n")
    assert NAMES[0] in done.output
    assert NAMES[2] not in done.output
    assert "Nothing was deleted." in done.output
    assert all((runs / name).is_dir() for name in NAMES)


def test_prune_without_an_answer_deletes_nothing(runs: Path) -> None:
    chaos(runs, "prune", "--keep", "0", typed="")
    assert all((runs / name).is_dir() for name in NAMES)


def test_prune_deletes_what_it_showed(runs: Path) -> None:
    chaos(runs, "prune", "--keep", "1", "--yes")
    assert [(runs / name).is_dir() for name in NAMES] == [False, False, True]
    (runs / "notes").mkdir()
    chaos(runs, "prune", "--older-than", "1m", "--yes")
    assert [path.name for path in runs.iterdir()] == ["notes"]


@pytest.mark.parametrize("arguments", [[], ["--older-than", "a while"], ["--older-than", "-1d"]])
def test_prune_refuses_what_it_does_not_understand(arguments: list[str], runs: Path) -> None:
    assert chaos(runs, "prune", *arguments, "--yes").exit_code != 0
    assert all((runs / name).is_dir() for name in NAMES)


def test_prune_keeps_what_is_young(runs: Path) -> None:
    assert chaos(runs, "prune", "--older-than", "36500d", "--yes").output == "Nothing to delete.\n"
