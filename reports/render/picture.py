"""The timeline of a run as a picture of its own, for whoever cannot embed a page."""

from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.render.frame import Frame, fault_spans_of
from reports.render.look import stylesheet
from reports.render.names import names
from reports.render.page import GUTTERS, WIDE, reach
from reports.render.timeline import timeline
from reports.words import Language, speaking

__all__ = ["picture"]

_MARGIN = 12


def picture(evidence: Evidence, lang: str | Language = "en") -> str | None:
    """The timeline as an SVG file with its own style; None where there is nothing on it. Raises UnknownLanguage."""
    with speaking(lang, names(evidence, lang)):
        span = reach(evidence)
        if span is None:
            return None
        spans = fault_spans_of(evidence)
        frame = Frame("run", WIDE, GUTTERS[WIDE], *span, spans[0].asked_ns if spans else span[0])
        drawn = timeline(evidence, frame, spans)
    style = Markup("<style>{} svg {{ background: #fff; font-family: sans-serif; }}</style>").format(stylesheet())
    head, _, body = drawn.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg" width="{WIDE + 2 * _MARGIN:g}">{style}{body}'
