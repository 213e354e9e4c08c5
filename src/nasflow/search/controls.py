"""What a found network is measured against at full size, and how that came out: data."""

from enum import StrEnum

from nasflow.base.document import Frozen


class Control(StrEnum):
    """A network that stands beside the found one: would something simpler have done as well?"""

    START = "start"
    """The start network, trained as the found one is at the end: did the search bring anything?"""
    LONGER = "longer"
    """The start network, trained for as long as the found one's whole line: was it only more training?"""
    PARAMETERS = "parameters"
    """The start network, widened or cut evenly to the found one's parameters: what was found, or the size?"""
    MULT_ADDS = "mult_adds"
    """The same with the found one's mult-adds."""
    SCRATCH = "scratch"
    """Where the found network is trained on from what it has inherited: the same network without that."""
    FIRST_END = "first_end"
    """Of several measures: the network of the front that is best by the first of them."""
    SECOND_END = "second_end"
    THIRD_END = "third_end"
    RANDOM = "random"
    """The best of the random arm: was it the controller?"""


ENDS = (Control.FIRST_END, Control.SECOND_END, Control.THIRD_END)
"""Those that stand beside the found network wherever it is the knee of a front."""

CONTROLS = tuple(each for each in Control if each not in ENDS)
"""All that a configuration can ask for."""


_APART = 1000
"""Between two of them: more than anybody compares searches."""


def final_seeds(first: int, count: int) -> range:
    """Of a network's final trainings, the search's own first.

    Far apart: searches with seeds next to each other would share trainings of their start cell, and what is
    said over several seeds would rest on fewer.
    """
    return range(first, first + count * _APART, _APART)


class Finalist(Frozen):
    """A network that is trained at full size."""

    control: Control | None = None
    """None: it is the found one."""
    seed: int
    """Of its training: controls are compared with the found network of the same seed."""
    child: str


class OnTest(Frozen):
    """How a finalist does on the test images."""

    finalist: Finalist
    right: int
    """Images that it tells right."""
    only_found: int | None = None
    """Of a control: images that the found network of its seed alone tells right; None: nobody looked."""
    only_control: int | None = None
    """Those that the control alone tells right."""
