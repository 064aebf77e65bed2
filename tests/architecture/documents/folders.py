"""The folder table of docs/ARCHITECTURE.md: every package with the first line of its docstring."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGES = ("service", "linkage_engine")
BEGIN = "<!-- folders -->\n"
END = "<!-- /folders -->"


def folder_table(root: Path) -> str:
    """The table, in the order of the tree."""
    inits = [path for name in PACKAGES for path in sorted((root / name).rglob("__init__.py"))]
    rows = "".join(f"| `{path.parent.relative_to(root)}/` | {_caption(path)} |\n" for path in inits)
    return f"| folder | caption |\n|---|---|\n{rows}"


def with_table(page: str, table: str) -> str:
    """The page with its table replaced."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}{table}{END}{rest.split(END)[1]}"


def _caption(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]
