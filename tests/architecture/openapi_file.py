"""Writes openapi.yaml from the api: `make openapi`."""

from __future__ import annotations

from pathlib import Path

import yaml

from service.api import described_app

OPENAPI = Path(__file__).parents[2] / "openapi.yaml"


def as_yaml() -> str:
    """The description of the running api."""
    return yaml.safe_dump(described_app().openapi(), sort_keys=False, allow_unicode=True, width=110)


if __name__ == "__main__":
    OPENAPI.write_text(as_yaml())
