"""What a user asks for: the configuration of one search."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from nasflow.base.document import Document, Frozen, Seed, canonical_json, is_off
from nasflow.base.errors import InvalidSpec
from nasflow.search.start import UNTRAINED, Start, TrainedStart
from nasflow.spec.data import DataSpec
from nasflow.spec.host import Adopted, AnyHost, CondenseNet, Host, check_cell, places
from nasflow.spec.recipe import Recipe
from nasflow.spec.recipes import NamedRecipe
from nasflow.spec.tree import CELL_OPERATIONS, START_CELL, Operation, Tree, TreeText


class Space(Frozen):
    """The cells that decisions can reach from the start cell; the defaults are the paper's (section 4.1)."""

    max_depth: int = Field(default=3, ge=1, le=6)
    """Levels of nodes, the root included."""
    add_branches: tuple[int, ...] = (2, 3)
    """Branch numbers offered with merge add."""
    concat_branches: tuple[int, ...] = (2,)
    """Branch numbers offered with merge concat."""
    operations: tuple[Operation, ...] = CELL_OPERATIONS
    """What an identity edge can become; identity leaves it as it is."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("add_branches", "concat_branches", "operations"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} names something twice")
        if any(not 2 <= count <= 8 for count in self.add_branches + self.concat_branches):
            raise ValueError("a node can have 2 to 8 branches")
        if not self.operations or Operation.HOST in self.operations:
            raise ValueError("operations is a non-empty choice of " + ", ".join(CELL_OPERATIONS))
        return self


class Policy(Frozen):
    """The tree-LSTM policy of Cai et al. (ICML 2018), trained by REINFORCE: what both of its forms have."""

    embedding: int = Field(default=10, ge=1)
    hidden: int = Field(default=100, ge=1)
    head_width: float = Field(default=2.5, gt=0)
    """Width of each head's hidden layer, in widths of the encoder's output."""
    learning_rate: float = Field(default=6e-3, gt=0)
    entropy_weight: float = Field(default=1e-2, ge=0)
    clip: float = Field(default=40.0, gt=0)
    """Largest norm of the gradient."""
    baseline_decay: float = Field(default=0.95, ge=0, lt=1)
    """Weight of the OLD value in the moving average of the rewards."""


class PathController(Policy):
    """The policy as it learns here: it was made not to collapse.

    A reward counts in the rewards' standard deviations, the entropy is summed over an episode's decisions,
    and a child that the policy did not find itself gets a bonus.
    """

    kind: Literal["path"] = "path"


class PaperController(Policy):
    """The policy as it was published and released: kept to be compared with.

    The newest rewards weigh most in the baseline, a reward counts as it is, the entropy is averaged over an
    episode's decisions.
    """

    kind: Literal["paper"] = "paper"
    baseline_decay: float = Field(default=0.05, ge=0, lt=1)


class RandomController(Frozen):
    """Each decision uniformly: the control that every search is measured against."""

    kind: Literal["random"] = "random"


class EvolutionController(Frozen):
    """Regularised evolution (Real et al., AAAI 2019), its mutation being one other decision."""

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


ControllerSpec = Annotated[
    PathController | PaperController | RandomController | EvolutionController, Field(discriminator="kind")
]


class Budget(Frozen):
    """When a search ends: at the first of these that is reached. A larger one extends a finished search."""

    children: int | None = Field(default=None, ge=0)
    """0: the start network alone is trained and tested (`nasflow transfer`)."""
    rounds: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, gt=0)
    """Seconds of training, over all sessions; looked at after each round."""
    gpu_hours: float | None = Field(default=None, gt=0)
    """Hours of training on a GPU, over all children; looked at after each round."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if all(limit is None for limit in (self.children, self.rounds, self.seconds, self.gpu_hours)):
            raise ValueError("set at least one of children, rounds, seconds, gpu_hours")
        return self


class BudgetRecord(Document):
    """A search's present budget: the one part of its configuration that may change."""

    budget: Budget


class Finish(Frozen):
    """What becomes of the best cell: a network of full size, trained from scratch, tested once."""

    host: Host | None = None
    """Absent: the host of the search, for one that began with a trained network."""
    recipe: NamedRecipe
    compare: bool = True
    """Train and test the start cell in the same way too: what did the search bring?"""
    inherit: bool = Field(default=False, exclude_if=is_off)
    """Train on from the weights that the search has found, instead of from scratch."""


