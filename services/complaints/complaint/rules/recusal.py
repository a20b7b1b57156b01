"""Who may not touch a complaint: whoever has an interest in the matter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from uuid import UUID

from shared.errors import Forbidden, Text


class RecusalGround(StrEnum):
    """Why a person may not handle a complaint, the closest tie first."""

    NAMED = "named"
    CLAIM_DUTY = "claim_duty"
    SELLER = "seller"
    UNDERWRITER = "underwriter"
    SUPERIOR = "superior"
    DIRECT_REPORT = "direct_report"
    EARLIER = "earlier"
    """Had to stay out before, and does so to the end: no transfer opens the complaint to anybody."""


def recused(
    *,
    named: Collection[UUID],
    claim_duties: Collection[UUID] = (),
    sellers: Collection[UUID] = (),
    underwriters: Collection[UUID] = (),
    earlier: Collection[UUID] = (),
    superiors: Mapping[UUID, Collection[UUID]],
    reports: Mapping[UUID, Collection[UUID]],
) -> dict[UUID, RecusalGround]:
    """Everybody who may not touch the complaint, with the ground.

    The persons named, those with a duty on the linked claim, who sold or underwrote the policy, the line managers of
    all of them, the direct reports of the persons named, and whoever had to stay out before. `superiors` and `reports`
    are by person, on the day.
    """
    involved = (
        *((person, RecusalGround.NAMED) for person in named),
        *((person, RecusalGround.CLAIM_DUTY) for person in claim_duties),
        *((person, RecusalGround.SELLER) for person in sellers),
        *((person, RecusalGround.UNDERWRITER) for person in underwriters),
    )
    found: dict[UUID, RecusalGround] = {}
    for person, ground in involved:
        found.setdefault(person, ground)
    for person in list(found):
        for superior in superiors.get(person, ()):
            found.setdefault(superior, RecusalGround.SUPERIOR)
    for person in named:
        for report in reports.get(person, ()):
            found.setdefault(report, RecusalGround.DIRECT_REPORT)
    for person in earlier:
        found.setdefault(person, RecusalGround.EARLIER)
    return found


class Recused(Forbidden):
    """Member: `ground`; whom the complaint names is not said."""

    code = "recused"
    title = Text("须回避", "Recusal")
    detail = Text("与投诉事项有直接利益关系的人员须回避。", "Whoever has an interest in the matter may not handle it.")


def refuse_recused(person_id: UUID, grounds: Mapping[UUID, RecusalGround], on_behalf_of: UUID | None = None) -> None:
    """Refuse (403) handing the complaint to, or accepting an act of, somebody who must stay out of it, whether in his
    own name or through a delegate: `on_behalf_of` is the delegator."""
    for one in (person_id, on_behalf_of):
        if one is not None and one in grounds:
            raise Recused(ground=str(grounds[one]))
