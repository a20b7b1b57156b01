"""When two records may become one."""

from __future__ import annotations

from uuid import UUID

from services.crm.customer.rules import refuse_merged
from shared.errors import Fault, Text, ValidationFailed


def refuse_same(kept_id: UUID, merged_id: UUID) -> None:
    """Refuse (422) to merge a record into itself."""
    if kept_id == merged_id:
        text = Text("不能并入自身。", "A record cannot be merged into itself.")
        raise ValidationFailed(Fault("same_record", text, pointer="#/merged_id"))


def may_merge(kept_id: UUID, kept_into: UUID | None, merged_id: UUID, merged_into: UUID | None) -> None:
    """Refuse a merge into itself (422), and of or into a record that was merged before (409)."""
    refuse_same(kept_id, merged_id)
    refuse_merged(merged_into)
    refuse_merged(kept_into)
