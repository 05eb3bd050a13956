"""The receipts of a crash loop as one: a reader wants the loop, and the number of crashes that are proved in it."""

from dataclasses import replace

from reports.figures import Receipt

__all__ = ["together"]


def together(receipts: tuple[Receipt, ...]) -> list[Receipt]:
    """The receipts to show: those of a loop stand together where the first of them stood."""
    loops: dict[str, list[Receipt]] = {}
    for one in receipts:
        loops.setdefault(one.fault.loop or one.fault.id, []).append(one)
    return [_loop(loop) if loop[0].fault.loop else loop[0] for loop in loops.values()]


def _loop(loop: list[Receipt]) -> Receipt:
    """All of it is proved only if each of it is."""
    first, last = loop[0], loop[-1]
    proved = sum(one.proved for one in loop)
    sentence = (
        f"{first.fault.service} died {len(loop)} times by itself, each time as soon as it ran again, and its restart "
        "policy started it each time: each crash has a die event of its own, no kill event with it, and one "
        "restart more"
    )
    missing = tuple(f"crash {number}: {'; '.join(one.missing)}" for number, one in enumerate(loop, 1) if one.missing)
    before, after = dict(first.facts), dict(last.facts)
    counts = f"{_side(before.get('restart count', ''), 0)} → {_side(after.get('restart count', ''), -1)}"
    facts = (
        ("instance", before.get("instance", "")),
        ("crashes proved", f"{proved} of {len(loop)}"),
        ("restart count", counts),
        ("first die event", before.get("die event", "")),
        ("last die event", after.get("die event", "")),
        ("last start event", after.get("start event", "")),
    )
    return Receipt(
        fault=replace(first.fault, kind=f"{first.fault.kind} loop"),
        proved=proved == len(loop),
        broken=all(one.broken for one in loop),
        sentence=sentence,
        missing=missing,
        facts=facts if first.facts else (),
    )


def _side(count: str, side: int) -> str:
    return count.split(" → ")[side] if count else "not seen"
