"""Upserts from the core: every version is kept, none is overwritten, what is unknown is named and not refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from services.policy.application.tables import Application
from services.policy.core import queries, shapes
from services.policy.core import rules as seam
from services.policy.core.schemas import CorePolicy, ImportLine, PendingReferenceOut, UpsertOut
from services.policy.core.tables import ReconciliationItem
from services.policy.core_answer import queries as answers
from services.policy.core_answer.handlers import take_answer
from services.policy.core_answer.rules import Answered
from services.policy.policy import queries as policies
from services.policy.policy import rules
from services.policy.policy.tables import InsuredPerson, Policy, PolicyVersion
from shared.actor import Actor
from shared.clock import at_midnight
from shared.database import Database, Transaction
from shared.idempotency import Answer, RequestKey
from shared.ids import customer_id, uuid7
from shared.jobs import spool
from shared.masking import keyed_digest
from shared.problems import from_validation

_ONE_NUMBER = text("select pg_advisory_xact_lock(hashtextextended('policy.number.' || cast(:policy_no as text), 0))")


@dataclass(frozen=True)
class Told:
    """One version as it came, with what it refers to. `exclusions`: with the acknowledgements that were taken here."""

    policy_no: str
    body: CorePolicy
    digest: str
    product: dict[str, Any]
    customer: UUID
    seller: UUID | None
    path: str
    pending: list[rules.PendingReference]
    imported: bool
    exclusions: list[dict[str, Any]]
    conflicts: list[str]
    application: Application | None


async def upsert_policy(
    db: Database, actor: Actor, key: RequestKey, policy_no: str, body: CorePolicy, digest_key: bytes
) -> Answer:
    """Store one version as the core states it; the answer says what became of it."""
    async with db.transaction(actor, key) as tx:
        out = await apply_version(tx, policy_no, body, digest_key, imported=False)
        return tx.answer(out, status=200)


async def apply_version(
    tx: Transaction, policy_no: str, body: CorePolicy, digest_key: bytes, *, imported: bool
) -> UpsertOut:
    """The whole effect of one version in the running transaction. Raises `ValidationFailed` with every fault."""
    rules.check_envelope(
        _envelope(body), seam.change_faults(body.change.kind, body.status), rules.cover_faults(body.line, body.cover)
    )
    await tx.execute(_ONE_NUMBER, {"policy_no": policy_no})
    policy = await policies.by_number(tx, policy_no, lock=True)
    told = await _look(tx, policy_no, body, imported, policy)
    if policy is not None and policy.made_here:
        await _open_item(tx, told, policy, rules.ItemKind.NUMBER_OF_OTHER_MASTER, "policy_no")
        return _told(policy, told, rules.Applied.IGNORED)
    versions = [] if policy is None else await policies.versions_of(tx, policy.id)
    decision = rules.upsert({row.number: row.digest for row in versions}, body.core_version, told.digest)
    if policy is None:
        policy = _new_policy(told)
        tx.add(policy)
        await tx.flush()
    if decision.item is not None:
        await _other_content(tx, told, policy, decision.item, versions)
    if decision.applied is not rules.Applied.IGNORED:
        await _store(tx, told, policy, str(decision.applied), digest_key, first=not versions)
        await _owned_here(tx, told, policy)
    for one in told.pending:
        await _open_item(tx, told, policy, rules.ItemKind.PENDING_REFERENCE, f"{one.kind}:{one.value}")
    return _told(policy, told, decision.applied)


def _told(policy: Policy, told: Told, applied: rules.Applied) -> UpsertOut:
    pending = [PendingReferenceOut(kind=str(one.kind), value=one.value) for one in told.pending]
    return UpsertOut(
        id=policy.id, core_version=told.body.core_version, applied=str(applied), pending_references=pending
    )


async def _owned_here(tx: Transaction, told: Told, policy: Policy) -> None:
    """The application becomes what the version made of it; what contradicts what is kept here is listed."""
    body = told.body
    for clause in told.conflicts:
        await _open_item(tx, told, policy, rules.ItemKind.OWNED_HERE, f"exclusions:{clause}")
    if told.application is None:
        return
    answered = Answered(body.change.kind, body.product, told.customer, policy.id, body.refund_amount)
    fault = await take_answer(tx, told.application, policy, answered)
    if fault is not None:
        cause = f"application:{told.application.id}"
        sides = ({"status": told.application.status}, {"differs": fault, "core_version": body.core_version})
        await _open_item(tx, told, policy, rules.ItemKind.OWNED_HERE, cause, sides)


async def _other_content(
    tx: Transaction, told: Told, policy: Policy, kind: rules.ItemKind, versions: Sequence[PolicyVersion]
) -> None:
    """What was once told to others is not changed: the item says in which members the core says otherwise now."""
    number = told.body.core_version
    row = next(one for one in versions if one.number == number)
    stored, sent = shapes.comparable(row), shapes.comparable(told.body)
    differs = seam.different_members(stored, sent)
    sides = ({"core_version": number}, {"core_version": number, "differs": differs})
    await _open_item(tx, told, policy, kind, f"core_version:{number}", sides)


def _envelope(body: CorePolicy) -> rules.Envelope:
    return rules.Envelope(
        number=body.core_version, status=body.status, issued_on=body.issued_on, starts_at=body.starts_at,
        ends_at=body.ends_at, effective_at=body.effective_at, ended_at=body.ended_at,
    )  # fmt: skip


async def _look(
    tx: Transaction, policy_no: str, body: CorePolicy, imported: bool, policy: Policy | None
) -> Told:  # fmt: skip
    product = await queries.product(tx, body.product)
    customer = customer_id(body.customer_core_no)
    known, seller, path = await queries.known_references(tx, body, customer, product_known=product is not None)
    named = {
        rules.ReferenceKind.CUSTOMER: body.customer_core_no,
        rules.ReferenceKind.PRODUCT: body.product,
        rules.ReferenceKind.UNIT: body.unit_code,
        rules.ReferenceKind.SELLER: body.seller_staff_no,
        rules.ReferenceKind.APPLICATION: None if body.application_id is None else str(body.application_id),
    }
    given = [one.model_dump(mode="json") for one in body.exclusions]
    application = await answers.find(tx, body.application_id)
    known[rules.ReferenceKind.APPLICATION] = application is not None
    made_here = (application and application.id, policy and policy.application_id)
    own = seam.own_acknowledgements(given, await answers.acknowledged_here(tx, made_here))
    return Told(
        policy_no=policy_no, body=body, digest=rules.content_digest(body.model_dump(mode="json", by_alias=True)),
        product=product or {"business": "group", "issued_by": "core", "compulsory": False, "risk_level": "medium"},
        customer=customer, seller=seller, path=path or tx.actor.scope,
        pending=rules.pending_references(named, known), imported=imported, exclusions=own.exclusions,
        conflicts=own.conflicts, application=application,
    )  # fmt: skip


def _new_policy(told: Told) -> Policy:
    policy = Policy(
        id=uuid7(), version=1, policy_no=told.policy_no, policy_version=told.body.core_version, org_path=told.path,
        customer_id=told.customer, customer_core_no=told.body.customer_core_no,
        business=told.product["business"], compulsory=told.product["compulsory"], issued_by=told.product["issued_by"],
    )  # fmt: skip
    _state(policy, told)
    return policy


def _state(policy: Policy, told: Told) -> None:
    """Make the policy's row say what this version says."""
    body = told.body
    policy.org_path, policy.unit_code = told.path, body.unit_code
    policy.customer_id, policy.customer_core_no = told.customer, body.customer_core_no
    policy.product, policy.line = body.product, body.line
    policy.stated_status, policy.issued_on = body.status, rules.issued_on(_envelope(body))
    policy.starts_at, policy.ends_at, policy.ended_at = body.starts_at, body.ends_at, body.ended_at
    policy.premium, policy.insured_count = body.premium, body.insured_count
    policy.risk_level, policy.reinsured = body.risk_level or told.product["risk_level"], body.reinsured
    policy.seller_id, policy.seller_staff_no = told.seller, body.seller_staff_no
    policy.cover, policy.exclusions = body.cover, told.exclusions


