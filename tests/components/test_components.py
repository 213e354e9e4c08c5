import ast
from pathlib import Path

import pytest
from kfp import compiler

from nasflow.components.readme import COMPONENTS, load_component, readme
from nasflow.steps.pods import Pod
from nasflow.steps.table import Step

a_step = pytest.mark.parametrize("step", Step, ids=lambda step: step.title)


def test_every_step_has_a_folder() -> None:
    """Each step of the table is a component, and nothing else is."""
    folders = {path.parent.name for path in COMPONENTS.glob("*/component.py")}
    assert folders == {step.function for step in Step}
    assert folders == {path.parent.name for path in COMPONENTS.glob("*/*") if path.suffix not in {"", ".pyc"}}


def test_every_step_is_what_a_pod_can_do() -> None:
    """A pod has a method for each step of the table, and no other public one."""
    assert {name for name in vars(Pod) if not name.startswith("_")} == {step.function for step in Step}


@a_step
def test_it_compiles(step: Step, tmp_path: Path) -> None:
    """Kubeflow's compiler takes each component by itself."""
    compiler.Compiler().compile(load_component(step), str(tmp_path / "component.yaml"))
    assert "nasflow" in (tmp_path / "component.yaml").read_text()


@a_step
def test_the_readme_is_the_docstring(step: Step) -> None:
    """The committed README is what the docstring says: `python -m nasflow.components.readme` writes it."""
    assert (COMPONENTS / step.function / "README.md").read_text() == readme(step)


@a_step
def test_the_body_is_one_call(step: Step) -> None:
    """A component makes a pod of the ids that name its work, and calls the method that has its own name."""
    tree = ast.parse((COMPONENTS / step.function / "component.py").read_text())
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    docstring, imported, call = function.body
    assert isinstance(docstring, ast.Expr)
    assert ast.unparse(imported) == "from nasflow.steps.pods import Pod"
    value = getattr(call, "value", None)
    assert isinstance(value, ast.Call)
    ids = [each for each in step.arguments if each in {"search", "child"}]
    assert ast.unparse(value.func) == f"Pod({', '.join(ids)}).{step.function}"


@a_step
def test_only_the_tables_ids_come_in(step: Step) -> None:
    """No input is an address, a secret or a file: what the table says, and nothing else."""
    assert tuple(load_component(step).component_spec.inputs) == step.arguments
