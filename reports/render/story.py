"""The run in plain words: what was broken, what users saw, how fast it healed. For a reader who wants one page."""

from dataclasses import dataclass

from reports.evidence.reader import Evidence
from reports.render.formats import count, percent, seconds
from reports.render.frame import FaultSpan
from reports.render.loops import together
from reports.render.tables import figure, recovery_claim
from reports.verdict.model import Verdict
from reports.words import N_, joined, say, say_n

__all__ = ["Chapter", "story"]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading and its sentences."""

    title: str
    sentences: tuple[str, ...]


def story(evidence: Evidence, verdict: Verdict, spans: tuple[FaultSpan, ...]) -> tuple[Chapter, ...]:
    """The chapters that the evidence has something to say about."""
    chapters = (
        Chapter(say("What we broke"), _broken(evidence, verdict)),
        Chapter(say("What users saw"), _seen(evidence)),
        Chapter(say("How it healed"), _healed(evidence, verdict, spans)),
    )
    return tuple(one for one in chapters if one.sentences)


def _broken(evidence: Evidence, verdict: Verdict) -> tuple[str, ...]:
    found = []
    for one in together(verdict.receipts)[:3]:
        fault = one.fault
        if not one.broken:
            found.append(say("A {fault} was asked for; the target's own records do not prove it.", fault=fault.title))
        elif fault.kind == "crash":
            found.append(say("The process of “{service}” crashed, as if it had died by itself.", service=fault.service))
        elif fault.kind == "crash loop":
            many = sum(other.loop == fault.loop for other in evidence.faults)
            told = N_("The process of “{service}” crashed {n} times, each time after it had been started again.")
            found.append(say(told, service=fault.service, n=many))
        else:
            found.append(say("The target's own records prove it: {fault}.", fault=fault.title))
    total, started = figure(evidence, "answers"), evidence.run.get("load_started_ns")
    ended = evidence.run.get("load_ended_ns")
    if found and total and isinstance(started, int) and isinstance(ended, int) and ended > started:
        told = say(
            "Users went on all the time: {total} requests in {time}.",
            total=count(total),
            time=seconds((ended - started) / 1e9),
        )
        found.append(joined((told, *_from_where(evidence)), " "))
    return tuple(found)


def _from_where(evidence: Evidence) -> tuple[str, ...]:
    """The machines that the load came from, where it did not come from this one."""
    files = evidence.sources["load"].files if "load" in evidence.sources else ()
    nodes = sorted({str(file.about["node"]) for file in files if file.about and file.about.get("node")})
    if not nodes:
        return ()
    return (say("They came from {nodes}, inside the network of the stack.", nodes=joined(nodes, ", ")),)


def _seen(evidence: Evidence) -> tuple[str, ...]:
    total, failed = figure(evidence, "answers"), figure(evidence, "failed_requests")
    if not total or failed is None:
        return ()
    numbers = {"failed": count(failed), "total": count(total)}
    found = [say_n("One request of {total} failed.", "{failed} of {total} requests failed.", failed, **numbers)]
    if not failed:
        found = [say("Not one of {total} requests failed.", total=count(total))]
    degraded = figure(evidence, "degraded_answers")
    if degraded:
        told = N_("{degraded} answers ({share}) came from the fallback, and said so.")
        found.append(say(told, degraded=count(degraded), share=percent(degraded / total)))
    return (*found, *_orders(evidence))


def _orders(evidence: Evidence) -> tuple[str, ...]:
    made, lost = figure(evidence, "acknowledged_orders"), figure(evidence, "lost_orders")
    twice, unasked = figure(evidence, "duplicated_orders"), figure(evidence, "unexpected_orders")
    if made is None or lost is None or twice is None or unasked is None:
        return ()
    told = N_("Of {orders} orders that were acknowledged, {lost} were lost and {twice} fulfilled more than once.")
    if not lost and not twice:
        told = N_("All {orders} orders that were acknowledged were fulfilled, each exactly once.")
    found: tuple[str, ...] = (say(told, orders=count(made), lost=count(lost), twice=count(twice)),)
    if unasked:
        told = N_("One order was fulfilled that had been refused or never placed.")
        many = N_("{unasked} orders were fulfilled that had been refused or never placed.")
        found = (*found, say(told if unasked == 1 else many, unasked=count(unasked)))
    return found


def _healed(evidence: Evidence, verdict: Verdict, spans: tuple[FaultSpan, ...]) -> tuple[str, ...]:
    claim = recovery_claim(evidence, verdict)
    none_bad = figure(evidence, "failed_requests") == 0 and figure(evidence, "degraded_answers") == 0
    found = [_recovery(span, none_bad=none_bad) for span in spans[:3]]
    if claim is not None and claim.direct and claim.value is not None and len(spans) == 1:
        found = [_by_itself(spans[0], claim.value)]
    if evidence.heal.get("healed") is True:
        found.append(
            say("At the end the same services ran as at the beginning, healthy where they have a health check.")
        )
    elif evidence.heal:
        found.append(say("At the end the target was not as it was at the beginning."))
    return tuple(found)


def _by_itself(span: FaultSpan, value: float) -> str:
    """The experiment claims recovery of the service itself, by its own canary: users may never have missed it."""
    back = say("{time} after it was broken, “{service}” answered again.", time=seconds(value), service=span.service)
    return _nobody_helped(back, span)


def _recovery(span: FaultSpan, *, none_bad: bool) -> str:
    if none_bad:
        told = say("No user noticed: every answer was good while “{service}” was broken.", service=span.service)
        return _nobody_helped(told, span)
    good = next((step.seconds for step in span.steps if step.key == "good"), None)
    if good is None:
        return say("After the {fault}, no good answer to a user was seen again.", fault=span.title)
    last = next((step.seconds for step in span.steps if step.key == "settled"), None)
    if last is not None and last > good:
        told = N_(
            "{time} after it was broken, “{service}” gave users a good answer again; the last bad one came at {last}."
        )
        return say(told, time=seconds(good), service=span.service, last=seconds(last))
    back = say("{time} after it was broken, “{service}” was back for users.", time=seconds(good), service=span.service)
    return _nobody_helped(back, span)


def _nobody_helped(back: str, span: FaultSpan) -> str:
    started = next((step.seconds for step in span.steps if step.key == "started"), None)
    if started is None:
        return back
    told = say("Nobody helped: its restart policy had started it again after {time}.", time=seconds(started))
    return joined((back, told), " ")
