"""Carry out the daily comparison line by line, list what differs, resolve it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert

from services.policy.core.handlers import open_difference
from services.policy.core.rules import owner_of
from services.policy.core.tables import ReconciliationItem
from services.policy.core_message.handlers import repeat, send_again
from services.policy.policy import queries as policies
from services.policy.policy.rules import ItemKind
from services.policy.policy.tables import Policy
from services.policy.product.queries import product_in_force
from services.policy.reconciliation import queries, rules, shapes
from services.policy.reconciliation.rules import Difference, ResolutionOutcome
from services.policy.reconciliation.schemas import ComparedPolicy, ResolveItem
from services.policy.reconciliation.tables import ReconciliationLine, ReconciliationRun
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.jobs import spool
from shared.problems import from_validation
from shared.ticks import Tick, one_by_one

COMPARISON = "core_reconciliation"
MAX_BYTES = 200 * 1024 * 1024
_COMPARED = "compared"


@dataclass(frozen=True)
class ItemFacts:
    """What decides whether a difference can be resolved."""

    item: ReconciliationItem
    made_here: bool


def check_resolve(_actor: Actor, facts: ItemFacts) -> None:
    """Whether the item is still open; which outcomes its kind allows is told when one is named."""
    kind = ItemKind(facts.item.kind)
    rules.resolve(facts.item.status, kind, ResolutionOutcome.EXPLAINED, facts.made_here)


ACTIONS = (
    Action(
        "resolve", "POST", "/v1/core/reconciliation-items/{id}/resolutions", "policy.reconciliation.resolve",
        check_resolve,
    ),
)  # fmt: skip


async def facts_of(tx: Transaction, item: ReconciliationItem) -> ItemFacts:
    policy = await policies.by_number(tx, item.policy_no)
    return ItemFacts(item, policy is not None and policy.made_here)


async def accept_comparison(
    db: Database, actor: Actor, key: RequestKey, body: AsyncIterator[bytes], as_of: date | None,
    changed_since: datetime | None,
) -> Answer:  # fmt: skip
    """Spool a comparison and answer with its job. Refuses (422) a day to come."""
    async with db.transaction(actor, key) as tx:
        day = as_of or legal_day(tx.now)
        if day > legal_day(tx.now):
            raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, parameter="as_of"))
        run = ReconciliationRun(
            id=uuid7(), version=1, org_path=actor.scope, as_of=day, changed_since=changed_since, status="running"
        )
        tx.add(run)
        await tx.flush()
        payload = {"run_id": str(run.id), "as_of": day.isoformat()}
        return await spool(tx, COMPARISON, body, payload, MAX_BYTES)


async def compare_line(tx: Transaction, document: dict[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """Compare one policy: open what differs, close what does not any more. A line repeated in a file counts once."""
    try:
        told = ComparedPolicy.model_validate(document)
    except ValidationError as fault:
        raise from_validation([{**one, "loc": ("body", *one["loc"])} for one in fault.errors()]) from None
    as_of = date.fromisoformat(payload["as_of"])
    policy = await policies.by_number(tx, told.policy_no)
    found = await _differences(tx, policy, told, as_of)
    await _list(tx, policy, told.policy_no, found)
    await _close_agreed(tx, told.policy_no, found, as_of)
    named = insert(ReconciliationLine).values(
        run_id=UUID(payload["run_id"]), policy_no=told.policy_no, differs=bool(found)
    )
    await tx.execute(named.on_conflict_do_nothing())
    return {"policy_no": told.policy_no, "differences": [str(one.kind) for one in found]}


async def _differences(tx: Transaction, policy: Policy | None, told: ComparedPolicy, as_of: date) -> list[Difference]:
    if policy is None:
        return [Difference(ItemKind.UNKNOWN_HERE, {}, {"core_version": told.core_version, "status": told.status})]
    theirs = rules.Stated(told.core_version, told.status, told.premium_total, told.claims_paid_total)
    paid = await queries.claims_paid(tx, policy.id, rules.end_of(as_of))
    return rules.differences(await queries.stored_versions(tx, policy.id), paid, theirs, as_of)


async def _list(tx: Transaction, policy: Policy | None, policy_no: str, found: list[Difference]) -> None:
    made_here = policy is not None and policy.made_here
    place = tx.actor.scope if policy is None else policy.org_path
    for one in found:
        owner = owner_of(one.kind, _COMPARED, made_here)
        await open_difference(tx, place, policy_no, one.kind, _COMPARED, owner, one.ours, one.theirs)


async def _close_agreed(tx: Transaction, policy_no: str, found: list[Difference], as_of: date) -> None:
    for item in await queries.open_items(tx, policy_no):
        if item.cause == _COMPARED and rules.agrees_with(item.kind, found):
            close(tx, item, "explained", f"agreed as of {as_of.isoformat()}")


def close(tx: Transaction, item: ReconciliationItem, outcome: str, reason: str) -> None:
    """An item that is over without anybody's act."""
    item.status, item.outcome, item.reason = "resolved", outcome, reason
    item.resolved_at, item.resolved_by = tx.now, tx.actor.person_id
    item.version, item.updated_at = item.version + 1, tx.now


