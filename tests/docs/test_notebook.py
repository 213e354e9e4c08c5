"""The notebook of the docs runs, and what it shows is what it showed when it was written down."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs/notebook.ipynb"


def run(source: str, names: dict[str, Any]) -> object:
    """Run a cell; the value of its last line, if that is an expression which is to be shown."""
    body = ast.parse(source).body
    last = body[-1]
    is_shown = isinstance(last, ast.Expr) and not source.rstrip().endswith(";")
    exec(compile(ast.Module(body[:-1] if is_shown else body, []), str(NOTEBOOK), "exec"), names)
    if not isinstance(last, ast.Expr) or not is_shown:
        return None
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


@pytest.mark.long
def test_every_cell_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, in an empty folder; what was drawn there is drawn here."""
    monkeypatch.chdir(tmp_path)
    cells = [each for each in json.loads(NOTEBOOK.read_text())["cells"] if each["cell_type"] == "code"]
    names: dict[str, Any] = {}
    drawn = 0
    for cell in cells:
        shown: Any = run("".join(cell["source"]), names)
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            if "image/svg+xml" in output.get("data", {}):
                drawn += 1
                assert shown._repr_svg_().startswith("<svg")
    assert drawn >= 3
    assert (tmp_path / "notebook.html").exists()
