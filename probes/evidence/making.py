"""Reports of runs that are over: as a page, as a PDF, as one page over many runs."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from probes.errors import ConfigurationError
from reports.evidence.reader import Evidence
from reports.proof import read_matrix
from reports.render import render
from reports.render.branding import Branding, read_branding
from reports.render.suite import Member, render_suite
from reports.verdict import judge, write
from reports.verdict.model import merged
from reports.words import speaking

__all__ = ["printed", "report", "suite"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PRINTING_S = 120


def report(directory: Path, lang: str, branding: Path | None, out: Path | None) -> tuple[Path, str]:
    """The report of a run, and its verdict. Without `out` it becomes the run's own, with a new verdict.json."""
    with speaking(lang):
        look = _look(branding)
    if out is None:
        return directory / "report.html", str(write(directory, lang, look).verdict)
    evidence = Evidence(directory)
    verdict = judge(evidence)
    out.write_text(render(evidence, verdict, lang, look), encoding="utf-8", errors="backslashreplace")
    return out, str(verdict.verdict)


def printed(directory: Path, lang: str, branding: Path | None, out: Path | None) -> Path:
    """The report as a PDF. Raises ConfigurationError where there is no browser, or it prints nothing."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise ConfigurationError(
            "No Chromium or Chrome is on PATH to print with: install one (on Debian and Ubuntu: apt-get install "
            f"chromium), or open {directory / 'report.html'} in a browser and print it there"
        )
    target = (out or directory / "report.pdf").resolve()
    with tempfile.TemporaryDirectory(prefix="stehauf-pdf-") as folder:
        page, draft = Path(folder) / "report.html", Path(folder) / "report.pdf"
        report(directory, lang, branding, page)
        _print(browser, page, draft)
        if not draft.exists():
            raise ConfigurationError(f"{browser} printed nothing: does it start at all? Try '{browser} --version'")
        shutil.copyfile(draft, target)
    return target


def suite(directories: list[Path], lang: str, branding: Path | None, out: Path, proof: Path | None = None) -> str:
    """One page over many runs, with the matrix in `proof`; the verdict of the worst. Raises ConfigurationError."""
    matrix = read_matrix(proof) if proof else None
    if proof and matrix is None:
        raise ConfigurationError(f"{proof} is no proof.json: chaos prove writes one into the folder of the runs")
    members = [Member(evidence, judge(evidence)) for evidence in map(Evidence, directories)]
    out.write_text(render_suite(members, lang, _look(branding), matrix), encoding="utf-8", errors="backslashreplace")
    return str(merged([member.verdict.verdict for member in members]))


def _look(branding: Path | None) -> Branding:
    return read_branding(branding) if branding else Branding()


def _print(browser: str, page: Path, draft: Path) -> None:
    """Print without a window; the sandbox stays on unless the browser refuses it, as it does for root."""
    command = [
        browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-pdf-header-footer",
        f"--user-data-dir={page.parent / 'profile'}", f"--print-to-pdf={draft}", page.as_uri(),
    ]  # fmt: skip
    for options in ([], ["--no-sandbox"]):
        try:
            subprocess.run([*command[:1], *options, *command[1:]], capture_output=True, timeout=PRINTING_S, check=False)
        except subprocess.TimeoutExpired:
            raise ConfigurationError(f"{browser} did not print the report within {PRINTING_S} s") from None
        if draft.exists():
            return
