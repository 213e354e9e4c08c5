"""How long a search goes on."""

from typing import Self

from pydantic import Field, model_validator

from nasflow.base.document import Document, Frozen


class Budget(Frozen):
    """When a search ends: at the first of these that is reached. A larger one extends a finished search."""

    children: int | None = Field(default=None, ge=0)
    """0: the start network alone is trained and tested (`nasflow transfer`)."""
    rounds: int | None = Field(default=None, ge=1)
    """Rounds of children."""
    seconds: float | None = Field(default=None, gt=0)
    """Seconds of training, over all sessions; looked at after each round."""
    gpu_hours: float | None = Field(default=None, gt=0)
    """Hours of training on a GPU, over all children; looked at after each round."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if all(limit is None for limit in (self.children, self.rounds, self.seconds, self.gpu_hours)):
            raise ValueError("set at least one of children, rounds, seconds, gpu_hours")
        return self


class BudgetRecord(Document):
    """A search's present budget: the one part of its configuration that may change."""

    budget: Budget
