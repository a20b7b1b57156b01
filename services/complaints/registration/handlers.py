"""Registering a complaint: any unit takes it in, the branch owns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.complaints import events
from services.complaints.cause.rules import CauseTree
from services.complaints.clock import queries as clock
from services.complaints.clock.rules import Rule, open_clock
from services.complaints.complaint import queries, rules, shapes
from services.complaints.complaint.handlers import tell_complainant
from services.complaints.complaint.schemas import RegisterComplaint, RegisteredOut
from services.complaints.complaint.tables import ClaimReference, Complaint, PolicyReference
from shared import directory
from shared.actor import Actor
from shared.attachments import take_uploads
from shared.authority import covers
from shared.clock import SHANGHAI, legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, ReasonRequired, ReferenceNotFound, Text
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.numbers import branch_of, next_case_number
from shared.rule_sets import in_force
from shared.work_items import open_item


@dataclass(frozen=True)
class About:
    """What the complaint is about, found in this service's own copies."""

    claim: ClaimReference | None
    policy: PolicyReference | None
    named: list[UUID]
    ownership: rules.Ownership


async def register_complaint(db: Database, actor: Actor, key: RequestKey, command: RegisterComplaint) -> Answer:
    """Take in a complaint, start its legal clock, give it to its branch."""
    async with db.transaction(actor, key) as tx:
        limits = (await in_force(tx, "registration")).content
        tree = (await in_force(tx, "causes")).parsed(CauseTree.from_content)
        given = _given(command, tree)
        accepted = rules.register(given, tx.now, maximum_representatives=limits["maximum_representatives"])
        _refuse_unexplained(command, tx)
        about = await _look(tx, command)
        if not covers(about.ownership.org_path, actor.scope):
            await tx.use_scope("00")
        complaint = await _write(tx, command, accepted, about, tree)
        await take_uploads(tx, command.upload_ids, complaint)
        await _announce(tx, command, complaint)
        await tell_complainant(tx, complaint, "accepted")
        await queries.hide(tx, complaint.id, complaint.kept_out)  # last: its taker may be one of them
        return tx.answer(
            _answer(complaint, actor), location=f"/v1/complaints/{complaint.id}", version=complaint.version
        )


def _given(command: RegisterComplaint, tree: CauseTree) -> rules.Registration:
    proxy = command.proxy
    authority = None if proxy is None else proxy.authority_upload_id
    return rules.Registration(
        channel=command.channel, received_at=command.received_at, content=command.content,
        upload_count=len(command.upload_ids), complainants=command.complainant.count,
        representatives=len(command.representatives), anonymous=not command.complainant.name,
        proxy=proxy is not None, authority_given=authority is not None and authority in command.upload_ids,
        reception=command.reception is not None, transfer=command.transfer is not None,
        cause_known=tree.leaf(command.cause) is not None,
        known_causes=[code for code, node in tree.nodes.items() if node.leaf],
    )  # fmt: skip


def _refuse_unexplained(command: RegisterComplaint, tx: Transaction) -> None:
    """A receipt of an earlier day is entered with its reason: the clock runs from the receipt, not from the entry."""
    if legal_day(command.received_at) < legal_day(tx.now) and not (command.received_reason or "").strip():
        words = Text("补录的投诉须说明原因。", "A complaint entered on a later day needs a reason.")
        raise ReasonRequired(Fault(ReasonRequired.code, words, pointer="#/received_reason"))


async def _look(tx: Transaction, command: RegisterComplaint) -> About:
    told = command.about
    claim = await queries.claim_of_number(tx, told.claim_no) if told.claim_no else None
    if told.claim_no and claim is None:
        raise ReferenceNotFound.at("#/about/claim_no")
    policy = await queries.policy_of_number(tx, told.policy_no) if told.policy_no else None
    if told.policy_no and policy is None:
        raise ReferenceNotFound.at("#/about/policy_no")
    policy = policy or await queries.policy_of_id(tx, claim.policy_id if claim else None)
    named = await _persons(tx, told.staff_no, "#/about/staff_no")
    if command.reception is not None:
        await _persons(tx, command.reception.received_by_staff_no, "#/reception/received_by_staff_no")
    customer = await queries.customer_of_id(tx, told.customer_id)
    units = [await directory.unit_by_code(tx, one.unit_code) for one in (policy, customer) if one is not None]
    paths = (claim.path if claim else None, *(unit.path for unit in units if unit is not None))
    return About(claim, policy, named, rules.owner(about_paths=paths, taker_path=tx.actor.scope))


