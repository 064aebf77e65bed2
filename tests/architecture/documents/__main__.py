"""Write what documents take from the code: problems, data sets, folders and the schema of questions."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter

from linkage_engine.contract.query_spec import QuerySpec
from service.problems.catalogue import CATALOGUE
from tests.architecture.documents.dictionary import dictionary_page
from tests.architecture.documents.folders import folder_table, with_table
from tests.architecture.documents.problems_page import problems_page

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "docs" / "specification.schema.json"


def schema() -> str:
    """The language of questions as a JSON Schema (draft 2020-12)."""
    made = TypeAdapter[QuerySpec](QuerySpec).json_schema()
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Specification", **made}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    SCHEMA.write_text(schema(), encoding="utf-8")
    (ROOT / "docs" / "problems.md").write_text(problems_page(CATALOGUE), encoding="utf-8")
    (ROOT / "docs" / "DATA-SETS.md").write_text(dictionary_page(), encoding="utf-8")
    architecture = ROOT / "docs" / "ARCHITECTURE.md"
    page = architecture.read_text(encoding="utf-8")
    architecture.write_text(with_table(page, folder_table(ROOT)), encoding="utf-8")


if __name__ == "__main__":
    main()
