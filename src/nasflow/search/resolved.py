"""A search as it is once its start network has been read: what the store keeps, and every step works by."""

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from nasflow.base.document import canonical_json
from nasflow.search.config import AskedFinish, SearchConfig, SearchSettings, check_hosts, upgraded
from nasflow.search.start import BroughtStart, ResolvedStart
from nasflow.spec.hosts import AnyHost, Host
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe


class ResolvedFinish(AskedFinish):
    """The finish with its host."""

    host: AnyHost


class ResolvedConfig(SearchSettings):
    """One search, with nothing left open."""

    SCHEMA: ClassVar[int] = 3

    host: AnyHost
    start_parts: Parts = Parts()
    """What stands in the places of the start network."""
    start: ResolvedStart
    finish: ResolvedFinish
    first_identity: str | None = Field(default=None, exclude=True)
    """The identity that an older schema gave it, for one that was read: under it MLflow shows it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_hosts(self.space, self.start_parts, self.host, self.finish.host)
        return self

    @classmethod
    def of(
        cls,
        asked: SearchConfig,
        start: BroughtStart | None = None,
        host: Host | None = None,
        start_parts: Parts | None = None,
    ) -> Self:
        """What was asked for; with the `start` that was read and what it has, where one was brought."""
        given = asked.model_dump(exclude={"start_cell"})
        own = host or asked.host
        known = {
            "host": own,
            "start_parts": start_parts or Parts(cell=asked.start_cell),
            "start": start or asked.start,
            "finish": given["finish"] | {"host": asked.finish.host or own},
        }
        return cls.from_data(given | known, f"search {asked.name!r}")

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Schema 1 was one class with what was asked for, and knew one cell; for 2 see `upgraded`."""
        known = {("start_parts" if name == "start_cell" else name): value for name, value in data.items()}
        return upgraded(known) | {"first_identity": _first_identity(data)}

    def asked(self) -> SearchConfig:
        """What a user writes to have the same search again."""
        given = self.model_dump(exclude={"schema_version", "start_parts"})
        if isinstance(self.start, BroughtStart):
            del given["host"], given["start"]["digest"]
            if self.finish.host == self.host:
                del given["finish"]["host"]
        else:
            given["start_cell"] = self.start_parts.cell
        return SearchConfig.model_validate(given)

    @property
    def hosts(self) -> tuple[Host, Host]:
        """Of the search and of its finish."""
        return self.host, self.finish.host

    @property
    def start_training(self) -> Recipe | None:
        """How the start network is trained; None: it was brought trained."""
        return self.start.recipe if isinstance(self.start, BroughtStart) else self.start

    @property
    def start_recipe(self) -> Recipe:
        """The same; of one that was brought trained, that of a child, as which it is evaluated: no epochs."""
        return self.start_training or self.child.model_copy(update={"epochs": 0})

    def identity(self) -> str:
        """The canonical JSON of all that must not change when a search is continued or extended."""
        elsewhere: dict[str, bool | set[str]] = {"budget": True, "data": {"path"}}
        if isinstance(self.start, BroughtStart):
            # The digest of its weights says which network it is.
            elsewhere["start"] = {"network", "weights"}
        return canonical_json(self.model_dump(mode="json", exclude=elsewhere))


def _first_identity(data: dict[str, Any]) -> str:
    """What `identity` was in an older schema."""
    known = {name: value for name, value in data.items() if name != "budget"}
    if isinstance(known.get("data"), dict):
        known["data"] = {name: value for name, value in known["data"].items() if name != "path"}
    if isinstance(known.get("start"), dict) and "network" in known["start"]:
        elsewhere = {"network", "weights"}
        known["start"] = {name: value for name, value in known["start"].items() if name not in elsewhere}
    return canonical_json(known)
