"""One thread for the policy's arithmetic."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch uses one thread: the matrices are too small to share, and sums keep their order.

    On a busy machine several threads that wait for each other at each tiny step cost ten times the work.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
