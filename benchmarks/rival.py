"""Optuna in a space of nasflow's: what a user would pick instead.

Each question is a categorical parameter, each epoch's held-out accuracy is reported, and the pruner decides
whether the training goes on. A network that was seen before costs nothing; one that was pruned before goes on
from where it stood. Trials are in Optuna's own storage, trainings in nasflow's store, and nothing random is
carried over from one trial to the next: a killed study goes on as if it had not been.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from benchmarks.clock import CpuClock
from benchmarks.contest import Campaign, Seen
from nasflow.base.errors import InvalidSpec
from nasflow.base.seeds import derive
from nasflow.search.judge import Judge
from nasflow.search.objective import Objective
from nasflow.search.record import Checkpoint, Epoch, FailedRecord, TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.spaces import Question, Space, Walk
from nasflow.search.start import BroughtStart
from nasflow.spec.child import ChildSpec
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Scratch
from nasflow.spec.recipe import Recipe
from nasflow.steps.archive import Archive
from nasflow.steps.child import run_child
from nasflow.steps.keys import checkpoint_key, spec_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.records import find_record, read_record

PRUNERS = ("hyperband", "median")

_CHILD, _SECONDS, _TRAINED = "child", "cpu_seconds", "trained_epochs"
"""What a trial is told to remember."""

_JUDGE = Judge(Objective(maximise="held_out_accuracy"), {})

MOST_REPEATS = 200
"""Trials in a row without any training after which the space counts as exhausted."""


def parameter_name(question: Question) -> str:
    """By its place in the tree, so that what one trial teaches is known in the next.

    Optuna's parameters have the same choices in each trial: where some are not legal it is another one.
    """
    name = f"{question.head} {question.about}"
    return name if all(question.legal) else f"{name} of {question.options}"


def suggested(trial: Trial, space: Space, start: NetworkSpec) -> NetworkSpec:
    """The network that a trial's answers make."""
    walk = Walk(space, start)
    while walk.question:
        name, options = parameter_name(walk.question), walk.question.options
        walk.answer(trial.suggest_categorical(name, options))
    return walk.network.canonical()


