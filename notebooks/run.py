"""Run the notebook that has no source in `src` from top to bottom; any error fails.

python notebooks/run.py            run all, keep the files as they are (a check)
python notebooks/run.py --write    run all and save the outputs
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def run(path: Path, write: bool) -> None:
    """Run one notebook with the repository as its working folder."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent.parent)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
    if write:
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # times of day, which change with every run
        nbformat.write(notebook, path)
    print(f"{path.name}: ran {sum(cell.cell_type == 'code' for cell in notebook.cells)} code cells")


if __name__ == "__main__":
    for entry in sorted(Path(__file__).parent.glob("*first_run.ipynb")):
        run(entry, write="--write" in sys.argv[1:])
