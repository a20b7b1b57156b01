"""Reading decisions beside the claim's own life, and what each step of them is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.claims.adjustment import queries as adjustment
from services.claims.approval import queries as approval
from services.claims.approval.rules import Facts, Sheet, StepDone, Trigger, Triggers, standing_of
from services.claims.approval.tables import ApprovalStep
from services.claims.claim import queries as spine
from services.claims.claim.rules import ClaimStatus, Held, Outcome
from services.claims.claim.tables import Claim
from services.claims.side import rules
from services.claims.side.rules import SideKind, SideStatus
from services.claims.side.tables import RecoveryReceipt, SideDecision
from shared import directory
from shared.approval_chain import Act, Standing
from shared.authority import AuthorityTable
from shared.database import Transaction
from shared.errors import NotFound
from shared.money import ZERO
from shared.rule_sets import NoRuleSet, RuleSet, in_force


@dataclass(frozen=True)
class SideBasis:
    """One request as its next step is judged."""

    claim: Claim
    row: SideDecision
    facts: Facts
    steps: tuple[ApprovalStep, ...]
    table: AuthorityTable
    triggers: Triggers

    @property
    def sheet(self) -> Sheet:
        return Sheet(None, self.row.amount)

    @property
    def done(self) -> tuple[StepDone, ...]:
        """The acts since it was last asked for."""
        return tuple(
            StepDone(Act(one.step, one.kind, one.outcome, one.position, one.person_id, one.on_behalf_of), None)
            for one in self.steps
            if one.digest == self.row.digest
        )

    def standing(self, *, refusing: bool = False) -> Standing:
        """How far the chain has come."""
        return standing_of(self.table, self.facts, self.sheet, self.done, self.triggers, refusing=refusing)


async def figures(tx: Transaction) -> RuleSet:
    """The rule set `side_decisions` in force."""
    return await in_force(tx, "side_decisions")


async def sides_of(tx: Transaction, claim_id: UUID, kind: SideKind | None = None) -> Sequence[SideDecision]:
    """All of a claim (or those of one kind), in order."""
    statement = select(SideDecision).where(SideDecision.claim_id == claim_id)
    if kind is not None:
        statement = statement.where(SideDecision.kind == str(kind))
    return await tx.scalars(statement.order_by(SideDecision.created_at, SideDecision.id))


async def side_of(tx: Transaction, claim: Claim, side_id: UUID, kind: SideKind) -> SideDecision:
    """One of this kind of this claim. Raises `NotFound`."""
    for row in await sides_of(tx, claim.id, kind):
        if row.id == side_id:
            return row
    raise NotFound()


async def paid_out(tx: Transaction, claim_id: UUID, side_id: UUID) -> SideDecision | None:
    """What was asked for and of which money may go out; None where it is of another claim or kind."""
    row = await tx.scalar(select(SideDecision).where(SideDecision.id == side_id, SideDecision.claim_id == claim_id))
    return row if row is not None and SideKind(row.kind) in rules.PAID_OUT else None


async def known(tx: Transaction, claim: Claim, _state: Any) -> Mapping[str, Any]:
    """What this room adds to the facts that actions are judged by."""
    losses = await adjustment.newest_losses(tx, claim.id)
    facts = losses.facts if losses else {}
    kinds = {loss["kind"] for one in facts.get("claimants", ()) for loss in one.get("losses", ())}
    refused_as = None
    if claim.outcome == Outcome.REFUSED:
        acts = [one for one in await approval.steps_of(tx, claim.id) if one.sheet_version == claim.sheet_version]
        refused_as = next((one.reason_code for one in reversed(acts) if one.kind == "decision"), None)
    try:
        never = frozenset((await figures(tx)).content["never_ex_gratia"])
    except NoRuleSet:
        never = frozenset()
    all_of = tuple(row.as_side() for row in await sides_of(tx, claim.id))
    return {"sides": rules.Sides(all_of, frozenset(kinds), losses is not None, refused_as, never)}


async def total_of(tx: Transaction, claim: Claim, row: SideDecision) -> Decimal:
    """What the limits are compared with, in yuan.

    An advance: the whole exposure of the accident. A reopening or a settlement: the gross total of the accident, a
    settlement at least at its own amount. Anything else: its own amount.
    """
    kind = SideKind(row.kind)
    if kind is SideKind.ADVANCE:
        return max(await exposure_of(tx, claim), row.amount)
    if kind in (SideKind.REOPENING, SideKind.LITIGATION):
        total = sum((one.amount for one in await approval.accident_of(tx, claim)), ZERO)
        return max(total, row.amount)
    return row.amount


async def exposure_of(tx: Transaction, claim: Claim) -> Decimal:
    """What the accident may cost by reserves and sheets, whichever is higher for each of its live claims."""
    columns = func.greatest(func.coalesce(Claim.reserve_amount, 0), func.coalesce(Claim.gross_amount, 0))
    statement = select(func.sum(columns)).where(
        Claim.accident_id == claim.accident_id, Claim.status != str(ClaimStatus.CANCELLED)
    )
    async with adjustment.across_units(tx):
        return await tx.scalar(statement) or ZERO


async def basis_of(tx: Transaction, claim: Claim, row: SideDecision, digest_key: bytes) -> SideBasis:
    """Everything that the next step on this request is judged by."""
    kind = SideKind(row.kind)
    triggers = Triggers.of((await in_force(tx, "approval_triggers")).content)
    interested = await adjustment.interested(tx, claim, digest_key)
    present = {rules.TRIGGER[kind]}
    present |= {Trigger.STAFF_OR_RELATIVES} if interested or "staff_or_relative" in claim.flags else set()
    present |= {Trigger.SUSPECTED_FRAUD} if "suspected_fraud" in claim.flags else set()
    asked = Held(rules.REQUESTER[kind], row.requested_by)
    facts = Facts(
        status=claim.state, line=claim.line or "", amount=await total_of(tx, claim, row),
        units=tuple(await directory.units_on_path(tx, claim.org_path)), triggers=frozenset(present),
        duties=(*await spine.duties_of(tx, claim.id), *spine.policy_duties(claim), asked), interested=interested,
        ladder=rules.LADDER[kind], side=True,
    )  # fmt: skip
    steps = tuple(await approval.steps_of(tx, claim.id, row.id))
    return SideBasis(claim, row, facts, steps, await directory.authority_table_at(tx), triggers)


async def approved_digest(tx: Transaction, row: SideDecision) -> str | None:
    """The digest of what the deciding step approved; None where nobody decided."""
    acts = await approval.steps_of(tx, row.claim_id, row.id)
    return next((one.digest for one in reversed(acts) if one.kind == "decision" and one.outcome == "approve"), None)


async def received(tx: Transaction, side_id: UUID) -> Decimal:
    """What has come in of a recovery, in yuan."""
    return await tx.scalar(select(func.sum(RecoveryReceipt.amount)).where(RecoveryReceipt.side_id == side_id)) or ZERO


async def closing(tx: Transaction, claim: Claim) -> Mapping[str, Any]:
    """What of all this stands in the way of closing: requests nobody decided, lawsuits that run."""
    sides = [row.as_side() for row in await sides_of(tx, claim.id)]
    running = (SideStatus.OPEN, SideStatus.JUDGED)
    suits = [str(one.id) for one in sides if one.kind is SideKind.LITIGATION and one.status in running]
    return {"open_approvals": rules.open_ones(sides), "open_litigation": suits}


async def pending(tx: Transaction, claim: Claim) -> list[str]:
    """What goes on after the claim is closed and keeps its file from being destroyed."""
    ends = (SideStatus.OPEN, SideStatus.REQUESTED, SideStatus.JUDGED)
    return [row.kind for row in await sides_of(tx, claim.id) if SideStatus(row.status) in ends]


async def timeline(tx: Transaction, claim: Claim) -> list[dict[str, Any]]:
    """What this room knows with a time of its own, for the claim's timeline."""
    return [
        {
            "at": row.created_at, "kind": f"{row.kind}_{'recorded' if row.status == 'recorded' else 'begun'}",
            "recorded_at": row.created_at, "facts": {"amount": f"{row.amount:.2f}", "status": row.status},
        }
        for row in await sides_of(tx, claim.id)
    ]  # fmt: skip
