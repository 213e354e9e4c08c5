"""Which nasflow this is."""

from importlib.metadata import version

VERSION = version("nasflow")
"""As it is installed. Not asked of the package: a folder called nasflow may lie before it on the path."""
