"""The steps as pods call them: ids come as arguments, addresses and credentials from the environment.

NASFLOW_STORE names the store, NASFLOW_MLFLOW_TRACKING_URI MLflow (or nothing), NASFLOW_KFP_HOST Kubeflow
(or nothing: then somebody outside submits the next run). An error is one line, and a record in the store,
because Kubeflow's API shows neither.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from nasflow.base.errors import (
    BlobDamaged,
    InvalidSpec,
    KubeflowUnavailable,
    NasflowError,
    NotFound,
    StoreError,
    TrackingUnavailable,
    masked,
)
from nasflow.search.cluster import Trouble
from nasflow.search.record import ChildRecord, FinishRecord
from nasflow.steps.advance import Done, Finish
from nasflow.steps.advance import advance as what_is_next
from nasflow.steps.archive import Archive, trouble_key
from nasflow.tracking import choose_server

_PATIENCE = (10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0)
"""Seconds between the attempts to submit the next run."""

Log = Callable[[str, float], None]
"""Takes a metric's name and value: `log_metric` of a Kubeflow artifact."""


def propose(search: str) -> list[str]:
    """Ids of the children that the next round trains; none when the budget is spent."""
    from nasflow.steps.turn import children_to_train

    with _working("propose", search) as archive:
        children = list(children_to_train(archive, search))
        print(f"nasflow: {len(children)} children to train: {', '.join(children)}")
        return children


def warm_start(search: str, child: str) -> None:
    """Build a child from its parent's weights and check it against the parent."""
    from nasflow.steps.warm_start import warm_start as step

    with _working("warm-start", search, child) as archive:
        birth = step(archive, child)
        difference = birth.receipt.difference if birth.receipt else None
        print(f"nasflow: child {child}: {birth.failure or f'logit difference to its parent: {difference}'}")


def train(search: str, child: str) -> None:
    """Train a child from its birth, or from its last checkpoint."""
    from nasflow.steps.train import train as step

    with _working("train", search, child) as archive:
        _adopt(search, child)
        step(archive, child)


def evaluate(search: str, child: str, log: Log, drawing: str) -> None:
    """Judge a child by the held-out images; show its figures, and its cell as HTML in the file `drawing`."""
    from nasflow.steps.evaluate import evaluate as step

    with _working("evaluate", search, child) as archive:
        _show_child(step(archive, child), log, drawing)


def run_child(search: str, child: str, log: Log, drawing: str) -> None:
    """Warm-start, train and evaluate in one process; show what `evaluate` shows."""
    from nasflow.steps.child import run_child as step

    with _working("child", search, child) as archive:
        _adopt(search, child)
        _show_child(step(archive, child), log, drawing)


def update(search: str, links: str) -> None:
    """Teach the controller by the round that has been trained; bring MLflow up to it.

    The file `links` gets Markdown with the search's pages in MLflow.
    """
    from nasflow.steps.turn import learn

    with _working("update", search) as archive:
        learned = learn(archive, search)
        print(f"nasflow: {learned.metrics if learned else 'no round to learn from yet'}")
        Path(links).write_text(_track(archive, search), encoding="utf-8")


def advance(search: str, number: int) -> None:
    """Submit the run after run `number`, unless the search is finished, stopped or stuck; then show it."""
    with _working("advance", search) as archive:
        patiently(lambda: _follow(archive, search, number))
        _show(archive, search)


def select(search: str) -> list[str]:
    """Ids of the full-size networks to be trained: the chosen cell's, and the start cell's beside it."""
    from nasflow.steps.turn import finalists_to_train

    with _working("select", search) as archive:
        return list(finalists_to_train(archive, search))


def evaluate_on_test(search: str, log: Log) -> None:
    """The one look at the test images."""
    from nasflow.steps import finish

    with _working("evaluate-on-test", search) as archive:
        step = what_is_next(archive, search)
        if isinstance(step, Finish):
            record = finish.test(archive, search, step.stop, finish.select(archive, search, step.stop))
            _show_finish(record, log)


def register_and_report(search: str, page: str, links: str) -> None:
    """Register the winner in MLflow; write the report into the store and into the file `page`.

    The file `links` gets Markdown with the search's pages in MLflow.
    """
    from nasflow.steps.publish import write_report

    with _working("register-and-report", search) as archive:
        if not isinstance(what_is_next(archive, search), Done):
            raise InvalidSpec(f"search {search!r} is not finished: `nasflow resume {search}` goes on with it")
        Path(links).write_text(_track(archive, search), encoding="utf-8")
        Path(page).write_text(write_report(archive, search), encoding="utf-8")


