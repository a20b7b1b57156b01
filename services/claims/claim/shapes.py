"""How a claim is shown to one caller: personal values masked, actions judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.claims.claim import queries
from services.claims.claim.schemas import ClaimItem, ClaimOut, InjuredOut, ReporterOut
from services.claims.claim.tables import Claim, InjuredPerson
from shared.actions import Action, judged
from shared.database import Transaction
from shared.masking import masked_id_no, masked_name, masked_phone


def item(claim: Claim) -> ClaimItem:
    """The claim in a list."""
    return ClaimItem.model_validate(claim, from_attributes=True)


def reporter(claim: Claim) -> ReporterOut:
    told = claim.reporter
    return ReporterOut(
        name=masked_name(told["name"]), phone=masked_phone(told["phone"]), relation=told["relation"],
        masked=["name", "phone"],
    )  # fmt: skip


def injured(row: InjuredPerson) -> InjuredOut:
    hidden = [name for name in ("name", "id_no") if getattr(row, name)]
    return InjuredOut(
        name=masked_name(row.name) if row.name else None, id_no=masked_id_no(row.id_no) if row.id_no else None,
        insured_ref=row.insured_ref, masked=hidden,
    )  # fmt: skip


async def plain_values(tx: Transaction, claim: Claim) -> dict[str, str | None]:
    """What a reveal of a claim can show, by the path of the field."""
    values: dict[str, str | None] = {"reporter.name": claim.reporter["name"], "reporter.phone": claim.reporter["phone"]}
    for n, row in enumerate(await queries.injured_of(tx, claim.id)):
        values |= {f"injured.{n}.name": row.name, f"injured.{n}.id_no": row.id_no}
    return values


async def alone(
    tx: Transaction, facts: queries.ClaimFacts, actions: tuple[Action[queries.ClaimFacts], ...], language: str,
    masked: Sequence[str] = (), **more: Any,
) -> ClaimOut:  # fmt: skip
    """The claim read singly; `more` are the parts that later rooms add (approval, deadlines, hazards), `masked` the
    fields which are masked in them."""
    claim = facts.claim
    people = [injured(row) for row in await queries.injured_of(tx, claim.id)]
    hidden = [f"injured.{n}.{one}" for n, who in enumerate(people) for one in who.masked]
    return ClaimOut(
        **item(claim).model_dump(), place=claim.place, area_code=claim.area_code, description=claim.description,
        reporter=reporter(claim), injured=people, origin=claim.origin,
        masked=["reporter.name", "reporter.phone", *hidden],
        available_actions=judged(actions, tx.actor, facts, claim.id, language), **more,
    )  # fmt: skip
