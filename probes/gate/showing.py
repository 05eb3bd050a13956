"""An outcome in the words of others: properties of JUnit, steps and attachments of Allure."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probes.gate.outcome import Outcome
from reports.evidence.jsonl import read_json
from reports.evidence.reader import Evidence
from reports.render.picture import picture
from reports.verdict.journal import mapping

if TYPE_CHECKING:
    from probes.gate.collecting import Experiment

__all__ = ["show"]

_STATUS = {"PASS": "passed", "FAIL": "failed", "INCONCLUSIVE": "broken"}


def show(experiment: "Experiment", outcome: Outcome) -> None:
    """Give a test its figures, and, where Allure listens, the activities of its run at their true times."""
    properties = experiment.user_properties
    properties.append(("verdict", outcome.verdict))
    if outcome.directory is None:
        return
    properties.append(("report", str(outcome.directory / "report.html")))
    properties.extend(outcome.figures.items())
    listener = experiment.config.pluginmanager.get_plugin("allure_listener")
    if listener is not None:
        _in_allure(listener.allure_logger, experiment, outcome, outcome.directory)


def _in_allure(reporter: Any, experiment: "Experiment", outcome: Outcome, directory: Path) -> None:
    from allure import attach, attachment_type  # noqa: PLC0415 - only where it is used

    test = reporter.get_test(None)
    test.description = str(experiment.content.get("description") or "")
    journal = read_json(directory / "journal.json") or {}
    test.steps.extend(_steps(journal, outcome))
    for name, kind in (("report.html", attachment_type.HTML), ("journal.json", attachment_type.JSON)):
        if (directory / name).is_file():
            attach((directory / name).read_text(encoding="utf-8"), Path(name).stem, kind, kind.extension)
    if drawn := picture(Evidence(directory)):
        attach(drawn, "timeline", attachment_type.SVG, "svg")


def _steps(journal: dict[str, Any], outcome: Outcome) -> list[Any]:
    """One step an activity: hypothesis before, method, hypothesis after, rollbacks."""
    states = mapping(journal.get("steady_states"))
    parts = (
        ("before", mapping(states.get("before")).get("probes")),
        ("method", journal.get("run")),
        ("after", mapping(states.get("after")).get("probes")),
        ("rollbacks", journal.get("rollbacks")),
    )
    return [
        _step(entry, phase, outcome)
        for phase, entries in parts
        if isinstance(entries, list)
        for entry in entries
        if isinstance(entry, dict)
    ]


def _step(entry: dict[str, Any], phase: str, outcome: Outcome) -> Any:
    from allure_commons.model2 import StatusDetails, TestStepResult  # noqa: PLC0415

    name = str(mapping(entry.get("activity")).get("name") or "an activity without a name")
    claim = next((one for one in outcome.claims if (one["name"], one["phase"]) == (name, phase)), None)
    done = "PASS" if entry.get("status") == "succeeded" else "INCONCLUSIVE"
    message = str(claim["sentence"]) if claim else str(entry.get("exception") or [""])
    step = TestStepResult(name=name, start=_ms(entry.get("start")), stop=_ms(entry.get("end")))
    step.status = _STATUS[str(claim["verdict"]) if claim else done]
    if step.status != "passed" or claim:
        step.statusDetails = StatusDetails(message=message)
    return step


def _ms(text: Any) -> int | None:
    """Milliseconds since the epoch of a time in the journal, which is UTC without saying so."""
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return round((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
