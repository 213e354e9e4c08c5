import ast
import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from tests.sources import ROOT, SOURCES, literals, nodes

from nasflow.base import settings
from nasflow.base.errors import InvalidSpec
from nasflow.base.settings import ALL, Count, Text, by_name, environment, own, take_over, temporarily
from nasflow.pipelines import placement

NAMES = {variable.name for variable in ALL}
HOME = ROOT / "src/nasflow/base/settings.py"
ELSEWHERE = [path for path in SOURCES if path != HOME]

LOOKS = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
"""What the module os has for the environment."""

OURS = re.compile(r"(NASFLOW|MLFLOW|AWS)_")
WORD = re.compile(r"\b(?:NASFLOW|MLFLOW|AWS)_[A-Z][A-Z0-9_]*[A-Z0-9]\b")


def test_each_variable_once() -> None:
    """No two entries have one name, and each says what it is for."""
    assert len(NAMES) == len(ALL)
    assert [each.name for each in ALL if not each.purpose.endswith(".") or not each.absent] == []


def test_nobody_else_looks_at_the_environment() -> None:
    """Only base/settings.py uses os.environ and its like."""
    assert [source for source in ELSEWHERE if _used(source) & LOOKS] == []


def _used(source: Path) -> set[str]:
    """What a source takes from the module os."""
    used = {node.attr for node in nodes(source) if isinstance(node, ast.Attribute) and _is_os(node.value)}
    used |= {
        each.name
        for node in nodes(source)
        if isinstance(node, ast.ImportFrom) and node.module == "os"
        for each in node.names
    }
    return used


def _is_os(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "os"


def test_a_name_is_written_once() -> None:
    """No string elsewhere is a variable's name, or begins like one of nasflow's, MLflow's or AWS's."""
    found = [each for source in ELSEWHERE for each in literals(source)]
    assert found
    assert [place for place, text in found if text in NAMES or OURS.match(text)] == []


def test_names_in_texts_are_known() -> None:
    """A message, a docstring or a page names no variable that is not there."""
    texts = [*SOURCES, ROOT / "README.md", ROOT / "docs/cluster.md"]
    found = {(path, name) for path in texts for name in WORD.findall(path.read_text(encoding="utf-8"))}
    assert {name for _, name in found} >= {settings.STORE.name}
    assert {each for each in found if each[1] not in NAMES} == set()


@pytest.mark.parametrize("file", ["configmap.yaml", "secret.yaml"])
def test_the_charts_keys_are_known(file: str) -> None:
    """The chart gives pods nothing that nasflow does not know."""
    text = (ROOT / "charts/nasflow/templates" / file).read_text()
    keys = set(re.findall(r"^  ([A-Z][A-Z0-9_]+):", text, re.MULTILINE))
    assert keys
    assert keys <= NAMES


def test_pods_get_what_the_chart_gives() -> None:
    """Each key that a pod asks for, and that the chart has to have, is in its ConfigMap or its Secret."""
    for file, keys in (
        ("configmap.yaml", placement.REQUIRED | placement.OPTIONAL),
        ("secret.yaml", placement.SECRETS),
    ):
        text = (ROOT / "charts/nasflow/templates" / file).read_text()
        assert [key for key in keys if f"\n  {key}: " not in text] == []
        assert set(keys.values()) <= NAMES


def test_empty_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing is not set; any other text is its value."""
    monkeypatch.setenv("NASFLOW_STORE", "")
    assert settings.STORE.get() is None
    assert not settings.STORE.is_set
    monkeypatch.setenv("NASFLOW_STORE", "folder")
    assert settings.STORE.get() == "folder"
    assert settings.STORE.is_set


@pytest.mark.parametrize(("text", "value"), [("", None), ("1", 1), ("12", 12)])
def test_a_count(text: str, value: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole number is read as one."""
    monkeypatch.setenv("NASFLOW_LANES", text)
    assert settings.LANES.get() == value


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "all", " "])
def test_what_is_no_count(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be is refused with the variable's name and its value."""
    monkeypatch.setenv("NASFLOW_LANES", text)
    with pytest.raises(InvalidSpec, match=f"NASFLOW_LANES is {text!r}: a whole number from 1 on"):
        settings.LANES.get()


def test_a_number_may_be_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of several processes is number 0."""
    monkeypatch.setenv("RANK", "0")
    assert settings.RANK.is_set
    assert settings.RANK.get() == 0


def test_temporarily(monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards everything is as it was, also after an error: set, set to nothing, or not set."""
    first, second, third = Text("NASFLOW_A", "."), Text("NASFLOW_B", "."), Count("NASFLOW_C", ".")
    monkeypatch.setenv("NASFLOW_A", "a")
    monkeypatch.setenv("NASFLOW_B", "")
    monkeypatch.delenv("NASFLOW_C", raising=False)
    before = dict(os.environ)
    with suppress(ZeroDivisionError), temporarily({first: None, second: "b", third: "3"}):
        assert (first.get(), second.get(), third.get()) == (None, "b", 3)
        raise ZeroDivisionError
    assert os.environ == before


def test_set_if_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is there already stays."""
    variable = Text("NASFLOW_A", ".")
    monkeypatch.setenv("NASFLOW_A", "")
    variable.set_if_absent("first")
    variable.set_if_absent("second")
    assert variable.get() == "first"


def test_parts_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it, or what begins in one of some ways."""
    monkeypatch.setattr("os.environ", {"AWS_REGION": "here", "MLFLOW_RUN_ID": "1", "HOME": "/"})
    assert environment("AWS_", "HOME") == {"AWS_REGION": "here", "HOME": "/"}
    assert environment() == os.environ
    assert by_name({settings.STORE: "folder"}) == {"NASFLOW_STORE": "folder"}


def test_own_variables_are_listed() -> None:
    """Whatever a pod is told of MLflow has an entry; a secret stays one."""
    for variable in (settings.TRACKING_URI, *settings.TRACKING_CREDENTIALS):
        assert own(variable) in ALL
        assert own(variable).is_secret == variable.is_secret


def test_the_environment_of_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set there is set here, and what was not is not."""
    monkeypatch.setattr("os.environ", {"AWS_PROFILE": "ours", "HOME": "/home/us"})
    take_over({"HOME": "/home/them"})
    assert environment() == {"HOME": "/home/them"}
