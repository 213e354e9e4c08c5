import pytest

from nasflow.base.document import read_json


@pytest.mark.parametrize("text", [r'"\ud800"', r'{"a": ["\uDFFF"]}', r'{"\ud800": 1}', '"\ud800"'])
def test_half_a_character(text: str) -> None:
    """What no file can hold is in no document; a whole character may be named by its halves."""
    with pytest.raises(ValueError, match="surrogates not allowed"):
        read_json(text)
    assert read_json(r'"\ud83d\ude00"') == "\U0001f600"


@pytest.mark.parametrize("text", ["NaN", "[-Infinity]", '{"a": Infinity}'])
def test_no_number(text: str) -> None:
    """What Python takes for a number, and JSON does not, is refused."""
    with pytest.raises(ValueError, match="is no number"):
        read_json(text)