async def _persons(tx: Transaction, staff_numbers: list[str], pointer: str) -> list[UUID]:
    found = []
    for n, staff_no in enumerate(staff_numbers):
        person = await directory.person_of_staff_no(tx, staff_no)
        if person is None:
            raise ReferenceNotFound.at(f"{pointer}/{n}")
        found.append(person)
    return found


async def _write(
    tx: Transaction, command: RegisterComplaint, accepted: rules.Accepted, about: About, tree: CauseTree
) -> Complaint:
    complaint = _row(command, accepted, about)
    data = await clock.dated(tx)
    cause = tree.leaf(command.cause)
    prevention = cause is not None and cause.rule == Rule.AQ9010.value
    started = open_clock(legal_day(complaint.received_at), data.registry, about_prevention_service=prevention)
    clock.set_clock(complaint, started, data, legal_day(tx.now))
    complaint.complaint_no = await next_case_number(tx, "T", branch_of(about.ownership.owner_path))
    await queries.keep_out(tx, complaint)  # before it is written: whoever is kept out could not write it afterwards
    tx.add(complaint)
    await tx.flush()
    return complaint


def _row(command: RegisterComplaint, accepted: rules.Accepted, about: About) -> Complaint:
    claim, policy, path = about.claim, about.policy, about.ownership.org_path
    told = {name: getattr(command, name) for name in ("proxy", "reception", "transfer", "origin")}
    return Complaint(
        id=uuid7(), version=1, org_path=path, owner_path=about.ownership.owner_path, complaint_no="",
        status=str(rules.ComplaintStatus.REGISTERED), unit_code=path.rpartition(".")[2], channel=str(accepted.channel),
        complainant=command.complainant.model_dump(exclude_none=True), lead=accepted.lead,
        representatives=[one.model_dump(exclude_none=True) for one in command.representatives],
        policy_no=policy.policy_no if policy else None, policy_id=policy.policy_id if policy else None,
        claim_no=claim.claim_no if claim else None, claim_id=claim.claim_id if claim else None,
        customer_id=(claim.customer_id if claim else None)
        or (policy.customer_id if policy else None)
        or command.about.customer_id,
        product=policy.product if policy else None, line=policy.line if policy else None,
        seller_id=policy.seller_id if policy else None, named_persons=[str(one) for one in about.named], kept_out=[],
        cause=command.cause, content=command.content, received_at=command.received_at.astimezone(SHANGHAI),
        **{name: None if one is None else one.model_dump(mode="json", exclude_none=True) for name, one in told.items()},
    )  # fmt: skip


async def _announce(tx: Transaction, command: RegisterComplaint, complaint: Complaint) -> None:
    origin = None if command.origin is None else events.Origin(kind=command.origin.kind, id=command.origin.id)
    tx.publish(
        events.ComplaintRegistered(
            complaint_id=complaint.id, customer_id=complaint.customer_id, claim_id=complaint.claim_id,
            policy_id=complaint.policy_id, channel=complaint.channel, cause=complaint.cause, due_on=complaint.due_on,
            due_legal_on=complaint.due_legal_on, origin=origin,
            kept_out=tuple(UUID(one) for one in complaint.kept_out),
        ),
        complaint,
    )  # fmt: skip
    await open_item(
        tx, "assign_officer", complaint, Text("核验身份并指派投诉专员", "Check the identity and assign an officer"),
        number=complaint.complaint_no, unit_code=complaint.owner_path.rpartition(".")[2], position="complaint_officer",
        due_at=complaint.due_at, basis=complaint.deadline["basis"],
        href=f"/v1/complaints/{complaint.id}/assignments",
    )  # fmt: skip
    after = {"status": complaint.status, "channel": complaint.channel, "due_on": str(complaint.due_on)}
    tx.note("register", complaint, after=after, reason=command.received_reason)


def _answer(complaint: Complaint, actor: Actor) -> RegisteredOut:
    """A taker of another branch keeps id and number, no more; so does one who has a part in the matter."""
    mine = {str(one) for one in (actor.person_id, actor.on_behalf_of) if one}
    if not covers(complaint.org_path, actor.scope) or mine & set(complaint.kept_out):
        return RegisteredOut(id=complaint.id, complaint_no=complaint.complaint_no)
    more: dict[str, Any] = {
        "version": complaint.version,
        "org_path": complaint.org_path,
        "owner_path": complaint.owner_path,
        "created_at": complaint.created_at,
        "status": complaint.status,
        "rule": complaint.rule,
        "lead": complaint.lead,
        "clock": shapes.clock(complaint),
    }
    return RegisteredOut(id=complaint.id, complaint_no=complaint.complaint_no, **more)
