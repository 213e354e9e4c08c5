"""The file that a user writes: one search, and where it may run."""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from nasflow.base.errors import InvalidSpec
from nasflow.search.cluster import MOST_TASKS, Cluster
from nasflow.search.config import SearchConfig


class SearchFile(SearchConfig):
    """A search with its cluster, which is no part of it: the same search runs on every backend."""

    cluster: Cluster | None = None
    """Where `nasflow submit` runs it; a laptop needs none."""

    @model_validator(mode="after")
    def _fits_a_run(self) -> Self:
        tasks = self.cluster.tasks(self.children_per_round) if self.cluster else 0
        if tasks > MOST_TASKS:
            raise ValueError(
                f"cluster: a run of {tasks} tasks is too large for Kubernetes (at most {MOST_TASKS}): "
                "lower rounds_per_run or children_per_round, or take layout: fused"
            )
        return self

    def required_cluster(self) -> Cluster:
        """Its cluster; raise InvalidSpec where there is none."""
        if self.cluster is None:
            raise InvalidSpec(f"search {self.name!r} has no `cluster:`: examples/cluster.yaml shows one")
        return self.cluster

    def config(self) -> SearchConfig:
        """The search alone: what stores, ledgers and digests know."""
        return SearchConfig.model_validate(self.model_dump(exclude={"cluster"}))


def read_search_file(path: Path) -> SearchFile:
    """A search's configuration from a YAML file; raise InvalidSpec with one line that says what and where."""
    from nasflow.base.files import decoded, read_at_most
    from nasflow.base.strict_yaml import MOST_YAML, read_yaml

    text = decoded(read_at_most(path, MOST_YAML, "a configuration"), str(path))
    data = read_yaml(text, str(path))
    if data is None:
        raise InvalidSpec(f"{path}: the file is empty: `nasflow init` writes one to start from")
    return SearchFile.from_data(data, str(path))