@contextmanager
def _working(step: str, search: str, child: str | None = None) -> Iterator[Archive]:
    """The store's documents; an error inside is written down there before the pod ends with it."""
    print(f"nasflow: {step} {search} {child or ''}".rstrip(), flush=True)
    archive = None
    choose_server()
    try:
        archive = _open()
        yield archive
    except Exception as error:
        reason = masked(" ".join(f"{type(error).__name__}: {error}".split())[:2000])
        if archive:
            _write_trouble(
                archive, search, Trouble(step=step, child=child, pod=platform.node(), reason=reason)
            )
        if not isinstance(error, NasflowError):
            raise
        print(f"nasflow: error: {error}", file=sys.stderr, flush=True)
        sys.exit(error.exit_code)


def _open() -> Archive:
    from nasflow.store import open_store

    url = os.environ.get("NASFLOW_STORE")
    if not url:
        raise InvalidSpec("NASFLOW_STORE is not set: the chart's ConfigMap gives it to each pod")
    return Archive(open_store(url))


def _write_trouble(archive: Archive, search: str, trouble: Trouble) -> None:
    """Best effort: what went wrong may be the store itself."""
    try:
        number = len(archive.store.list(f"searches/{search}/troubles/")) + 1
        while not archive.store.create(trouble_key(search, number), trouble.to_bytes()):
            number += 1
    except NasflowError as error:
        print(f"nasflow: warning: this error is not in the store ({error})", file=sys.stderr)


def _show_child(record: ChildRecord, log: Log, drawing: str) -> None:
    from nasflow.report.drawing import draw_cell

    figures = {
        "held_out_accuracy": record.accuracy,
        "parameters": record.parameters,
        "mult_adds": record.mult_adds,
        "birth_difference": record.receipt.difference if record.receipt else None,
    }
    for name, value in figures.items():
        if value is not None:
            log(name, float(value))
    said = record.failure or f"{100 * (record.accuracy or 0):.2f} % held-out"
    print(f"nasflow: child {record.child}: {said}  {record.cell}")
    page = f"<!doctype html><meta charset=utf-8><p>{record.child}: {escape(said)}</p>{draw_cell(record.cell)}"
    Path(drawing).write_text(page, encoding="utf-8")


def _show_finish(record: FinishRecord, log: Log) -> None:
    log("held_out_accuracy", record.held_out_accuracy)
    log("test_accuracy", record.test_accuracy)
    if record.start_test_accuracy is not None:
        log("start_test_accuracy", record.start_test_accuracy)


def _track(archive: Archive, search: str) -> str:
    """Bring MLflow up to the ledger, if there is one; returns Markdown that says where."""
    from nasflow.steps.publish import track
    from nasflow.tracking import tracking_uri

    shown = f"MLflow was not to be had: `nasflow sync {search}` shows this search there.\n"
    if address := tracking_uri(None):
        with _mlflow_may_be_away():
            shown = track(archive, search, address)
    return shown


def _show(archive: Archive, search: str) -> None:
    """The search in MLflow, and the report of one that is finished; the chain of runs never ends by this."""
    from nasflow.steps.publish import write_report

    try:
        _track(archive, search)
        if isinstance(what_is_next(archive, search), Done):
            write_report(archive, search)
    except NasflowError as error:
        print(f"nasflow: warning: not shown: {error}", file=sys.stderr)


def _adopt(search: str, child: str) -> None:
    """Show the child in the run that Kubeflow's own MLflow plugin made for this task, if it did."""
    from nasflow.tracking import adopt, tracking_uri

    if address := tracking_uri(None):
        with _mlflow_may_be_away():
            adopt(address, search, child)


@contextmanager
def _mlflow_may_be_away() -> Iterator[None]:
    """That never stops a search."""
    try:
        yield
    except TrackingUnavailable as error:
        print(f"nasflow: warning: {error}; the search goes on without it", file=sys.stderr)


def patiently(act: Callable[[], None], wait: Callable[[float], None] = time.sleep) -> None:
    """Try again for a quarter of an hour while Kubeflow or the store is away.

    A stock install gives a task that ends with an error no second attempt, and with this one ends the chain.
    """
    for seconds in _PATIENCE:
        try:
            return act()
        except (NotFound, BlobDamaged):
            # The store has answered: it will say the same again.
            raise
        except (KubeflowUnavailable, StoreError) as error:
            print(f"nasflow: warning: {error}; once more in {seconds:g} s", file=sys.stderr, flush=True)
            wait(seconds)
    return act()


def _follow(archive: Archive, search: str, number: int) -> None:
    from nasflow.kubeflow.client import configured, connect
    from nasflow.steps.succession import follow, read_submission

    if not configured():
        print("nasflow: no NASFLOW_KFP_HOST: whoever started this run goes on")
        return
    cluster = read_submission(archive, search)[0].cluster
    run = follow(archive, search, connect(cluster.namespace, cluster.service_account), after=number)
    print(f"nasflow: {f'run {run.number} ({run.pipeline}) follows' if run else 'no run follows'}")
