"""The pipelines, each made for one cluster's settings: the rounds of a search, its finish; a comparison."""

from nasflow.pipelines.compare import compare_pipeline
from nasflow.pipelines.compile import compile_comparison, compile_pipelines
from nasflow.pipelines.finish import finish_pipeline
from nasflow.pipelines.placement import Placement
from nasflow.pipelines.search import search_pipeline

__all__ = [
    "Placement",
    "compare_pipeline",
    "compile_comparison",
    "compile_pipelines",
    "finish_pipeline",
    "search_pipeline",
]
