"""The steps as pods call them: ids come as arguments, addresses and credentials from the environment.

NASFLOW_STORE names the store, NASFLOW_MLFLOW_TRACKING_URI MLflow (or nothing), NASFLOW_KFP_HOST Kubeflow
(or nothing: then somebody outside submits the next run). An error is one line, and a record in the store,
because Kubeflow's API shows neither.
"""

import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from nasflow.base.credentials import masked
from nasflow.base.ending import stop_on_sigterm
from nasflow.base.errors import InvalidSpec, KubeflowUnavailable, NasflowError, StoreUnavailable
from nasflow.base.patience import REAL_TIME, Clock, patiently
from nasflow.base.settings import KFP_HOST, STORE
from nasflow.base.terminal import say
from nasflow.kubeflow import Kubeflow
from nasflow.search.cluster import Trouble
from nasflow.search.record import RoundRecord
from nasflow.steps.archive import Archive
from nasflow.steps.keys import trouble_key, troubles_prefix
from nasflow.steps.ledger import read_config
from nasflow.steps.show import (
    Log,
    Telling,
    birth_text,
    claim_task,
    roles_of,
    show_child,
    show_in_mlflow,
    show_search,
    show_test,
)
from nasflow.steps.table import Step
from nasflow.tracking import choose_server

_Found = TypeVar("_Found")

_LOOK_SECONDS = 30.0
"""Between two looks whether a search is over."""

_PATIENCE = 900.0
"""Seconds for which Kubeflow may be away. A stock install gives a task that ends with an error no second
attempt, and with the last one ends the chain of runs."""


class Pod:
    """What a pod can do: a method for each step of the table, named as its component's folder."""

    def __init__(self, search: str = "", child: str = "") -> None:
        self._search, self._child = search, child

    def propose(self) -> list[str]:
        """Ids of the children that the next round trains; none when the budget is spent."""
        from nasflow.steps.turn import children_to_train

        with self._doing(Step.PROPOSE) as archive:
            children = list(children_to_train(archive, self._search))
            named = roles_of(archive, self._search) if children else {}
            told = (f"{named.get(child, 'child')} ({child})" for child in children)
            print(f"nasflow: to be trained: {', '.join(told) or 'nothing'}")
            return children

    def warm_start(self) -> None:
        """Build a child from its parent's weights and check it against the parent."""
        from nasflow.steps.child import warm_start

        with self._doing(Step.WARM_START) as archive:
            print(f"nasflow: child {self._child}: {birth_text(warm_start(archive, self._child))}")

    def train(self) -> None:
        """Train a child from its birth, or from its last checkpoint."""
        from nasflow.steps.child import train
        from nasflow.steps.turn import rung_of

        with self._doing(Step.TRAIN) as archive:
            claim_task(self._search, self._child)
            train(archive, self._child, until=rung_of(archive, self._search, self._child))

    def evaluate(self, log: Log, drawing: str) -> None:
        """Judge a child by the held-out images; show its figures, and its network in the file `drawing`."""
        from nasflow.steps.child import evaluate
        from nasflow.steps.turn import rung_of

        with self._doing(Step.EVALUATE) as archive:
            until = rung_of(archive, self._search, self._child)
            self._show(archive, evaluate(archive, self._child, until), log, drawing)

    def child(self, log: Log, drawing: str) -> None:
        """Warm-start, train and evaluate in one process; show what `evaluate` shows."""
        self._run_child(Step.CHILD, log, drawing)

    def retrain(self, log: Log, drawing: str) -> None:
        """As `child`, for a network at full size."""
        self._run_child(Step.RETRAIN, log, drawing)

    def work(self, worker: int) -> None:
        """Do whatever is next, beside other workers, until the rounds are over; worker 1 shows the search in
        MLflow as it goes.
        """
        from nasflow.steps.succession import find_cluster, hopeless_after
        from nasflow.steps.work import tasks_of_rounds, work

        with self._doing(Step.WORK) as archive:
            # Who runs the components by himself has handed the search to nobody.
            cluster = find_cluster(archive, self._search)
            patience, lanes = (hopeless_after(cluster), cluster.lanes) if cluster else (None, 1)
            work(
                archive,
                self._search,
                lambda: tasks_of_rounds(archive, self._search, patience),
                Telling(archive, self._search, in_mlflow=worker == 1),
                lanes,
            )

    def update(self, links: str) -> None:
        """Teach the controller by the round that has been trained; bring MLflow up to it.

        The file `links` gets Markdown with the search's pages in MLflow.
        """
        from nasflow.steps.turn import learn_from_round

        with self._doing(Step.UPDATE) as archive:
            learned = learn_from_round(archive, self._search)
            print(f"nasflow: {learned.metrics if learned else 'no round to learn from yet'}")
            Path(links).write_text(show_in_mlflow(archive, self._search), encoding="utf-8")

    def advance(self, number: int) -> None:
        """Submit the run after run `number`, unless the search is over, stopped or stuck; then show it."""
        with self._doing(Step.ADVANCE) as archive:
            outlasting_kubeflow(lambda: _follow(archive, self._search, number))
            show_search(archive, self._search)

    def select(self) -> list[str]:
        """Ids of the full-size networks to be trained: those of the shortlist, or the chosen one and its
        controls.
        """
        from nasflow.steps.turn import finalists_to_train

        with self._doing(Step.SELECT) as archive:
            return list(finalists_to_train(archive, self._search))

    def evaluate_on_test(self, log: Log) -> None:
        """The one look at the test images."""
        from nasflow.steps.turn import run_test_if_due

        with self._doing(Step.EVALUATE_ON_TEST) as archive:
            if record := run_test_if_due(archive, self._search):
                show_test(record, log)

    def register_and_report(self, page: str, links: str) -> None:
        """Register the winner in MLflow; write the report into the store and into the file `page`.

        The file `links` gets Markdown with the search's pages in MLflow.
        """
        from nasflow.steps.execute import tasks_of
        from nasflow.steps.publish import write_report

        search = self._search
        with self._doing(Step.REGISTER_AND_REPORT) as archive:
            if tasks_of(archive, search):
                raise InvalidSpec(
                    f"search {search!r} is not finished: {archive.command('resume', search)} goes on with it"
                )
            Path(links).write_text(show_in_mlflow(archive, search), encoding="utf-8")
            Path(page).write_text(write_report(archive, search), encoding="utf-8")

    def search(self) -> None:
        """Hand a search to Kubeflow, unless somebody has, and wait until it is over."""
        from nasflow.steps.succession import is_over, take_up

        search = self._search
        with self._doing(Step.SEARCH) as archive:
            if not KFP_HOST.is_set:
                raise InvalidSpec(f"{KFP_HOST} is not set: the chart's ConfigMap gives it to each pod")
            outlasting_kubeflow(lambda: take_up(archive, search, _kubeflow(archive, search)))
            # Asked for each time: tokens run out long before a search does.
            while not outlasting_kubeflow(lambda: is_over(archive, search, _kubeflow(archive, search))):
                time.sleep(_LOOK_SECONDS)

    def compare(self, comparison: str, tables: str, curves: str) -> None:
        """Write what the searches of a comparison have come to into the files `tables` and `curves`."""
        from nasflow.steps.compare import tell_comparison

        with self._doing(Step.COMPARE) as archive:
            told, drawn = tell_comparison(archive, comparison)
            print(told)
            Path(tables).write_text(told, encoding="utf-8")
            Path(curves).write_text(f"<!doctype html><meta charset=utf-8>{drawn}", encoding="utf-8")

    def _run_child(self, step: Step, log: Log, drawing: str) -> None:
        from nasflow.steps.child import run_child
        from nasflow.steps.turn import rung_of

        with self._doing(step) as archive:
            claim_task(self._search, self._child)
            until = rung_of(archive, self._search, self._child)
            self._show(archive, run_child(archive, self._child, until=until), log, drawing)

    def _show(self, archive: Archive, record: RoundRecord, log: Log, drawing: str) -> None:
        role = roles_of(archive, self._search).get(record.child, "child")
        show_child(record, role, read_config(archive, self._search).objective.measure, log, drawing)

    @contextmanager
    def _doing(self, step: Step) -> Iterator[Archive]:
        """The store's documents; an error inside is written down there before the pod ends with it."""
        given = [self._child] if "child" in step.arguments else []
        stop_on_sigterm()
        print("nasflow:", step.title, *filter(None, (self._search, *given)), flush=True)
        archive = None
        choose_server()
        try:
            archive = _open()
            yield archive
        except Exception as error:
            # A store that was waited for in vain would only be waited for again.
            if archive and self._search and not isinstance(error, StoreUnavailable):
                self._write_trouble(archive, step, error)
            if not isinstance(error, NasflowError):
                raise
            say(f"error: {error}")
            sys.exit(error.exit_code)

    def _write_trouble(self, archive: Archive, step: Step, error: Exception) -> None:
        """Best effort: what went wrong may be the store itself."""
        trouble = Trouble(
            step=step.title,
            child=self._child or None,
            pod=platform.node(),
            reason=masked(" ".join(f"{type(error).__name__}: {error}".split())[:2000]),
            run=_newest_run(archive, self._search),
        )
        try:
            number = len(archive.store.list(troubles_prefix(self._search))) + 1
            while not archive.store.create(trouble_key(self._search, number), trouble.to_bytes()):
                number += 1
        except NasflowError as refusal:
            say(f"warning: this error is not in the store ({refusal})")


