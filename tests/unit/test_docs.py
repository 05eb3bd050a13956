"""What the documents say is there, is there; and what is there, they say."""

import json
import re
from collections.abc import Iterable
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import numpy as np
import pytest
from documented import DOCUMENTS
from messages import all_messages

from probes import actions
from probes.faults.table import LASTING
from probes.faults.table import table as faults
from probes.targets import api
from reports.evidence import records
from reports.evidence.manifest import DERIVED
from reports.evidence.samples import RECORD
from reports.evidence.tables import TABLE
from reports.figures import effects, lasting, receipts
from reports.verdict import completeness, machine

ROOT = Path(__file__).parents[2]
LETTERS = 8
"""A row with fewer letters of its own would explain everything."""
EVIDENCE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
VERDICTS = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")
TROUBLES = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
CODE = {
    path: path.read_text(encoding="utf-8")
    for path in [
        *(one for room in ("probes", "reports", "loadtest", "stack") for one in (ROOT / room).rglob("*")),
        ROOT / "stehauf.py",
    ]
    if path.is_file() and (path.suffix == ".py" or path.name == "image")
}
WRITING = "\n".join(text for path, text in CODE.items() if "stack" not in path.parts)
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)[^)]*\)")
FILE = re.compile(r"[`/]([a-z]+\.(?:jsonl|json|html|log))`")


def sections(text: str) -> dict[str, str]:
    """What stands under each heading of the second rank."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_document_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link).resolve() for link in LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))}
    reached = {*linked, ROOT / "README.md", ROOT / "SECURITY.md"}  # that one is linked from docs/security.md
    assert [path.name for path in DOCUMENTS if path.resolve() not in reached] == []


def test_every_evidence_file_that_is_named_is_written_by_the_code() -> None:
    named = set(FILE.findall(EVIDENCE))
    assert len(named) > 14
    # load.log and canary.log: the name of the generator, and `.log`.
    missing = {name for name in named if name not in WRITING and f'"{Path(name).stem}"' not in WRITING}
    assert missing == set()


def test_every_evidence_file_that_the_code_names_is_documented() -> None:
    recording = "\n".join(text for path, text in CODE.items() if path.parts[-2] in {"run", "evidence", "verdict"})
    written = set(re.findall(r'"([a-z]+\.(?:jsonl|json))"', recording)) | set(DERIVED)
    assert len(written) > 10
    assert {name for name in written if f"`{name}`" not in EVIDENCE} == set()


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("events.jsonl", records.Event),
        ("events.jsonl", api.Event),
        ("instances.jsonl", records.Snapshot),
        ("instances.jsonl", api.Instance),
        ("faults.jsonl", records.FaultLine),
        ("breakers.jsonl", records.Transition),
        ("checks.jsonl", records.Check),
        ("fulfilments.jsonl", records.Fulfilment),
        ("neighbours.jsonl", records.Neighbour),
        ("problems.jsonl", records.Problem),
        ("spans.jsonl", records.Span),
        ("samples/", records.Order),
        ("system.json", api.System),
        ("system.json", api.Service),
    ],
)
def test_every_field_of_a_record_is_documented(section: str, kind: type) -> None:
    keys = {item.metadata.get("key", item.name) for item in fields(kind)}
    assert {key for key in keys if f"`{key}`" not in sections(EVIDENCE)[section]} == set()


def test_what_is_read_back_is_the_same_in_the_schema() -> None:
    schema = json.loads((ROOT / "reports" / "schema" / "evidence-1.json").read_text(encoding="utf-8"))
    rows = re.findall(r"^\| (`.+?`) \|", sections(EVIDENCE)["readings.jsonl"], re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)} - {"what"}
    assert set(schema["$defs"]["reading"]["properties"]["what"]["enum"]) == told


def test_every_field_of_run_json_is_documented() -> None:
    source = (ROOT / "probes" / "run" / "about.py").read_text(encoding="utf-8")
    facts = source[source.index("self._facts") : source.index("def make_directory")]
    keys = set(re.findall(r'^            "([a-z_]+)":', facts, re.MULTILINE))
    assert len(keys) > 10
    assert {key for key in keys if f"`{key}`" not in sections(EVIDENCE)["run.json"]} == set()


def test_the_bytes_of_a_sample_are_as_documented() -> None:
    section = sections(EVIDENCE)["samples/"]
    assert f'struct "{RECORD.format}"' in section
    assert f"{RECORD.size} bytes" in section
    documented = re.search(r'fromfile\(path, "([^"]+)"\)', section)
    assert documented
    assert [np.dtype(documented[1])[n] for n in range(7)] == [TABLE[n] for n in range(7)]
    rows = re.findall(r"^\| (\d+)(?:\W(\d+))? \| u(\d+) \| `(\w+)`", section, re.MULTILINE)
    assert [row[3] for row in rows] == list(TABLE.names or ())
    for first, last, bits, name in rows:
        dtype, offset = (TABLE.fields or {})[name][:2]
        assert (int(first), int(last or first)) == (offset, offset + dtype.itemsize - 1)
        assert int(bits) == dtype.itemsize * 8


def test_the_figures_of_the_rules_are_as_documented() -> None:
    recorded, receipt = sections(VERDICTS)["What was recorded"], sections(VERDICTS)["The fault and its receipt"]
    assert f"more than {completeness.QUIET_S:g} s (" in recorded
    assert f"more than {completeness.LOAD_QUIET_S:g} s;" in recorded
    assert f"within {receipts.EFFECT_NS / 1e9:g} s of the asking, exit code {receipts.SIGKILL_EXIT};" in receipt
    assert f"from {receipts.BEFORE_NS / 1e9:g} s before the asking to {receipts.LATE_NS / 1e9:g} s after" in receipt
    rows = sections(VERDICTS)["The fault and its receipt"]
    assert [kind for kind in receipts.RECEIPTS if f"`{kind}`" not in rows and kind != "crash"] == []
    assert f"longer by {effects.LATE_SHARE:.0%}".replace("%", " %") in rows
    assert f"within {lasting.STOP_NS / 1e9:g} s" in rows
    starved = sections(VERDICTS)["When a run cannot be judged at all"]
    assert starved.count(f"left more than {machine.LATE_S * 1000:g} ms late") == 2
    assert f"held up for more than {machine.HELD_UP_S * 1000:g} ms" in starved


def test_the_table_of_faults_is_what_the_code_can_do() -> None:
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (yes|no) \| (yes|no) \| (yes|no) \|", text, re.MULTILINE)
    assert re.search(r"^\| Fault \| `docker` \| `embedded` \| `swarm` \|", text, re.MULTILINE)
    told = {
        name: tuple(target for target, can in zip(("docker", "embedded", "swarm"), cans, strict=True) if can == "yes")
        for name, *cans in rows
    }
    assert told == faults()


def test_every_fault_is_an_action_with_a_receipt() -> None:
    assert set(faults()) <= set(actions.__all__)
    assert set(faults()) - {"crash_loop"} == set(receipts.RECEIPTS), "each crash of a loop has its own"
    assert set(LASTING) == lasting.LASTING


def told_messages() -> list[str]:
    """The messages of every row of the page; a row may hold several."""
    rows = [line.split(" | ")[0].removeprefix("| ") for line in TROUBLES.splitlines() if line.startswith("| ")]
    return [message for row in rows if row not in {"Message", "Reason"} for message in row.split("<br>")]


def test_every_message_in_troubleshooting_is_one_that_is_said() -> None:
    """The longest piece of each message without a variable stands in the code."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8") + (ROOT / "stack/engine/install").read_text()
    said = flat("\n".join(CODE.values()) + makefile)
    assert len(told_messages()) > 200
    stale = [row for row in told_messages() if flat(max(row.split("…"), key=len).strip(" '.:,()")) not in said]
    assert [row for row in stale if all(unexplained([one], [row]) for one in all_messages())] == []


