from xml.etree import ElementTree

from nasflow.report.curves import Band, draw_curves

MARK = "fill: #2f6fc4; stroke: #2f6fc4"
"""How the first arm's points are drawn, where they are."""

BANDS = {
    "path": Band((1, 2, 3), (0.1, 0.2, 0.4), (0.0, 0.1, 0.3), (0.2, 0.3, 0.5)),
    "random": Band((1, 2, 3), (0.1, 0.1, 0.1), (0.0, 0.0, 0.0), (0.2, 0.2, 0.2)),
}


def test_what_is_shown_is_named() -> None:
    """Title, axes and each curve stand in the picture as text, which is well-formed SVG."""
    drawn = draw_curves(BANDS, "two arms", "children", "reward")
    words = {(each.text or "").strip() for each in ElementTree.fromstring(drawn).iter() if each.text}
    assert {"two arms", "children", "reward", "path", "random"} <= words


def test_the_same_bands_are_the_same_text() -> None:
    """A picture that is committed changes only with its figures."""
    first, again = (draw_curves(BANDS, "two arms", "children", "reward") for _ in range(2))
    assert first == again
    assert draw_curves({"path": BANDS["path"]}, "two arms", "children", "reward") != first


def test_one_point_is_seen() -> None:
    """A search of one round has no line to draw: where it stands is marked."""
    assert MARK in draw_curves({"path": Band((5,), (0.4,), (0.3,), (0.5,))}, "", "", "")
    assert MARK not in draw_curves({"path": BANDS["path"]}, "", "", "")
