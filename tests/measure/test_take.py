from pathlib import Path

import pytest
import torch
from tests.measure.conftest import NewSubject
from tests.plugin import install_plugin

from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import plugged
from nasflow.measure import counted, take
from nasflow.search.measures import MEASURES, USUAL
from nasflow.training.evaluate import evaluate_network

PLUGIN = """
from nasflow.search.measures import Measure, Measured

BIASES = Measure("biases", "parameters", False, "counting:count", is_counted=True)

def count(spec):
    return Measured(value=spec.classes, unit="parameters")
"""


def test_all_measures(new_subject: NewSubject) -> None:
    """Each measure of the table can be taken, has the unit that the table says, and is a finite number."""
    taken = take(MEASURES, new_subject())
    assert taken.keys() == MEASURES.keys()
    for name, measured in taken.items():
        assert measured.unit == MEASURES[name].unit
        assert torch.tensor(measured.value).isfinite()


def test_held_out(new_subject: NewSubject) -> None:
    """Accuracy and loss are those of the held-out images, which are shown to the network once for both."""
    subject = new_subject()
    passes = []
    subject.network.register_forward_hook(lambda _module, inputs, _out: passes.append(len(inputs[0])))
    taken = take(("held_out_loss", "held_out_accuracy"), subject)
    assert passes == [30]
    data = subject.data
    expected = evaluate_network(subject.network, data.held_out, data.facts, device="cpu")
    assert taken["held_out_loss"].value == expected.loss
    assert taken["held_out_accuracy"].value == expected.accuracy


def test_training_loss(new_subject: NewSubject) -> None:
    """The loss of the last epoch; a child that was not trained has none."""
    assert take(["training_loss"], new_subject(epochs=3))["training_loss"].value == 10 / 3
    assert take(["training_loss", "parameters"], new_subject(epochs=0)).keys() == {"parameters"}


def test_what_the_spec_alone_tells(new_subject: NewSubject) -> None:
    """Of any names those that can be counted; the same figures as those that are taken."""
    subject = new_subject()
    figures = counted(subject.child.network, USUAL)
    assert {"parameters", "mult_adds"} <= figures.keys()
    assert figures.keys() == {name for name in USUAL if MEASURES[name].is_counted}
    assert figures == counted(subject.child.network) == take(figures, subject)
    assert counted(subject.child.network, ["latency", "held_out_loss"]) == {}
    assert "latency" not in USUAL


def test_no_such_measure(new_subject: NewSubject) -> None:
    """A name that nothing has is refused with those that are known."""
    subject = new_subject()
    with pytest.raises(InvalidSpec, match="no measure is called 'beauty': known are held_out_accuracy, "):
        take(["beauty"], subject)
    with pytest.raises(InvalidSpec, match="no measure is called 'beauty'"):
        counted(subject.child.network, ["beauty"])


def test_a_measure_of_somebody_else(
    new_subject: NewSubject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed package's measure is taken by its name like any other."""
    install_plugin(monkeypatch, tmp_path, "nasflow.measures", "biases", "counting:BIASES", counting=PLUGIN)
    try:
        assert take(["biases"], new_subject())["biases"].value == 10
        monkeypatch.setattr("counting.count", lambda spec: 10)
        with pytest.raises(InvalidSpec, match="'biases': counting:count gives 10: a Measured or"):
            take(["biases"], new_subject())
    finally:
        plugged.cache_clear()