def test_every_message_of_ours_is_in_troubleshooting() -> None:
    """By its beginning: what a row leaves out at its end may follow."""
    messages = all_messages()
    assert len(messages) > 250
    assert unexplained(messages, told_messages()) == []


def test_a_message_that_nobody_explained_is_noticed() -> None:
    told = [message for message in told_messages() if "No Docker engine answered" not in message]
    assert [one for one in unexplained(all_messages(), told) if "No Docker engine answered at …" in one]
    assert unexplained(["The moon … is away: wait for it"], told_messages())


def test_every_row_of_troubleshooting_says_what_to_do() -> None:
    helps = [line.split(" | ")[1].strip("| ") for line in TROUBLES.splitlines() if line.startswith("| ")]
    assert [text for text in helps if len(text) < 12 and text not in {"Usually", "|---|---"}] == []


def unexplained(messages: Iterable[str], told: list[str]) -> list[str]:
    """Messages that begin as no row does."""
    shapes = [
        re.compile(".*".join(re.escape(piece) for piece in row.split("…")))
        for row in told
        if len(re.findall(r"[^\W\d_]", row)) >= LETTERS
    ]
    return [message for message in messages if not any(shape.match(message) for shape in shapes)]


def flat(text: str) -> str:
    """Code with its texts joined over lines, and every replaced value and all white space out of the way."""
    joined = re.sub(r'"\s*\n\s*f?"', "", text)
    return re.sub(r"[\s`]+", " ", joined)


def test_every_command_of_ours_is_documented() -> None:
    """That each one that is documented exists and works is another test's: it types them."""
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    commands = set()
    for entry in metadata.entry_points(group="chaostoolkit.cli_plugins"):
        if entry.value.startswith("probes."):
            command = entry.load()
            within = command.commands if isinstance(command, click.Group) else {"": None}
            commands |= {f"chaos {entry.name} {name}".strip() for name in within}
    assert len(commands) > 12
    assert {command for command in commands if f"`{command}" not in text} == set()


def test_every_setting_is_documented() -> None:
    settings = set(re.findall(r'"(STEHAUF_[A-Z_]+)"', CODE[ROOT / "probes" / "settings.py"]))
    assert len(settings) > 8
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    assert {name for name in settings if name not in text} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_anchor_leads_to_a_heading(document: Path) -> None:
    found = re.findall(r"\[[^\]]+\]\(([^)#:]*)#([^)]+)\)", document.read_text(encoding="utf-8"))
    missing = [
        (file, anchor)
        for file, anchor in found
        if anchor not in anchors((document.parent / file if file else document).read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_an_anchor_that_leads_nowhere_is_noticed() -> None:
    assert anchors("# A title\n\n## verdict.json\n\n### What can go wrong?\n") == {
        "a-title",
        "verdictjson",
        "what-can-go-wrong",
    }


def anchors(text: str) -> set[str]:
    """As they are made from headings where Markdown is shown: lower case, hyphens for blanks, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("drawing", sorted((ROOT / "docs" / "drawings").glob("*.svg")), ids=lambda path: path.name)
def test_a_drawing_is_whole_and_loads_nothing(drawing: Path) -> None:
    text = drawing.read_text(encoding="utf-8")
    assert ET.fromstring(text).tag.endswith("svg")
    assert re.findall(r"<script|<foreignObject|href=|url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)", text) == []
