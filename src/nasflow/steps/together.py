"""One command in several processes: `torchrun --nproc-per-node 4 --no-python nasflow ...`.

The first process runs the command; the others wait for the trainings that it calls them to, and take their
share of each. Only the first one writes to the store.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed

from nasflow.errors import ChildFailed
from nasflow.training.state import TrainingState
from nasflow.training.team import this_team


@dataclass(frozen=True)
class Call:
    """What the first process calls the others to."""

    store: str
    child: str
    resume: TrainingState | None


def together(command: Callable[[], int], join: Callable[[Call], None]) -> int:
    """Run `command` in the first process, and `join` for each of its trainings in the others; the exit code.

    Out of memory, or any other error, in one process ends it, and torchrun then ends all: those that are left
    would wait for it for ever.
    """
    _meet()
    try:
        if distributed.get_rank():
            return _follow(join)
        try:
            return command()
        finally:
            _send(None)
    finally:
        distributed.destroy_process_group()


def call_others(store: str, child: str, resume: TrainingState | None) -> None:
    """Let the other processes, if there are any, train this child with this one."""
    if this_team().size > 1:
        _send({"store": store, "child": child, "resume": resume.to_bytes() if resume else None})


def _meet() -> None:
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def _follow(join: Callable[[Call], None]) -> int:
    while (sent := _receive()) is not None:
        resume = sent["resume"] and TrainingState.from_bytes(sent["resume"], "the first process")
        try:
            join(Call(sent["store"], sent["child"], resume or None))
        except ChildFailed as error:
            # A loss that is not finite is so in all processes. What has another cause is this one's own.
            if error.__cause__ is not None:
                raise
    return 0


def _send(message: dict[str, Any] | None) -> None:
    distributed.broadcast_object_list([message], src=0)


def _receive() -> dict[str, Any] | None:
    received: list[dict[str, Any] | None] = [None]
    distributed.broadcast_object_list(received, src=0)
    return received[0]
