"""What the policy has learned, as bytes (safetensors) and back."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from nasflow.base.document import canonical_json
from nasflow.base.errors import InvalidSpec
from nasflow.base.lines import one_line
from nasflow.controllers.policy.baseline import Baseline
from nasflow.controllers.policy.parameters import Parameters, initial_parameters
from nasflow.controllers.policy.reader import make_reader
from nasflow.controllers.protocol import Lesson
from nasflow.search.controller import Policy, SequencePolicy
from nasflow.search.spaces import Space

_MOST_BYTES = 512 * 1024 * 1024
_SCHEMA = 3

_PARTS = ("parameters", "first", "second")

_MEMORY = {
    "decisions": torch.int64,
    "lengths": torch.int64,
    "tries": torch.int64,
    "rewards": torch.float64,
}
"""Its tensors, with their types."""


@dataclass(frozen=True)
class PolicyState:
    """Parameters, the moments of Adam by the name of their parameter, and what was seen so far."""

    parameters: Parameters
    first: Parameters
    """Moving mean of each gradient."""
    second: Parameters
    """Moving mean of each squared gradient."""
    steps: int
    """Adam steps taken."""
    baseline: Baseline
    doubt: float = 1.0
    """By what the entropy's weight is multiplied."""
    memory: tuple[Lesson, ...] = ()
    """The best children so far, the best first."""

    @classmethod
    def initial(cls, spec: Policy, space: Space, seed: int) -> "PolicyState":
        """The state of a policy that has learned nothing."""
        parameters = initial_parameters(make_reader(spec, space).shapes(), seed)
        first, second = (
            {name: torch.zeros_like(value) for name, value in parameters.items()} for _ in range(2)
        )
        return cls(parameters, first, second, 0, Baseline())


def pack_state(state: PolicyState, spec: Policy, space: Space) -> bytes:
    """The one byte string of a state: large tensors in float32, single numbers in full."""
    tensors = {f"{part}.{name}": value for part in _PARTS for name, value in getattr(state, part).items()}
    baseline = state.baseline
    tensors["steps"] = torch.tensor([state.steps, baseline.rounds])
    figures = [baseline.mean, baseline.variance, state.doubt]
    tensors["figures"] = torch.tensor(figures, dtype=torch.float64)
    tensors["kind"] = _kind(spec, space)
    return save(tensors | _pack_memory(state.memory))


def unpack_state(data: bytes, spec: Policy, space: Space) -> PolicyState:
    """The state in `data`; raise InvalidSpec unless it is one of this policy for this space."""
    tensors = _load(data)
    if not torch.equal(tensors.pop("kind", torch.empty(0)), _kind(spec, space)):
        raise InvalidSpec("controller state: written for another policy, space or version of nasflow")
    memory = _unpack_memory({name: tensors.pop(f"memory.{name}", None) for name in _MEMORY})
    expected = make_reader(spec, space).shapes()
    _check(tensors, {f"{part}.{name}": shape for part in _PARTS for name, shape in expected.items()})
    steps, rounds = (int(number) for number in tensors["steps"])
    mean, variance, doubt = (float(number) for number in tensors["figures"])

    def part(prefix: str) -> Parameters:
        return {name: tensors[f"{prefix}.{name}"] for name in expected}

    baseline = Baseline(rounds, mean, max(variance, 0.0))
    return PolicyState(part("parameters"), part("first"), part("second"), steps, baseline, doubt, memory)


def _pack_memory(memory: Sequence[Lesson]) -> dict[str, Tensor]:
    """All decisions in a row, and what tells them apart; rewards in full."""
    found = {
        "decisions": [choice for lesson in memory for choice in lesson.decisions],
        "lengths": [len(lesson.decisions) for lesson in memory],
        "tries": [lesson.tries for lesson in memory],
        "rewards": [lesson.reward for lesson in memory],
    }
    return {f"memory.{name}": torch.tensor(values, dtype=_MEMORY[name]) for name, values in found.items()}


def _unpack_memory(tensors: Mapping[str, Tensor | None]) -> tuple[Lesson, ...]:
    """Raise InvalidSpec if it is none; what its decisions are worth is seen when they are replayed."""
    for name, dtype in _MEMORY.items():
        tensor = tensors[name]
        if tensor is None or tensor.dtype != dtype or tensor.ndim != 1 or not tensor.isfinite().all():
            raise InvalidSpec(f"controller state: tensor 'memory.{name}' is missing or damaged")
    decisions, lengths, tries, rewards = (
        tensor.tolist() for tensor in tensors.values() if tensor is not None
    )
    if (
        not len(lengths) == len(tries) == len(rewards)
        or sum(lengths) != len(decisions)
        or min(lengths, default=0) < 0
    ):
        raise InvalidSpec("controller state: its memory does not fit together: the file is damaged")
    rest = iter(decisions)
    return tuple(
        Lesson(tuple(islice(rest, length)), tried, reward)
        for length, tried, reward in zip(lengths, tries, rewards, strict=True)
    )


def _check(tensors: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]) -> None:
    expected = {**expected, "steps": (2,), "figures": (3,)}
    for name in sorted(expected.keys() | tensors.keys()):
        if name not in tensors or tensors[name].shape != expected.get(name):
            raise InvalidSpec(f"controller state: tensor {name!r} is missing, foreign or of another shape")
        least, most = (float(bound) for bound in tensors[name].aminmax())
        if not (math.isfinite(least) and math.isfinite(most)):
            raise InvalidSpec(f"controller state: tensor {name!r} is not finite: the file is damaged")
        if least < 0 and (name == "steps" or name.startswith("second.")):
            raise InvalidSpec(f"controller state: tensor {name!r} is negative: the file is damaged")


def _load(data: bytes) -> dict[str, Tensor]:
    if len(data) > _MOST_BYTES:
        raise InvalidSpec(f"controller state: {len(data)} bytes are too many (at most {_MOST_BYTES})")
    try:
        return load(data)
    except (SafetensorError, KeyError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        reason = one_line(str(error), 200)
        raise InvalidSpec(f"controller state: no safetensors ({reason}): broken or cut off") from None


def _kind(spec: Policy, space: Space) -> Tensor:
    """[32], uint8: a digest of all that decides which tensors there are and what their entries mean."""
    sizes = spec.model_dump(mode="json", include={"embedding", "hidden", "head_width"})
    if isinstance(spec, SequencePolicy):
        sizes["kind"] = spec.kind
    text = canonical_json({"schema": _SCHEMA, "policy": sizes, "space": space.model_dump(mode="json")})
    return torch.tensor(list(hashlib.sha256(text.encode()).digest()), dtype=torch.uint8)
