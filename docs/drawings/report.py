"""`python docs/drawings/report.py RUN`: the head of a run's report as one SVG, the picture of the README.

Verdict, numbers and timeline are what the report's own code makes of the evidence; only their places are set here.
"""

import re
import sys
from pathlib import Path

from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.render import formats, tables
from reports.render.look import stylesheet
from reports.render.names import names
from reports.render.picture import picture
from reports.render.svg import el, group, text
from reports.verdict import judge
from reports.words import speaking

WIDTH, TOP, TILES, CHART = 1000.0, 20.0, 170.0, 312.0
EDGE = 28.0
STYLE = """
svg { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.paper { fill: var(--paper); } .wash { fill: var(--good-wash); } .disc { fill: var(--good); }
.tick-mark { fill: none; stroke: var(--card); stroke-width: 5; stroke-linecap: round; stroke-linejoin: round; }
.verdict { font-size: 19px; font-weight: 750; letter-spacing: .06em; fill: var(--good-ink); }
.title { font-size: 21px; font-weight: 650; letter-spacing: -.012em; fill: var(--ink); }
.lead { font-size: 16px; fill: var(--ink); } .small { font-size: 13px; fill: var(--soft); }
.box { fill: var(--card); stroke: var(--line); } .rim { fill: var(--good); } .rim.none { fill: var(--calm); }
.big { font-size: 27px; font-weight: 650; letter-spacing: -.02em; fill: var(--ink); }
.under { font-size: 13px; fill: var(--ink); }
"""
FORMATS = {"seconds": formats.seconds, "milliseconds": formats.milliseconds, "count": formats.count}


def head(title: str, when: str) -> list[Markup]:
    """The band with the verdict."""
    return [
        el("rect", x=EDGE, y=TOP, width=WIDTH - 2 * EDGE, height=TILES - TOP - 16, rx=14, cls="wash"),
        el("circle", cx=EDGE + 78, cy=TOP + 53, r=31, cls="disc"),
        el("path", d=f"M{EDGE + 64:g} {TOP + 54:g} l10 10 l19 -21", cls="tick-mark"),
        text(EDGE + 78, TOP + 112, "PASS", "verdict", "middle"),
        text(EDGE + 160, TOP + 48, title, "title"),
        text(EDGE + 160, TOP + 78, "Every claim held, the target itself proves that the fault", "lead"),
        text(EDGE + 160, TOP + 99, "happened, and the system is as it was before.", "lead"),
        text(WIDTH - EDGE - 18, TOP + 120, when, "small", "end"),
    ]


def tile(number: int, shown: tables.Tile, width: float) -> Markup:
    """One number that a reader should see first."""
    x = EDGE + number * (width + 12)
    label = f"{shown.label} {shown.note}".strip()
    lines: list[str] = re.findall(r"[^ ].{0,20}(?= |$)", label)[:2]
    rim = "rim" if shown.outcome == "PASS" else "rim none"
    value = "not known" if shown.value is None else str(FORMATS[shown.unit](shown.value))
    return group(
        [
            el("rect", x=x, y=TILES, width=width, height=112, rx=10, cls="box"),
            el("rect", x=x, y=TILES, width=width, height=3, rx=1.5, cls=rim),
            text(x + 16, TILES + 42, value, "big"),
            *(text(x + 16, TILES + 64 + 18 * row, line, "under") for row, line in enumerate(lines)),
            text(x + 16, TILES + 102, str(shown.limit), "small"),
        ]
    )


def drawn(directory: Path) -> str:
    """The whole picture. Raises ValueError for a run that is no PASS: the band says PASS."""
    evidence = Evidence(directory)
    verdict = judge(evidence)
    if verdict.verdict != "PASS":
        raise ValueError(f"{directory} is {verdict.verdict}: draw a run that is a PASS")
    chart = picture(evidence)
    if chart is None:
        raise ValueError(f"{directory} has nothing to draw")
    body = re.sub(
        r'<rect [^>]*class="readout"[^>]*>.*?</rect>', "", chart[chart.index("</style>") + 8 : -len("</svg>")]
    )
    height = float(re.findall(r'viewBox="0 0 1000 ([\d.]+)"', chart)[0])
    with speaking("en", names(evidence, "en")):
        shown = tables.tiles(evidence, verdict)[:5]
        width = (WIDTH - 2 * EDGE - 12 * (len(shown) - 1)) / len(shown)
        title = str(evidence.experiment.get("title"))
        when = f"{evidence.system['engine'].partition('+')[0]} · {len(evidence.system['services'])} services"
        parts = [*head(title, when), *(tile(number, one, width) for number, one in enumerate(shown))]
    inner = Markup('<svg x="14" y="{}" width="{}" height="{}" viewBox="0 0 1000 {}" class="chart">{}</svg>').format(
        CHART,
        WIDTH - 28,
        height * (WIDTH - 28) / 1000,
        height,
        Markup(body),  # noqa: S704 - our own drawing
    )
    total = CHART + height * (WIDTH - 28) / 1000 + 16
    style = Markup("<style>{}</style>").format(Markup(f"{stylesheet()}{STYLE}"))  # noqa: S704 - our own files
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:g} {1:g}" width="{0:g}" role="img" '
            'aria-label="{2}">{3}<rect width="{0:g}" height="{1:g}" rx="14" class="paper"/>{4}{5}</svg>\n'
        ).format(WIDTH, total, f"The head of a report: PASS, {title}", style, Markup("").join(parts), inner)
    )


if __name__ == "__main__":
    sys.stdout.write(drawn(Path(sys.argv[1])))
