"""One command in several processes: `torchrun --nproc-per-node 4 --no-python nasflow ...`.

The first process runs the command; the others wait for the trainings that it calls them to, and take their
share of each. Only the first one writes to the store.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import distributed

from nasflow.base.errors import ChildFailed, InvalidSpec, NasflowError
from nasflow.base.settings import LOCAL_RANK, RANK
from nasflow.base.terminal import say
from nasflow.training.state import TrainingState
from nasflow.training.team import this_team

_PATIENCE = timedelta(days=7)
"""A collective that waits longer is given up."""


@dataclass(frozen=True)
class Call:
    """What the first process calls the others to."""

    store: str
    child: str
    resume: TrainingState | None
    until: int | None
    """The last epoch to be trained now; None: the recipe's."""


def together(command: Callable[[], int], join: Callable[[Call], None]) -> int:
    """Run `command` in the first process, and `join` for each of its trainings in the others; the exit code.

    An error of one process in the middle of a training ends that process at once: torchrun then ends the
    others, which would wait for it in their next step for ever.
    """
    try:
        _meet()
    except ValueError as error:
        say(
            f"error: {RANK} is set as torchrun does, but the rest is not ({error}): use torchrun, or unset it"
        )
        return InvalidSpec.exit_code
    is_first = distributed.get_rank() == 0
    code = command() if is_first else _follow(join)
    if _is_training:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 1)
    if is_first:
        _send(None)
    distributed.destroy_process_group()
    return code


_is_training: list[str] = []
"""The child that all processes train now, in this one."""


@contextmanager
def training(call: Call) -> Iterator[None]:
    """Call the other processes, if there are any, to train a child with this one.

    What leaves the block as an exception is this process's own trouble, but for a loss that is not finite,
    which all processes see in the same step.
    """
    if this_team().size == 1:
        yield
        return
    resume = call.resume.to_bytes() if call.resume else None
    _send({"store": call.store, "child": call.child, "resume": resume, "until": call.until})
    with _marked(call.child):
        yield


@contextmanager
def _marked(child: str) -> Iterator[None]:
    _is_training.append(child)
    try:
        yield
    except ChildFailed as error:
        if error.__cause__ is None:
            _is_training.clear()
        raise
    else:
        _is_training.clear()


def _meet() -> None:
    if torch.cuda.is_available():
        torch.cuda.set_device(LOCAL_RANK.get() or 0)
    # Between two trainings the first process may be busy for long: with births, the test, or another backend.
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=_PATIENCE)


def _follow(join: Callable[[Call], None]) -> int:
    try:
        while (sent := _receive()) is not None:
            resume = TrainingState.from_bytes(sent["resume"], "the first process") if sent["resume"] else None
            with suppress(ChildFailed), _marked(sent["child"]):
                join(Call(sent["store"], sent["child"], resume, sent["until"]))
            if _is_training:
                return 1
    except NasflowError as error:
        say(f"error: process {distributed.get_rank()}: {error}")
        return error.exit_code
    return 0


def _send(message: dict[str, Any] | None) -> None:
    distributed.broadcast_object_list([message], src=0)


def _receive() -> dict[str, Any] | None:
    received: list[dict[str, Any] | None] = [None]
    distributed.broadcast_object_list(received, src=0)
    return received[0]
