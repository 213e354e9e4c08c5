from typing import Any

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.search.file import SearchFile

CLUSTER: dict[str, Any] = {"image": "nasflow:1"}


def file(search: dict[str, Any], **cluster: Any) -> SearchFile:
    """A configuration with a cluster."""
    return SearchFile.from_data(search | {"cluster": CLUSTER | cluster}, "here")


def test_the_cluster_is_no_part_of_the_search(search: dict[str, Any]) -> None:
    """With and without a cluster it is the same search: same digest, same identity."""
    alone = SearchFile.from_data(search, "here").config()
    assert file(search).config() == alone
    assert file(search).config().digest() == alone.digest()


def test_a_search_without_a_cluster_cannot_be_submitted(search: dict[str, Any]) -> None:
    """It is told where to find an example."""
    with pytest.raises(InvalidSpec, match=r"examples/cluster.yaml"):
        SearchFile.from_data(search, "here").required_cluster()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"imaeg": "x"}, r"unknown key 'cluster.imaeg': did you mean 'image'\?"),
        ({"train": {"memory": "lots"}}, "cluster.train.memory"),
        ({"train": {"memory": "1.5Gi"}}, "cluster.train.memory"),
        ({"train": {"cpu": "2k"}}, "cluster.train.cpu"),
        ({"train": {"tolerations": [{"value": "x"}]}}, "operator: Exists"),
        ({"train": {"tolerations": [{"key": "a", "operator": "Exists", "value": "x"}]}}, "has no value"),
        ({"namespace": "Team A"}, "cluster.namespace"),
        ({"layout": "stepwise"}, "cluster.layout"),
        ({"lanes": 2}, "lanes go with layout: workers"),
        ({"rounds_per_run": 10, "layout": "steps"}, "too large for Kubernetes"),
        ({"image": ""}, "cluster.image"),
    ],
)
def test_what_cannot_be(search: dict[str, Any], wrong: dict[str, Any], message: str) -> None:
    """Each mistake is one line that says where it is."""
    with pytest.raises(InvalidSpec, match=message) as caught:
        file(search, **wrong)
    assert "\n" not in str(caught.value)


def test_the_size_of_a_run(search: dict[str, Any]) -> None:
    """A fused child is one task, one in steps three; a round has two more and a run one. Workers are as many
    as it takes to train `parallelism` children at a time, whatever the rounds are.
    """
    fused = file(search, rounds_per_run=4).required_cluster()
    steps = file(search, rounds_per_run=4, layout="steps").required_cluster()
    assert fused.tasks(10) == 4 * 12 + 1
    assert steps.tasks(10) == 4 * 32 + 1
    workers = file(search, rounds_per_run=4, layout="workers", parallelism=5, lanes=2).required_cluster()
    assert workers.tasks(10) == 3 + 1
