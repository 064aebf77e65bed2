"""Write the bills of materials; `git diff deploy/materials` then shows what came and went."""

from __future__ import annotations

from pathlib import Path

from tests.supply_chain.materials import write_bills

if __name__ == "__main__":
    write_bills(Path(__file__).parents[2])
