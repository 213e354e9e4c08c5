"""Who may propose: the settings of a configuration's `controller:`."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from nasflow.base.document import Frozen
from nasflow.base.plugins import OpenUnion
from nasflow.search.spaces.layered import REMOVE, RESIZE


class ControllerSpec(Frozen):
    """The settings of a controller. A new kind is a class like this and what `MAKER` names."""

    MAKER: ClassVar[str]
    """Address of what makes the `nasflow.controllers.Controller`: called with these settings and a seed."""
    reads: ClassVar[str | None] = None
    """The one kind of space whose questions it can read; None: any."""

    kind: str


class Policy(ControllerSpec):
    """A network that answers questions, trained by REINFORCE: what all of its forms have."""

    MAKER: ClassVar[str] = "nasflow.controllers.policy.controller:PolicyController"
    READER: ClassVar[str]
    """Address of what reads questions for it: called with these settings and a space."""

    embedding: int = Field(default=10, ge=1)
    """Numbers by which a word of a question (an operation, a number of branches) is known."""
    hidden: int = Field(default=100, ge=1)
    """Width of the recurrent network."""
    head_width: float = Field(default=2.5, gt=0)
    """Width of each head's hidden layer, in widths of what it reads."""
    learning_rate: float = Field(default=6e-3, gt=0)
    """Of Adam, on the policy's weights."""
    entropy_weight: float = Field(default=1e-2, ge=0)
    """Of the entropy in what is maximised: the higher, the longer all options are tried."""
    clip: float = Field(default=40.0, gt=0)
    """Largest norm of the gradient."""
    baseline_decay: float = Field(default=0.95, ge=0, lt=1)
    """Weight of the OLD value in the moving average of the rewards."""
    updates: int = Field(default=1, ge=1, le=100)
    """Steps of the optimiser on each round's lessons."""
    ratio_clip: float = Field(default=0.2, gt=0, lt=1)
    """By what share several steps may make a decision more or less likely (Schulman et al., 2017)."""
    memory: int = Field(default=0, ge=0, le=1000)
    """Best children of the rounds before that each round is learned from together with (Oh et al., 2018)."""


class SteadyPolicy(Policy):
    """A policy as it learns here: it was made not to collapse.

    A reward counts in the rewards' standard deviations, the entropy is summed over an episode's decisions,
    a child that the policy did not find itself gets a bonus, and the entropy counts for more while new
    children take many draws.
    """

    hidden: int = Field(default=64, ge=1)
    """Width of the recurrent network."""
    entropy_weight: float = Field(default=0.03, ge=0)
    """The least; see `patience`."""
    updates: int = Field(default=2, ge=1, le=100)
    """Steps of the optimiser on each round's lessons."""
    memory: int = Field(default=10, ge=0, le=1000)
    """Best children of the rounds before that each round is learned from together with (Oh et al., 2018)."""
    patience: float = Field(default=3.0, ge=1)
    """Mean draws for a new child of a round above which the entropy's weight rises until they are fewer."""


class PathController(SteadyPolicy):
    """The tree-LSTM policy of Cai et al. (ICML 2018), as it learns here."""

    READER: ClassVar[str] = "nasflow.controllers.tree.reader:TreeReader"
    reads: ClassVar[str | None] = "path"

    kind: Literal["path"] = "path"


class PaperController(Policy):
    """The same policy as it was published and released: kept to be compared with.

    The newest rewards weigh most in the baseline, a reward counts as it is, the entropy is averaged over an
    episode's decisions.
    """

    READER: ClassVar[str] = "nasflow.controllers.tree.reader:TreeReader"
    reads: ClassVar[str | None] = "path"

    kind: Literal["paper"] = "paper"
    baseline_decay: float = Field(default=0.05, ge=0, lt=1)
    """Weight of the OLD value in the moving average of the rewards, as released: next to none."""


class SequencePolicy(SteadyPolicy):
    """A policy that reads any space: the layers of the start network, and its own answers so far."""

    READER: ClassVar[str] = "nasflow.controllers.sequence.reader:SequenceReader"
    FORGETS: ClassVar[frozenset[str]] = frozenset()
    """The heads that decide by the layers alone, whatever was answered before."""


class EasController(SequencePolicy):
    """As Cai et al. (AAAI 2018) have it: whether a layer gets wider is said of each by itself, where new ones
    stand by a recurrent network.
    """

    FORGETS: ClassVar[frozenset[str]] = frozenset({RESIZE})

    kind: Literal["eas"] = "eas"


class N2nController(SequencePolicy):
    """As Ashok et al. (ICLR 2018) have it: whether a layer goes is said of each by itself, how much the
    others shrink by a recurrent network.
    """

    FORGETS: ClassVar[frozenset[str]] = frozenset({REMOVE})

    kind: Literal["n2n"] = "n2n"


class NasController(SequencePolicy):
    """As Zoph and Le (ICLR 2017) have it: each answer is said in the light of all before it."""

    kind: Literal["nas"] = "nas"


class RandomController(ControllerSpec):
    """Each decision uniformly: the control that every search is measured against."""

    MAKER: ClassVar[str] = "nasflow.controllers.uniform:UniformController"

    kind: Literal["random"] = "random"


class EvolutionController(ControllerSpec):
    """Regularised evolution (Real et al., AAAI 2019), its mutation being one other decision."""

    MAKER: ClassVar[str] = "nasflow.controllers.evolution:RegularisedEvolution"

    kind: Literal["evolution"] = "evolution"
    population: int = Field(default=50, ge=2, le=100_000)
    """How many of the newest children may be parents."""
    tournament: int = Field(default=10, ge=1)
    """How many of them are drawn; the best becomes the parent."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.tournament > self.population:
            raise ValueError(f"a tournament of {self.tournament} needs a population as large")
        return self


CONTROLLERS = (
    PathController,
    PaperController,
    EasController,
    N2nController,
    NasController,
    RandomController,
    EvolutionController,
)

AnyController = Annotated[ControllerSpec, OpenUnion("nasflow.controllers", CONTROLLERS)]
