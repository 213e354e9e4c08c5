from typing import Annotated

import pytest

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.base.form import Form


class Named(Document):
    """Something with a name."""

    name: Annotated[str, Form("[a-z]{1,5}(-[a-z]{1,5})?", "a word or two are")]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("My Cell", ": my-cell would do"), ("12", ""), ("a\n", ": a would do"), ("", ""), (10**6 * "x", "")],
)
def test_form(name: str, remedy: str) -> None:
    """A text of another form is refused in words, with one that would do where there is one."""
    with pytest.raises(InvalidSpec) as refused:
        Named.from_data({"name": name}, "here")
    assert str(refused.value).startswith(f"here: name: a word or two are wanted{remedy} (given: ")


def test_what_fits() -> None:
    """A text of the form is taken as it is, and programs are told the pattern."""
    assert Named(name="a-b").name == "a-b"
    assert Named.model_json_schema()["properties"]["name"]["pattern"] == "^([a-z]{1,5}(-[a-z]{1,5})?)$"
