"""`python -m reports RUN_DIR`: judge a run again and render its report again. Exit code 0 only on PASS."""

import sys
from pathlib import Path

from reports.verdict import write

USAGE_ERROR = 64
"""Not one of the verdicts' codes: nothing was judged."""


def main(arguments: list[str]) -> int:
    """The exit code; says where the report is, and why it is no PASS."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        return _refused("say which run to judge, and nothing else: python -m reports reports/runs/latest")
    directory = Path(arguments[0])
    if not directory.is_dir():
        return _refused(f"{directory} is no directory: name a run, as in python -m reports reports/runs/latest")
    if not (directory / "run.json").exists() and not (directory / "journal.json").exists():
        return _refused(f"{directory} holds neither run.json nor journal.json: it is not the evidence of a run")
    try:
        verdict = write(directory)
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
