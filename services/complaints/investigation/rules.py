"""What one step of an investigation says. Pure."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from shared.errors import Fault, Text, ValidationFailed


def check_step(kind: str, party: str | None, attachment_ids: Collection[UUID], held: Collection[UUID]) -> None:
    """Refuse (422) a contact without the party, evidence without its file, and a file that the complaint has not."""
    faults = []
    if kind == "contact" and party is None:
        text = Text("联系记录须注明对象。", "A contact names the party.")
        faults.append(Fault("party_required", text, pointer="#/party"))
    if kind == "evidence" and not attachment_ids:
        text = Text("证据须附文件。", "Evidence comes with its file.")
        faults.append(Fault("evidence_file_required", text, pointer="#/attachment_ids"))
    words = Text("该投诉没有此附件。", "The complaint has no such file.")
    faults.extend(
        Fault("attachment_unknown", words, pointer=f"#/attachment_ids/{n}")
        for n, one in enumerate(attachment_ids)
        if one not in held
    )
    if faults:
        raise ValidationFailed(*faults)
