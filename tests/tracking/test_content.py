"""What is shown, without any MLflow."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasflow.search.controls import Control, Finalist
from nasflow.search.ledger import LedgerFinal
from nasflow.search.record import FailedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.spec.hosts import Chain
from nasflow.spec.origin import Grown
from nasflow.spec.parts import CellPart, Parts, Width
from nasflow.tracking.children import child_content, children
from nasflow.tracking.search import identity, search_content

if TYPE_CHECKING:
    from nasflow.search.ledger import Ledger
    from nasflow.tracking.content import RunContent

    from .searches import Searches

OLD_STORE = Path(__file__).parents[1] / "golden" / "store"


def contents(ledger: "Ledger") -> "list[RunContent]":
    """The runs of all networks."""
    return [child_content(shown, ledger, "<svg/>") for shown in children(ledger)]


def family_of(searches: "Searches", **changes: Any) -> "Ledger":
    """A search in which the first child of round 2 has grown from the first of round 1."""
    ledger = searches.running("demo", 2)
    first, second = ledger.rounds
    episodes = list(second.proposal.episodes)
    episodes[0] = episodes[0].model_copy(update={"parent": first.proposal.children[0]})
    proposal = second.proposal.model_copy(update={"episodes": tuple(episodes)})
    rounds = first, second.model_copy(update={"proposal": proposal})
    config = searches.config("demo", parents="found", **changes)
    return ledger.model_copy(update={"config": config, "rounds": rounds})


def test_a_child_has_its_parent_and_generation(searches: "Searches") -> None:
    """Whose weights it inherits is a tag, how many generations it is from the start a param."""
    ledger = family_of(searches)
    start, *_, grown, _, _ = contents(ledger)
    assert "nasflow.parent" not in start.tags
    assert start.params["generation"] == "0"
    assert grown.tags["nasflow.parent"] == ledger.rounds[0].proposal.children[0]
    assert grown.params["generation"] == "2"


def test_a_final_network_inherits_where_it_is_said(searches: "Searches") -> None:
    """At full size it has a parent only if the finish trains on."""
    ledger = searches.finished("demo")
    assert "nasflow.parent" not in contents(ledger)[-1].tags
    (final,) = ledger.finals
    spec = final.spec.model_copy(update={"origin": Grown(parent="the chosen one")})
    going_on = ledger.model_copy(update={"finals": (final.model_copy(update={"spec": spec}),)})
    assert contents(going_on)[-1].tags["nasflow.parent"] == "the chosen one"


def test_controls_are_shown(searches: "Searches") -> None:
    """Each control at full size is a run with its own host; further trainings have their seed in the name."""
    ledger = searches.finished("demo")
    (final,) = ledger.finals
    wide = final.spec.network.model_copy(update={"host": final.spec.network.host.wider(1)})
    spec = final.spec.model_copy(update={"network": wide})
    assert final.record
    record = final.record.model_copy(update={"child": spec.id})
    controls = tuple(
        LedgerFinal(
            finalist=Finalist(control=Control.PARAMETERS, seed=seed, child=spec.id), spec=spec, record=record
        )
        for seed in (ledger.config.seed, 9)
    )
    found, shown = contents(ledger.model_copy(update={"finals": (final, controls[0])}))[-2:]
    assert (shown.name, shown.tags["nasflow.role"]) == ("control-parameters", "control")
    assert shown.params["growth"] != found.params["growth"]
    again = contents(ledger.model_copy(update={"finals": (final, controls[1])}))[-1]
    assert again.name == "control-parameters-9"


def test_rounds_are_told_by_the_objective(searches: "Searches") -> None:
    """Best and means are of the objective's measure, and what breaks a limit is no best."""
    given = family_of(searches, objective="latency")
    shown = {(each.key, each.step): each.value for each in search_content(given).values}
    assert shown["best_latency", 2] == shown["mean_latency_controller", 1] == 0.004
    assert not {key for key, _ in shown if "accuracy" in key}
    within = search_content(family_of(searches, limits={"latency": "3ms"}))
    assert "best_accuracy" not in {each.key for each in within.values}
    assert within.params["limit_latency"] == "0.003"
    assert within.params["objective"] == "held_out_accuracy"


def test_a_failed_child_has_what_can_be_counted(searches: "Searches") -> None:
    """Its run fails with the reason, and shows its size."""
    failed = contents(searches.running("demo"))[3]
    assert failed.status == "FAILED"
    assert failed.tags["nasflow.failure"] == "loss is NaN in epoch 1"
    assert {each.key for each in failed.values} == {"parameters", "mult_adds"}


def test_parts_that_are_no_cell(searches: "Searches") -> None:
    """Nothing is said of a cell where there is none; files are called by what they hold."""
    ledger = searches.running("demo", 1)
    # Copied, not checked: the spaces of nasflow's own change cells.
    config = ledger.config.model_copy(update={"host": Chain(widths=(8, 8))})
    parts = Parts(own={"layers.1.weight": Width(channels=5)})
    record = FailedRecord(child="0" * 16, parts=parts, measures=searches.measures(None), failure="it broke")
    each = ledger.rounds[0].model_copy(update={"records": (record, *ledger.rounds[0].records[1:])})
    content = contents(ledger.model_copy(update={"config": config, "rounds": (each,)}))[1]
    assert set(content.files) == {"parts.json", "parts.txt", "parts.svg"}
    assert Parts.model_validate(json.loads(content.files["parts.json"])) == parts
    assert content.params["places"] == "1"
    assert "depth" not in content.params


def test_cells_of_places_are_parts(searches: "Searches") -> None:
    """A network whose places differ is told place by place too."""
    ledger = searches.running("demo", 1)
    own = ledger.rounds[0].records[0]
    assert own
    parts = Parts(own={"stages.0.cell": CellPart(tree=own.parts.cell)})
    each = ledger.rounds[0].model_copy(
        update={"records": (own.model_copy(update={"parts": parts}), *ledger.rounds[0].records[1:])}
    )
    content = contents(ledger.model_copy(update={"rounds": (each,)}))[1]
    assert content.files["parts.txt"] == f"{parts}\n"
    assert content.tags["mlflow.note.content"] == f"`stages.0.cell: {own.parts.cell}`"


def test_an_older_search_stays_the_one_that_is_shown() -> None:
    """Its identity is what the version that began it made of its configuration."""
    for name in ("old", "open", "moved"):
        text = (OLD_STORE / "searches" / name / "config.json").read_text()
        data = json.loads(text)
        del data["budget"], data["data"]["path"]
        old = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        config = ResolvedConfig.from_json(text, name)
        assert identity(config) == hashlib.sha256(old.encode()).hexdigest()
        again = config.model_copy(update={"budget": config.budget})
        assert identity(again) == identity(config) != hashlib.sha256(config.identity().encode()).hexdigest()
