"""What bandit finds in the delivered code, beside the exceptions that the code states with their reasons.

ruff has the same rules under the same numbers (B608 is S608): a finding on a line that is excepted from its
rule was looked at, any other is new.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def unexplained(report: dict[str, Any], root: Path) -> list[str]:
    """The findings of a report (bandit's JSON) on lines that state no exception from the same rule."""
    return [
        f"{found['filename']}:{found['line_number']}: {found['test_id']} {found['test_name']}"
        for found in report["results"]
        if not _is_explained(found, (root / found["filename"]).read_text().splitlines())
    ]


def _is_explained(found: dict[str, Any], lines: list[str]) -> bool:
    rule = f"S{found['test_id'].removeprefix('B')}"
    first, last = min(found["line_range"]), max(found["line_range"])
    return any("# noqa:" in line and rule in line for line in lines[first - 1 : last])


def main() -> int:
    """Read a report from standard input; name what is unexplained and exit 1 if anything is."""
    report = json.load(sys.stdin)
    if report["errors"]:
        sys.stderr.write("bandit could not read everything\n")
        return 1
    found = unexplained(report, Path.cwd())
    sys.stdout.writelines(f"{each}\n" for each in found)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
