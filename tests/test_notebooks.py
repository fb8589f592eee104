from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_from_top_to_bottom_and_ends_with_moments(path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": path.parent}}).execute()
    shown = [output.data for output in notebook.cells[-1].outputs]
    assert any("giveaway" in data.get("text/markdown", "") for data in shown)
    assert any("<audio" in data.get("text/html", "") for data in shown)
