"""A drawing of the system: services, who depends on whom as declared, the broken ones marked. Callers above."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from reports.evidence.reader import Evidence
from reports.render.svg import el, svg, text
from reports.render.tables import services
from reports.verdict.journal import items
from reports.words import joined, say, tell

__all__ = ["topology"]

HEIGHT, GAP = 52.0, 46.0
MOST = 40
"""More services than this cannot be read in one drawing."""


def topology(evidence: Evidence, width: float) -> Markup | None:
    """The drawing for a page of that width; None where there is nothing to draw."""
    needs = _needs(evidence)
    if not 1 < len(needs) <= MOST:
        return None
    broken = {fault.service: fault.title for fault in evidence.faults}
    rows = _wrapped(_layers(needs), width)
    box = min(168.0, (width - 20) / max(len(row) for row in rows) - 16)
    places = _places(rows, width, box)
    parts = [_arrow(places[name], places[other], box) for name, others in needs.items() for other in others]
    parts += [part for name, place in places.items() for part in _node(name, place, box, broken.get(name))]
    height = len(rows) * (HEIGHT + GAP) - GAP + 28
    told = [say("{service} needs {others}", service=n, others=", ".join(sorted(o))) for n, o in needs.items() if o]
    about = (say("The system under test, and what was broken in it"), joined([*broken.values(), *told]))
    return svg(f"topology-{int(width)}", (width, height), about, parts, "chart")


def _needs(evidence: Evidence) -> dict[str, set[str]]:
    """The services that each service declares to depend on."""
    declared = {str(one["name"]): one for one in services(evidence) if one.get("name")}
    return {
        name: {str(other) for other in items(one.get("depends_on"))} & declared.keys() - {name}
        for name, one in declared.items()
    }


def _layers(needs: Mapping[str, set[str]]) -> list[list[str]]:
    """Services by how many callers deep they are; a circle of dependencies ends up in the last layer."""
    left, layers = dict(needs), []
    while left:
        needed = {other for others in left.values() for other in others}
        layer = [name for name in left if name not in needed] or list(left)
        layers.append(layer)
        left = {name: others for name, others in left.items() if name not in layer}
    return layers


def _wrapped(layers: Iterable[list[str]], width: float) -> list[list[str]]:
    most = max(2, int(width // 130))
    return [layer[at : at + most] for layer in layers for at in range(0, len(layer), most)]


def _places(rows: list[list[str]], width: float, box: float) -> dict[str, tuple[float, float]]:
    """The middle of the upper edge of each box."""
    places = {}
    for number, row in enumerate(rows):
        step = min(width / len(row), box + 70)
        first = (width - step * (len(row) - 1)) / 2
        for column, name in enumerate(row):
            places[name] = (first + column * step, 16 + number * (HEIGHT + GAP))
    return places


def _arrow(begin: tuple[float, float], end: tuple[float, float], box: float) -> Markup:
    (x1, y1), (x2, y2) = begin, end
    if y1 == y2:  # a circle of dependencies: from side to side
        side = box / 2 if x2 > x1 else -box / 2
        y = y1 + HEIGHT / 2
        return el("path", d=f"M{x1 + side:.1f} {y:.1f}L{x2 - side:.1f} {y:.1f}", cls="edge")
    low, high = y1 + HEIGHT, y2 - 7
    bend = max((high - low) * 0.55, 18)
    lean = max(-box * 0.3, min(box * 0.3, (x1 - x2) * 0.18))
    bow = f"{x1 - lean:.1f} {low + bend:.1f} {x2 + lean:.1f} {high - bend:.1f} {x2 + lean:.1f} {high:.1f}"
    path = f"M{x1 - lean:.1f} {low:.1f}C{bow}"
    head = f"M{x2 + lean - 4:.1f} {high:.1f}h8l-4 7z"
    return Markup("").join([el("path", d=path, cls="edge"), el("path", d=head, cls="edge-head")])


def _node(name: str, place: tuple[float, float], box: float, broken: str | None) -> list[Markup]:
    x, y = place
    most = int(box / 7.2)
    shown = name if len(name) <= most else f"{name[: most - 1]}…"
    state = "node broken" if broken else "node"
    title = el("title", joined((name, broken), ": ") if broken else name)
    parts = [el("rect", title, x=x - box / 2, y=y, width=box, height=HEIGHT, rx=9, cls=state)]
    if not broken:
        return [*parts, text(x, y + HEIGHT / 2 + 4.5, shown, "node-name", "middle")]
    told = str(tell(broken)) if len(str(tell(broken))) * 6 < box else str(tell(say("broken here")))
    return [
        *parts,
        text(x, y + 22, shown, "node-name", "middle"),
        text(x, y + 39, f"✕ {told}", "node-broken", "middle"),
    ]
