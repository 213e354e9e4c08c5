from collections.abc import Callable

import pytest
from pydantic import model_serializer

from nasflow.base.document import Frozen


class Interrupted(Frozen):
    """Data whose serialiser is in the middle of its work when somebody presses Ctrl-C."""

    @model_serializer
    def _interrupted(self) -> str:
        raise KeyboardInterrupt


class Holds(Frozen):
    """The same within other data."""

    part: Interrupted = Interrupted()


@pytest.mark.parametrize("dump", [Frozen.model_dump, Frozen.model_dump_json])
def test_interrupted(dump: Callable[[Frozen], object]) -> None:
    """Pydantic would make an error of it, which nobody takes for Ctrl-C."""
    with pytest.raises(KeyboardInterrupt):
        dump(Holds())
