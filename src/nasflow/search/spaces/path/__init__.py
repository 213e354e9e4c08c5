"""The path space: what it asks, how many cells it holds, and all of a small one."""

from nasflow.search.spaces.path.space import PathSpace

__all__ = ["PathSpace"]
