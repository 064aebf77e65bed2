"""Write what documents take from the code: problems.md, DATA-SETS.md and the folders of ARCHITECTURE.md."""

from __future__ import annotations

from pathlib import Path

from service.problems.catalogue import CATALOGUE
from tests.architecture.documents.dictionary import dictionary_page
from tests.architecture.documents.folders import folder_table, with_table
from tests.architecture.documents.problems_page import problems_page

ROOT = Path(__file__).parents[3]


def main() -> None:
    (ROOT / "docs" / "problems.md").write_text(problems_page(CATALOGUE), encoding="utf-8")
    (ROOT / "docs" / "DATA-SETS.md").write_text(dictionary_page(), encoding="utf-8")
    architecture = ROOT / "docs" / "ARCHITECTURE.md"
    page = architecture.read_text(encoding="utf-8")
    architecture.write_text(with_table(page, folder_table(ROOT)), encoding="utf-8")


if __name__ == "__main__":
    main()
