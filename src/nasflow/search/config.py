"""What a user asks for: the configuration of one search."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, TypeAdapter, field_validator, model_validator

from nasflow.base.document import Document, Frozen, Seed, is_off
from nasflow.base.form import Form
from nasflow.search.budget import Budget
from nasflow.search.controller import AnyController, ControllerSpec, EvolutionController
from nasflow.search.controls import CONTROLS, Control
from nasflow.search.halving import Halving
from nasflow.search.judge import Judge
from nasflow.search.measures import USUAL, MeasureName, find_measure
from nasflow.search.objective import Limits, Objective
from nasflow.search.spaces import AnySpace, PathSpace, Space
from nasflow.search.start import REGISTRY, AskedStart, TrainedStart
from nasflow.spec.data import DataSpec
from nasflow.spec.hosts import Adopted, AnyHost, CondenseNet, Host
from nasflow.spec.parts import Parts
from nasflow.spec.places import check_parts
from nasflow.spec.recipe import Recipe
from nasflow.spec.recipes import NamedRecipe
from nasflow.spec.tree import START_CELL, Tree, TreeText


def _is_one(count: int) -> bool:
    """So the digests of searches from before there was a choice stay what they were."""
    return count == 1


class AskedFinish(Frozen):
    """What becomes of the best network: trained from scratch at full size, tested once."""

    host: AnyHost | None = None
    """Absent: the host of the search."""
    recipe: NamedRecipe
    """How each network at full size is trained: its figures, or the name of a published recipe."""
    controls: tuple[Control, ...] = CONTROLS
    """What else is trained and tested, so that the report can say what the search brought; each costs about
    what the found network does."""
    seeds: int = Field(default=1, ge=1, le=100)
    """How often each is trained: one training is an anecdote."""
    shortlist: int = Field(default=1, ge=1, le=20, exclude_if=_is_one)
    """So many of the best children are trained at full size before one of them is chosen, by its held-out
    loss there: what a child shows in a few epochs is a guess. 1: the best child is chosen as it is."""
    inherit: bool = Field(default=False, exclude_if=is_off)
    """Train on from the weights that the search has found, instead of from scratch."""

    @field_validator("controls")
    @classmethod
    def _each_once(cls, controls: tuple[Control, ...]) -> tuple[Control, ...]:
        return tuple(each for each in Control if each in controls)


def upgraded(data: dict[str, Any]) -> dict[str, Any]:
    """A configuration of an older schema, which compared with the start network or with nothing, judged by
    accuracy, and showed the held-out images after every epoch.
    """
    finish = data["finish"]
    controls = [Control.START] if finish.get("compare", True) else []
    known = {name: value for name, value in finish.items() if name != "compare"} | {"controls": controls}
    recipes = {name: _with_curve(data[name]) for name in ("start", "child") if name in data}
    judged = {"objective": "held_out_accuracy", "controller": {"kind": "path"}}
    return judged | data | recipes | {"finish": known | {"recipe": _with_curve(known["recipe"])}}


def _with_curve(recipe: Any) -> Any:
    """What is no recipe's figures (a name, a start that names a network) stays as it is."""
    return recipe | {"curve": True} if isinstance(recipe, dict) and "network" not in recipe else recipe


def _usual_controller(known: dict[str, Any]) -> ControllerSpec:
    """The one that the space names."""
    made: ControllerSpec = TypeAdapter(AnyController).validate_python({"kind": known["space"].controller})
    return made


def _usual_parents(known: dict[str, Any]) -> Literal["start", "none"]:
    return "start" if known["space"].inherits else "none"


def _usual_objective(known: dict[str, Any]) -> Objective:
    """The space's own; or the best signal (docs/signals.md) for what the finish does."""
    begins_alike = known["parents"] != "found" and not known["finish"].inherit
    signal = "training_loss_sum" if begins_alike else "held_out_loss"
    return Objective.model_validate(known["space"].objective or signal)


