import ast
from pathlib import Path

import pytest
from kfp import compiler

from nasflow.components.readme import FOLDER, NAMES, load, readme

STEPS = {"propose", "warm_start", "train", "evaluate", "child", "update", "advance"}
FINISH = {"select", "retrain", "evaluate_on_test", "register_and_report"}


def test_every_step_has_a_folder() -> None:
    """The search's steps and the finish's are there, and nothing else is."""
    assert set(NAMES) == STEPS | FINISH


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles(name: str, tmp_path: Path) -> None:
    """Kubeflow's compiler takes each component by itself."""
    compiler.Compiler().compile(load(name), str(tmp_path / "component.yaml"))
    assert "nasflow" in (tmp_path / "component.yaml").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_is_the_docstring(name: str) -> None:
    """The committed README is what the docstring says: `python -m nasflow.components.readme` writes it."""
    assert (FOLDER / name / "README.md").read_text() == readme(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_body_is_one_call(name: str) -> None:
    """A component imports one module of nasflow, and calls one function of it with ids and file names."""
    tree = ast.parse((FOLDER / name / "component.py").read_text())
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    docstring, imported, call = function.body
    assert isinstance(docstring, ast.Expr)
    assert ast.unparse(imported) == "from nasflow.steps import pods"
    value = getattr(call, "value", None)
    assert isinstance(value, ast.Call)
    assert ast.unparse(value.func).startswith("pods.")


@pytest.mark.parametrize("name", NAMES)
def test_only_ids_come_in(name: str) -> None:
    """No input is an address, a secret or a file: a search's id, a child's id, a run's number."""
    assert set(load(name).component_spec.inputs) <= {"search", "child", "number"}
