"""`python -m service.worker ROLE`."""

from __future__ import annotations

from service.worker.main import main

main()
