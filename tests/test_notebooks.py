from pathlib import Path

import nbformat
from nbclient import NotebookClient

from coach.calls import AXES

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def executed(name: str) -> nbformat.NotebookNode:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    return NotebookClient(notebook, timeout=900, resources={"metadata": {"path": NOTEBOOKS}}).execute()


def shown(notebook: nbformat.NotebookNode) -> list[dict[str, str]]:
    return [output.data for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]


def test_one_call_goes_from_sound_to_moments():
    notebook = executed("01_from_sound_to_moments")
    last = [output.data for output in notebook.cells[-1].outputs]
    assert any("giveaway" in data.get("text/markdown", "") for data in last)
    assert any("<audio" in data.get("text/html", "") for data in last)


def test_how_good_the_scores_are_is_drawn_for_each_axis():
    data = shown(executed("02_how_good_are_the_scores"))
    plots = [every["text/html"] for every in data if "vega-lite" in every.get("text/html", "")]
    assert len(plots) == 5
    for plot in plots:
        assert all(f'"axis": "{axis}"' in plot for axis in AXES)
    tables = "".join(every.get("text/plain", "") for every in data)
    for name in ("calibration error", "not sure", "told apart", "fall of the probability"):
        assert name in tables


def test_every_notebook_is_tested():
    tested = Path(__file__).read_text()
    assert all(path.stem in tested for path in NOTEBOOKS.glob("*.ipynb"))
