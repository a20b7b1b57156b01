"""Applications and what they are judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from services.policy.application import rules
from services.policy.application.tables import Application, ApplicationInsured
from services.policy.policy.tables import InsuredPerson, Policy
from services.policy.product.queries import product_in_force, product_version
from services.policy.product.rules import Terms
from shared import directory
from shared.authority import Unit, covers
from shared.clock import at_midnight, legal_day
from shared.database import Transaction
from shared.directory import directory_units
from shared.errors import Fault, ReferenceNotFound, Text, ValidationFailed
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force

APPLICATIONS = Listing(
    model=Application,
    filters={
        "kind": Filter(Application.kind),
        "status": Filter(Application.status),
        "product": Filter(Application.product),
        "line": Filter(Application.line),
        "customer_id": Filter(Application.customer_id, UUID),
        "policy_id": Filter(Application.policy_id, UUID),
        "outcome": Filter(Application.outcome),
        "reason_code": Filter(Application.reason_code),
        "submitted_at": Filter(Application.submitted_at, datetime, ranged=True),
        "expires_on": Filter(Application.expires_on, date, ranged=True),
    },
    conditions={"due_before": lambda value: Application.expires_on < date.fromisoformat(value)},
    sorts={"submitted_at": Application.submitted_at, "expires_on": Application.expires_on},
)


@dataclass(frozen=True)
class ApplicationFacts:
    """An application with everything that its rooms judge it by; `more` comes from the rooms after this one."""

    application: Application
    terms: Terms
    insured: Sequence[ApplicationInsured]
    now: datetime
    settings: Mapping[str, Any]
    """The rule set `underwriting`."""
    policy: Policy | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def listed(self) -> tuple[rules.Listed, ...]:
        """The persons to be added, with their own sum insured or the cover's."""
        general = Decimal(self.cover.get("sum_insured") or "0")
        return tuple(
            rules.Listed(
                ref=one.ref, relation=one.relation, born_on=one.born_on, occupation_class=one.occupation_class,
                sum_insured=general if one.sum_insured is None else one.sum_insured, beneficiaries=one.beneficiaries,
            )
            for one in self.insured if one.op == "add"
        )  # fmt: skip

    @property
    def cover(self) -> dict[str, Any]:
        """The cover applied for: of an endorsement the policy's with the change in it."""
        asked = self.application.requested_cover
        if self.policy is not None:
            return {**self.policy.cover, **(self.application.change.get("cover") or {}), **asked}
        return rules.offered_cover(self.terms, asked)

    @property
    def form(self) -> dict[str, Any]:
        """The form as the check of missing fields takes it."""
        row = self.application
        return {
            "requested_cover": row.requested_cover, "starts_at": row.starts_at, "ends_at": row.ends_at,
            "policyholder": row.policyholder, "risk": row.risk, "change": row.change,
            "insured_persons": list(self.insured) or row.insured_count,
        }  # fmt: skip


async def settings_of(tx: Transaction) -> Mapping[str, Any]:
    """The rule set `underwriting` in force."""
    return (await in_force(tx, "underwriting")).content


async def insured_of(tx: Transaction, application_id: UUID) -> Sequence[ApplicationInsured]:
    statement = select(ApplicationInsured).where(ApplicationInsured.application_id == application_id)
    return await tx.scalars(statement.order_by(ApplicationInsured.ref))


async def terms_for(tx: Transaction, application: Application) -> Terms:
    """The terms of the product version that the application is made on."""
    terms = await product_version(tx, application.product, application.product_version)
    if terms is None:
        raise LookupError(f"product {application.product} has no version {application.product_version}")
    return terms


