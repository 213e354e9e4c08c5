from xml.etree import ElementTree

from nasflow.report.curves import Band, draw_curves

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
