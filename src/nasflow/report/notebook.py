"""A search's report inside a page of others, as a notebook is."""

from html import escape

from nasflow.report.page import render
from nasflow.search.ledger import Ledger

_HEIGHT = 720
"""Pixels."""


def framed(ledger: Ledger) -> str:
    """The report in a frame of its own, as HTML: neither page's styles reach the other."""
    page = escape(render(ledger), quote=True)
    return f'<iframe srcdoc="{page}" style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
