"""Reading risk control files."""

from __future__ import annotations

from uuid import UUID

from services.risk.key_risk.tables import KeyRiskFile
from shared.pagination import Filter, Listing

FILES = Listing(
    model=KeyRiskFile,
    filters={
        "status": Filter(KeyRiskFile.status),
        "customer_id": Filter(KeyRiskFile.customer_id, UUID),
    },
    sorts={"opened_at": KeyRiskFile.opened_at},
    default_sort="-opened_at",
)
