"""What intake answers: the guide, the whole report for its own unit, and the little that another unit's taker sees."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from services.claims.claim.rules import sees
from services.claims.claim.tables import Claim
from services.claims.cover import queries as cover
from services.claims.deadlines.queries import deadlines_of
from services.claims.guide import rules as guides
from services.claims.intake import rules
from services.claims.intake.queries import Earlier
from services.claims.intake.schemas import (
    GuideDocument,
    GuideOut,
    GuideStep,
    PossibleDuplicate,
    ReportOut,
)
from services.claims.policy_search.schemas import PolicyCandidate
from shared.database import Transaction
from shared.rule_sets import in_force


def thresholds(figures: dict[str, Any]) -> rules.Thresholds:
    """The figures of the rule set `intake` as the rules take them."""
    return rules.Thresholds(
        notice_grace_minutes=figures["notice_grace_minutes"],
        late_notice_hours=figures["late_notice_hours"],
        head_office_deaths=figures["head_office"]["deaths"],
        head_office_injured=figures["head_office"]["injured"],
    )


def report_of(claim: Claim) -> rules.Report:
    """The stored report as the rules take it."""
    return rules.Report(
        loss_at=claim.loss_at, notified_at=claim.notified_at, notified_reason=claim.notified_reason,
        injured_count=claim.injured_count, death_count=claim.death_count, reinsured="reinsured" in claim.flags,
    )  # fmt: skip


async def guide_for(tx: Transaction, claim: Claim) -> GuideOut:
    """Documents and steps for this loss, told with the first answer."""
    found = await in_force(tx, "document_checklists")
    checklists = found.parsed(_checklists)
    chosen = guides.guide(checklists, claim.line, guides.kinds_told(claim), claim.product)
    return GuideOut(
        documents=[
            GuideDocument(code=one.code, title=one.title._asdict(), required=one.required, held=one.held)
            for one in chosen.documents
        ],
        steps=[GuideStep(code=one.code, text=one.text._asdict()) for one in chosen.steps],
    )


def _checklists(content: dict[str, Any], version: str) -> guides.Checklists:
    return guides.read_checklists(version, content)


def taken_for_another_unit(claim: Claim, guide: GuideOut) -> ReportOut:
    """Whoever took the report for another unit sees its number and the guide, and the record not at all."""
    return ReportOut(id=claim.id, claim_no=claim.claim_no, guide=guide)


async def reported(
    tx: Transaction, claim: Claim, guide: GuideOut, likely: Sequence[tuple[Earlier, Decimal]],
    policies: Sequence[PolicyCandidate] = (),
) -> ReportOut:  # fmt: skip
    """The whole answer, for a taker in whose scope the claim lies."""
    within = [(one, score) for one, score in likely if sees(tx.actor, one.org_path)]
    return ReportOut(
        id=claim.id, claim_no=claim.claim_no, guide=guide, version=claim.version, org_path=claim.org_path,
        created_at=claim.created_at, status=claim.status, unit_code=claim.unit_code, line=claim.line,
        policy_match=claim.policy_match, policy_id=claim.policy_id, policy_version=claim.policy_version,
        accident_id=claim.accident_id, flags=claim.flags,
        possible_duplicates=[
            PossibleDuplicate(claim_id=one.id, claim_no=one.claim_no, score=str(score)) for one, score in within
        ],
        policy_candidates=list(policies) or None,
        open_hazards=await cover.hazards_of(tx, claim),
        deadlines=[one.shown() for one in await deadlines_of(tx, claim)],
    )  # fmt: skip