class SearchConfig(Document):
    """One search. `name` is its id; everything but the budget belongs to its identity."""

    name: str = Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$")
    """Lower-case letters, digits and hyphens, at most 53: it also names Kubernetes objects."""
    seed: Seed = 0
    data: DataSpec
    host: Host | None = None
    """Absent: what `start` names."""
    start_cell: TreeText = START_CELL
    start: Start
    """Trains the start network, whose weights every child inherits; or names one that is trained."""
    child: NamedRecipe = Recipe()
    space: Space = Space()
    controller: ControllerSpec = PathController()
    children_per_round: int = Field(default=10, ge=1, le=100)
    random_share: float = Field(default=0.2, ge=0, le=1)
    """Share of each round's children drawn uniformly, the arm that the controller is measured against."""
    budget: Budget
    failure_share: float = Field(default=0.5, gt=0, le=1)
    """The search stops when, after a whole round, more than this share of all children has failed."""
    finish: Finish

    @field_validator("start_cell")
    @classmethod
    def _in_order(cls, cell: Tree) -> Tree:
        return cell.canonical()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if isinstance(self.start, TrainedStart):
            self._check_trained(self.start)
        elif self.host is None or self.finish.host is None:
            raise ValueError(
                "host and finish.host are wanted: only a start that names a network brings its own"
            )
        for host in (self.host, self.finish.host):
            if host is not None:
                self._check_host(host)
        if self.finish.inherit and self.finish.host not in {None, self.host, self._brought_host()}:
            raise ValueError("finish.inherit: another host than the search's has no weights to inherit")
        self._check_condensing()
        self._check_evolution()
        return self

    def _brought_host(self) -> AnyHost | None:
        """The host that the start brings, as far as its name tells."""
        if not isinstance(self.start, TrainedStart) or self.start.network.startswith("models:/"):
            return None
        return Adopted(network=self.start.network, cells=self.start.cells)

    def _check_condensing(self) -> None:
        """Only a CondenseNet that is trained from scratch has groups to learn."""
        start = None if isinstance(self.start, TrainedStart) else self.start
        last = None if self.finish.inherit else self.finish.host
        for name, recipe, host in (
            ("start", start, self.host),
            ("child", self.child, None),
            ("finish.recipe", self.finish.recipe, last),
        ):
            if recipe and recipe.condense and not isinstance(host, CondenseNet):
                raise ValueError(f"{name}: condense is for a condensenet that is trained from scratch")

    def _check_trained(self, start: TrainedStart) -> None:
        if start.digest is None and (self.host is not None or self.start_cell != START_CELL):
            raise ValueError(f"host and start_cell are those of {start.network}: leave them out")
        if start.recipe is None and (start.fresh is not None or start.weights == UNTRAINED):
            raise ValueError("start: fresh or untrained weights need a recipe that trains them")

    def _check_host(self, host: AnyHost) -> None:
        if not isinstance(host, Adopted) and not host.widths:
            raise ValueError(f"a {host.kind} has no place for a cell")
        try:
            check_cell(self.start_cell, places(host))
        except InvalidSpec as error:
            raise ValueError(str(error)) from None

    def _check_evolution(self) -> None:
        """Refuse a search that would end before anything evolves."""
        if isinstance(self.controller, EvolutionController) and self.budget.children:
            own = round(self.budget.children * (1 - self.random_share))
            if own <= self.controller.population:
                raise ValueError(
                    f"a population of {self.controller.population} takes as many children before it evolves, "
                    f"and the budget gives the controller {own}: give more children, or a smaller population"
                )

    @property
    def hosts(self) -> tuple[AnyHost, AnyHost]:
        """Of the search and of its finish; both are known once the search has begun."""
        assert self.host is not None
        assert self.finish.host is not None
        return self.host, self.finish.host

    def identity(self) -> str:
        """The canonical JSON of all that must not change when a search is continued or extended."""
        elsewhere: dict[str, bool | set[str]] = {"budget": True, "data": {"path"}}
        if isinstance(self.start, TrainedStart):
            # The digest of its weights says which network it is.
            elsewhere["start"] = {"network", "weights"}
        return canonical_json(self.model_dump(mode="json", exclude=elsewhere))

    def random_children(self, count: int) -> int:
        """Children of the random arm in a round of `count`: at least one where there is a choice."""
        least = 1 if self.random_share > 0 and count > 1 else 0
        return max(least, round(self.random_share * count))