async def resolve_item(
    db: Database, actor: Actor, key: RequestKey, item_id: UUID, version: int | None, command: ResolveItem
) -> Answer:
    """Resolve a difference with its reason; `resend` sends the message, or the newest version, once more."""
    async with db.transaction(actor, key) as tx:
        item = await tx.find_for_change(ReconciliationItem, item_id, version)
        facts = await facts_of(tx, item)
        status = rules.resolve(item.status, ItemKind(item.kind), command.outcome, facts.made_here)
        if command.outcome is ResolutionOutcome.RESEND:
            await _resend(tx, item)
        item.status, item.outcome, item.reason = status, str(command.outcome), command.reason
        item.resolved_at, item.resolved_by = tx.now, actor.person_id
        after = {"status": status, "outcome": item.outcome, "kind": item.kind}
        tx.note("resolve", item, before={"status": "open"}, after=after, reason=command.reason)
        return tx.answer(shapes.item(item, tx.now), version=item.version)


async def _resend(tx: Transaction, item: ReconciliationItem) -> None:
    if item.cause.startswith("event:") and await repeat(tx, UUID(item.cause.removeprefix("event:"))):
        return
    policy = await policies.by_number(tx, item.policy_no)
    rows = [] if policy is None else await queries.told_last(tx, policy)
    if not rows:
        raise rules.NothingToSend()
    for row in rows:
        send_again(tx, row)


async def end_run(tx: Transaction, run_id: UUID) -> None:
    """List what the core did not name, once all it named was compared; nothing, where lines of it were refused."""
    run = await tx.find(ReconciliationRun, run_id, lock=True)
    job = await queries.job_of(tx, run.id)
    whole = job["state"] == "succeeded" and job["failed"] == 0
    if whole:
        await _list_unnamed(tx, run)
    run.status, run.ended_at = "ended" if whole else "incomplete", tx.now
    run.version, run.updated_at = run.version + 1, tx.now
    tx.note("end_reconciliation", run, after={"status": run.status, "lines": job["total"], "failed": job["failed"]})


async def _list_unnamed(tx: Transaction, run: ReconciliationRun) -> None:
    after = ""
    while rows := await queries.not_named(tx, run, rules.end_of(run.as_of), after):
        for policy in rows:
            ours = {"policy_version": policy.policy_version, "status": policy.stated_status}
            owner = owner_of(ItemKind.UNKNOWN_THERE, _COMPARED, policy.made_here)
            await open_difference(
                tx, policy.org_path, policy.policy_no, ItemKind.UNKNOWN_THERE, _COMPARED, owner, ours, {}
            )
        after = rows[-1].policy_no


async def settle_reference(tx: Transaction, item_id: UUID) -> None:
    """A reference that was not known when a version came is known now: the policy follows it, and the item is over."""
    item = await tx.find(ReconciliationItem, item_id, lock=True)
    policy = await policies.by_number(tx, item.policy_no, lock=True)
    kind, _, value = item.cause.partition(":")
    if policy is not None and kind == "unit" and policy.unit_code == value:
        policy.org_path = await queries.place_of(tx, value) or policy.org_path
        policy.version, policy.updated_at = policy.version + 1, tx.now
        tx.note("place", policy, after={"unit_code": value})
    if policy is not None and kind == "seller" and policy.seller_staff_no == value:
        policy.seller_id = await directory.person_of_staff_no(tx, value)
    terms = await product_in_force(tx, value, tx.now) if kind == "product" else None
    if policy is not None and terms is not None and policy.product == value:
        policy.business, policy.compulsory, policy.issued_by = terms.business, terms.compulsory, terms.issued_by
    close(tx, item, "explained", "the reference is known now")


TICKS = (
    Tick("reconciliation_ends", timedelta(seconds=10), one_by_one(queries.ended_runs, end_run)),
    Tick("pending_references", timedelta(minutes=1), one_by_one(queries.now_known, settle_reference)),
)
