"""What a pod shows of its work: metrics and drawings in Kubeflow, the search in MLflow, its report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nasflow.base.errors import NasflowError, TrackingUnavailable
from nasflow.base.terminal import say
from nasflow.search.controls import Control
from nasflow.search.record import BirthRecord, FailedRecord, RoundRecord
from nasflow.search.rounds import FinishRecord
from nasflow.search.words import figure_text
from nasflow.steps.archive import Archive
from nasflow.steps.ledger import read_config, read_ledger

Log = Callable[[str, float], None]
"""Takes a metric's name and value: `log_metric` of a Kubeflow artifact."""


def birth_text(birth: BirthRecord | FailedRecord) -> str:
    """How a child starts, in a few words."""
    if isinstance(birth, FailedRecord):
        return birth.failure
    if birth.receipt is None:
        return "from scratch, or as it was brought: there is no parent to compare it with"
    receipt = birth.receipt
    rounding = f" (its parent's own rounding: {receipt.rounding:.2g})" if receipt.rounding else ""
    return f"relative logit difference to its parent: {receipt.difference:.2g}{rounding}"


def show_child(record: RoundRecord, role: str, measure: str, log: Log, drawing: str) -> None:
    """A network's figures as metrics, and the network as HTML in the file `drawing`; what it is there for and
    `measure`, are told.
    """
    from nasflow.report.network import draw_parts

    for name, measured in record.measures.items():
        log(name, measured.value)
    if record.receipt:
        log("birth_difference", record.receipt.difference)
    said = _said(record, measure)
    print(f"nasflow: {role} ({record.child}): {said}  {record.parts}")
    picture = draw_parts(record.parts)
    page = f"<!doctype html><meta charset=utf-8><p>{escape(f'{role} ({record.child}): {said}')}</p>{picture}"
    Path(drawing).write_text(page, encoding="utf-8")


def roles_of(archive: Archive, search: str) -> dict[str, str]:
    """What each network of a search is there for, by id."""
    from nasflow.report.roles import roles

    return roles(read_ledger(archive, search))


def _said(record: RoundRecord, measure: str) -> str:
    if isinstance(record, FailedRecord):
        return record.failure
    found = record.measures.get(measure)
    return figure_text(measure, found.value if found else None)


@dataclass(frozen=True)
class Telling:
    """A `work.Watcher` whose terminal is a pod's log."""

    archive: Archive
    search: str
    in_mlflow: bool
    """Whether MLflow is brought up to each finished child too."""

    def stage(self, title: str, children: int) -> None:
        """See Watcher."""
        print(f"nasflow: {title}" + (f": {children} to be trained" if children else ""), flush=True)

    def training(self, child: str, share: float) -> None:
        """See Watcher: `nasflow watch` tells, from the store."""

    def child(self, record: RoundRecord) -> None:
        """See Watcher."""
        role = roles_of(self.archive, self.search).get(record.child, "child")
        measure = read_config(self.archive, self.search).objective.measure
        print(f"nasflow: {role} ({record.child}): {_said(record, measure)}  {record.parts}", flush=True)
        if self.in_mlflow:
            show_in_mlflow(self.archive, self.search)


def show_test(record: FinishRecord, log: Log) -> None:
    """The figures of a search's end as metrics."""
    log("held_out_accuracy", record.held_out_accuracy)
    for control in (None, *Control):
        accuracy = record.accuracy(control)
        if accuracy is not None:
            log(f"{control}_test_accuracy" if control else "test_accuracy", accuracy)


def show_in_mlflow(archive: Archive, search: str) -> str:
    """Bring MLflow up to the ledger, if there is one; returns Markdown that says where."""
    from nasflow.steps.publish import track
    from nasflow.tracking import tracking_uri

    shown = f"MLflow was not to be had: `nasflow sync {search}` shows this search there.\n"
    if address := tracking_uri(None):
        with _mlflow_may_be_away():
            shown = track(archive, search, address)
    return shown


def show_search(archive: Archive, search: str) -> None:
    """The search in MLflow, and the report of one that is over; the chain of runs never ends by this."""
    from nasflow.steps.execute import tasks_of
    from nasflow.steps.publish import write_report

    try:
        show_in_mlflow(archive, search)
        if not tasks_of(archive, search):
            write_report(archive, search)
    except NasflowError as error:
        say(f"warning: not shown: {error}")


def claim_task(search: str, child: str) -> None:
    """Show the child in the run that Kubeflow's own MLflow plugin made for this task, if it did."""
    from nasflow.tracking import claim_run, tracking_uri

    if address := tracking_uri(None):
        with _mlflow_may_be_away():
            claim_run(address, search, child)


@contextmanager
def _mlflow_may_be_away() -> Iterator[None]:
    """That never stops a search."""
    try:
        yield
    except TrackingUnavailable as error:
        say(f"warning: {error}; the search goes on without it")
