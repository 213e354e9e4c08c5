"""Questions about layers: which go, before which new ones stand, how wide channel groups are.

Where that can be is known only to who runs a network: `nasflow.surgery.places`, found by its address, so that
a space stays without torch.
"""

from collections.abc import Callable, Generator, Mapping, Sequence

from nasflow.base.plugins import load
from nasflow.search.spaces.line import LayerLine, LineSight
from nasflow.search.spaces.protocol import Question
from nasflow.spec.edits import Deepen, Edit, Narrow, Remove, Widen
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Deep, Gone, Kernel, Part, Width
from nasflow.spec.places import Place

REMOVE, DEEPEN, RESIZE = "remove", "deepen", "resize"
"""The decisions. Of a layer: stay (0) or go (1). Of a place for new layers: none (0), or one of the kernels.
Of a channel group: one of the factors.
"""


class LayerQuestions:
    """Questions about layers of one network, which a policy sees as a line."""

    def __init__(self, start: NetworkSpec) -> None:
        self._line = find_line(start)

    def ask(self, head: str, place: str, legal: tuple[bool, ...]) -> Question:
        """About the layer at a place."""
        return Question(head, place, legal, LineSight(self._line, self._line.find(place)))


LayerAsks = Generator[Question, int, NetworkSpec]

_Finder = Callable[[NetworkSpec], tuple[Place, ...]]


def places_of(kind: str, network: NetworkSpec) -> tuple[Place, ...]:
    """The places of a kind in a network (`width`, `group`, `depth`, `layer`); raise as their finder."""
    find: _Finder = load(f"nasflow.surgery.places:{kind}_places")
    return find(network)


def find_line(network: NetworkSpec) -> LayerLine:
    """Its layers; raise as `nasflow.surgery.line`, which finds them."""
    find: Callable[[NetworkSpec], LayerLine] = load("nasflow.surgery.line:network_line")
    return find(network)


def ask_removals(questions: LayerQuestions, network: NetworkSpec, most: int) -> LayerAsks:
    """Of each layer and block that can be left out, an outer one first, while fewer than `most` are."""
    gone = 0
    for place in sorted(places_of("layer", network), key=lambda each: each.name.count(".")):
        if _is_gone(network, place.name):
            continue
        if gone == most:
            break
        if (yield questions.ask(REMOVE, place.name, (True, True))):
            network = Remove(place=place.name).apply(network)
            gone += 1
    return network


def _is_gone(network: NetworkSpec, layer: str) -> bool:
    gone = [place for place, part in network.parts.own if isinstance(part, Gone)]
    return any(layer == place or layer.startswith(f"{place}.") for place in gone)


def ask_new_layers(
    questions: LayerQuestions, network: NetworkSpec, kernels: Sequence[Kernel], most: int
) -> LayerAsks:
    """Of each place for new layers: one more, or none, while fewer than `most` are new."""
    new = 0
    for place in places_of("depth", network):
        if new == most:
            break
        choice = yield questions.ask(DEEPEN, place.name, (True,) * (1 + len(kernels)))
        if choice:
            network = Deepen(place=place.name, kernel=kernels[choice - 1]).apply(network)
            new += 1
    return network


def ask_widths(
    questions: LayerQuestions, start: NetworkSpec, network: NetworkSpec, factors: Sequence[float]
) -> LayerAsks:
    """Of each channel group that `network` has from `start`: by which factor it is wider than there."""
    there = {place.name for place in places_of("group", network)}
    widths = start.parts.widths
    for place in places_of("width", start):
        if place.name not in there:
            continue
        now = widths.get(place.name, place.channels)
        wanted = [scaled(now, factor, place.groups) for factor in factors]
        legal = tuple(width not in wanted[:number] for number, width in enumerate(wanted))
        choice = yield questions.ask(RESIZE, place.name, legal)
        if wanted[choice] != now:
            parts = network.parts.put(place.name, Width(channels=wanted[choice]))
            network = network.with_parts(parts)
    return network


def scaled(channels: int, factor: float, unit: int) -> int:
    """So many channels times a factor, in whole units, one at least."""
    return max(1, round(channels * factor / unit)) * unit


def layer_edits(parent: NetworkSpec, network: NetworkSpec) -> tuple[Edit, ...] | None:
    """What makes the layers of `network` of those of `parent`; None: none does, because layers do not come
    back, and where widths have changed, none come and go.
    """
    old, new = dict(parent.parts.own), dict(network.parts.own)
    gone = [name for name, part in new.items() if isinstance(part, Gone) and name not in old]
    deeper = _deeper(old, new)
    lost = [name for name, part in old.items() if not isinstance(part, Width) and name not in new]
    covered = all(any(name.startswith(f"{each}.") for each in gone) for name in lost)
    if deeper is None or not covered or ((gone or deeper) and parent.parts.widths):
        return None
    resized = _resized(parent, network)
    return None if resized is None else (*(Remove(place=name) for name in gone), *deeper, *resized)


def _deeper(old: Mapping[str, Part], new: Mapping[str, Part]) -> list[Deepen] | None:
    """New layers; None: others stand there already."""
    found = []
    for name, part in new.items():
        if not isinstance(part, Deep):
            continue
        known = before.kernels if isinstance(before := old.get(name), Deep) else ()
        if part.kernels[: len(known)] != known:
            return None
        found += [Deepen(place=name, kernel=kernel) for kernel in part.kernels[len(known) :]]
    return found


def _resized(parent: NetworkSpec, network: NetworkSpec) -> list[Edit] | None:
    """Other widths; None: one of the host's own is wanted back, which the parts do not tell."""
    before, after = parent.parts.widths, network.parts.widths
    if not before.keys() <= after.keys():
        return None
    usual = {place.name: place.channels for place in places_of("group", parent)} if after else {}
    found: list[Edit] = []
    for name, channels in after.items():
        now = before.get(name, usual.get(name))
        if now is None:
            return None
        kind = Widen if channels > now else Narrow
        found += [kind(place=name, channels=channels)] if channels != now else []
    return found
