"""How agreements, notices and explanations are answered."""

from __future__ import annotations

from services.claims.agreement.schemas import AgreementOut, BeneficiaryOut, ExplanationOut, NoticeOut
from services.claims.agreement.tables import Explanation, ResultNotice, SettlementAgreement
from services.claims.claim.schemas import RecordState
from services.claims.claim.tables import Claim
from shared.actor import Actor
from shared.masking import masked_name
from shared.periods import Deadline


def state_of(claim: Claim) -> RecordState:
    return RecordState(id=claim.id, version=claim.version, status=claim.status)


def agreement(row: SettlementAgreement, claim: Claim, period: Deadline | None) -> AgreementOut:
    """The agreement, its beneficiaries masked."""
    named = [BeneficiaryOut(**{**one, "name": masked_name(one["name"])}) for one in row.beneficiaries]
    return AgreementOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), agreed_at=row.agreed_at, amount=row.amount,
        due_on=period and period.due_on, due_legal_on=period and period.due_legal_on, beneficiaries=named,
        masked=[f"beneficiaries.{at}.name" for at in range(len(named))],
    )  # fmt: skip


def notice(row: ResultNotice, claim: Claim) -> NoticeOut:
    return NoticeOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), kind=row.kind, served_at=row.served_at,
        method=row.method, reason=row.reason, clause_ids=row.clause_ids,
    )  # fmt: skip


def explanation(row: Explanation, claim: Claim, actor: Actor) -> ExplanationOut:
    return ExplanationOut(
        id=row.id, created_at=row.created_at, claim=state_of(claim), explained_at=row.explained_at, method=row.method,
        explained_by={"person_id": str(row.person_id), "staff_no": actor.staff_no}, content=row.content,
        reply=row.reply,
    )  # fmt: skip
