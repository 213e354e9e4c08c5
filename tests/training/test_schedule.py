import pytest

from nasflow.spec.recipe import Recipe
from nasflow.training.schedule import drop_path, gate_opening, learning_rate


def test_the_cosine_goes_from_the_learning_rate_to_zero() -> None:
    """The learning rate starts as written, is halved in the middle, and ends at 0."""
    rates = [learning_rate(Recipe(learning_rate=0.4), step, 10) for step in range(11)]
    assert rates[0] == 0.4
    assert rates[5] == pytest.approx(0.2)
    assert rates[10] == pytest.approx(0)
    assert rates == sorted(rates, reverse=True)


def test_gates_open_over_their_share_of_all_steps() -> None:
    """With 20 epochs of 100 steps and a share of 0.02, gates are half open at step 20 and open at 40."""
    recipe = Recipe(epochs=20, gate_share=0.02)
    assert [gate_opening(recipe, step, 100) for step in (0, 20, 40, 99)] == [0, 0.5, 1, 1]


@pytest.mark.parametrize("batches", [1, 2, 7])
def test_gates_are_open_within_the_first_epoch(batches: int) -> None:
    """However long they may take, the last step of the first epoch is done with open gates."""
    recipe = Recipe(epochs=50, gate_share=1.0)
    assert gate_opening(recipe, batches - 1, batches) == 1


def test_paths_are_dropped_more_and_more() -> None:
    """The probability grows evenly from 0 to what the recipe says."""
    assert [drop_path(Recipe(drop_path=0.2), step, 10) for step in (0, 5, 10)] == [0, 0.1, 0.2]
