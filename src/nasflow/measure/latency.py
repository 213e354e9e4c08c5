"""How long a network takes: the median of repeated forward passes, after some that warm it up.

In evaluation and inference mode, in float32 and the memory layout of the recipe, on the device of the run
and, where that is a CPU, with the threads of the recipe. Passes are repeated until they have taken
`LEAST_SECONDS` together, but at least `LEAST_PASSES` and at most `MOST_PASSES` times. A figure says little
about one of another device, of another version of torch, or of an hour with other work to do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import torch
from torch import Tensor

from nasflow.measure.subject import Subject
from nasflow.search.measures import Measured
from nasflow.training.evaluate import evaluation, normalise

WARMING_PASSES = 3
LEAST_PASSES, MOST_PASSES = 10, 200
LEAST_SECONDS = 0.3


def latency(subject: Subject) -> Measured:
    """Seconds for one image."""
    return _median_seconds(subject, 1)


def latency_64(subject: Subject) -> Measured:
    """Seconds for a batch of 64 images."""
    return _median_seconds(subject, 64)


def _median_seconds(subject: Subject, batch_size: int) -> Measured:
    network, device, recipe = subject.network, subject.device, subject.child.recipe
    layout = torch.channels_last if recipe.channels_last else torch.contiguous_format
    network.to(memory_format=layout)
    images = _images(subject, batch_size).to(memory_format=layout)

    def run() -> None:
        network(images)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    # Weights that are moved in inference mode could not be trained any more: evaluation() comes first.
    with _threads(recipe.cpu_threads), evaluation(network, device), torch.inference_mode():
        for _ in range(WARMING_PASSES):
            run()
        seconds = median(_timed(run))
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return Measured(value=seconds, unit="seconds", device=name)


def _images(subject: Subject, count: int) -> Tensor:
    """The first held-out images, again and again if they are too few: [count, channels, size, size]."""
    held_out = subject.data.held_out
    return normalise(held_out.batch(torch.arange(count) % len(held_out)), subject.data.facts, subject.device)


def _timed(run: Callable[[], None]) -> Iterator[float]:
    """The seconds of each pass."""
    spent = 0.0
    for number in range(MOST_PASSES):
        if number >= LEAST_PASSES and spent >= LEAST_SECONDS:
            return
        began = perf_counter()
        run()
        taken = perf_counter() - began
        spent += taken
        yield taken


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
