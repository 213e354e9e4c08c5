import pytest
from tests.controllers.samples import SMALL_POLICY
from tests.search.spaces.samples import TINY

from nasflow.search.controller import ControllerSpec, EvolutionController, RandomController
from nasflow.studies.rehearsal import ARMS, rehearse, sum_up
from nasflow.studies.rehearsal.result import has_collapsed
from nasflow.studies.rehearsal.rewards import hash_reward
from nasflow.studies.rehearsal.run import Trial

SPECS: list[ControllerSpec] = [SMALL_POLICY, RandomController(), EvolutionController(population=10)]


@pytest.mark.parametrize("spec", SPECS)
def test_the_same_seed_is_the_same_rehearsal(spec: ControllerSpec) -> None:
    """A rehearsal is a function of its seed."""
    first, again, other = (rehearse(spec, hash_reward, seed, 30) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(first.rewards) == 30


def test_a_small_space_ends() -> None:
    """Where the cells run out, a rehearsal ends with all of them, each once."""
    trial = rehearse(RandomController(), hash_reward, 0, 100, space=TINY)
    assert len(trial.rewards) == 26  # and the start cell


@pytest.mark.long
def test_learning_beats_chance() -> None:
    """On the hash reward, which grows with the tree, evolution ends above random search."""
    evolved, random = (
        sum_up([rehearse(ARMS[name], hash_reward, seed, 200) for seed in range(3)])
        for name in ("evolution", "random")
    )
    assert evolved.rolling50_mean > random.rolling50_mean + 0.03
    assert evolved.collapsed == 0


def test_collapse_is_seen() -> None:
    """A controller most of whose last cells took more than 20 draws has collapsed; one stray is none."""
    assert has_collapsed(Trial((0.5,) * 100, (1,) * 50 + (21,) * 26 + (1,) * 24))
    assert not has_collapsed(Trial((0.5,) * 100, (21,) * 50 + (21,) * 10 + (1,) * 40))


def test_figures() -> None:
    """The mean is over the seeds' last 50 rewards, its interval Student's; one seed has no interval."""
    trials = [Trial((0.0,) * 50 + (value,) * 50, (1,) * 100) for value in (0.4, 0.6)]
    result = sum_up(trials)
    assert result.rolling50_mean == pytest.approx(0.5)
    assert result.interval == pytest.approx((0.5 - 1.2706, 0.5 + 1.2706), abs=1e-3)
    assert result.best == 0.6
    assert sum_up(trials[:1]).interval is None
