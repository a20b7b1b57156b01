"""Reading risk control files."""

from __future__ import annotations

from uuid import UUID

from services.risk.key_risk import rules
from services.risk.key_risk.tables import KeyRiskFile
from shared.actions import Action
from shared.actor import Actor
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


def may_close(_actor: Actor, file: KeyRiskFile) -> None:
    """Refuse (409) what the handler would refuse by what the file itself says."""
    rules.close_file(rules.FileStatus(file.status), [rules.Criterion(one) for one in file.criteria])


ACTIONS: tuple[Action[KeyRiskFile], ...] = (
    Action("close", "POST", "/v1/key-risk-files/{id}/closures", "risk.key_risk_file.close", may_close),
)
