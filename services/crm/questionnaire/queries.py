"""Which edition is asked, and the list of all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.crm.questionnaire.rules import Asked, Status, read_questionnaire
from services.crm.questionnaire.tables import Questionnaire
from shared.database import Transaction
from shared.pagination import Filter, Listing
from shared.rule_sets import in_force

QUESTIONNAIRES = Listing(
    model=Questionnaire,
    filters={
        "purpose": Filter(Questionnaire.purpose),
        "code": Filter(Questionnaire.code),
        "status": Filter(Questionnaire.status),
    },
    search=(Questionnaire.code,),
)


async def edition_after(tx: Transaction, org_path: str, code: str) -> int:
    """The number of the next edition of this code at this unit."""
    mine = select(func.coalesce(func.max(Questionnaire.edition), 0))
    return (await tx.scalar(mine.where(Questionnaire.org_path == org_path, Questionnaire.code == code))) + 1


async def approved(tx: Transaction, org_path: str, code: str) -> Questionnaire | None:
    """The edition that is asked now, its row locked."""
    mine = select(Questionnaire).where(
        Questionnaire.org_path == org_path, Questionnaire.code == code, Questionnaire.status == str(Status.APPROVED)
    )
    return await tx.scalar(mine.with_for_update())


def _above(org_path: str) -> list[str]:
    steps = org_path.split(".")
    return [".".join(steps[:n]) for n in range(1, len(steps) + 1)]


async def _elsewhere(tx: Transaction, statement: Any) -> Any:
    """What is read above the caller's own unit: questionnaires are the same for whoever asks."""
    scope = tx.scope
    await tx.use_scope("00")
    found = await tx.scalar(statement)
    await tx.use_scope(scope)
    return found


async def of_id(tx: Transaction, questionnaire_id: UUID, org_path: str | None = None) -> Questionnaire | None:
    """An edition, of a unit at or above `org_path` where one is given."""
    mine = select(Questionnaire).where(Questionnaire.id == questionnaire_id)
    return await _elsewhere(tx, mine if org_path is None else mine.where(Questionnaire.org_path.in_(_above(org_path))))


async def asked_at(
    tx: Transaction, purpose: str, org_path: str, only: UUID | None = None
) -> tuple[Questionnaire | None, str, tuple[Asked, ...]]:
    """The edition that customers of a place are asked, how it is named, its questions: the approved one of the nearest
    unit upwards, else that of the rule set. `only`: the edition that was asked already.
    """
    meant = Questionnaire.id == only if only is not None else Questionnaire.status == str(Status.APPROVED)
    near = select(Questionnaire).where(
        meant, Questionnaire.purpose == purpose, Questionnaire.org_path.in_(_above(org_path))
    )
    nearest = near.order_by(func.length(Questionnaire.org_path).desc(), Questionnaire.approved_at.desc()).limit(1)
    found: Questionnaire | None = await _elsewhere(tx, nearest)
    if found is not None:
        return found, f"{found.code}/{found.edition}", found.asked
    seed = await in_force(tx, "questionnaires")
    return None, seed.version, read_questionnaire(seed.content, purpose)
