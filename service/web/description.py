"""How openapi.yaml describes refusals: one form for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from service.web.answers import PROBLEM_JSON

FAULT = {
    "type": "object",
    "required": ["pointer", "code"],
    "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}},
}
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem details; nothing of the request is repeated.",
    "required": ["type", "title", "status", "detail", "remedy"],
    "properties": {
        "type": {"type": "string", "pattern": "^/problems/[a-z-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "faults": {"type": "array", "items": FAULT},
    },
}


def _problems(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


RESPONSES: Mapping[int | str, dict[str, Any]] = {
    "4XX": _problems("A refusal that the caller can act on"),
    "5XX": _problems("The service cannot do it now; nothing was changed"),
}
"""For every operation; these also keep FastAPI's own form of 422, which repeats input, out."""


class DescribedApp(FastAPI):
    """An app whose description holds the form of a problem, where the responses refer to it."""

    def openapi(self) -> dict[str, Any]:
        """The description, made at the first call and kept."""
        described = super().openapi()
        described["components"]["schemas"]["Problem"] = PROBLEM
        return described
