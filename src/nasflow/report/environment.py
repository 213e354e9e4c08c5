"""The templates: one jinja environment, in which whatever is not marked as safe is escaped."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nasflow.report import figures


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nasflow.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= figures.FILTERS
    return environment


def fill(template: str, **values: Any) -> Markup:
    """The template filled with `values`, each escaped unless it is Markup of our own."""
    return Markup(_environment().get_template(template).render(**values))


@cache
def source(template: str) -> Markup:
    """A style sheet or script of our own, as it is in its file."""
    loader = _environment().loader
    assert loader is not None
    return Markup(loader.get_source(_environment(), template)[0])
