"""What an approval is judged by, read once: the sheet, the accident, the chain, the acts so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import exists, false, or_, select

from services.claims.adjustment import queries as adjustment
from services.claims.adjustment import rules as calculation
from services.claims.adjustment.tables import CalculationSheet, PayeePlan
from services.claims.approval import rules
from services.claims.approval.rules import Facts, Sheet, StepDone, Trigger, Triggers
from services.claims.approval.tables import ApprovalRaise, ApprovalStep, ApprovalVoiding
from services.claims.claim.queries import duties_of, injured_of
from services.claims.claim.rules import BEFORE_DECISION, ClaimStatus, Flag, Held, Outcome, PolicyDuty
from services.claims.claim.tables import Claim, InjuredPerson
from services.claims.cover.queries import rescission_of
from services.claims.cover.tables import CoverVersion
from shared import directory
from shared.approval_chain import Act, Standing
from shared.authority import AuthorityTable, rank
from shared.database import Transaction
from shared.money import ZERO
from shared.rule_sets import in_force

_BY_FLAG: Mapping[str, Trigger] = {
    str(Flag.STAFF_OR_RELATIVE): Trigger.STAFF_OR_RELATIVES,
    "suspected_fraud": Trigger.SUSPECTED_FRAUD,
    "litigation": Trigger.LITIGATION,
}


@dataclass(frozen=True)
class AccidentClaim:
    """One live claim of the accident, whoever registered it; `amount` in yuan."""

    claim_id: UUID
    claim_no: str
    amount: Decimal
    death_count: int
    injured_count: int


@dataclass(frozen=True)
class ApprovalFacts:
    """The approval of one claim, as the rules and the answers take it. `changed`: what the sheet rests on that is no
    longer what it was: `losses`, `policy_version`, or its own `content`, by its digest."""

    claim: Claim
    row: CalculationSheet
    facts: Facts
    sheet: Sheet
    steps: tuple[ApprovalStep, ...]
    table: AuthorityTable
    triggers: Triggers
    accident: tuple[AccidentClaim, ...]
    changed: tuple[str, ...]
    plan: PayeePlan | None = None
    raises: tuple[ApprovalRaise, ...] = ()

    @property
    def done(self) -> tuple[StepDone, ...]:
        """The acts so far, on whichever sheet, for the payees as they are named now."""
        return tuple(
            StepDone(
                Act(one.step, one.kind, one.outcome, one.position, one.person_id, one.on_behalf_of), one.sheet_version
            )
            for one in self.steps
            if one.payee_number == self.payee_number
        )

    @property
    def payee_number(self) -> int:
        """The version of the payees that is approved together with the sheet, 0 while none are named."""
        return self.plan.number if self.plan else 0

    def standing(self, *, refusing: bool = False) -> Standing:
        """How far the chain has come."""
        return rules.standing_of(self.table, self.facts, self.sheet, self.done, self.triggers, refusing=refusing)

    def refuse_outdated(self) -> None:
        """Refuse (409 `sheet_outdated`) where the sheet no longer rests on the newest facts and policy version."""
        if self.changed:
            raise calculation.SheetOutdated(sheet_version=self.row.sheet_version, changed=list(self.changed))


async def steps_of(tx: Transaction, claim_id: UUID, side_id: UUID | None = None) -> Sequence[ApprovalStep]:
    """The acts on a claim (or on one side decision of it) in the order in which they were taken."""
    statement = select(ApprovalStep).where(ApprovalStep.claim_id == claim_id, ApprovalStep.side_id == side_id)
    return await tx.scalars(statement.order_by(ApprovalStep.created_at, ApprovalStep.id))


async def accident_of(tx: Transaction, claim: Claim) -> tuple[AccidentClaim, ...]:
    """All live claims of the accident, in whichever unit; a refused claim adds nothing to the amount."""
    columns = (Claim.id, Claim.claim_no, Claim.gross_amount, Claim.death_count, Claim.injured_count)
    statement = select(*columns, Claim.outcome, Claim.status).where(
        Claim.accident_id == claim.accident_id, Claim.status != str(ClaimStatus.CANCELLED)
    )
    async with adjustment.across_units(tx):
        rows = (await tx.execute(statement.order_by(Claim.claim_no))).all()
    return tuple(
        AccidentClaim(
            row.id, row.claim_no, ZERO if _refused(row) else row.gross_amount or ZERO, row.death_count,
            row.injured_count,
        )
        for row in rows
    )  # fmt: skip


def _refused(row: Any) -> bool:
    return row.outcome == str(Outcome.REFUSED) and ClaimStatus(row.status) not in BEFORE_DECISION


async def policy_duties(tx: Transaction, row: CalculationSheet) -> tuple[Held, ...]:
    """Who sold and who underwrote the policy version."""
    version = await tx.session.get(CoverVersion, (row.policy_id, row.policy_version))
    if version is None:
        return ()
    held = ((PolicyDuty.SELLER, version.seller_id), (PolicyDuty.UNDERWRITER, version.underwriter_id))
    return tuple(Held(duty, person) for duty, person in held if person is not None)


async def approval_facts(tx: Transaction, claim: Claim, digest_key: bytes) -> ApprovalFacts | None:
    """Everything an approval of the claim is judged by; None while there is no sheet."""
    row = await adjustment.current_sheet(tx, claim)
    if row is None or claim.line is None:
        return None
    triggers = Triggers.of((await in_force(tx, "approval_triggers")).content)
    accident = await accident_of(tx, claim)
    interested = await adjustment.interested(tx, claim, digest_key)
    void = _void_clauses(row)
    steps, plan = tuple(await steps_of(tx, claim.id)), await adjustment.payee_plan(tx, claim.id)
    raises = tuple(await raises_of(tx, claim))
    voided, rescinded = await _voided(tx, claim.id), await rescission_of(tx, claim.policy_id)
    facts = Facts(
        status=claim.state, line=claim.line, amount=sum((one.amount for one in accident), ZERO),
        units=tuple(await directory.units_on_path(tx, claim.org_path)),
        triggers=_triggers(claim, row, accident, triggers, staff=bool(interested)),
        duties=(*await duties_of(tx, claim.id), *await policy_duties(tx, row)), interested=interested,
        unacknowledged=void | await _unacknowledged(tx, row),
        barred=frozenset(
            person for one in steps if (one.sheet_version, one.payee_number) in voided for person in _persons(one)
        ),
        rescinded=rescinded is not None, losses_paid=bool(rescinded),
        raised_to=max((one.to_level for one in raises), key=rank, default=None),
    )  # fmt: skip
    cited = {clause for line in row.content["lines"] for clause in line["clause_ids"]}
    return ApprovalFacts(
        claim=claim, row=row, facts=facts, sheet=Sheet(row.sheet_version, row.gross_amount, frozenset(cited | void)),
        steps=steps, plan=plan, raises=raises, table=await directory.authority_table_at(tx), triggers=triggers,
        accident=accident, changed=await _changed(tx, claim, row),
    )  # fmt: skip


async def raises_of(tx: Transaction, claim: Claim) -> Sequence[ApprovalRaise]:
    """How often the claim was taken further up since it was last decided."""
    since = [] if claim.determined_at is None else [ApprovalRaise.created_at > claim.determined_at]
    statement = select(ApprovalRaise).where(ApprovalRaise.claim_id == claim.id, *since)
    return await tx.scalars(statement.order_by(ApprovalRaise.created_at, ApprovalRaise.id))


async def _voided(tx: Transaction, claim_id: UUID) -> frozenset[tuple[int, int]]:
    """Sheet and payees of each decision on the claim that was taken back."""
    statement = select(ApprovalVoiding.sheet_version, ApprovalVoiding.payee_number)
    rows = (await tx.execute(statement.where(ApprovalVoiding.claim_id == claim_id))).all()
    return frozenset((sheet, payees) for sheet, payees in rows)


def _persons(one: ApprovalStep) -> tuple[UUID, ...]:
    return (one.person_id, one.on_behalf_of) if one.on_behalf_of else (one.person_id,)


async def payees_changed(tx: Transaction, claim: Claim, approved: ApprovalStep | None) -> bool:
    """Whether those to be paid are not those that `approved` approved."""
    plan = await adjustment.payee_plan(tx, claim.id)
    return approved is not None and approved.payee_digest != (plan.digest if plan else None)


async def similar_losses(tx: Transaction, claim: Claim, hours: int) -> list[dict[str, Any]]:
    """Claims on other policies near in time with the same insured, the same injured person or the same payee.

    They are shown to the approver, whichever unit handles them; their amounts do not count.
    """
    near = timedelta(hours=hours)
    digests = {row.digest for row in await injured_of(tx, claim.id) if row.digest}
    plan = await adjustment.payee_plan(tx, claim.id)
    accounts = {one["account_digest"] for one in (plan.payees if plan else ()) if one.get("account_digest")}
    alike = [InjuredPerson.claim_id == Claim.id, InjuredPerson.digest.in_(digests)]
    named = exists().where(PayeePlan.claim_id == Claim.id) if accounts else false()
    others = select(Claim).where(
        or_(Claim.customer_id == claim.customer_id, exists().where(*alike), named),
        Claim.id != claim.id, Claim.accident_id != claim.accident_id, Claim.status != str(ClaimStatus.CANCELLED),
        Claim.loss_at.between(claim.loss_at - near, claim.loss_at + near),
    )  # fmt: skip
    found = []
    async with adjustment.across_units(tx):
        for one in await tx.scalars(others.order_by(Claim.claim_no).limit(200)):
            because = await _alike(tx, claim, one, digests, accounts)
            found += [{"claim_no": one.claim_no, "policy_no": one.policy_no, "because": because}] if because else []
    return found


async def _alike(tx: Transaction, claim: Claim, other: Claim, digests: set[str], accounts: set[str]) -> list[str]:
    plan = await adjustment.payee_plan(tx, other.id) if accounts else None
    theirs = {one.get("account_digest") for one in plan.payees} if plan else set()
    injured = {row.digest for row in await injured_of(tx, other.id)} if digests else set()
    same = {
        "insured": claim.customer_id is not None and claim.customer_id == other.customer_id,
        "injured": bool(digests & injured),
        "payee": bool(accounts & theirs),
    }
    return [name for name, holds in same.items() if holds]


def _void_clauses(row: CalculationSheet) -> frozenset[str]:
    """Clauses that the sheet relies on although nobody acknowledged them; `unrecorded` where no clause is known."""
    if "exclusion_not_acknowledged" not in row.content["flags"]:
        return frozenset()
    return frozenset(row.content["unacknowledged_clause_ids"] or (calculation.UNRECORDED,))


async def _unacknowledged(tx: Transaction, row: CalculationSheet) -> frozenset[str]:
    version = await tx.session.get(CoverVersion, (row.policy_id, row.policy_version))
    clauses = calculation.read_exclusions(version.exclusions) if version else ()
    return frozenset(one.clause_id for one in clauses if not one.acknowledged_at)


def _triggers(
    claim: Claim, row: CalculationSheet, accident: Sequence[AccidentClaim], triggers: Triggers, *, staff: bool
) -> frozenset[Trigger]:
    deaths, injured = (sum(getattr(one, name) for one in accident) for name in ("death_count", "injured_count"))
    found = {trigger for flag, trigger in _BY_FLAG.items() if flag in claim.flags}
    found |= {Trigger.STAFF_OR_RELATIVES} if staff else set()
    found |= {Trigger.CASUALTIES} if triggers.many_casualties(deaths, injured) else set()
    found |= {Trigger.REOPENING} if claim.reopened_count else set()
    found |= {Trigger.MANUAL_OVERRIDE} if row.overrides else set()
    # A sheet without cover pays nothing for want of cover: whatever it is called, that is a refusal.
    found |= {Trigger.REFUSAL} if calculation.NOT_IN_FORCE in row.content["flags"] else set()
    return frozenset(found)


async def _changed(tx: Transaction, claim: Claim, row: CalculationSheet) -> tuple[str, ...]:
    losses = await adjustment.newest_losses(tx, claim.id)
    version, covered = await adjustment.version_at_loss(tx, claim)
    names = ["losses"] if losses is not None and losses.number != row.loss_number else []
    same = (version.policy_id, version.policy_version, covered) == (row.policy_id, row.policy_version, row.in_force)
    intact = row.digest == calculation.digest_of(claim.id, row.sheet_version, row.policy_version, row.content)
    return (*names, *([] if same else ["policy_version"]), *([] if intact else ["content"]))


async def known(tx: Transaction, claim: Claim, state: Any) -> Mapping[str, Any]:
    """What this room adds to the facts that actions are judged by."""
    return {"approval": await approval_facts(tx, claim, state.digest_key)}
