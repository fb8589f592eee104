"""Take the plots of docs/img again from the notebook that draws them.

Example: pip install vl-convert-python && python docs/plots.py
"""

from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).parent
NOTEBOOK = HERE.parent / "notebooks" / "02_how_good_are_the_scores.ipynb"
PLOTS = {"reliability": "reliability.png", "risk_coverage": "risk-coverage.png", "spread": "authors.png"}


def main() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    saving = [f'{chart}.save(r"{HERE / "img" / name}", scale_factor=1.5)' for chart, name in PLOTS.items()]
    notebook.cells.append(nbformat.v4.new_code_cell("\n".join(saving)))
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": NOTEBOOK.parent}}).execute()
    for name in PLOTS.values():
        Image.open(HERE / "img" / name).quantize(64).save(HERE / "img" / name, optimize=True)


if __name__ == "__main__":
    main()
