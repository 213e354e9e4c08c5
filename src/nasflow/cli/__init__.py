"""The door: `nasflow ...`."""

from nasflow.cli.door import main

__all__ = ["main"]
