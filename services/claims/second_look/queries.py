"""Reading second looks, and the small claims around one payee, surveyor, repairer or pair of persons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, String, Text, cast, func, literal, select, union
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import aliased

from services.claims.adjustment import queries as adjustment
from services.claims.adjustment.tables import LossAssessment, PayeePlan
from services.claims.approval.tables import ApprovalStep
from services.claims.claim.rules import Duty, Held, Outcome
from services.claims.claim.tables import Claim, ClaimDuty
from services.claims.payment.rules import LIVE
from services.claims.payment.tables import Payment
from services.claims.second_look import rules
from services.claims.second_look.rules import Case, Figures, Kind
from services.claims.second_look.tables import QualityCheck
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force

CHECKS = Listing(
    model=QualityCheck,
    filters={"status": Filter(QualityCheck.status), "kind": Filter(QualityCheck.kind)},
    sorts={"created_at": QualityCheck.created_at, "due_at": QualityCheck.due_at},
    default_sort="-created_at",
)
PAID = (str(Outcome.PAID), str(Outcome.PARTIAL))


async def figures(tx: Transaction) -> Figures:
    """The rule set `second_look` in force."""
    found = await in_force(tx, "second_look")
    return rules.figures_of(found.content, found.version)


def claim_ids(row: QualityCheck) -> list[UUID]:
    """The claims a look is about."""
    return [UUID(one["claim_id"]) for one in row.claims]


async def duties_on(tx: Transaction, ids: list[UUID]) -> tuple[Held, ...]:
    """Every duty anybody took on these claims."""
    rows = await tx.scalars(select(ClaimDuty).where(ClaimDuty.claim_id.in_(ids)))
    return tuple(Held(Duty(row.duty), row.person_id) for row in rows)


async def interested_in(tx: Transaction, ids: list[UUID], digest_key: bytes) -> frozenset[UUID]:
    """Staff who are, or whose declared relatives are, claimant, reporter or payee of one of these claims."""
    found: frozenset[UUID] = frozenset()
    for claim in await tx.scalars(select(Claim).where(Claim.id.in_(ids))):
        found |= await adjustment.interested(tx, claim, digest_key)
    return found


def _texts(column: Any, path: str) -> Any:
    """One row for each text at `path` in a JSON column."""
    return func.jsonb_path_query(column, cast(literal(path), JSONPATH)).op("#>>")(cast(literal([]), ARRAY(Text)))


def _payees() -> Any:
    paid = select(Payment.payee_digest.label("subject"), Payment.claim_id).where(Payment.status.in_(list(LIVE)))
    named = select(_texts(PayeePlan.payees, "$[*].account_digest"), PayeePlan.claim_id)
    both = union(paid, named).subquery()
    return select(both.c.subject, both.c.claim_id)


def _surveyors() -> Any:
    person = cast(ClaimDuty.person_id, String).label("subject")
    return select(person, ClaimDuty.claim_id).where(ClaimDuty.duty == str(Duty.SURVEYOR))


def _repairers() -> Any:
    subject = _texts(LossAssessment.facts, "$.claimants[*].losses[*].repairer.digest").label("subject")
    later = aliased(LossAssessment)
    newest = select(func.max(later.number)).where(later.claim_id == LossAssessment.claim_id).scalar_subquery()
    return select(subject, LossAssessment.claim_id).where(LossAssessment.number == newest)


def _makers() -> Any:
    """One adjuster's files before one approver."""
    pair = func.concat(cast(ClaimDuty.person_id, String), "/", cast(ApprovalStep.person_id, String)).label("subject")
    return (
        select(pair, ClaimDuty.claim_id)
        .join(ApprovalStep, ApprovalStep.claim_id == ClaimDuty.claim_id)
        .where(
            ClaimDuty.duty == str(Duty.ADJUSTER), ApprovalStep.kind == "decision", ApprovalStep.outcome == "approve",
            ApprovalStep.side_id.is_(None),
        )
    )  # fmt: skip


_AROUND: Mapping[Kind, Any] = {
    Kind.PAYEE: _payees(),
    Kind.SURVEYOR: _surveyors(),
    Kind.REPAIRER: _repairers(),
    Kind.APPROVER: _makers(),
}


def _small(figures: Figures, now: datetime) -> ColumnElement[bool]:
    return (
        Claim.outcome.in_(PAID)
        & (Claim.determined_at >= now - figures.window)
        & (Claim.gross_amount <= figures.small_amount)
    )


async def patterns(tx: Transaction, kind: Kind, figures: Figures) -> dict[str, list[Case]]:
    """The small claims decided within the window, by subject, where there are enough of them to be a pattern."""
    around = _AROUND[kind].subquery()
    joined = select(around.c.subject).join(Claim, Claim.id == around.c.claim_id).where(_small(figures, tx.now))
    many = joined.group_by(around.c.subject).having(
        func.count(func.distinct(Claim.id)) >= figures.patterns[kind]
    )  # fmt: skip
    columns = (Claim.id, Claim.claim_no, Claim.org_path, Claim.gross_amount, Claim.determined_at)
    statement = select(around.c.subject, *columns).distinct().join(Claim, Claim.id == around.c.claim_id)
    found: dict[str, list[Case]] = {}
    for subject, *told in await tx.execute(statement.where(_small(figures, tx.now), around.c.subject.in_(many))):
        found.setdefault(subject, []).append(Case(*told))
    return found


async def last_look(tx: Transaction, kind: Kind, subject: str) -> QualityCheck | None:
    """The newest look at this subject, open or done."""
    statement = select(QualityCheck).where(QualityCheck.kind == str(kind), QualityCheck.subject == subject)
    return await tx.scalar(statement.order_by(QualityCheck.created_at.desc()).limit(1))