async def facts_of(tx: Transaction, application: Application, state: Any = None) -> ApplicationFacts:
    """The facts; with the application's `state` also those of the rooms that come later (`fact_sources`)."""
    policy = None
    if application.policy_id is not None and application.of_kind is not rules.ApplicationKind.PROPOSAL:
        policy = await tx.scalar(select(Policy).where(Policy.id == application.policy_id))
    facts = ApplicationFacts(
        application=application, terms=await terms_for(tx, application),
        insured=await insured_of(tx, application.id), now=tx.now, settings=await settings_of(tx), policy=policy,
    )  # fmt: skip
    for source in getattr(state, "fact_sources", ()):
        facts = replace(facts, more={**facts.more, **await source(tx, facts)})
    return facts


async def terms_sold(tx: Transaction, code: str | None) -> Terms:
    """The terms of a product that is sold today. Raises `ReferenceNotFound`."""
    terms = None if code is None else await product_in_force(tx, code, tx.now)
    if terms is None:
        raise ReferenceNotFound.at("#/product")
    return terms


async def handling_unit(tx: Transaction, code: str | None, team_code: str | None, area_code: str | None) -> Unit:
    """The unit that takes the application: the one named, else the caller's. It operates, lies in the caller's scope
    and, a branch's own unit, in its own areas; a team is its own."""
    unit = await directory.unit_by_code(tx, code or tx.actor.unit_code)
    if unit is None or not covers(unit.path, tx.actor.scope):
        raise ReferenceNotFound.at("#/unit_code")
    faults = []
    if unit.level not in ("sub_branch", "central_branch"):
        text = Text("该机构不经办业务。", "This unit does not operate; name one that does.")
        faults.append(Fault("unit_does_not_operate", text, pointer="#/unit_code"))
    row = (await tx.execute(select(directory_units).where(directory_units.c.code == unit.code))).mappings().one()
    if team_code is not None and team_code not in [one.get("team_code") for one in row["teams"]]:
        text = Text("该团队不属于此机构。", "The team belongs to another unit.")
        faults.append(Fault("team_of_other_unit", text, pointer="#/team_code"))
    foreign = area_code is not None and not any(area_code.startswith(area) for area in row["area_codes"])
    if unit.kind == "branch_local" and foreign:
        text = Text("分公司本部不得承接其他机构辖区的业务。", "A branch's own unit takes nothing of another area.")
        faults.append(Fault("area_of_other_unit", text, pointer="#/unit_code"))
    if faults:
        raise ValidationFailed(*faults)
    return unit


async def open_cancellation(tx: Transaction, policy_id: UUID) -> UUID | None:
    """A cancellation of the policy that is not finished."""
    ended = ("withdrawn", "closed")
    statement = select(Application.id).where(
        Application.policy_id == policy_id, Application.kind == "cancellation", Application.status.not_in(ended)
    )
    return await tx.scalar(statement.limit(1))


async def death_cover_elsewhere(tx: Transaction, facts: ApplicationFacts) -> dict[str, Decimal]:
    """What each minor on the list is insured for already on policies known here that run today, in yuan, by
    reference; every unit's policies count."""
    on = at_midnight(legal_day(tx.now))
    young = {one.id_digest: one.ref for one in facts.insured if one.op == "add" and one.born_on is not None}
    if not young:
        return {}
    scope = tx.scope
    await tx.use_scope("00")
    list_of = aliased(InsuredPerson)
    newest = select(func.max(list_of.number)).where(list_of.policy_id == Policy.id).scalar_subquery()
    covered = select(InsuredPerson.id_digest, InsuredPerson.sum_insured, Policy.cover, Policy.id).join(Policy)
    covered = covered.where(
        InsuredPerson.id_digest.in_(list(young)), Policy.line == "accident", Policy.ends_at > on,
        Policy.stated_status == "in_force", InsuredPerson.number == newest,
    )  # fmt: skip
    rows = (await tx.execute(covered)).all()
    await tx.use_scope(scope)
    mine = None if facts.policy is None else facts.policy.id
    found: dict[str, Decimal] = {}
    for row in rows:
        if row.id != mine:
            total = row.sum_insured if row.sum_insured is not None else Decimal(row.cover.get("sum_insured") or "0")
            found[young[row.id_digest]] = found.get(young[row.id_digest], Decimal("0.00")) + total
    return found
