"""Which permission it takes to read an event, and who may have one pushed. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

READ_WITH: Mapping[str, str] = {
    "claims.deadline": "claims.claim.read",
    "claims.duty": "claims.claim.read",
    "claims.notice": "claims.claim.read",
    "complaints.deadline": "complaints.complaint.read",
    "complaints.mis_selling_case": "complaints.mis_selling.read",
    "complaints.notice": "complaints.complaint.read",
    "crm.notice": "crm.message.read",
    "organisation.appointment": "organisation.person.read",
    "organisation.authority_table": "organisation.authority.read",
    "policy.document": "policy.delivery.read",
    "policy.insured": "policy.policy.read",
    "policy.notice": "policy.policy.read",
    "policy.premium": "policy.application.read",
    "policy.survey": "policy.application.read",
    "risk.notice": "risk.inspection.read",
}
"""Events about something that has no read permission of its own go with the record that they belong to."""

ALSO_WITH: Mapping[str, str] = {"policy.application.approved": "policy.payment_order.read"}
"""Single events that are meant for somebody who may not read their record: who issues policies hears of the approval
of what it is to issue."""


def permission_of(event_type: str) -> str:
    """What it takes to read events of this type (`claims.claim.reported`): the permission to read their record.

    A name that no position holds refuses everybody, so an event of a new kind is seen by nobody until it has its row.
    """
    record = event_type.rpartition(".")[0]
    return READ_WITH.get(record, f"{record}.read")


def may_read(event_type: str, permissions: Collection[str]) -> bool:
    """Whether a holder of `permissions` may read events of this type."""
    return permission_of(event_type) in permissions or ALSO_WITH.get(event_type) in permissions


def readable(types: Collection[str], permissions: Collection[str]) -> set[str]:
    """Those of `types` that a holder of `permissions` may read."""
    return {one for one in types if may_read(one, permissions)}


def outward(event: Mapping[str, Any], public_url: str) -> dict[str, Any]:
    """The event as it leaves the house: its schema named by the address that clients know."""
    return {**event, "dataschema": f"{public_url.rstrip('/')}{event['dataschema']}"}
