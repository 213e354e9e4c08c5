"""Small configurations, records and ledgers, made by hand."""

from collections.abc import Sequence
from typing import Any

from nasflow.search.config import SearchConfig
from nasflow.search.controls import Finalist, OnTest
from nasflow.search.finalists import finals
from nasflow.search.ledger import Ledger, LedgerFinal, LedgerRound
from nasflow.search.measures import MEASURES, Measured
from nasflow.search.record import AnyRecord, Attempt, Epoch, FailedRecord, TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import Arm, ControllerUpdate, Episode, FinishRecord, Proposal, SearchStop
from nasflow.search.schedule import decide
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Scratch
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe

HOST = {"growth": 12, "blocks": 1}


def smallest() -> dict[str, Any]:
    """The smallest configuration of a search, as YAML or JSON would give it."""
    return {
        "name": "small",
        "data": {"name": "digits", "held_out": 300, "path": "/data"},
        "host": dict(HOST),
        "start": {"epochs": 2},
        "controller": {"kind": "path"},
        "objective": "held_out_accuracy",
        "budget": {"children": 20},
        "finish": {"host": dict(HOST), "recipe": {"epochs": 5}},
    }


def asked(**changes: Any) -> SearchConfig:
    """The smallest search with other values."""
    return SearchConfig.from_data(smallest() | changes, "here")


def resolved(**changes: Any) -> ResolvedConfig:
    """The same once its start network is known."""
    return ResolvedConfig.of(asked(**changes))


def start_spec(config: ResolvedConfig) -> ChildSpec:
    """The start network of a search on the digits."""
    facts = DataFacts(
        spec=config.data,
        fingerprint="f" * 64,
        channels=1,
        size=8,
        classes=10,
        train_images=1000,
        held_out_images=300,
        mean=(0.3,),
        std=(0.4,),
    )
    network = NetworkSpec(host=config.host, parts=config.start_parts, channels=1, size=8, classes=10)
    recipe = config.start if isinstance(config.start, Recipe) else config.child
    return ChildSpec(network=network, origin=Scratch(), data=facts, recipe=recipe, seed=config.seed)


def measured(**values: float) -> dict[str, Measured]:
    """Figures by name, with their units."""
    return {name: Measured(value=value, unit=MEASURES[name].unit) for name, value in values.items()}


def trained(child: str, accuracy: float = 0.5, epochs: int = 0, **known: Any) -> TrainedRecord:
    """A trained child: its weights are `weights of CHILD`, its figures those that are named here.

    Besides figures (`parameters=3`) `known` may give `parts`, as text.
    """
    parts = Parts.model_validate(known.pop("parts", "( 3x3G )"))
    figures = {"parameters": 1, "mult_adds": 1, "held_out_accuracy": accuracy} | known
    epoch = {"train_loss": 1.0, "train_accuracy": 0.5, "held_out_loss": 1.0, "held_out_accuracy": accuracy}
    return TrainedRecord(
        child=child,
        parts=parts,
        measures=measured(**figures),
        weights=f"weights of {child}",
        history=tuple(Epoch(epoch=number + 1, learning_rate=0.1, **epoch) for number in range(epochs)),
    )


def failed(child: str, failure: str | None = None) -> FailedRecord:
    """A child that failed."""
    return FailedRecord(
        child=child,
        parts=Parts(),
        measures=measured(parameters=1, mult_adds=1),
        failure=failure or f"loss is nan in child {child}",
    )


def proposal(number: int, *children: str, **known: Any) -> Proposal:
    """A round that proposed `children`, each with what is `known` of all their episodes."""
    episode = Episode(**({"arm": Arm.RANDOM, "decisions": (), "tries": 1, "parts": Parts()} | known))
    return Proposal(
        round=number, controller=None, seed=0, episodes=(episode,) * len(children), children=children
    )


def ledger_round(
    number: int, *records: AnyRecord, missing: Sequence[str] = (), state: str | None = None, **known: Any
) -> LedgerRound:
    """A round with these records, its controller's `state` learned; open if children are missing."""
    children = (*(record.child for record in records), *missing)
    update = ControllerUpdate(round=number, controller=state, metrics={})
    return LedgerRound(
        proposal=proposal(number, *children, **known),
        records=(*records, *(None for _ in missing)),
        update=None if missing else update,
    )


def round_of(number: int, *accuracies: float | None, **known: Any) -> LedgerRound:
    """A complete round with a child an accuracy; None: it failed."""
    children = [(str(10 * number + index), accuracy) for index, accuracy in enumerate(accuracies)]
    records = [failed(name) if each is None else trained(name, each) for name, each in children]
    return ledger_round(number, *records, **known)


def attempt(seconds: float, device: str = "cpu", child: str = "0", number: int = 1, **known: Any) -> Attempt:
    """Work on some child, killed as far as is known."""
    given = {"kept_seconds": 0.0, "outcome": None} | known
    return Attempt(child=child, number=number, device=device, seconds=seconds, **given)


def ledger(*rounds: LedgerRound, known: dict[str, Any] | None = None, **changes: Any) -> Ledger:
    """A search after these rounds, its start network trained, and what else is `known`; or other settings."""
    config = resolved(**changes)
    spec = start_spec(config)
    given = {"start": trained(spec.id, 0.4)} | (known or {})
    return Ledger(config=config, start_spec=spec, rounds=tuple(rounds), **given)


def four(*rounds: LedgerRound, **known: Any) -> Ledger:
    """A search for four children, after these rounds, with other fields of its ledger or settings."""
    changes = {name: known.pop(name) for name in list(known) if name not in Ledger.model_fields}
    return ledger(*rounds, known=known, **({"budget": {"children": 4}} | changes))


def concluded(**changes: Any) -> Ledger:
    """A search after its one round, in which `b` won, with the reason why it was the last, and its end."""
    parts = "( 3x3G -> ( max3 ) )"
    rounds = ledger_round(1, trained("a", 0.5), trained("b", 0.6, parts=parts))
    finish = {"host": dict(HOST), "recipe": {"epochs": 5}, "controls": ["start"]}
    settings: dict[str, Any] = {"budget": {"rounds": 1}, "finish": finish}
    state = ledger(rounds, **(settings | changes))
    return at_its_end(state, decide(state))


def at_its_end(state: Ledger, stop: SearchStop | None) -> Ledger:
    """The search that has stopped, with its networks at full size, which are not trained; none is widened."""
    ended = state.model_copy(update={"stop": stop})
    wanted = finals(ended, lambda network, measure, like: None)
    known = tuple(LedgerFinal(finalist=each, spec=spec, record=None) for each, spec in wanted.specs.items())
    return ended.model_copy(update={"finals": known})


def with_finals(state: Ledger, *records: AnyRecord | None) -> Ledger:
    """The same with records of the networks at full size."""
    pairs = zip(state.finals, records, strict=True)
    known = tuple(each.model_copy(update={"record": record}) for each, record in pairs)
    return state.model_copy(update={"finals": known})


def finished(child: str = "b", right: int = 5) -> FinishRecord:
    """The look at nine test images, with the found network alone."""
    tested = OnTest(finalist=Finalist(seed=0, child="f"), right=right)
    return FinishRecord(child=child, held_out_accuracy=0.5, test_images=9, tested=(tested,))
