from pathlib import Path

import pytest
from tests.steps.samples import open_archive

from nasflow.search.forecast import Machine, Pace
from nasflow.steps import starter as at_work
from nasflow.steps.begin import Beginning
from nasflow.steps.starter import fit_starter, starter

MACHINE = Machine(device="cpu", kind="cpu", lanes=1)


@pytest.mark.parametrize(
    ("turned", "is_taken"), [(0.8, True), pytest.param(0.95, False, marks=pytest.mark.long)]
)
def test_the_layout_that_is_faster(
    turned: float, is_taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What trains faster here by more than noise is in every recipe of the file."""

    def clock(beginning: Beginning) -> Pace:
        epoch = turned if beginning.start.recipe.channels_last else 1.0
        return Pace(epoch=epoch, look=0, birth=0, weights=1)

    monkeypatch.setattr(at_work, "start_pace", clock)
    found, _ = fit_starter(open_archive(tmp_path), starter("digits", None, None), MACHINE, hours=1)
    assert found.channels_last is is_taken
    assert found.text().count("channels_last: true") == (3 if is_taken else 0)