def _open() -> Archive:
    from nasflow.store import open_store

    url = STORE.get()
    if url is None:
        raise InvalidSpec(f"{STORE} is not set: the chart's ConfigMap gives it to each pod")
    return Archive(open_store(url, proven=True))


def _newest_run(archive: Archive, search: str) -> int | None:
    """Its number; None too where that cannot be read: it is not to cost the record of an error."""
    from nasflow.steps.succession import last_run

    with suppress(NasflowError):
        run = last_run(archive, search)
        return run.number if run else None
    return None


def outlasting_kubeflow(act: Callable[[], _Found], clock: Clock = REAL_TIME) -> _Found:
    """What `act` returns, once Kubeflow is back if it is away; the store is patient by itself."""
    return patiently(act, lambda error: isinstance(error, KubeflowUnavailable), _PATIENCE, _tell, clock)


def _tell(error: Exception) -> None:
    say(f"warning: {error}; it is waited for, {_PATIENCE:g} seconds at most")


def _follow(archive: Archive, search: str, number: int) -> None:
    from nasflow.steps.succession import follow

    if not KFP_HOST.is_set:
        print(f"nasflow: no {KFP_HOST}: whoever started this run goes on")
        return
    run = follow(archive, search, _kubeflow(archive, search), after=number)
    print(f"nasflow: {f'run {run.number} ({run.pipeline}) follows' if run else 'no run follows'}")


def _kubeflow(archive: Archive, search: str) -> Kubeflow:
    """The Kubeflow that the environment names, as the search was submitted to it."""
    from nasflow.kubeflow.client import connect
    from nasflow.steps.succession import read_submission

    cluster = read_submission(archive, search)[0].cluster
    return connect(cluster.namespace, cluster.service_account)
