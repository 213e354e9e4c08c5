from pathlib import Path

import pytest
from scipy.stats import kendalltau
from tests.steps.samples import config, copy_of_finished, documents, open_archive, run_search

from nasflow.base.errors import InvalidSpec, NotFound
from nasflow.search.finalists import full_size
from nasflow.search.objective import Objective
from nasflow.search.record import TrainedRecord
from nasflow.spec.origin import Grown
from nasflow.steps.ledger import read_ledger
from nasflow.steps.leftovers import remove_leftovers
from nasflow.steps.records import read_record
from nasflow.studies.audit import audit, choose, ranks_agree, score_text


def test_the_worst_and_the_best_are_among_them(tmp_path: Path) -> None:
    """The children are spread over the ranks, from the worst to the best."""
    archive = open_archive(copy_of_finished(tmp_path))
    ledger = read_ledger(archive, "tiny")
    chosen = choose(ledger, 3)
    accuracies = [each.accuracy for each in ledger.children if isinstance(each, TrainedRecord)]
    assert [chosen[0].accuracy, chosen[-1].accuracy] == [min(accuracies), max(accuracies)]
    assert len({each.child for each in chosen}) == 3


def test_ranks_are_those_of_the_objective(tmp_path: Path) -> None:
    """A search for small networks is audited from the largest child to the smallest."""
    ledger = read_ledger(open_archive(copy_of_finished(tmp_path)), "tiny")
    small = ledger.config.model_copy(update={"objective": Objective(minimise="parameters")})
    chosen = choose(ledger.model_copy(update={"config": small}), 4)
    sizes = [each.parameters for each in chosen]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


def test_scores_for_people() -> None:
    """An accuracy is a percentage, a loss is a number that is negative, being better when it is less."""
    accuracy, loss = Objective(maximise="held_out_accuracy"), Objective(minimise="held_out_loss")
    assert score_text(accuracy, 0.93125) == "93.12 %"
    assert score_text(loss, -0.31234) == "-0.3123"
    assert score_text(loss, None) == "failed"


@pytest.mark.long
def test_how_a_training_went_is_held_against_what_it_foretells(tmp_path: Path) -> None:
    """A search by training losses is audited by the held-out loss of the trainings at full size."""
    store = copy_of_finished(tmp_path, objective="training_loss_sum")
    found, archive = audit(open_archive(store), "tiny", 3), open_archive(store)
    ledger = read_ledger(archive, "tiny")
    assert (found.objective, found.earnest) == (ledger.config.objective, Objective(minimise="held_out_loss"))
    for each in found.children:
        record = next(child for child in ledger.children if child.child == each.child)
        spec = full_size(ledger, record.parts)
        full = read_record(archive, spec.id)
        assert each.searched == -record.measures["training_loss_sum"].value
        assert each.full == -full.measures["held_out_loss"].value


def test_an_audit_is_kept(tmp_path: Path) -> None:
    """Each child is trained from scratch once: a second audit trains nothing, and says the same."""
    archive = open_archive(copy_of_finished(tmp_path))
    seen: list[tuple[int, float]] = []
    first = audit(archive, "tiny", 3, lambda number, share: seen.append((number, share)))
    before = documents(archive)
    assert {number for number, _ in seen} <= {0, 1, 2}
    assert audit(archive, "tiny", 3) == first
    assert documents(archive) == before
    assert all(each.full is not None for each in first.children)


def test_what_will_be_trained_on_is_trained_on(tmp_path: Path) -> None:
    """Where the finish goes on from a child's weights, so does the audit."""
    finish = {"inherit": True, "recipe": {"epochs": 1, "learning_rate": 0.05}, "controls": []}
    run_search(tmp_path, config(finish=finish, budget={"children": 3}))
    archive = open_archive(tmp_path)
    found = audit(archive, "tiny", 3)
    assert found.inherit
    ledger = read_ledger(archive, "tiny")
    for each, record in zip(found.children, choose(ledger, 3), strict=True):
        spec = full_size(ledger, record.parts, record.child)
        assert spec.origin == Grown(parent=record.child)
        full = read_record(archive, spec.id)
        assert isinstance(full, TrainedRecord)
        assert each.full == found.earnest.score(full.measures)


def test_weights_that_are_gone(tmp_path: Path) -> None:
    """Where they are needed, it is said before anything is trained, with whose they were."""
    finish = {"inherit": True, "recipe": {"epochs": 1, "learning_rate": 0.05}, "controls": []}
    run_search(tmp_path, config(finish=finish, budget={"children": 3}))
    remove_leftovers(open_archive(tmp_path), losers=True)
    before = documents(open_archive(tmp_path))
    with pytest.raises(NotFound, match=r"weights of child \w+ are gone"):
        audit(open_archive(tmp_path), "tiny", 3)
    assert documents(open_archive(tmp_path)) == before


def test_too_few_children(tmp_path: Path) -> None:
    """A search with fewer trained children than are asked for says how many it has."""
    archive = open_archive(tmp_path / "store")
    run_search(tmp_path / "store", config(budget={"children": 2}))
    with pytest.raises(InvalidSpec, match="has 2"):
        audit(archive, "tiny", 4)


def test_agreement() -> None:
    """Equal ranks give 1, opposite ones -1, a real case what scipy says with an interval round it."""
    pairs = [(number / 10, number / 5) for number in range(8)]
    assert ranks_agree(pairs)[0] == pytest.approx(1)
    assert ranks_agree(pairs)[1] == pytest.approx((1, 1))
    assert ranks_agree([(one, -two) for one, two in pairs])[0] == pytest.approx(-1)
    mixed = list(zip((0.1, 0.2, 0.3, 0.4, 0.5, 0.6), (0.3, 0.1, 0.2, 0.6, 0.5, 0.4), strict=True))
    expected = kendalltau(*zip(*mixed, strict=True)).statistic
    tau, interval = ranks_agree(mixed)
    assert tau == pytest.approx(expected)
    assert interval
    assert interval[0] < expected < interval[1]


def test_nothing_to_rank() -> None:
    """Where all are equal, or two are left, there is no tau."""
    assert ranks_agree([(0.5, 0.1), (0.5, 0.2), (0.5, 0.3)]) == (None, None)
    assert ranks_agree([(0.1, 0.1), (0.2, 0.2)]) == (None, None)
