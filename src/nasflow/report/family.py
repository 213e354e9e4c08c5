"""The family of a search: who grew from whom, generation by generation. `templates/family.svg.j2` draws it.

A small family is a tree, with a label beside each network. A larger one would not fit a screen: there each
network stands by its figure, in a picture that is as large for 60 children as for 500.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from markupsafe import Markup

from nasflow.report.axes import Tick, axis_ticks, axis_title, value_scale
from nasflow.report.environment import fill
from nasflow.report.figures import plural
from nasflow.report.table import START, Row, Status
from nasflow.report.yardstick import Yardstick
from nasflow.search.ledger import Ledger

MOST_CHILDREN, MOST_GENERATIONS = 40, 10
"""Of a family that is drawn as a tree."""

_SLOT, _TOP, _LEFT, _LABEL = 18.0, 40.0, 14.0, 118.0
_HEAD = 95.0
"""Between two columns whose heads are in words."""
_WIDTH, _HEIGHT, _AXIS, _BOTTOM = 1100.0, 380.0, 62.0, 34.0
"""Of the picture by figures: its size, and the room at its left and at its bottom."""


@dataclass(frozen=True)
class Relative:
    """One network of the family."""

    name: str
    """Its id."""
    parent: str | None
    """Id of what it grew from, if that is drawn too."""
    generation: int
    kind: str
    """`start`, or its arm."""
    row: str | None
    """Label of its row; None: the start network has none."""
    figure: str
    """Its value, or why it has none."""
    edits: int | None
    value: float | None
    breach: str | None
    """The limit that it breaks, in words: it cannot win."""


@dataclass(frozen=True)
class PlacedRelative:
    """A member, in pixels."""

    x: float
    y: float
    member: Relative
    is_best: bool
    is_on_line: bool
    """The winner, or one of its ancestors."""

    @property
    def hint(self) -> str:
        """What one is told who points at it."""
        member = self.member
        name = "start network" if member.row is None else f"{member.row} {member.kind}"
        edits = None if member.edits is None else plural(member.edits, "edit")
        return ", ".join(filter(None, [f"{name}: {member.figure}", edits, member.breach]))


@dataclass(frozen=True)
class Bond:
    """From a parent to its child, in pixels."""

    x: float
    y: float
    to_x: float
    to_y: float
    is_on_line: bool


@dataclass(frozen=True)
class _Picture:
    """Where everything stands, in pixels."""

    width: float
    height: float
    places: Mapping[str, tuple[float, float]]
    columns: Sequence[Tick]
    """The head of each generation."""
    ticks: Sequence[Tick] = ()
    """Of the figures; none in a tree."""


def members(ledger: Ledger, rounds: Iterable[Sequence[Row]]) -> list[Relative]:
    """The start network and every child once, parents before their children."""
    yardstick, start = Yardstick.of(ledger.config), _start(ledger)
    found = {start.name: start}
    for row in chain.from_iterable(rounds):
        if row.child in found:
            continue
        found[row.child] = Relative(
            name=row.child,
            parent=row.line.parent if row.line.parent in found else None,
            generation=row.line.generation,
            kind=row.arm.value,
            row=row.label,
            figure=row.status.value if row.value is None else yardstick.show(row.value),
            edits=row.edits,
            value=row.value,
            breach=row.breach,
        )
    return list(found.values())


def _start(ledger: Ledger) -> Relative:
    yardstick, start = Yardstick.of(ledger.config), ledger.start
    value = yardstick.value(ledger.rival)
    standing = start.status if start else Status.WAITING.value
    return Relative(
        name=ledger.start_spec.id,
        parent=None,
        generation=0,
        kind=START,
        row=None,
        figure=standing if value is None else yardstick.show(value),
        edits=None,
        value=value,
        breach=yardstick.breach(start),
    )


def draw_family(yardstick: Yardstick, family: Sequence[Relative], best: str | None) -> Markup:
    """The picture; the line of the child `best` is marked."""
    picture = _tree(family) if is_tree(family) else _by_figure(yardstick, family)
    by_name = {each.name: each for each in family}
    line = set()
    here = by_name.get(best) if best else None
    while here:
        line.add(here.name)
        here = by_name.get(here.parent) if here.parent else None
    places = picture.places
    nodes = [
        PlacedRelative(*places[each.name], each, is_best=each.name == best, is_on_line=each.name in line)
        for each in family
    ]
    edges = [
        Bond(*places[each.parent], *places[each.name], is_on_line=each.name in line)
        for each in family
        if each.parent
    ]
    return fill(
        "family.svg.j2",
        picture=picture,
        # What is marked lies above the rest.
        edges=sorted(edges, key=lambda each: each.is_on_line),
        nodes=sorted(nodes, key=lambda each: each.is_on_line),
        has_labels=is_tree(family),
        label=f"{plural(len(family) - 1, 'child', 'children')} in {plural(_last(family), 'generation')}",
        y_title=axis_title(yardstick.title, yardstick.unit),
        axis=_AXIS,
    )


def is_tree(family: Sequence[Relative]) -> bool:
    """Whether the family is small enough for a tree with labels."""
    return len(family) - 1 <= MOST_CHILDREN and _last(family) <= MOST_GENERATIONS


def _last(family: Sequence[Relative]) -> int:
    return max(each.generation for each in family)


def _columns(xs: Sequence[float]) -> list[Tick]:
    """The heads of the generations: in words where there is room."""
    if len(xs) > 1 and xs[1] - xs[0] < _HEAD:
        step = max(1, round(30 / (xs[1] - xs[0])))
        return [
            Tick(_AXIS / 2, "generation"),
            *(Tick(xs[each], str(each)) for each in range(1, len(xs), step)),
        ]
    return [
        Tick(x, f"generation {number}" if number == 1 else str(number or START))
        for number, x in enumerate(xs)
    ]


def _tree(family: Sequence[Relative]) -> _Picture:
    """A column a generation; a parent stands beside its first child, so that no line crosses a label."""
    children: dict[str | None, list[Relative]] = {}
    for each in family:
        children.setdefault(each.parent, []).append(each)
    last = _last(family)
    pitch = min(200.0, max(104.0, (_WIDTH - _LEFT - _LABEL) / max(1, last)))
    xs = [round(_LEFT + pitch * number, 1) for number in range(last + 1)]
    places: dict[str, tuple[float, float]] = {}
    slots = 0

    def put(member: Relative) -> float:
        nonlocal slots
        below = [put(child) for child in children.get(member.name, [])]
        if not below:
            below = [_TOP + _SLOT * slots]
            slots += 1
        places[member.name] = xs[member.generation], below[0]
        return places[member.name][1]

    for root in children[None]:
        put(root)
    return _Picture(xs[-1] + _LABEL, _TOP + _SLOT * slots, places, _columns(xs))


def _by_figure(yardstick: Yardstick, family: Sequence[Relative]) -> _Picture:
    """A column a generation, in which the children stand side by side, each as high as its figure."""
    last = _last(family)
    pitch = (_WIDTH - _AXIS - _LEFT) / (last + 1)
    y = value_scale(
        yardstick,
        [each.value for each in family if each.value is not None and each.row],
        family[0].value,
        _HEIGHT - _BOTTOM,
        _TOP,
    )
    generations: dict[int, list[Relative]] = {}
    for each in family:
        generations.setdefault(each.generation, []).append(each)
    places = {}
    for number, found in generations.items():
        for place, each in enumerate(found):
            share = (place + 0.5) / len(found)
            x = _AXIS + pitch * (number + 0.1 + 0.8 * share)
            # What has no figure stands below the axis.
            places[each.name] = round(x, 1), _HEIGHT - 10 if each.value is None else y(each.value)
    heads = _columns([round(_AXIS + pitch * (number + 0.5), 1) for number in range(last + 1)])
    return _Picture(_WIDTH, _HEIGHT, places, heads, axis_ticks(y, yardstick.unit))
