"""Opening, filling in, completing and withdrawing an application."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from services.policy import events
from services.policy.application import queries, rules, schemas, shapes
from services.policy.application.queries import ApplicationFacts, facts_of
from services.policy.application.rules import ApplicationKind, ApplicationStatus
from services.policy.application.tables import Application, ApplicationInsured
from services.policy.policy.tables import Policy
from services.policy.product.queries import product_in_force
from shared import directory
from shared.actions import Action
from shared.actor import Actor
from shared.clock import legal_day
from shared.database import Database, Transaction
from shared.errors import Fault, OccurredInFuture, ReferenceNotFound, Text, ValidationFailed
from shared.idempotency import Answer, RequestKey
from shared.ids import uuid7
from shared.masking import keyed_digest
from shared.work_items import close_items

PATH = "/v1/applications"
_SELLING = ("sales_agent", "account_manager")
_STORED = ("team_code", "policyholder", "applicant", "risk", "requested_cover", "starts_at", "ends_at", "insured_count",
           "change", "documents")  # fmt: skip


async def seller_of(tx: Transaction, staff_no: str | None, policy: Policy | None) -> tuple[UUID | None, str | None]:
    """Who sells: the one named, else a caller whose post it is, else the seller of the policy."""
    if staff_no is not None:
        found = await directory.person_of_staff_no(tx, staff_no)
        if found is None and staff_no != tx.actor.staff_no:
            raise ReferenceNotFound.at("#/seller_staff_no")
        return found or tx.actor.person_id, staff_no
    if tx.actor.position in _SELLING:
        return tx.actor.on_behalf_of or tx.actor.person_id, tx.actor.staff_no
    return (None, None) if policy is None else (policy.seller_id, policy.seller_staff_no)


async def fill(tx: Transaction, row: Application, form: schemas._Form, state: Any) -> ApplicationFacts:
    """Write what the form says, refuse what cannot stand, and compute premium and amount from it."""
    for name in _STORED:
        value = getattr(form, name)
        if value is not None:
            setattr(row, name, value if isinstance(value, (int, str, datetime)) else schemas.plain(value))
    if form.insured_persons is not None:
        await _list(tx, row, form.insured_persons, state.digest_key)
    if row.kind == ApplicationKind.PROPOSAL and row.premium_received_at is None:
        row.expires_on = legal_day(tx.now) + timedelta(days=(await queries.settings_of(tx))["open_days"])
    await tx.flush()
    plain = await facts_of(tx, row)
    _refuse_unfit(tx, row, plain)
    _compute(row, plain)
    return await facts_of(tx, row, state)


def _refuse_unfit(tx: Transaction, row: Application, facts: ApplicationFacts) -> None:
    """Refuse (422) what is wrong however complete the form will be."""
    if row.kind == ApplicationKind.PROPOSAL:
        rules.refuse_back_dating(row.starts_at, tx.now)
        rules.check_term(facts.terms, row.starts_at, row.ends_at)
    asked, root = (
        (row.requested_cover, "#/requested_cover")
        if row.kind == ApplicationKind.PROPOSAL
        else (row.change.get("cover") or {}, "#/change/cover")
    )
    faults = [*rules.offer_faults(facts.terms, asked, root), *rules.shares_add_up(facts.listed)]
    if faults:
        raise ValidationFailed(*faults)
    rules.refuse_employer_benefit(facts.listed)
    _check_change(tx, row)


def _check_change(tx: Transaction, row: Application) -> None:
    received, effective = row.change.get("notice_received_at"), row.change.get("effective_on")
    if received is not None:
        moment = datetime.fromisoformat(received)
        if moment > tx.now:
            raise OccurredInFuture(
                Fault("occurred_in_future", OccurredInFuture.detail, pointer="#/change/notice_received_at")
            )
        if effective is not None and date.fromisoformat(effective) < legal_day(moment):
            words = Text("退保生效日不早于通知收到日。", "A notice works on its receipt or a later day.")
            raise ValidationFailed(Fault("effective_before_notice", words, pointer="#/change/effective_on"))
    if row.kind == ApplicationKind.ENDORSEMENT and effective is not None:
        day = date.fromisoformat(effective)
        if day < legal_day(tx.now):
            raise rules.BackDated(starts_at=effective)


def _compute(row: Application, facts: ApplicationFacts) -> None:
    """What authority is compared with, and what a proposal costs by the filed rate; absent while it cannot be told."""
    listed, cover = facts.listed, facts.cover
    if row.kind == ApplicationKind.PROPOSAL and listed:
        row.insured_count = len(listed)
    row.amount = rules.authority_amount(row.line, cover, row.insured_count, listed) or None
    if row.kind == ApplicationKind.PROPOSAL and row.starts_at is not None and row.ends_at is not None:
        annual = rules.annual_premium(facts.terms.rating, cover, row.insured_count, listed)
        row.base_premium = rules.premium_of_term(annual, rules.WHOLE, row.starts_at, row.ends_at)


async def _list(
    tx: Transaction, row: Application, persons: Sequence[schemas.InsuredPersonIn], digest_key: bytes
) -> None:
    rules.refuse_twice([one.ref for one in persons], [one.id_no for one in persons])
    await tx.execute(delete(ApplicationInsured).where(ApplicationInsured.application_id == row.id))
    for one in persons:
        tx.add(
            ApplicationInsured(
                application_id=row.id, org_path=row.org_path, op=one.op, ref=one.ref, name=one.name,
                id_type=one.id_type, id_no=one.id_no, id_digest=keyed_digest(digest_key, one.id_no),
                born_on=one.born_on or rules.birthday_of(one.id_type, one.id_no),
                occupation_class=one.occupation_class, sum_insured=one.sum_insured, relation=one.relation,
                beneficiaries=schemas.plain(one.beneficiaries),
            )
        )  # fmt: skip


def check_change(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether the applicant may still change what he applies for."""
    rules.refuse_unless(facts.application.of_kind, facts.application.state, rules.OPEN_TO_CHANGE)