async def _store(tx: Transaction, told: Told, policy: Policy, applied: str, digest_key: bytes, *, first: bool) -> None:
    body = told.body
    version = PolicyVersion(
        policy_id=policy.id, org_path=policy.org_path, number=body.core_version, change=_change(body),
        made_at=_made_at(tx, told), effective_at=body.effective_at, status=body.status, starts_at=body.starts_at,
        ends_at=body.ends_at, ended_at=body.ended_at, premium=body.premium, premium_delta=body.premium_delta,
        refund_amount=body.refund_amount, insured_count=body.insured_count, cover=body.cover,
        exclusions=told.exclusions, digest=told.digest, applied=applied,
    )  # fmt: skip
    before = None if first else {"policy_version": policy.policy_version, "status": policy.stated_status}
    if applied == "current":
        kept = (policy.stated_status, policy.ended_at)
        _state(policy, told)
        if not first and await _stays_rescinded(tx, told, policy):
            policy.stated_status, policy.ended_at = kept
        policy.policy_version = body.core_version
        policy.version += 0 if first else 1
        policy.updated_at = tx.now
    tx.add(version)
    await tx.flush()
    people = [_person(policy, body.core_version, one, digest_key) for one in body.insured_persons or ()]
    tx.add_all(people)
    shapes.version_told(tx, policy, version, told, people, first=first)
    after = {"policy_version": body.core_version, "status": body.status, "applied": applied}
    tx.note(body.change.kind, policy, before=before, after=after, reason=body.change.reason)


