"""Open deliveries, send them, keep their receipts, take back what came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.policy import events
from services.policy.application.rules import ApplicationStatus
from services.policy.delivery import queries, rules, shapes
from services.policy.delivery.queries import Owed
from services.policy.delivery.rules import CountedBy, DeliveryStatus, Item, Method
from services.policy.delivery.schemas import RecordDeliveryReceipt, RecordReturn, SendItem
from services.policy.delivery.tables import Delivery
from services.policy.policy.tables import Policy
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.clock import at_midnight, legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, ReferenceNotFound, SeparationOfDuties, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.masking import keyed_digest
from shared.ticks import Tick, claim, one_by_one
from shared.work_items import close_items, open_item

DELIVER_ITEM, RESEND_ITEM, OVERDUE_ITEM = "deliver", "send_again", "delivery_overdue"
_WORDS = {
    DELIVER_ITEM: Text("送达单证", "Deliver the document"),
    RESEND_ITEM: Text("退回的单证重新送达", "Send again what came back"),
    OVERDUE_ITEM: Text("单证逾期未送达", "The document was not delivered in time"),
}


@dataclass(frozen=True)
class DeliveryFacts:
    """What decides about a delivery."""

    delivery: Delivery
    seller_id: UUID | None


def check_send(_actor: Actor, facts: DeliveryFacts) -> None:
    """Whether it can be sent now: it was not yet, or came back."""
    rules.sent(facts.delivery.state)


def check_receipt(actor: Actor, facts: DeliveryFacts) -> None:
    """Whether this caller may write down its receipt now: whoever sold the policy never does."""
    if facts.seller_id is not None and facts.seller_id in (actor.person_id, actor.on_behalf_of):
        raise SeparationOfDuties(conflicting_duty="seller")
    rules.advance(facts.delivery.state, DeliveryStatus.RECEIVED)


def check_return(_actor: Actor, facts: DeliveryFacts) -> None:
    """Whether it is under way, so that it can come back."""
    rules.advance(facts.delivery.state, DeliveryStatus.RETURNED)


ACTIONS = (
    Action("send", "POST", "/v1/deliveries", "policy.delivery.send", check_send),
    Action("record_receipt", "POST", "/v1/deliveries/{id}/receipts", "policy.delivery.confirm", check_receipt),
    Action("record_return", "POST", "/v1/deliveries/{id}/returns", "policy.delivery.return", check_return),
)


async def facts_of(tx: Transaction, row: Delivery) -> DeliveryFacts:
    policy = await tx.find(Policy, row.policy_id)
    return DeliveryFacts(row, policy.seller_id)


async def open_delivery(tx: Transaction, policy: Policy, item: str, document_no: str, issued_on: date) -> Delivery:
    """The delivery of an item that the customer is to get, with its day and the work item of its unit."""
    row = Delivery(
        id=uuid7(), version=1, org_path=policy.org_path, policy_id=policy.id, policy_no=policy.policy_no,
        unit_code=policy.unit_code, item=item, document_no=document_no, issued_on=issued_on,
        due_on=await queries.due_on(tx, issued_on), status=str(DeliveryStatus.PENDING), attempts=[],
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    await _ask(tx, row, DELIVER_ITEM)
    tx.note("open", row, after={"status": row.status, "item": item, "due_on": row.due_on})
    return row


async def _ask(tx: Transaction, row: Delivery, kind: str, position: str = "document_custodian") -> None:
    await open_item(
        tx, kind, row, _WORDS[kind], number=row.document_no, unit_code=row.unit_code, position=position,
        href="/v1/deliveries" if position == "document_custodian" else f"/v1/deliveries/{row.id}",
        method="POST" if position == "document_custodian" else "GET",
        due_at=at_midnight(row.due_on + timedelta(days=1)), basis="policy_servicing",
        priority="high" if kind == OVERDUE_ITEM else "normal",
    )  # fmt: skip


async def send_item(db: Database, actor: Actor, key: RequestKey, command: SendItem) -> Answer:
    """Send an item to the customer, for the first time or again; its delivery is made where none waits."""
    async with db.transaction(actor, key) as tx:
        policy = await tx.find(Policy, command.policy_id, lock=True)
        rules.check_way(command.method, command.tracking, command.electronic_id)
        at = command.sent_at or tx.now
        if at > tx.now:
            raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/sent_at"))
        row = await queries.of_item(tx, policy.id, command.item, command.document_no)
        if row is None:
            row = await open_delivery(tx, policy, command.item, command.document_no, legal_day(tx.now))
        else:
            row.version, row.updated_at = row.version + 1, tx.now
        before, row.status = {"status": row.status}, str(rules.sent(row.state))
        row.method, row.tracking, row.electronic_id = command.method, command.tracking, command.electronic_id
        row.sent_at, row.sent_by = at, actor.person_id
        await close_items(tx, row.id, DELIVER_ITEM, RESEND_ITEM)
        tx.note("send", row, before=before, after={"status": row.status, "method": row.method})
        return tx.answer(shapes.delivery(row), location=f"/v1/deliveries/{row.id}", version=row.version)


async def record_receipt(
    db: Database, actor: Actor, key: RequestKey, delivery_id: UUID, version: int | None,
    command: RecordDeliveryReceipt, digest_key: bytes,
) -> Answer:  # fmt: skip
    """Keep who received the item and when; the paper of the receipt lies with the policy's files."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Delivery, delivery_id, version)
        check_receipt(actor, await facts_of(tx, row))
        proof = command.receipt_attachment_id
        if proof is not None and not await queries.has_attachment(tx, row.policy_id, proof):
            raise ReferenceNotFound.at("#/receipt_attachment_id")
        counted_by = rules.check_receipt(
            command.received_at, tx.now, issued_on=row.issued_on, sent_at=row.sent_at, relation=command.relation,
            proved=proof is not None, electronic=row.method == Method.ELECTRONIC,
            by_staff=await _is_staff(tx, command.receiver_id_no, digest_key),
        )  # fmt: skip
        row.received_by, row.receiver_relation = command.received_by, command.relation
        row.receipt_attachment_id = proof
        await _received(tx, row, command.received_at, counted_by)
        return tx.answer(shapes.delivery(row), location=f"/v1/deliveries/{row.id}", version=row.version)


