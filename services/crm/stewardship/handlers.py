"""Visits by the heads, the yearly review, notes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.crm.key_account import queries, rules
from services.crm.key_account.handlers import for_act, measure, on_timeline, record
from services.crm.key_account.queries import KeyAccountFacts
from services.crm.key_account.rules import SERVED, KeyAccountStatus
from services.crm.key_account.tables import KeyAccount, KeyAccountVisit
from services.crm.nomination.handlers import ask_branch, criteria
from services.crm.stewardship.schemas import NoteKeyAccount, ReviewKeyAccount, VisitKeyAccount
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.assignees import NotInPosition
from shared.authority import covers
from shared.clock import SHANGHAI, legal_day, rfc3339
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, ReasonRequired, ReferenceNotFound, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.work_items import close_items, open_item

VISIT, REVIEW, _NOTE = "visit_key_account", "review_key_account", "read_note"
MANAGER_LEVEL = "account_manager"
"""What a visit by the manager counts as: it is kept, and stands for no head's visit."""


def check_served(_actor: Actor, facts: KeyAccountFacts) -> None:
    """Its tier holds."""
    rules.refuse_outside(facts.account.state, SERVED)


def check_review(_actor: Actor, facts: KeyAccountFacts) -> None:
    """It is active, and nothing else is proposed."""
    rules.refuse_outside(facts.account.state, (KeyAccountStatus.ACTIVE, KeyAccountStatus.TIER_CHANGED))


async def visit(
    db: Database, actor: Actor, key: RequestKey, account_id: UUID, version: int | None, command: VisitKeyAccount
) -> Answer:
    """Keep a visit; that of a head counts for his level in the year in which it was made."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, account_id, version)
        check_served(actor, facts)
        account, at = facts.account, _moment(tx, command)
        staff_no = command.staff_no or actor.staff_no
        person = await directory.person_of_staff_no(tx, staff_no) if command.staff_no else actor.person_id
        if person is None:
            raise ReferenceNotFound.at("#/staff_no")
        row = KeyAccountVisit(
            id=uuid7(), key_account_id=account.id, org_path=account.org_path, person_id=person, staff_no=staff_no,
            level=await _level(tx, account, person), visited_at=at, year=at.year, summary=command.summary,
            recorded_by=actor.person_id,
        )  # fmt: skip
        tx.add(row)
        await tx.flush()
        await _settle(tx, account, row)
        told = {"level": row.level, "visited_at": rfc3339(at), "visited_by": str(person), "summary": row.summary}
        return await record(
            tx, account, "visit", told, before=account.status, at=at, reason=command.reason
        )  # fmt: skip


def _moment(tx: Transaction, command: VisitKeyAccount) -> datetime:
    """Not in the future; one of an earlier day with the reason why it is entered late."""
    at = command.visited_at.astimezone(SHANGHAI)
    if at > tx.now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/visited_at"))
    if legal_day(at) < legal_day(tx.now) and not (command.reason or "").strip():
        raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))
    return at


async def _level(tx: Transaction, account: KeyAccount, person: UUID) -> str:
    """The level of the unit whose department this person heads above the customer; refuses (422) whoever is neither
    such a head nor an account manager there.
    """
    held = [one for one in await directory.appointments(tx, person_id=person) if covers(account.org_path, one["path"])]
    heads = [one["unit_code"] for one in held if one["position"] == "department_head"]
    units = await directory.units_by_code(tx, heads)
    if units:
        return max(units.values(), key=lambda unit: len(unit.path)).level
    if any(one["position"] == "account_manager" for one in held):
        return MANAGER_LEVEL
    raise NotInPosition(positions=["account_manager", "department_head"])


async def _settle(tx: Transaction, account: KeyAccount, row: KeyAccountVisit) -> None:
    """What the level owed this year is somebody's work no more once it is done."""
    scheme, done = await queries.scheme(tx), await queries.visits_done(tx, account.id, row.year)
    if row.year == tx.now.year and done.get(row.level, 0) >= scheme.visits.get(row.level, 0):
        await close_items(tx, account.id, f"{VISIT}_{row.level}")
    await measure(tx, account, row.year)
    await on_timeline(tx, account, "visited", level=row.level)


