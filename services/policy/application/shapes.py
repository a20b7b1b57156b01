"""How applications are shown: persons masked, what is missing, what the caller may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from services.policy.application import schemas
from services.policy.application.queries import ApplicationFacts, insured_of
from services.policy.application.rules import Missing, missing_documents, missing_fields, missing_terms
from services.policy.application.tables import Application, ApplicationInsured
from shared.actions import Action, judged
from shared.actor import Actor
from shared.database import Transaction
from shared.masking import masked_id_no, masked_name, masked_phone

_MASKS = {
    "name": masked_name, "id_no": masked_id_no, "phone": masked_phone, "contact": masked_name,
    "email": lambda _: "***", "address": lambda _: "***",
}  # fmt: skip


def item(application: Application) -> schemas.ApplicationItem:
    """The application in a list."""
    return schemas.ApplicationItem.model_validate(application)


def state(application: Application) -> schemas.RecordState:
    """The application as a fact below it names it."""
    return schemas.RecordState(id=application.id, version=application.version, status=application.status)


def _hidden(person: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _MASKS[name](value) if name in _MASKS and value else value for name, value in person.items()}


def person(row: ApplicationInsured) -> schemas.InsuredOut:
    """Somebody on the list, recognisable and not usable."""
    return schemas.InsuredOut(
        ref=row.ref, op=row.op, name=masked_name(row.name), id_type=row.id_type, id_no=masked_id_no(row.id_no),
        born_on=row.born_on, occupation_class=row.occupation_class, sum_insured=row.sum_insured, relation=row.relation,
        beneficiaries=[_hidden(one) for one in row.beneficiaries],
    )  # fmt: skip


def circumstances(facts: ApplicationFacts) -> frozenset[str]:
    """The circumstances that checklists ask for (`rules.form.CONDITIONS`), as far as they hold."""
    row, settings = facts.application, facts.settings
    high = row.amount is not None and row.amount >= Decimal(settings["survey"]["limit_from"])
    found = {
        "high_limit": high,
        "high_risk": row.risk.get("industry") in settings["high_risk_industries"],
        "list_change": row.change.get("kind") == "insured_list",
        "compulsory": facts.terms.work_safety,
        "proxy": row.applicant.get("role") == "authorised_person",
    }
    return frozenset(name for name, holds in found.items() if holds)


def lacking(facts: ApplicationFacts) -> list[Missing]:
    """Everything that the application lacks now, also what later rooms know of."""
    row = facts.application
    held = {one["code"] for one in row.documents}
    checklist = facts.terms.checklist(row.kind)
    terms = missing_terms(facts.terms, facts.cover) if row.kind == "proposal" else []
    own = [*missing_fields(row.kind, row.line, facts.form), *terms]
    return [*own, *missing_documents(checklist, held, circumstances(facts)), *facts.more.get("missing", ())]


def alone(
    facts: ApplicationFacts, actions: Iterable[Action[Any]], actor: Actor, language: str
) -> schemas.ApplicationOut:
    """The application read singly."""
    row = facts.application
    hidden = [f"policyholder.{name}" for name, value in row.policyholder.items() if name in _MASKS and value]
    hidden += [f"insured_persons.{one.ref}.{name}" for one in facts.insured for name in ("name", "id_no")]
    return schemas.ApplicationOut(
        **item(row).model_dump(), form_version=row.form_version, product_version=row.product_version,
        policyholder=_hidden(row.policyholder), applicant=_hidden(row.applicant), risk=row.risk,
        requested_cover=row.requested_cover, change=row.change, terms=row.terms, documents=row.documents,
        missing=[one.stored() for one in lacking(facts)], missing_told_at=row.missing_told_at,
        origin=row.origin or None, insured_persons=[person(one) for one in facts.insured],
        disclosure=facts.more.get("disclosure_part"), survey=facts.more.get("survey_part"), masked=hidden,
        available_actions=judged(actions, actor, facts, row.id, language),
    )  # fmt: skip


async def plain_values(tx: Transaction, application: Application) -> dict[str, str | None]:
    """What a reveal can show: the policyholder's data, name and number of a listed person."""
    values: dict[str, str | None] = {
        f"policyholder.{name}": value for name, value in application.policyholder.items() if name in _MASKS
    }
    for row in await insured_of(tx, application.id):
        values |= {f"insured_persons.{row.ref}.name": row.name, f"insured_persons.{row.ref}.id_no": row.id_no}
    return values