async def _is_staff(tx: Transaction, id_no: str | None, digest_key: bytes) -> bool:
    if id_no is None:
        return False
    behind = await directory.declared(tx, [keyed_digest(digest_key, id_no)])
    return any(of == "self" for _, of in behind)


async def _received(tx: Transaction, row: Delivery, at: datetime, counted_by: CountedBy) -> None:
    before = {"status": row.status}
    row.status, row.received_at = str(rules.advance(row.state, DeliveryStatus.RECEIVED)), at
    row.counted_by = str(counted_by)
    await close_items(tx, row.id)
    taken = rules.days_taken(row.issued_on, at)
    told = events.DocumentDelivered(
        policy_id=row.policy_id, item=row.item, document_no=row.document_no, received_on=legal_day(at), days_taken=taken
    )
    tx.publish(told, row)
    if row.item == Item.ENDORSEMENT:
        await _endorsement_delivered(tx, row)
    after = {"status": row.status, "counted_by": row.counted_by, "days_taken": taken}
    tx.note("receive", row, before=before, after=after)


async def _endorsement_delivered(tx: Transaction, row: Delivery) -> None:
    """The application for a change is over once the customer has the endorsement."""
    application = await queries.endorsement_of(tx, row.policy_id, row.document_no)
    if application is not None:
        before = {"status": application.status}
        application.advance(ApplicationStatus.DELIVERED)
        application.version, application.updated_at = application.version + 1, tx.now
        tx.note("deliver", application, before=before, after={"status": application.status})


async def record_return(
    db: Database, actor: Actor, key: RequestKey, delivery_id: UUID, version: int | None, command: RecordReturn
) -> Answer:
    """The item came back: it is kept as an attempt, and somebody has to send it again."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Delivery, delivery_id, version)
        check_return(actor, await facts_of(tx, row))
        rules.check_return(command.returned_at, tx.now, row.sent_at)
        before, row.status = {"status": row.status}, str(DeliveryStatus.RETURNED)
        row.returned_at, row.return_reason = command.returned_at, command.reason
        made = {
            "method": row.method, "tracking": row.tracking, "sent_at": row.sent_at and row.sent_at.isoformat(),
            "returned_at": command.returned_at.isoformat(), "reason": command.reason,
        }  # fmt: skip
        row.attempts = [*row.attempts, made]
        await _ask(tx, row, RESEND_ITEM)
        tx.note("return", row, before=before, after={"status": row.status}, reason=command.reason)
        return tx.answer(shapes.delivery(row), location=f"/v1/deliveries/{row.id}", version=row.version)


async def _open_owed(tx: Transaction, owed: Owed) -> None:
    policy = await tx.find(Policy, owed.policy_id, lock=True)
    if await queries.of_item(tx, policy.id, owed.item, owed.document_no) is None:
        await open_delivery(tx, policy, owed.item, owed.document_no, owed.issued_on)


async def _overdue(tx: Transaction, late: tuple[UUID, date]) -> None:
    """Tell the head of the unit, once; whoever has to deliver it keeps the item."""
    if not await claim(tx, "delivery_overdue", *late):
        return
    row = await tx.find(Delivery, late[0], lock=True)
    await _ask(tx, row, OVERDUE_ITEM, "department_head")
    tx.note("overdue", row, after={"status": row.status, "due_on": row.due_on})


async def _count_unopened(tx: Transaction, delivery_id: UUID) -> None:
    row = await tx.find(Delivery, delivery_id, lock=True)
    if row.state not in rules.UNDER_WAY or row.sent_at is None:
        return
    days = int((await queries.figures(tx))["electronic_days"])
    row.version, row.updated_at = row.version + 1, tx.now
    await _received(tx, row, rules.counts_from(row.sent_at, days), CountedBy.DAYS_PASSED)


TICKS = (
    Tick("deliveries_owed", timedelta(seconds=30), one_by_one(queries.owed, _open_owed)),
    Tick("delivery_overdue", timedelta(minutes=10), one_by_one(queries.overdue, _overdue)),
    Tick("electronic_deliveries", timedelta(minutes=10), one_by_one(queries.unopened, _count_unopened)),
)
