"""Neural architecture search by path-level, function-preserving network transformation."""

__version__ = "0.1.0"
