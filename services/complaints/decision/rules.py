"""When the complainant can have been told. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from shared.errors import Conflict, Fault, Refused, Text


class NotifiedBeforeDecision(Refused):
    code = "notified_before_decision"
    title = Text("告知早于决定", "Told before it was decided")
    detail = Text("告知时间不能早于作出决定的时间。", "The complainant cannot have been told before the decision.")


def refuse_before_decision(notified_at: datetime, decided_at: datetime | None) -> None:
    """Refuse (422) a telling dated before the decision."""
    if decided_at is None or notified_at < decided_at:
        fault = Fault(NotifiedBeforeDecision.code, NotifiedBeforeDecision.detail, pointer="#/notified_at")
        raise NotifiedBeforeDecision(fault)


class NotificationProofRequired(Refused):
    code = "notification_proof_required"
    title = Text("须留存告知证据", "The telling needs its proof")
    detail = Text(
        "告知须留存证据：附件（回执、录音、截图）或可查的编号。",
        "A telling is kept with its proof: a file, or a number under which the receipt or recording is found.",
    )


class NobodyToNotify(Conflict):
    code = "nobody_to_notify"
    title = Text("匿名线索无需告知", "There is nobody to tell")
    detail = Text("匿名投诉作为线索处理，无告知对象。", "An anonymous complaint is a lead: there is nobody to tell.")


class CompensationUndecided(Conflict):
    code = "compensation_undecided"
    title = Text("补偿尚未审批", "The compensation is not decided yet")
    detail = Text("补偿审批完成后方可作出处理决定。", "The decision waits for the approval of the compensation.")


class WithdrawnBeforeReceipt(Refused):
    code = "withdrawn_before_receipt"
    title = Text("撤回早于收到", "Withdrawn before it was received")
    detail = Text("撤回时间不能早于收到投诉的时间。", "A complaint cannot be withdrawn before it was received.")


def check_proof(attachment_id: UUID | None, reference: str | None, held: Collection[UUID]) -> None:
    """Refuse (422) a telling without proof, and a proof that is no file of the complaint."""
    if attachment_id is None and not (reference or "").strip():
        raise NotificationProofRequired()
    if attachment_id is not None and attachment_id not in held:
        words = Text("该投诉没有此附件。", "The complaint has no such file.")
        raise NotificationProofRequired(Fault("attachment_unknown", words, pointer="#/proof_attachment_id"))


def refuse_lead(lead: bool) -> None:
    """Refuse (409) telling somebody who did not say who he is."""
    if lead:
        raise NobodyToNotify()


def refuse_undecided_compensation(status: str | None) -> None:
    """Refuse (409) a decision while what it promises is not approved."""
    if status == "proposed":
        raise CompensationUndecided()


def refuse_before_receipt(withdrawn_at: datetime, received_at: datetime) -> None:
    """Refuse (422) a withdrawal dated before the receipt."""
    if withdrawn_at < received_at.replace(microsecond=0):
        fault = Fault(WithdrawnBeforeReceipt.code, WithdrawnBeforeReceipt.detail, pointer="#/withdrawn_at")
        raise WithdrawnBeforeReceipt(fault)
