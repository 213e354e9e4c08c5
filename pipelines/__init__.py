"""The pipelines: the rounds of a search, and its finish; each made for one cluster's settings."""

from nasflow.pipelines.compile import compile_pipelines
from nasflow.pipelines.finish import finish_pipeline
from nasflow.pipelines.placement import Placement
from nasflow.pipelines.search import search_pipeline

__all__ = ["Placement", "compile_pipelines", "finish_pipeline", "search_pipeline"]