async def change_application(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None,
    command: schemas.ChangeApplication, state: Any,
) -> Answer:  # fmt: skip
    """Fill in or change the form. Terms that came into force meanwhile are those it is made on from now; what was told
    and acknowledged before has to fit them."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        check_change(actor, await facts_of(tx, row, state))
        before = {"status": row.status, "product_version": row.product_version}
        terms = await product_in_force(tx, row.product, tx.now)
        if terms is not None:
            row.product_version, row.form_version = terms.number, terms.forms[row.kind]
        if command.seller_staff_no is not None:
            row.seller_id, row.seller_staff_no = await seller_of(tx, command.seller_staff_no, None)
        facts = await fill(tx, row, command, state)
        if row.state in (ApplicationStatus.RETURNED, ApplicationStatus.DISCLOSED):
            row.advance(ApplicationStatus.DRAFT)
        tx.note("change", row, before=before, after={"status": row.status, "product_version": row.product_version})
        return tx.answer(shapes.alone(facts, state.actions, actor, "zh"), status=200, version=row.version)


def check_tell_missing(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether the customer may be told now of what is missing: once, all together, and only if anything is."""
    row = facts.application
    rules.refuse_unless(row.of_kind, row.state, rules.UNANSWERED)
    if row.missing_told_at is not None:
        raise rules.MissingToldAlready(told_at=row.missing_told_at.isoformat())


async def tell_missing(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None,
    command: schemas.TellMissing, state: Any,
) -> Answer:  # fmt: skip
    """Record that the customer was told, in one list, of everything that is missing; there is no second list."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        facts = await facts_of(tx, row, state)
        check_tell_missing(actor, facts)
        further = [rules.Missing("further", f"further_{n}", Text(one, one)) for n, one in enumerate(command.further, 1)]
        missing = [*shapes.lacking(facts), *further]
        if not missing:
            raise rules.NothingMissing()
        row.missing, row.missing_told_at = [one.stored() for one in missing], tx.now
        tx.note("tell_missing", row, after={"missing": [one.code for one in missing], "channel": command.channel})
        out = schemas.MissingOut(
            id=uuid7(), created_at=tx.now, channel=command.channel, missing=row.missing, application=shapes.state(row)
        )
        return tx.answer(out, location=f"{PATH}/{row.id}", version=row.version)


def check_withdraw(_actor: Actor, facts: ApplicationFacts) -> None:
    """Whether the applicant may take it back; never while his premium is held without an answer."""
    row = facts.application
    if ApplicationStatus.WITHDRAWN not in rules.NEXT[row.of_kind][row.state]:
        rules.advance(row.of_kind, row.state, ApplicationStatus.WITHDRAWN)
    if row.premium_received_at is not None and row.decided_at is None:
        raise rules.PremiumUndecided()


async def withdraw(
    db: Database, actor: Actor, key: RequestKey, application_id: UUID, version: int | None, command: schemas.Withdraw,
    state: Any,
) -> Answer:  # fmt: skip
    """The applicant takes it back."""
    async with db.transaction(actor, key) as tx:
        row = await tx.find_for_change(Application, application_id, version)
        facts = await facts_of(tx, row, state)
        check_withdraw(actor, facts)
        before = {"status": row.status}
        row.advance(ApplicationStatus.WITHDRAWN)
        end(tx, row, "withdrawn", "customer_withdrew", actor.level)
        await close_items(tx, row.id)
        tx.note("withdraw", row, before=before, after={"status": row.status}, reason=command.reason)
        return tx.answer(shapes.state(row), version=row.version)


def end(tx: Transaction, row: Application, outcome: str, reason_code: str | None, level: str) -> None:
    """Keep and announce how the application ended or was answered."""
    row.outcome, row.reason_code, row.decided_at, row.decided_level = outcome, reason_code, tx.now, level
    row.expires_on = None
    tx.publish(
        events.ApplicationDecided(
            application_id=row.id, kind=row.kind, customer_id=row.customer_id, line=row.line, outcome=outcome,
            reason_code=reason_code, level=level, unit_code=row.unit_code, decided_at=tx.now,
        ),
        row,
    )  # fmt: skip


ACTIONS: tuple[Action[ApplicationFacts], ...] = (
    Action("change", "PATCH", PATH + "/{id}", "policy.application.change", check_change),
    Action(
        "tell_missing", "POST", PATH + "/{id}/missing-items", "policy.application.request_missing", check_tell_missing
    ),
    Action("withdraw", "POST", PATH + "/{id}/withdrawals", "policy.application.withdraw", check_withdraw),
)