async def review(
    db: Database, actor: Actor, key: RequestKey, account_id: UUID, version: int | None, command: ReviewKeyAccount
) -> Answer:
    """Look at the account anew by the figures of today, and propose what becomes of it."""
    async with db.transaction(actor, key) as tx:
        facts = await for_act(tx, account_id, version)
        check_review(actor, facts)
        account, before = facts.account, facts.account.status
        scheme = await queries.scheme(tx)
        stated = account.criteria.get("other_premium")
        other, by_name = Decimal(stated) if stated else None, "brand_value" in account.criteria["met"]
        figures = await queries.figures(tx, account.customer_id, other or Decimal(0))
        account.proposed_tier = _proposed(command, account, scheme, figures, by_name)
        account.criteria = criteria(scheme, figures, other, by_name)
        account.advance(KeyAccountStatus.ANNUAL_REVIEW)
        account.proposal, account.proposed_by, account.reason = command.outcome, actor.person_id, command.reason
        await close_items(tx, account.id, REVIEW)
        await ask_branch(tx, account)
        told = {"outcome": command.outcome, "tier": account.proposed_tier, "reason": command.reason, **figures.shown()}
        return await record(tx, account, "review", told, before=before, reason=command.reason)


def _proposed(
    command: ReviewKeyAccount, account: KeyAccount, scheme: rules.Scheme, figures: rules.Figures, by_name: bool
) -> str | None:
    if command.outcome == "exit":
        return None
    if command.outcome == "keep":
        return account.tier
    if command.tier is None:
        words = Text("请填写调整后的等级。", "Say which tier it is to be.")
        raise ValidationFailed(Fault("missing", words, pointer="#/tier"))
    scheme.rank(command.tier)
    if command.tier == account.tier:
        raise rules.TierUnchanged()
    return rules.tier_for(scheme, figures, command.tier, by_name)


async def write_note(db: Database, actor: Actor, key: RequestKey, account_id: UUID, command: NoteKeyAccount) -> Answer:
    """A note for colleagues, as no new version of the account; whoever writes has read what mentioned him."""
    async with db.transaction(actor, key) as tx:
        account = await tx.find(KeyAccount, account_id)
        mentioned = [await _mentioned(tx, account, n, one) for n, one in enumerate(command.mentions)]
        await close_items(tx, account.id, _NOTE, person_id=actor.person_id)
        for one in mentioned:
            await open_item(
                tx, _NOTE, account, Text("阅读大客户备注", "Read a note on a key account"), number=None,
                unit_code=account.org_path.rpartition(".")[2], person_id=one, method="GET",
                href=f"/v1/key-accounts/{account.id}",
            )  # fmt: skip
        return await record(tx, account, "note", command.model_dump(), before=account.status)


async def _mentioned(tx: Transaction, account: KeyAccount, n: int, staff_no: str) -> UUID:
    person = await directory.person_of_staff_no(tx, staff_no)
    held = [] if person is None else await directory.appointments(tx, person_id=person)
    if person is None or not any(covers(account.org_path, one["path"]) for one in held):
        raise ReferenceNotFound.at(f"#/mentions/{n}")
    return person


ACTIONS: tuple[Action[KeyAccountFacts], ...] = (
    Action("visit", "POST", "/v1/key-accounts/{id}/visits", "crm.key_account.visit", check_served),
    Action("review", "POST", "/v1/key-accounts/{id}/reviews", "crm.key_account.review", check_review),
    Action("write_note", "POST", "/v1/key-accounts/{id}/notes", "crm.note.write"),
)