class SearchSettings(Document):
    """What is the same in a search as it is asked for and as it is once its start network is known."""

    name: Annotated[
        str,
        Form(
            "[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?",
            "small letters, digits and hyphens between them, at most 53, are",
        ),
    ]
    """Lower-case letters, digits and hyphens, at most 53: it also names Kubernetes objects."""
    seed: Seed = 0
    """Of all that is drawn: the same seed is the same search."""
    data: DataSpec
    """The images."""
    child: NamedRecipe = Recipe()
    """How a child is trained: its figures, or the name of a published recipe."""
    space: AnySpace = PathSpace()
    """What can become of a network."""
    finish: AskedFinish
    """What becomes of the network that is found."""
    controller: AnyController = Field(default_factory=_usual_controller)
    """Who answers the space's questions. Absent: whom the space names (`Space.controller`)."""
    parents: Literal["start", "found", "none"] = Field(default_factory=_usual_parents)
    """What children inherit from: the start network (the paper); `found`, any trained record (evolution: the
    one that was mutated; a policy: the one that needs the fewest edits); `none`, nothing: from scratch.
    Absent: `start`, or `none` in a space whose networks are made of nothing."""
    objective: Objective = Field(default_factory=_usual_objective)
    """By what a child is judged. Absent: by what the space names (`Space.objective`), or by what foretells
    best what a network comes to in the end, as docs/signals.md measured it: the sum of its training losses,
    where all children begin at the start network and the finish trains from scratch; else its held-out
    loss."""
    limits: Limits = Field(default_factory=dict)
    """By the name of a measure: at most so much, for a child and for its network at full size
    (`parameters: 3M`, `latency: 4ms`)."""
    measures: tuple[MeasureName, ...] = ()
    """Those to be taken besides the ordinary ones and those that objective and limits name."""
    halving: Halving | None = Field(default=None, exclude_if=is_off)
    """Train only the better children of a round to their end; absent: all of them."""
    children_per_round: int = Field(default=10, ge=1, le=100)
    """They are proposed together, and the controller learns from them together."""
    random_share: float = Field(default=0.2, ge=0, le=1)
    """Share of each round's children drawn uniformly, the arm that the controller is measured against."""
    budget: Budget
    """When the search ends; the one part that may change later."""
    failure_share: float = Field(default=0.5, gt=0, le=1)
    """The search stops when, after a whole round, more than this share of all children has failed."""

    @model_validator(mode="after")
    def _check_controller(self) -> Self:
        """Refuse what cannot read the space, and a search that would end before anything evolves."""
        if self.controller.reads not in {None, self.space.kind}:
            raise ValueError(
                f"controller {self.controller.kind} reads the space {self.controller.reads}, and this is the "
                f"space {self.space.kind}: take one that reads any, such as evolution"
            )
        if isinstance(self.controller, EvolutionController) and self.budget.children:
            own = self._own_children(self.budget.children)
            if own <= (population := self.controller.population):
                smaller = "population" if population > 2 else "random_share"
                raise ValueError(
                    f"a population of {population} takes as many children before it evolves, and the budget "
                    f"gives the controller {own}: give more children, or a smaller {smaller}"
                )
        return self

    @model_validator(mode="after")
    def _check_parents(self) -> Self:
        if self.parents != "none" and not self.space.inherits:
            raise ValueError(
                f"parents: networks of the space {self.space.kind} are made of nothing: leave it out, or none"
            )
        return self

    @model_validator(mode="after")
    def _check_shortlist(self) -> Self:
        if self.finish.shortlist > 1 and self.objective.pareto:
            raise ValueError(
                "finish.shortlist: a search by several measures trains its front's ends and its knee: "
                "leave it out"
            )
        return self

    @model_validator(mode="after")
    def _check_rungs(self) -> Self:
        if self.halving and self.halving.rungs[-1] >= self.child.epochs:
            raise ValueError(
                f"halving.rungs: a rung comes before a child's last epoch, which is {self.child.epochs}"
            )
        return self

    @property
    def judge(self) -> Judge:
        """Who wins in this search."""
        return Judge(self.objective, self.limits)

    @property
    def asked_measures(self) -> tuple[str, ...]:
        """Those that are taken only because this search asks for them, in the order of their names."""
        named = {*self.measures, *self.objective.measures, *self.limits}
        return tuple(sorted(name for name in named if name not in USUAL))

    @property
    def counted_limits(self) -> tuple[str, ...]:
        """Names of the limits that a network's spec alone can tell."""
        return tuple(name for name in self.limits if find_measure(name).is_counted)

    def _own_children(self, count: int) -> int:
        """How many of the first `count` children are the controller's own."""
        rounds, rest = divmod(count, self.children_per_round)
        random = rounds * self.random_children(self.children_per_round) + self.random_children(rest)
        return count - random

    def random_children(self, count: int) -> int:
        """Children of the random arm in a round of `count`: at least one where there is a choice."""
        least = 1 if self.random_share > 0 and count > 1 else 0
        return max(least, round(self.random_share * count))


