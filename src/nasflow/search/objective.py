"""Which of two networks is better: the objective, its trade-off, and the limits that nobody may break."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
from nasflow.search.measures import MEASURES, Measured, MeasureName, Unit, find_measure
from nasflow.search.record import ChildRecord, RungRecord, TrainedRecord


class Trade(Frozen):
    """How much a cost counts: a network that costs twice the target is worth 2 ** -weight as much.

    The form is MnasNet's (Tan et al., CVPR 2019).
    """

    target: Quantity
    weight: float = Field(gt=0, le=2)


class Objective(Frozen):
    """What is maximised, or minimised; as text, the name of a measure whose better way is known."""

    maximise: MeasureName | None = None
    minimise: MeasureName | None = None
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
        if (self.maximise is None) == (self.minimise is None):
            raise ValueError("one of maximise and minimise is wanted")
        if self.measure in {*self.trade, *self.compress}:
            raise ValueError(f"{self.measure} cannot be traded against itself")
        check_costs((*self.trade, *self.compress))
        if self.compress and not self.maximise:
            raise ValueError("compress: what is kept while a network shrinks is maximised, as an accuracy is")
        return self

    @property
    def measure(self) -> str:
        """The name of what is maximised or minimised."""
        return self.maximise or self.minimise or ""

    @property
    def in_earnest(self) -> Self:
        """What a network is judged by once it is trained to its end: by itself, or, where this is how a
        training went, by the held-out loss, which that was to foretell.
        """
        if not find_measure(self.measure).is_of_training:
            return self
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
        """What is counted against it."""
        return tuple(dict.fromkeys((*self.trade, *self.compress)))

    def of_start(self, measures: Mapping[str, Measured]) -> Self:
        """With the amounts that the start network has, where they were asked for."""
        amounts = {
            name: measures[name].value if amount == "start" else amount
            for name, amount in self.compress.items()
        }
        return self.model_copy(update={"compress": amounts})

    def score(self, measures: Mapping[str, Measured]) -> float:
        """The higher, the better."""
        value = measures[self.measure].value
        signed = value if self.maximise else -value
        # A cost makes a good value smaller, and a bad one (a loss, counted negative) larger.
        cost = sum(
            trade.weight * math.log(max(measures[name].value, _SMALLEST) / trade.target)
            for name, trade in self.trade.items()
        )
        traded = signed * math.exp(max(-_FARTHEST, min(_FARTHEST, -cost if signed > 0 else cost)))
        return traded * math.prod(self._saved(name, measures[name].value) for name in self.compress)

    def _saved(self, name: str, value: float) -> float:
        """C (2 - C) of the share C of a cost that is saved; negative for one that has grown."""
        before = self.compress[name]
        if before == "start":
            raise InvalidSpec(f"compress: {name} of the start network is not known yet")
        share = 1 - value / max(before, _SMALLEST)
        return share * (2 - share)

    def reward(self, measures: Mapping[str, Measured], images: int) -> float:
        """What a controller learns from: the score; an accuracy alone is worth the more, the better it is.

        A share of right images counts as tan(share x pi/2) (Cai et al., ICML 2018, section 4.1). A perfect
        one would be worth infinitely much, so it counts as half an image from perfect at most. Costs are
        traded against the accuracy itself: then the reward is the score, so that both agree on who is better.
        """
        score = self.score(measures)
        if self.costs or not self.maximise or self.unit != "share":
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


@dataclass(frozen=True)
class Judge:
    """The one place where it is decided which of two networks is better, ties included."""

    objective: Objective
    limits: Mapping[str, float]

    def broken(self, measures: Mapping[str, Measured]) -> str | None:
        """The name of the first limit that is broken; None: all are kept, as far as these measures tell."""
        over = (
            name for name, limit in self.limits.items() if name in measures and measures[name].value > limit
        )
        return next(over, None)

    def breach(self, measures: Mapping[str, Measured]) -> str | None:
        """The limit that is broken, in words; None: all are kept, as far as these measures tell."""
        name = self.broken(measures)
        return name and f"{name} {measures[name].value:.6g} is over the limit of {self.limits[name]:.6g}"

    def score(self, record: ChildRecord) -> float | None:
        """What a network is worth, the higher the better; None: it failed, breaks a limit, or was never
        measured by what is judged by (the training loss of a start that came trained).
        """
        return self.objective.score(record.measures) if self.is_able(record) else None

    def reward(self, record: ChildRecord, images: int) -> float | None:
        """What a controller learns from a record, whose held-out images are so many; None as `score`."""
        return self.objective.reward(record.measures, images) if self.is_able(record, at_rung=True) else None

    def worth(self, record: RungRecord) -> float:
        """What a child is worth at a rung, beside others there; minus infinity if it breaks a limit."""
        is_able = self.is_able(record, at_rung=True)
        return self.objective.score(record.measures) if is_able else -math.inf

    def is_able(self, record: ChildRecord, at_rung: bool = False) -> bool:
        """Whether it may win: trained, measured, within the limits; or, at a rung, beside others there."""
        has_all = all(name in record.measures for name in self.objective.measures)
        kinds = (TrainedRecord, RungRecord) if at_rung else TrainedRecord
        return isinstance(record, kinds) and has_all and self.breach(record.measures) is None

    def ranked(self, records: Iterable[ChildRecord]) -> tuple[TrainedRecord, ...]:
        """Those that may win, the best first: by score; among equals fewer parameters, then the order
        given.
        """
        scored = [(self.score(each), each) for each in records if isinstance(each, TrainedRecord)]
        able = [(score, each) for score, each in scored if score is not None]
        return tuple(each for _, each in sorted(able, key=lambda pair: (-pair[0], pair[1].parameters)))

    def best(self, records: Iterable[ChildRecord]) -> TrainedRecord | None:
        """The one that wins; None: none may."""
        return next(iter(self.ranked(records)), None)
