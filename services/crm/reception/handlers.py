"""Registering an enquiry: the first who hears it stays its owner, its unit answers it, at once or by a promise."""

from __future__ import annotations

from services.crm.desk.queries import on_duty
from services.crm.enquiry import queries as spine
from services.crm.enquiry import shapes
from services.crm.enquiry.handlers import ask_handler, keep_fact, measure, on_timeline
from services.crm.enquiry.rules import EnquiryKind, EnquiryStatus
from services.crm.enquiry.rules.refusals import IdentityCheckFailed
from services.crm.enquiry.schemas import RegisteredOut, RegisterEnquiry
from services.crm.enquiry.tables import Enquiry
from services.crm.promise.handlers import promise_now
from services.crm.reception import queries
from services.crm.reception.queries import Place
from services.crm.reply.handlers import answer_now
from shared.actor import Actor
from shared.clock import SHANGHAI
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, ReasonRequired
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.numbers import branch_of, next_case_number


async def register_enquiry(
    db: Database, actor: Actor, key: RequestKey, command: RegisterEnquiry, blind_key: bytes
) -> Answer:
    """Take in an enquiry; with `answer` or `promise` that happens in the same step."""
    async with db.transaction(actor, key) as tx:
        _check_moment(tx, command)
        place = await queries.place(tx, command)
        await _check_identity(tx, command, place, blind_key)
        mine = queries.in_scope(place.unit, actor.scope)
        if not mine:
            await tx.use_scope("00")
        enquiry = await _write(tx, command, place)
        keep_fact(tx, enquiry, "register", {"kind": enquiry.kind, "channel": enquiry.channel}, reason=command.reason)
        await on_timeline(tx, enquiry, "received", enquiry_kind=enquiry.kind, channel=enquiry.channel)
        if command.answer is not None:
            await answer_now(tx, enquiry, command.answer)
        elif command.promise is not None:
            await promise_now(tx, await spine.facts_of(tx, enquiry), command.promise)
        else:
            await ask_handler(tx, enquiry)
            await measure(tx, enquiry)
        await tx.flush()
        location = f"/v1/enquiries/{enquiry.id}"
        return tx.answer(_out(enquiry, mine), location=location, version=enquiry.version if mine else None)


def _check_moment(tx: Transaction, command: RegisterEnquiry) -> None:
    """Not in the future; one of an earlier day with its reason: the times run from the receipt."""
    if command.received_at is None:
        return
    if command.received_at > tx.now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/received_at"))
    if command.received_at.astimezone(SHANGHAI).date() < tx.now.date() and not (command.reason or "").strip():
        raise ReasonRequired(Fault(ReasonRequired.code, ReasonRequired.detail, pointer="#/reason"))


async def _check_identity(tx: Transaction, command: RegisterEnquiry, place: Place, blind_key: bytes) -> None:
    """Nobody is told anything of a policy who does not know whose it is; an unknown number is refused alike."""
    if command.kind is not EnquiryKind.QUERY or (command.policy_no is None and command.claim_no is None):
        return
    stated, customer_id = command.identity, place.customer_id
    known = stated is not None and customer_id is not None
    if not known or not await queries.identity_matches(tx, customer_id, stated, blind_key):  # type: ignore[arg-type]
        raise IdentityCheckFailed(Fault(IdentityCheckFailed.code, IdentityCheckFailed.detail, pointer="#/identity"))


async def _write(tx: Transaction, command: RegisterEnquiry, place: Place) -> Enquiry:
    unit, actor = place.unit, tx.actor
    received_at = (command.received_at or tx.now).astimezone(SHANGHAI)
    figures, hours = await spine.figures(tx), await spine.hours(tx, unit.code)
    own = unit.path == actor.scope
    handler = actor.person_id if own else next(iter(await on_duty(tx, unit.code)), None)
    enquiry = Enquiry(
        id=uuid7(), version=1, org_path=unit.path, enquiry_no="", status=str(EnquiryStatus.RECEIVED),
        kind=str(command.kind), channel=command.channel, unit_code=unit.code, customer_id=place.customer_id,
        policy_id=None if place.policy is None else place.policy.policy_id, policy_no=command.policy_no,
        claim_no=command.claim_no, product=command.product or (place.policy.product if place.policy else None),
        asker=command.asker.model_dump(exclude_none=True), question=command.question, received_at=received_at,
        owner_id=actor.person_id, owner_staff_no=actor.staff_no, handler_id=handler, pauses=[],
        untouched_at=hours.after(received_at, figures.untouched_days),
    )  # fmt: skip
    enquiry.enquiry_no = await next_case_number(tx, "E", branch_of(unit.path))
    tx.add(enquiry)
    await tx.flush()
    return enquiry


def _out(enquiry: Enquiry, mine: bool) -> RegisteredOut:
    """Whoever took it in for another unit keeps id and number, and knows who answers; the record itself is his task."""
    out = RegisteredOut(id=enquiry.id, enquiry_no=enquiry.enquiry_no, unit_code=enquiry.unit_code)
    if not mine:
        return out
    match = None
    if enquiry.policy_no is not None:
        match = "matched" if enquiry.policy_id is not None else "unmatched"
    more = {"version": enquiry.version, "org_path": enquiry.org_path, "created_at": enquiry.created_at}
    return out.model_copy(
        update={**more, "status": enquiry.status, "policy_match": match, "promise": shapes.promise(enquiry)}
    )