class SearchConfig(SearchSettings):
    """One search as it is asked for. `name` is its id; everything but the budget belongs to its identity."""

    SCHEMA: ClassVar[int] = 3

    host: AnyHost | None = None
    """Absent: what `start` names."""
    start_cell: TreeText = START_CELL
    """The cell of the start network."""
    start: AskedStart
    """Trains the start network, whose weights children inherit; or names one that is trained."""

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """See `upgraded`."""
        return upgraded(data)

    @model_validator(mode="before")
    @classmethod
    def _finished_at_home(cls, given: Any) -> Any:
        """A finish that names no host has the search's."""
        finish = given.get("finish") if isinstance(given, dict) else None
        if not isinstance(finish, dict) or finish.get("host") is not None or given.get("host") is None:
            return given
        return given | {"finish": finish | {"host": given["host"]}}

    @field_validator("start_cell")
    @classmethod
    def _in_order(cls, cell: Tree) -> Tree:
        return cell.canonical()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if isinstance(self.start, TrainedStart):
            if self.host is not None or self.start_cell != START_CELL:
                raise ValueError(f"host and start_cell are those of {self.start.network}: leave them out")
        elif self.host is None:
            raise ValueError("host is wanted: only a start that names a network brings its own")
        check_hosts(self.space, Parts(cell=self.start_cell), self.host, self.finish.host)
        if self.finish.host not in {None, self.host, self._brought_host()}:
            if self.finish.inherit:
                raise ValueError("finish.inherit: another host than the search's has no weights to inherit")
            if not self.space.transfers:
                raise ValueError(
                    f"finish.host: what the space {self.space.kind} finds belongs to the host of the search: "
                    "name the same one"
                )
        self._check_condensing()
        self._check_teachers()
        return self

    def _brought_host(self) -> Host | None:
        """The host that the start brings, as far as its name tells."""
        if not isinstance(self.start, TrainedStart) or self.start.network.startswith(REGISTRY):
            return None
        return Adopted(network=self.start.network, cells=self.start.cells)

    def _check_teachers(self) -> None:
        """Refuse a teacher that is not there when it is wanted."""
        start = self.start.recipe if isinstance(self.start, TrainedStart) else self.start
        for name, recipe, able in (
            ("start", start, ()),
            ("child", self.child, ("start", "parent")),
            ("finish.recipe", self.finish.recipe, ("start", "best")),
        ):
            if recipe and recipe.distil and recipe.distil.teacher not in able:
                known = f"it can learn from {' or '.join(able)}" if able else "nobody is trained before it"
                raise ValueError(f"{name}.distil.teacher: {known}")

    def _check_condensing(self) -> None:
        """Only a CondenseNet that is trained from scratch has groups to learn."""
        start = None if isinstance(self.start, TrainedStart) else self.start
        last = None if self.finish.inherit else self.finish.host
        for name, recipe, host in (
            ("start", start, self.host),
            ("child", self.child, self.host if self.parents == "none" else None),
            ("finish.recipe", self.finish.recipe, last),
        ):
            if recipe and recipe.condense and not isinstance(host, CondenseNet):
                raise ValueError(f"{name}: condense is for a condensenet that is trained from scratch")


def check_hosts(space: Space, parts: Parts, *hosts: Host | None) -> None:
    """Raise ValueError, for pydantic, if the parts do not fit a host, as far as the hosts know places."""
    for host in hosts:
        if host is None or host.places is None:
            continue
        if space.changes not in {None, *(place.kind for place in host.places)}:
            raise ValueError(
                f"a {host.kind} has no place for a {space.changes}, which the space {space.kind} changes"
            )
        check_parts(parts, host.places)
