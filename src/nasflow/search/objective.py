"""What is looked for: the objective, its trade-off, and the limits that nobody may break."""

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from nasflow.base.document import Frozen, is_off
from nasflow.base.errors import InvalidSpec
from nasflow.base.quantity import Quantity, check_unit
from nasflow.search.front import Standing
from nasflow.search.measures import MEASURES, Measured, MeasureName, Unit, find_measure


class Trade(Frozen):
    """How much a cost counts: a network that costs twice the target is worth 2 ** -weight as much.

    The form is MnasNet's (Tan et al., CVPR 2019).
    """

    target: Quantity
    """What a network may cost without being worth less or more."""
    weight: float = Field(gt=0, le=2)
    """How much a doubled cost counts."""


class Objective(Frozen):
    """What is maximised, or minimised; as text, the name of a measure whose better way is known."""

    maximise: MeasureName | None = None
    """The measure of which a network is to have much."""
    minimise: MeasureName | None = None
    """The measure of which a network is to have little; one of this, `maximise` and `pareto` is wanted."""
    pareto: tuple[MeasureName, ...] = Field(default=(), max_length=3, exclude_if=is_off)
    """Two measures or three, instead: a network is better where it is no worse in any and better in one."""
    trade: dict[MeasureName, Trade] = Field(default_factory=dict)
    """Costs, by the measure's name."""
    compress: dict[MeasureName, Quantity | Literal["start"]] = Field(default_factory=dict, exclude_if=is_off)
    """Costs, with what they are to become less than: an amount, or that of the start network. A network that
    saves the share C of one is worth C (2 - C) times its own (Ashok et al., ICLR 2018)."""

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        return {"maximise" if find_measure(given).higher_is_better else "minimise": given}

    @field_validator("compress", mode="before")
    @classmethod
    def _amounts(cls, given: Any) -> Any:
        known = given if isinstance(given, Mapping) else {}
        _in_their_units({name: amount for name, amount in known.items() if amount != "start"})
        return given

    @field_validator("trade", mode="before")
    @classmethod
    def _trades(cls, given: Any) -> Any:
        for name, trade in given.items() if isinstance(given, Mapping) else ():
            _check_unit(name, trade.get("target") if isinstance(trade, Mapping) else None)
        return given

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string", "examples": sorted(MEASURES)}]}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(map(bool, (self.maximise, self.minimise, self.pareto))) != 1:
            raise ValueError("one of maximise and minimise is wanted, or pareto")
        if self.pareto and len(set(self.pareto)) < max(2, len(self.pareto)):
            raise ValueError("pareto: two different measures are wanted, or three")
        if self.pareto and self.costs != self.pareto[1:]:
            raise ValueError("pareto: nothing is traded or compressed besides: name it among the measures")
        if self.measure in {*self.trade, *self.compress}:
            raise ValueError(f"{self.measure} cannot be traded against itself")
        check_costs((*self.trade, *self.compress))
        if self.compress and not self.maximise:
            raise ValueError("compress: what is kept while a network shrinks is maximised, as an accuracy is")
        return self

    @property
    def measure(self) -> str:
        """The name of what is maximised or minimised, or the first of several."""
        return self.maximise or self.minimise or self.pareto[0]

    @property
    def is_maximised(self) -> bool:
        """Whether more of it is better."""
        return find_measure(self.measure).higher_is_better if self.pareto else self.maximise is not None

    @property
    def in_earnest(self) -> Self:
        """What a network is judged by once it is trained to its end: by itself, or, where this is how a
        training went, by the held-out loss, which that was to foretell.
        """
        if not find_measure(self.measure).is_of_training:
            return self
        if self.pareto:
            others = (each for each in self.pareto[1:] if each != "held_out_loss")
            return self.model_copy(update={"pareto": ("held_out_loss", *others)})
        return self.model_copy(update={"maximise": None, "minimise": "held_out_loss"})

    @property
    def unit(self) -> Unit:
        """Of that measure."""
        return find_measure(self.measure).unit

    @property
    def measures(self) -> tuple[str, ...]:
        """All that it looks at."""
        return (self.measure, *self.costs)

    @property
    def costs(self) -> tuple[str, ...]:
        """What is counted against it, or besides it."""
        return tuple(dict.fromkeys((*self.trade, *self.compress, *self.pareto[1:])))

    def of_start(self, measures: Mapping[str, Measured]) -> Self:
        """With the amounts that the start network has, where they were asked for."""
        amounts = {
            name: measures[name].value if amount == "start" else amount
            for name, amount in self.compress.items()
        }
        return self.model_copy(update={"compress": amounts})

    def score(self, measures: Mapping[str, Measured]) -> float:
        """What a network is worth by itself, the higher the better; where there are several measures, by the
        first.
        """
        value = measures[self.measure].value
        signed = value if self.is_maximised else -value
        # A cost makes a good value smaller, and a bad one (a loss, counted negative) larger.
        cost = sum(
            trade.weight * math.log(max(measures[name].value, _SMALLEST) / trade.target)
            for name, trade in self.trade.items()
        )
        traded = signed * math.exp(max(-_FARTHEST, min(_FARTHEST, -cost if signed > 0 else cost)))
        saved = [self._saved(name, measures[name].value) for name in self.compress]
        grown = min(saved, default=0.0)
        # A product would make two costs that have grown a gain, and of one the worse for a better network.
        return grown if grown < 0 else traded * math.prod(saved)

    def _saved(self, name: str, value: float) -> float:
        """C (2 - C) of the share C of a cost that is saved (Ashok et al., ICLR 2018); of what has grown, less
        than 0.
        """
        before = self.compress[name]
        if before == "start":
            raise InvalidSpec(f"compress: {name} of the start network is not known yet")
        share = 1 - value / max(before, _SMALLEST)
        return share * (2 - share)

    def point(self, measures: Mapping[str, Measured]) -> Standing:
        """Where a network stands among others: each figure the higher, the better."""
        if not self.pareto:
            return (self.score(measures),)
        signs = (1 if find_measure(name).higher_is_better else -1 for name in self.pareto)
        return tuple(sign * measures[name].value for sign, name in zip(signs, self.pareto, strict=True))

    def reward(self, measures: Mapping[str, Measured], images: int) -> float:
        """What a controller learns from: the score; an accuracy alone is worth the more, the better it is.

        A share of right images counts as tan(share x pi/2) (Cai et al., ICML 2018, section 4.1). A perfect
        one would be worth infinitely much, so it counts as half an image from perfect at most. Costs are
        traded against the accuracy itself: then the reward is the score, so that both agree on who is better.
        """
        score = self.score(measures)
        if self.costs or not self.is_maximised or self.unit != "share":
            return score
        return math.tan(min(score, 1 - 1 / (2 * images)) * math.pi / 2)


_SMALLEST = 1e-12
"""A cost of nothing counts as this."""
_FARTHEST = 600.0
"""Natural logarithm of the largest factor that costs can make: a score is always a number."""


def check_costs(names: Iterable[str]) -> None:
    """Raise ValueError, for pydantic, for what is no cost: the more of it, the better."""
    for name in names:
        if find_measure(name).higher_is_better:
            raise ValueError(f"{name} is no cost: the more of it, the better; make it the objective")


def _costs(limits: dict[str, float]) -> dict[str, float]:
    check_costs(limits)
    return limits


def _check_unit(name: str, amount: Any) -> None:
    """Raise ValueError, for pydantic, for an amount in a unit that its measure does not have."""
    try:
        unit = find_measure(name).unit
    except InvalidSpec:
        # Which is said at its own key.
        return
    check_unit(amount, unit, name)


def _in_their_units(given: Any) -> Any:
    for name, amount in given.items() if isinstance(given, Mapping) else ():
        _check_unit(name, amount)
    return given


Limits = Annotated[dict[MeasureName, Quantity], BeforeValidator(_in_their_units), AfterValidator(_costs)]
"""By the name of a measure: at most so much, for a child and for its network at full size."""
