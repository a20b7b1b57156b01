"""Parts of a report sent from the field, in any order and more than once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.risk.checklist.rules import Section
from services.risk.inspection.rules import refuse_future
from shared.errors import Fault, Refused, Text


class SectionUnknown(Refused):
    code = "section_unknown"
    title = Text("没有这一部分", "No such section")
    detail = Text("报告没有 {section} 这一部分。", "A report has no section {section}.")


def section_of(name: str) -> Section:
    """One of the eight sections. Refuses (422) any other."""
    if name not in set(Section):
        told = {"section": name}
        raise SectionUnknown(
            Fault(SectionUnknown.code, SectionUnknown.detail, parameter="section", members=told), **told
        )
    return Section(name)


def is_news(stored: Mapping[str, Any] | None, client_id: str, written_at: datetime) -> bool:
    """Whether a part replaces what is stored: not when it is the same once more, nor when it was written earlier."""
    if stored is None:
        return True
    held_at = datetime.fromisoformat(stored["written_at"])
    return written_at > held_at or (written_at == held_at and client_id != stored["client_id"])


def check_written(written_at: datetime, now: datetime) -> None:
    """Refuse (422) a part that will be written."""
    refuse_future(written_at, now, "#/written_at")
