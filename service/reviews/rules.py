"""How much of the log is read at once."""

from __future__ import annotations

PAGE = 100
PAGE_LIMIT = 500
