import resource
import sys

import pytest
import torch

from nasflow.training.memory import keep_freed_memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_what_was_freed_is_used_again() -> None:
    """Tensors of some megabytes that come and go fetch no new pages from the system, after the first time."""
    keep_freed_memory()

    def pages() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        tensors = [torch.ones(500_000) for _ in range(20)]
        del tensors
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    pages()
    assert min(pages() for _ in range(3)) < 500, "20 tensors have 10,000 pages"
