"""What a search is judged by, as its report shows it: the measure of its objective."""

from dataclasses import dataclass
from typing import Self

from nasflow.report import figures
from nasflow.search.config import SearchSettings
from nasflow.search.judge import Judge
from nasflow.search.measures import Unit
from nasflow.search.record import ChildRecord, TrainedRecord
from nasflow.search.words import measure_words


@dataclass(frozen=True)
class Yardstick:
    """The one figure by which networks are shown, and the judge who decides which of them is better."""

    judge: Judge

    @classmethod
    def of(cls, config: SearchSettings) -> Self:
        """That of a search."""
        return cls(config.judge)

    @property
    def measure(self) -> str:
        """Its name."""
        return self.judge.objective.measure

    @property
    def title(self) -> str:
        """Its name in words."""
        return measure_words(self.measure)

    @property
    def unit(self) -> Unit:
        """Of its values."""
        return self.judge.objective.unit

    @property
    def sign(self) -> int:
        """1 if more is better, -1 if less is."""
        return 1 if self.judge.objective.is_maximised else -1

    def value(self, record: ChildRecord | None) -> float | None:
        """A network's figure; None: it has none, because it is not trained or failed."""
        found = record.measures.get(self.measure) if isinstance(record, TrainedRecord) else None
        return found.value if found else None

    def candidate(self, record: ChildRecord | None) -> float | None:
        """The figure of a network that may win; None: it has none, or breaks a limit."""
        value = self.value(record)
        return None if record is None or value is None or self.judge.score(record) is None else value

    def at_rung(self, record: ChildRecord | None) -> float | None:
        """The figure of a network beside others that were measured at the same rung; None as `candidate`."""
        is_able = record is not None and self.judge.is_able(record, at_rung=True)
        return record.measures[self.measure].value if record and is_able else None

    def breach(self, record: ChildRecord | None) -> str | None:
        """The limit that a trained network breaks, in words; None: there is none."""
        name = self.judge.broken(record.measures) if isinstance(record, TrainedRecord) else None
        if record is None or name is None:
            return None
        found, limit = record.measures[name], self.judge.limits[name]
        texts = figures.in_unit(found.value, found.unit), figures.in_unit(limit, found.unit)
        if texts[0] == texts[1]:
            texts = f"{found.value:.6g}", f"{limit:.6g}"
        return f"{measure_words(name)} {texts[0]}, over the limit of {texts[1]}"

    def beats(self, record: ChildRecord, other: ChildRecord) -> bool:
        """Whether the judge puts one network above another, ties apart."""
        worth, least = self.judge.worths((record, other))
        return worth is not None and (least is None or worth > least)

    def show(self, value: float | None) -> str:
        """`93.12 %`, `0.3123 nats`."""
        return figures.in_unit(value, self.unit)

    def phrase(self, value: float | None) -> str:
        """`93.12 % held-out accuracy`, `a held-out loss of 0.3123 nats`."""
        if self.unit == "share":
            return f"{self.show(value)} {self.title}"
        article = "an" if self.title[0] in "aeiou" else "a"
        return f"{article} {self.title} of {self.show(value)}"

    def size(self, difference: float) -> str:
        """How far two values are apart: `1.20 points`."""
        return figures.size(difference, self.unit)

    def change(self, difference: float) -> str:
        """The same with its sign, as a table has it: `+1.20`."""
        return figures.change(difference, self.unit)