class Repeatable(BaseSampler):
    """TPE with the settings that Optuna itself gives to it.

    What it draws follows from seed, trial and parameter alone: a trial that was killed between two questions
    is answered on as it would have been.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def _drawing(self, trial: FrozenTrial, name: str) -> TPESampler:
        return TPESampler(seed=derive(self._seed, "tpe", trial.number, name) % 2**32)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """See BaseSampler."""
        return self._drawing(trial, "").infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """See BaseSampler: the parameters that every trial has."""
        return self._drawing(trial, "").sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """See BaseSampler: any other parameter."""
        sampler = self._drawing(trial, param_name)
        return sampler.sample_independent(study, trial, param_name, param_distribution)


class Rival:
    """One Optuna study in the place of a search, with its images, start cell, host and seed."""

    def __init__(self, archive: Archive, search: str, pruner: str, folder: Path) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._archive = archive
        self._ledger = read_ledger(archive, search)
        self._recipe = _recipe(self._ledger.config)
        name = f"{search}-{pruner}"
        self._study = optuna.create_study(
            storage=f"sqlite:///{(folder / name).absolute()}.sqlite3",
            study_name=name,
            direction="maximize",
            sampler=Repeatable(self._ledger.config.seed),
            pruner=_pruner(pruner, self._recipe.epochs),
            load_if_exists=True,
        )
        self._clock = CpuClock(folder / f"{name}.clock")

    def run(self, seconds: float) -> None:
        """Go on until the budget is spent; a trial that it ends in stays open."""
        idle = 0
        while self._clock.total < seconds and idle < MOST_REPEATS:
            idle = 0 if self._go_on(self._next_trial(), seconds) else idle + 1

    def campaign(self) -> Campaign:
        """What it has seen."""
        done = [trial for trial in self.trials if trial.state is TrialState.COMPLETE]
        return Campaign(judge=_JUDGE, seen=tuple(map(self._seen, done)), networks=_told(self.trials))

    @property
    def trials(self) -> list[FrozenTrial]:
        """As they are written down."""
        return self._study.get_trials(deepcopy=False)

    def _next_trial(self) -> Trial:
        """The one that a kill or the budget has left open, or a new one."""
        left = [trial for trial in self.trials if trial.state is TrialState.RUNNING]
        # No public name leads from a trial that is written down to one that goes on.
        return Trial(self._study, left[0]._trial_id) if left else self._study.ask()

    def _go_on(self, trial: Trial, seconds: float) -> int:
        """Train until it is pruned, complete, failed or out of time; how many epochs that took."""
        child, trained = self._child(trial), 0
        trial.set_user_attr(_CHILD, child)
        for epoch in range(1, self._recipe.epochs + 1):
            if self._clock.total >= seconds:
                break
            trained += len(_history(self._archive, child)) < epoch
            accuracy = self._accuracy(child, epoch)
            self._clock.mark(child)
            state = self._state(trial, epoch, accuracy)
            if state.is_finished():
                trial.set_user_attr(_SECONDS, self._clock.total)
                trial.set_user_attr(_TRAINED, trained)
                value = accuracy if state is TrialState.COMPLETE else None
                self._study.tell(trial, value, state)
                break
        return trained

    def _state(self, trial: Trial, epoch: int, accuracy: float | None) -> TrialState:
        """What becomes of a trial after an epoch, which is reported unless that was done before a kill."""
        if accuracy is None:
            return TrialState.FAIL
        if epoch == self._recipe.epochs:
            return TrialState.COMPLETE
        if epoch not in self.trials[trial.number].intermediate_values:
            trial.report(accuracy, epoch)
        return TrialState.PRUNED if trial.should_prune() else TrialState.RUNNING

    def _child(self, trial: Trial) -> str:
        """What a trial trains: from scratch, as the start network is trained."""
        network = suggested(trial, self._ledger.config.space, self._ledger.start_spec.network)
        spec: ChildSpec = self._ledger.child(network, Scratch(), self._recipe)
        return self._archive.create(spec_key(spec.id), spec).id

    def _accuracy(self, child: str, epoch: int) -> float | None:
        """On the held-out images after an epoch, which is trained unless it is known; None: it failed."""
        until = None if epoch == self._recipe.epochs else epoch
        record = run_child(self._archive, child, until=until)
        if isinstance(record, FailedRecord):
            return None
        return record.measures["held_out_accuracy"].value

    def _seen(self, trial: FrozenTrial) -> Seen:
        record = read_record(self._archive, trial.user_attrs[_CHILD])
        assert isinstance(record, TrainedRecord)
        return Seen(trial.user_attrs[_SECONDS], record)


def _recipe(config: ResolvedConfig) -> Recipe:
    """What trains a network from scratch; raise InvalidSpec for what Optuna is not asked here."""
    if isinstance(config.start, BroughtStart):
        raise InvalidSpec("start: Optuna trains from scratch, so the start network is to be trained too")
    if config.objective.costs or config.limits:
        raise InvalidSpec("Optuna is asked for the highest held-out accuracy, without costs and limits")
    return config.start


def _pruner(name: str, epochs: int) -> BasePruner:
    return HyperbandPruner(max_resource=epochs) if name == "hyperband" else MedianPruner()


def _history(archive: Archive, child: str) -> tuple[Epoch, ...]:
    """The epochs that are kept of a training, done or not."""
    record = find_record(archive, child)
    if record:
        return record.history
    checkpoint, _ = archive.find_changing(checkpoint_key(child), Checkpoint)
    return checkpoint.history if checkpoint else ()


def _told(trials: Sequence[FrozenTrial]) -> str:
    """What became of the trials, in words."""
    states = Counter(trial.state for trial in trials)
    repeated = sum(trial.user_attrs.get(_TRAINED) == 0 for trial in trials)
    return (
        f"{len(trials)} trials: {states[TrialState.COMPLETE]} complete, {states[TrialState.PRUNED]} pruned, "
        f"{states[TrialState.FAIL]} failed; {repeated} trained nothing new"
    )