async def _stays_rescinded(tx: Transaction, told: Told, policy: Policy) -> bool:
    """Whether it was rescinded here and the core, which may not have heard of it yet, says otherwise; listed then."""
    if told.body.status == "rescinded" or not await queries.rescinded_here(tx, policy.id):
        return False
    sides = ({"status": "rescinded"}, {"status": told.body.status, "core_version": told.body.core_version})
    await _open_item(tx, told, policy, rules.ItemKind.OWNED_HERE, "status", sides)
    return True


def _change(body: CorePolicy) -> dict[str, Any]:
    """What happened, with the application that it answers."""
    told = body.change.model_dump()
    return told if body.application_id is None else {**told, "application_id": str(body.application_id)}


def _made_at(tx: Transaction, told: Told) -> Any:
    """When the issuer made this version. A later version without a day of its own counts as made when it came: it must
    not open cover behind a report that was taken meanwhile.
    """
    body = told.body
    if body.core_version == 1 or body.change.kind == "issue":
        return min(at_midnight(rules.issued_on(_envelope(body))), tx.now)
    if body.issued_on is not None and at_midnight(body.issued_on) > body.starts_at:
        return min(at_midnight(body.issued_on), tx.now)
    return tx.now


def _person(policy: Policy, number: int, one: Any, digest_key: bytes) -> InsuredPerson:
    return InsuredPerson(
        policy_id=policy.id, org_path=policy.org_path, number=number, ref=one.ref, name=one.name, id_type=one.id_type,
        id_no=one.id_no, id_digest=keyed_digest(digest_key, one.id_no), occupation_class=one.occupation_class,
        covered_from=one.covered_from, covered_to=one.covered_to, sum_insured=one.sum_insured,
        beneficiaries=[heir.model_dump(mode="json", exclude_none=True) for heir in one.beneficiaries],
    )  # fmt: skip


async def _open_item(
    tx: Transaction, told: Told, policy: Policy, kind: rules.ItemKind, cause: str,
    sides: tuple[dict[str, Any], dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    ours, theirs = sides or (
        {"policy_version": policy.policy_version},
        {"core_version": told.body.core_version},
    )
    owner = seam.owner_of(kind, cause, policy.made_here)
    await open_difference(tx, policy.org_path, told.policy_no, kind, cause, owner, ours, theirs)


async def open_difference(
    tx: Transaction, org_path: str, policy_no: str, kind: rules.ItemKind, cause: str, owner: str,
    ours: dict[str, Any] | None, theirs: dict[str, Any] | None,
) -> None:  # fmt: skip
    """List a difference between here and the core; the same one is not listed twice while it is open."""
    row = {
        "id": uuid7(), "version": 1, "org_path": org_path, "created_at": tx.now, "updated_at": tx.now,
        "policy_no": policy_no, "kind": str(kind), "cause": cause, "owner": owner, "status": "open",
        "ours": ours, "theirs": theirs,
    }  # fmt: skip
    await tx.execute(insert(ReconciliationItem).values(**row).on_conflict_do_nothing())


IMPORT = "policy_import"
IMPORT_MAX_BYTES = 200 * 1024 * 1024


async def accept_import(
    db: Database, actor: Actor, key: RequestKey, body: AsyncIterator[bytes], batch: Mapping[str, Any]
) -> Answer:
    """Spool an import and answer with its job; nothing of it is carried out yet."""
    seam.check_batch(batch["batch_id"], batch["part"], batch["of"])
    async with db.transaction(actor, key) as tx:
        return await spool(tx, IMPORT, body, batch, IMPORT_MAX_BYTES)


def import_line(digest_key: bytes) -> Callable[[Transaction, dict[str, Any], Mapping[str, Any]], Awaitable[Any]]:
    """The effect of one line of an import, in the transaction that also stores its result."""

    async def one(tx: Transaction, document: dict[str, Any], _payload: Mapping[str, Any]) -> dict[str, Any]:
        try:
            line = ImportLine.model_validate(document)
        except ValidationError as fault:
            raise from_validation([{**one, "loc": ("body", *one["loc"])} for one in fault.errors()]) from None
        body = CorePolicy.model_validate(line.model_dump(by_alias=True, exclude={"policy_no"}))
        out = await apply_version(tx, line.policy_no, body, digest_key, imported=True)
        return {"policy_no": line.policy_no, **out.model_dump(mode="json")}

    return one
