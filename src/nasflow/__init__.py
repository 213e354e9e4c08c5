"""Neural architecture search by path-level, function-preserving network transformation."""

from nasflow.base.version import VERSION

__version__ = VERSION
