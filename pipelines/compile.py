"""The pipelines as the YAML that Kubeflow takes."""

import tempfile
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

from nasflow.pipelines.compare import compare_pipeline
from nasflow.pipelines.finish import finish_pipeline
from nasflow.pipelines.placement import Placement
from nasflow.pipelines.search import search_pipeline
from nasflow.search.cluster import Cluster


def compile_pipelines(search: str, cluster: Cluster) -> dict[str, bytes]:
    """Both pipelines of a search by name, `search` and `finish`; the same settings give the same bytes."""
    return dict(_both(search, cluster.model_dump_json()))


def compile_comparison(name: str, cluster: Cluster, at_once: int) -> bytes:
    """The pipeline of a comparison, of `at_once` searches at a time."""
    return _compile(compare_pipeline(Placement(name, cluster), at_once))


@lru_cache(maxsize=8)
def _both(search: str, cluster: str) -> tuple[tuple[str, bytes], ...]:
    """Compiled once a process, because it takes seconds; by JSON, which can be a cache's key."""
    place = Placement(search, Cluster.model_validate_json(cluster))
    return ("search", _compile(search_pipeline(place))), ("finish", _compile(finish_pipeline(place)))


def _compile(pipeline: Any) -> bytes:
    from kfp import compiler

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = Path(folder) / "pipeline.yaml"
        compiler.Compiler().compile(pipeline, str(file))
        return file.read_bytes()
