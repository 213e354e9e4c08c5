from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field
from tests.plugin import install_plugin

from nasflow.base.document import Document, Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import OpenUnion, load, plugged

GROUP = "nasflow.tests.shapes"
CODE = """
from typing import ClassVar, Literal
from tests.base.test_plugins import Shape

class Star(Shape):
    SIDES: ClassVar[int] = 10
    kind: Literal["star"] = "star"
    points: int = 5
"""


class Shape(Frozen):
    """The base of some data."""

    SIDES: ClassVar[int]

    kind: str


class Circle(Shape):
    """A built-in kind."""

    SIDES: ClassVar[int] = 0

    kind: Literal["circle"] = "circle"
    radius: int


AnyShape = Annotated[Shape, OpenUnion(GROUP, (Circle,))]
RoundShape = Annotated[Shape, OpenUnion(GROUP, (Circle,), default="circle")]


class Picture(Document):
    """Places for shapes as documents have them."""

    main: AnyShape | None = None
    rest: tuple[AnyShape, ...] = ()
    named: dict[str, RoundShape] = Field(default_factory=dict)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Installs a package with this code, whose `Star` is the kind `star`."""

    def install(code: str) -> None:
        install_plugin(monkeypatch, tmp_path, GROUP, "star", "stars_of_theirs:Star", stars_of_theirs=code)

    yield install
    plugged.cache_clear()


def refusal(data: Any) -> str:
    """The line with which a picture is refused."""
    with pytest.raises(InvalidSpec) as raised:
        Picture.from_data(data, "here")
    assert str(raised.value).isprintable()
    return str(raised.value).removeprefix("here: ")


def test_load() -> None:
    """An address names a module and what stands in it."""
    assert load("nasflow.base.errors:InvalidSpec") is InvalidSpec


def test_kinds_of_ours() -> None:
    """Data is read as the class that its kind names, the default where it names none, and written whole."""
    data = {"main": {"kind": "circle", "radius": 1}, "rest": [], "named": {"a": {"radius": 2}}}
    picture = Picture.from_data(data, "here")
    assert picture == Picture(main=Circle(radius=1), named={"a": Circle(radius=2)})
    assert Picture.from_json(picture.to_bytes(), "there") == picture


def test_a_kind_that_is_plugged_in(install: Callable[[str], None]) -> None:
    """An installed package adds a kind, which is read and written everywhere as one of ours."""
    star = {"kind": "star", "points": 7}
    assert "no kind is called 'star': take circle, or one" in refusal({"main": star})
    install(CODE)
    picture = Picture.from_data({"main": star, "rest": [star, {"kind": "circle", "radius": 1}]}, "here")
    assert type(picture.main).__name__ == "Star"
    assert picture.main == picture.rest[0]
    assert picture.model_dump(mode="json")["rest"][0] == star
    assert Picture.from_json(picture.to_bytes(), "there") == picture
    assert Picture(main=picture.main).main is picture.main


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"main": {"kind": "star", "point": 7}}, "unknown key 'main.point': did you mean 'points'?"),
        ({"rest": [{"kind": "star", "points": "x"}]}, "rest.0.points: Input should be a valid integer"),
        ({"named": {"a": {"kind": "star", "pts": 1}}}, "unknown key 'named.a.pts': did you mean 'points'?"),
        ({"named": {"a": {"radus": 1}}}, "unknown key 'named.a.radus': did you mean 'radius'?"),
        ({"main": {"kind": "stars"}}, "main: no kind is called 'stars': take circle, star, or one that an"),
        ({"main": {"points": 3}}, "main: a mapping with a `kind` is wanted: circle, star, or one"),
        ({"main": 3}, "main: a mapping with a `kind` is wanted: circle, star, or one"),
    ],
)
def test_messages(install: Callable[[str], None], data: Any, message: str) -> None:
    """A mistake in what is plugged in is told as one in ours: the key, the nearest right one, the kinds."""
    install(CODE)
    assert refusal(data).startswith(message)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "raise RuntimeError('a\\nb')",
            f"main: {GROUP} 'star': stars_of_theirs:Star cannot be loaded (RuntimeError",
        ),
        ("Star = 3", f"main: {GROUP} 'star': a Shape is wanted, not 3"),
        (CODE.replace("SIDES", "CORNERS"), f"main: {GROUP} 'star': its class has no SIDES"),
        (
            "from nasflow.spec.recipe import Recipe as Star",
            f"main: {GROUP} 'star': a Shape is wanted, not <class",
        ),
    ],
)
def test_a_broken_package(install: Callable[[str], None], code: str, message: str) -> None:
    """A package that cannot be loaded, or offers something else, is one line at the key that wants it."""
    install(code)
    assert refusal({"main": {"kind": "star"}}).startswith(message)


def test_an_object_of_another_family() -> None:
    """An object is no member because it has a kind."""
    from nasflow.search.controller import RandomController

    assert refusal({"main": RandomController()}).startswith("main: no kind is called 'random': take circle")


@pytest.mark.parametrize("address", ["nasflow.nowhere:thing", "nasflow.base.errors:Nothing"])
def test_an_address_of_nothing(address: str) -> None:
    """It is refused with one line that names it."""
    with pytest.raises(InvalidSpec, match=f"{address} cannot be loaded") as raised:
        load(address)
    assert str(raised.value).isprintable()
