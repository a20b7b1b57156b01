"""Which news is read together to make figures, and about which record they are. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.crm.figure.rules import folding
from services.crm.figure.rules.claim_figures import of_claim
from services.crm.figure.rules.folding import STATED, Allowed, Figure, News

_KEYS = {
    "claims.claim": "claim_id", "claims.duty": "claim_id", "claims.deadline": "claim_id", "claims.notice": "about",
    "policy.policy": "policy_id", "policy.document": "policy_id", "policy.application": "application_id",
    "complaints.complaint": "complaint_id", "complaints.deadline": "complaint_id",
    "risk.inspection": "inspection_id", "risk.hazard": "hazard_id",
}  # fmt: skip
_KINDS = {
    "claim_id": "claim", "about": "claim", "policy_id": "policy", "application_id": "application",
    "complaint_id": "complaint", "inspection_id": "inspection", "hazard_id": "hazard",
}  # fmt: skip
_SILENT = frozenset(
    (
        "claims.claim.linked.v1", "claims.claim.registered.v1", "claims.claim.head_office_informed.v1",
        "policy.application.opened.v1", "policy.policy.expiring.v1", "complaints.complaint.recused.v1",
        "complaints.complaint.notified.v1",
    )
)  # fmt: skip
"""News that changes no figure."""


def _family(subject: str) -> str:
    return ".".join(subject.split(".")[:2])


def group_of(subject: str, data: Mapping[str, Any], record_id: UUID) -> UUID:
    """The record by which news is read together: the claim of a notice about it, else the record itself."""
    key = _KEYS.get(_family(subject))
    return UUID(str(data[key])) if key is not None and data.get(key) else record_id


def counts(subject: str, data: Mapping[str, Any]) -> bool:
    """Whether this news can change a figure: most duties and notices of other records do not."""
    if subject == "claims.duty.taken.v1":
        return bool(data.get("due_at"))
    return subject == STATED or (_family(subject) in _KEYS and subject not in _SILENT)


def kind_of(subject: str, data: Mapping[str, Any]) -> str:
    """The kind of record that a figure made of this news is about."""
    return str(data["about_kind"]) if subject == STATED else _KINDS[_KEYS[_family(subject)]]


def figures_of(news: Sequence[News], allowed: Allowed) -> list[Figure]:
    """All figures of one group, in a fixed order whatever the order of the news."""
    families = {_family(one.subject) for one in news}
    found = folding.stated(news)
    if families & {"claims.claim", "claims.duty", "claims.deadline"}:
        found += of_claim(news, allowed)
    if families & {"policy.policy", "policy.document"}:
        found += folding.of_policy(news, allowed)
    for family, fold in _FOLDS.items():
        if family in families:
            found += fold(news)
    return sorted(found, key=lambda one: (one.metric, one.n))


_FOLDS = {
    "policy.application": folding.of_application,
    "complaints.complaint": folding.of_complaint,
    "risk.inspection": folding.of_inspection,
    "risk.hazard": folding.of_hazard,
}
