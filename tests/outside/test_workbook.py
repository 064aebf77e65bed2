"""LibreOffice on the workbook of a release: it opens, and each sheet holds what we put there."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest

from service.publication.workbook import workbook
from tests.unit.publication.releases import a_release


@pytest.mark.outside(tool="soffice")
def test_libreoffice_opens_the_workbook_and_reads_the_same_numbers(tmp_path: Path) -> None:
    """The fourth sheet as CSV: title, two sentences, heads, then the table."""
    (tmp_path / "table.xlsx").write_bytes(workbook(a_release()))
    fourth = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,4"
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", fourth,
         "--outdir", str(tmp_path), str(tmp_path / "table.xlsx")],
        capture_output=True, timeout=180, check=True,
    )  # fmt: skip
    (made,) = tmp_path.glob("*.csv")
    rows = list(csv.reader(made.read_text(encoding="utf-8").splitlines()))
    assert rows[0][0] == "People living with and beyond cancer"
    assert rows[4][:3] == ["Male", "1200", "30000"]
    assert rows[6][:3] == ["Not known or not specified", "[low]", "[c]"]
