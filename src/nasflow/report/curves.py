"""Several curves in one picture: a file of its own, for a page of docs or a browser."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

_COLOURS = ("#2f6fc4", "#b8620a", "#1e7a4f", "#a5246f", "#6b4fc4", "#8a8a10", "#107f8a", "#555555")


@dataclass(frozen=True)
class Band:
    """A curve with its range: all of one length."""

    x: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]

    def times(self, factor: float) -> Self:
        """The same curve in another unit."""
        scaled = [[factor * value for value in values] for values in (self.mean, self.low, self.high)]
        return replace(self, mean=scaled[0], low=scaled[1], high=scaled[2])


def draw_curves(bands: Mapping[str, Band], title: str, x_title: str, y_title: str) -> str:
    """An SVG: each band's mean as a line, its range as a shade. The same bands give the same text."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "nasflow", "svg.fonttype": "none"}):
        figure = Figure(figsize=(6.6, 4.0), layout="constrained")
        axes = figure.subplots()
        for number, (name, band) in enumerate(bands.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            # One point makes no line.
            axes.plot(band.x, band.mean, color=colour, label=name, marker="o" if len(band.x) == 1 else "")
            axes.fill_between(band.x, band.low, band.high, color=colour, alpha=0.15, linewidth=0)
        axes.set(title=title, xlabel=x_title, ylabel=y_title)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()
