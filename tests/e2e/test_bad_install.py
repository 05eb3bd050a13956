"""A machine without what `make install` needs: one sentence, non-zero, and no half-made environment."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import ROOT

DEBIAN = """#!/bin/sh
case "$*" in
  -V) echo "Python {version}" ;;
  -c*) exit {old} ;;
  "-m venv "*)
    mkdir -p "$3/bin"
    echo "The virtual environment was not created successfully because ensurepip is not"
    echo "available.  On Debian/Ubuntu systems, you need to install the python3-venv"
    echo "package using the following command."
    exit 1 ;;
esac
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make")


def python(folder: Path, version: str = "3.11.2", old: int = 0) -> Path:
    """A Python of Debian's without python3-venv, of any version."""
    fake = folder / "python3"
    fake.write_text(DEBIAN.format(version=version, old=old), encoding="utf-8")
    fake.chmod(0o755)
    return fake


def install(folder: Path, python: str) -> str:
    """What `make install` says where it cannot."""
    done = subprocess.run(
        ["make", "--no-print-directory", "install", f"PYTHON={python}", f"VENV={folder}/venv"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert [path.name for path in folder.iterdir() if path.name.startswith("venv")] == []
    return done.stderr


def test_without_the_venv_module(tmp_path: Path) -> None:
    said = install(tmp_path, str(python(tmp_path)))
    assert "-m venv' failed" in said
    assert "apt-get install python3-venv" in said


def test_with_a_python_that_is_too_old(tmp_path: Path) -> None:
    said = install(tmp_path, str(python(tmp_path, version="3.10.13", old=1)))
    assert "Python 3.10.13" in said
    assert "3.11 or newer" in said


def test_without_python(tmp_path: Path) -> None:
    said = install(tmp_path, "no-such-python")
    assert "no-such-python" in said
    assert "apt-get install python3" in said
