"""Who had a hand in the first decision. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from services.complaints.complaint.rules import ReviewBySamePerson
from shared.errors import Conflict, Text

FIRST_HAND = frozenset({"investigate", "decide", "extend", "pause", "add_facts", "assign", "notify"})
"""Acts by which one took part in the first decision; taking the complaint in and checking who complains are none."""


class NotToldYet(Conflict):
    code = "decision_not_told"
    title = Text("尚未告知处理决定", "The decision has not been told")
    detail = Text("告知处理决定之后方可申请核查。", "A review can be asked for once the decision has been told.")


def told_at(notified_at: datetime | None) -> datetime:
    """When the complainant received the decision; refuses (409) a review before that."""
    if notified_at is None:
        raise NotToldYet()
    return notified_at


def first_hands(acts: Iterable[tuple[str, UUID]], *more: UUID | None) -> frozenset[UUID]:
    """Everybody who took part in the first decision: by an act (kind, person), as officer, as decider."""
    acted = {person for kind, person in acts if kind in FIRST_HAND}
    return frozenset(acted | {one for one in more if one is not None})


def refuse_earlier_hand(on_behalf_of: UUID | None, earlier: Collection[UUID]) -> None:
    """Refuse (403) a delegate of somebody who took part in the first decision."""
    if on_behalf_of in earlier:
        raise ReviewBySamePerson()
