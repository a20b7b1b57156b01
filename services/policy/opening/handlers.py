"""Opening an application: what it is about, who may ask for it, which unit takes it."""

from __future__ import annotations

from typing import Any

from services.policy import events
from services.policy.application import queries, rules, schemas, shapes
from services.policy.application.handlers import PATH, fill, seller_of
from services.policy.application.rules import ApplicationKind
from services.policy.application.tables import Application
from services.policy.policy.rules import PolicyStatus
from services.policy.policy.shapes import status_of
from services.policy.policy.tables import Policy
from services.policy.product.queries import product_in_force
from services.policy.product.rules import Terms
from shared import directory
from shared.actor import Actor
from shared.authority import Unit
from shared.database import Database, Transaction
from shared.errors import Fault, NotFound, ReferenceNotFound, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7


async def open_application(
    db: Database, actor: Actor, key: RequestKey, command: schemas.OpenApplication, state: Any
) -> Answer:
    """Begin a proposal, an endorsement or a cancellation; whatever is missing may follow."""
    async with db.transaction(actor, key) as tx:
        policy, terms = await _about(tx, command)
        if policy is None:
            area = None if command.risk is None else command.risk.area_code
            unit = await queries.handling_unit(tx, command.unit_code, command.team_code, area)
        else:
            _refuse_other_applicant(command, policy)
            unit = await _unit_of(tx, policy)
            await _may_end(tx, command, policy, terms)
        row = await _row(tx, command, policy, terms, unit)
        tx.add(row)
        await tx.flush()
        facts = await fill(tx, row, command, state)
        await _announce(tx, row)
        out = shapes.alone(facts, state.actions, actor, "zh")
        return tx.answer(out, location=f"{PATH}/{row.id}", version=row.version)


async def _about(tx: Transaction, command: schemas.OpenApplication) -> tuple[Policy | None, Terms]:
    """The policy of an endorsement or cancellation, and the terms that the application is made on."""
    if command.kind == ApplicationKind.PROPOSAL:
        if command.customer_id is None:
            raise _required("#/customer_id")
        return None, await queries.terms_sold(tx, command.product)
    if command.policy_id is None:
        raise _required("#/policy_id")
    try:
        policy = await tx.find(Policy, command.policy_id)
    except NotFound:
        raise ReferenceNotFound.at("#/policy_id") from None
    terms = await product_in_force(tx, policy.product, tx.now)
    if terms is None:
        raise ReferenceNotFound.at("#/product")
    status = status_of(policy, tx.now)
    if status not in (PolicyStatus.ISSUED, PolicyStatus.IN_FORCE):
        raise rules.PolicyNotInForce(status=status)
    return policy, terms


def _required(pointer: str) -> ValidationFailed:
    return ValidationFailed(Fault("required", Text("必填。", "This is required."), pointer=pointer))


def _refuse_other_applicant(command: schemas.OpenApplication, policy: Policy) -> None:
    """Only the policyholder, or whom he authorised in writing, asks for a change or an end."""
    who = command.applicant or schemas.Applicant()
    unproven = who.role == "authorised_person" and who.authority_attachment_id is None
    other = command.customer_id is not None and command.customer_id != policy.customer_id
    if other or unproven or who.role == "other":
        raise rules.NotThePolicyholder()


async def _unit_of(tx: Transaction, policy: Policy) -> Unit:
    unit = await directory.unit_by_code(tx, policy.unit_code)
    if unit is None:
        raise ReferenceNotFound.at("#/unit_code")
    return unit


async def _may_end(tx: Transaction, command: schemas.OpenApplication, policy: Policy, terms: Terms) -> None:
    """Compulsory work-safety cover without its proof opens nothing; one cancellation at a time."""
    if command.kind != ApplicationKind.CANCELLATION:
        return
    if terms.work_safety and (command.change is None or command.change.proof is None):
        raise rules.CompulsoryCover()
    standing = await queries.open_cancellation(tx, policy.id)
    if standing is not None:
        raise rules.ApplicationOpen(application_id=str(standing))


async def _row(
    tx: Transaction, command: schemas.OpenApplication, policy: Policy | None, terms: Terms, unit: Unit
) -> Application:
    seller_id, staff_no = await seller_of(tx, command.seller_staff_no, policy)
    customer = command.customer_id if policy is None else policy.customer_id
    kind = ApplicationKind(command.kind)
    return Application(
        id=uuid7(), version=1, org_path=unit.path, kind=str(kind), status=str(rules.FIRST[kind]), product=terms.code,
        product_version=terms.number, line=terms.line, issued_by=terms.issued_by, customer_id=customer,
        unit_code=unit.code, channel=command.channel, form_version=terms.forms[command.kind], seller_id=seller_id,
        seller_staff_no=staff_no, entered_by=tx.actor.person_id, entered_for=tx.actor.on_behalf_of,
        policy_id=None if policy is None else policy.id, policyholder={}, applicant={"role": "policyholder"}, risk={},
        requested_cover={}, change={}, terms={}, documents=[], missing=[], insured_count=0, round=0,
        origin=schemas.plain(command.origin) or {},
        starts_at=None if policy is None else policy.starts_at, ends_at=None if policy is None else policy.ends_at,
    )  # fmt: skip


async def _announce(tx: Transaction, row: Application) -> None:
    told = events.OriginTold(**row.origin) if row.origin else None
    tx.publish(
        events.ApplicationOpened(
            application_id=row.id, kind=row.kind, product=row.product, line=row.line, customer_id=row.customer_id,
            unit_code=row.unit_code, origin=told,
        ),
        row,
    )  # fmt: skip
    tx.note("open", row, after={"kind": row.kind, "status": row.status, "product": row.product})
