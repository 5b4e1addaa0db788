"""Each finding has a row in the table of findings, and each row its script."""

import re

from helpers import ROOT

FOLDER = ROOT / "findings"


def test_the_table_lists_every_script_once():
    rows = re.findall(r"^\| \[([^\]]+)\]\(([^)]+)\) \| .+ \|$", (FOLDER / "README.md").read_text("utf-8"), re.M)
    assert [file for _, file in rows] == [f"{name}.sh" for name, _ in rows]
    assert sorted(file for _, file in rows) == sorted(path.name for path in FOLDER.glob("*.sh"))
