"""`python -m reports RUN_DIR [--lang de] [--branding FILE]`: judge a run again and render its report again.

Exit code 0 only on PASS. `chaos evidence` is the same with more comfort; this needs nothing but the evidence.
"""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from reports.render.branding import BrandingError, read_branding
from reports.verdict import write
from reports.words import UnknownLanguage, speaking

USAGE_ERROR = 64
"""Not one of the verdicts' codes: nothing was judged."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        hint = "say which run to judge, and nothing else: python -m reports reports/runs/latest [--lang de]"
        sys.stderr.write(f"{message}; {hint}\n")
        raise SystemExit(USAGE_ERROR)


def main(arguments: list[str]) -> int:
    """The exit code; says where the report is, and why it is no PASS."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("run", type=Path)
    parser.add_argument("--lang", default="en")
    parser.add_argument("--branding", type=Path)
    told = parser.parse_args(arguments)
    directory: Path = told.run
    if not directory.is_dir():
        return _refused(f"{directory} is no directory: name a run, as in python -m reports reports/runs/latest")
    if not (directory / "run.json").exists() and not (directory / "journal.json").exists():
        return _refused(f"{directory} holds neither run.json nor journal.json: it is not the evidence of a run")
    try:
        with speaking(told.lang):
            branding = read_branding(told.branding) if told.branding else None
        verdict = write(directory, told.lang, branding)
    except (UnknownLanguage, BrandingError) as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"the verdict could not be written into {directory}: {error}")
    sys.stdout.write(f"{verdict.verdict}: {directory / 'report.html'}\n")
    for reason in verdict.reasons:
        sys.stdout.write(f"  {reason.verdict}: {reason.sentence}\n")
    return verdict.exit_code


def _refused(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
