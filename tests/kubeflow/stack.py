"""kfp asks for the call stack at each setting of each task; here it gets one that costs nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_stack
from types import FrameType, SimpleNamespace

_Frame = tuple[FrameType, str, int, str, None, None]
"""As `inspect.FrameInfo` counts: frame, file, line, function; no lines of the source."""


@contextmanager
def without_sources() -> Iterator[None]:
    """For the time of a `with` block kfp reads no source file to learn which of its methods was called.

    kfp 2.17 calls `inspect.stack()` for that name alone: under pytest, whose stack is deep, most of the time
    that a pipeline takes to be made.
    """
    from kfp.dsl import pipeline_task

    found = pipeline_task.inspect
    pipeline_task.inspect = SimpleNamespace(stack=_stack)
    try:
        yield
    finally:
        pipeline_task.inspect = found


def _stack() -> list[_Frame]:
    """The caller's frame and all round it, as `inspect.stack` has them."""
    return [
        (frame, frame.f_code.co_filename, line, frame.f_code.co_name, None, None)
        for frame, line in walk_stack(sys._getframe(1))
    ]
