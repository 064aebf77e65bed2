"""Every table of the control database: importing the records of each feature registers them."""

from __future__ import annotations

import service.access.records
import service.audit.records
import service.destructions.records
import service.linkage_runs.records
import service.linkage_secrets.records
import service.mirror.records
import service.people.records
import service.projects.records
import service.queries.records
import service.releases.records
import service.submissions.records
import service.uploads.records
import service.withdrawals.records
from service.database import Record

METADATA = Record.metadata
RECORDS = (
    service.access.records,
    service.audit.records,
    service.destructions.records,
    service.linkage_runs.records,
    service.linkage_secrets.records,
    service.mirror.records,
    service.people.records,
    service.projects.records,
    service.queries.records,
    service.releases.records,
    service.submissions.records,
    service.uploads.records,
    service.withdrawals.records,
)
