"""What can be done with a complaint, each judged by the function that its handler calls."""

from __future__ import annotations

from services.complaints.complaint.queries import ComplaintFacts
from services.complaints.complaint.rules import ComplaintStatus, advance, check_level, refuse_recused
from shared.actions import Action
from shared.actor import Actor

_BASE = "/v1/complaints/{id}/"


def _to(*statuses: ComplaintStatus, branch_only: bool = False):
    def check(actor: Actor, facts: ComplaintFacts) -> None:
        refuse_recused(actor.person_id, facts.grounds)
        if branch_only:
            check_level(actor.level)
        if facts.complaint.state not in statuses:
            advance(facts.complaint.state, statuses[0])

    return check


def _assign(actor: Actor, facts: ComplaintFacts) -> None:
    """A second assignment hands the complaint over; the first one needs the identity checked."""
    refuse_recused(actor.person_id, facts.grounds)
    if facts.complaint.officer_person_id is None:
        advance(facts.complaint.state, ComplaintStatus.ASSIGNED)


def _next(target: ComplaintStatus, *, branch_only: bool = False):
    def check(actor: Actor, facts: ComplaintFacts) -> None:
        refuse_recused(actor.person_id, facts.grounds)
        if branch_only:
            check_level(actor.level)
        advance(facts.complaint.state, target)

    return check


_S = ComplaintStatus
ACTIONS: tuple[Action[ComplaintFacts], ...] = (
    Action(
        "check_identity", "POST", _BASE + "identity-checks", "complaints.complaint.check_identity",
        _next(_S.IDENTITY_CHECKED),
    ),
    Action("assign", "POST", _BASE + "assignments", "complaints.complaint.assign", _assign),
    Action(
        "investigate", "POST", _BASE + "investigations", "complaints.complaint.investigate",
        _to(_S.INVESTIGATING, _S.EXTENDED_30, _S.EXTENDED_60),
    ),
    Action("decide", "POST", _BASE + "decisions", "complaints.complaint.decide", _next(_S.DECIDED, branch_only=True)),
    Action("notify", "POST", _BASE + "notifications", "complaints.complaint.notify", _next(_S.NOTIFIED)),
    Action("withdraw", "POST", _BASE + "withdrawals", "complaints.complaint.withdraw", _next(_S.WITHDRAWN)),
    Action("merge", "POST", _BASE + "merges", "complaints.complaint.merge", _next(_S.MERGED)),
)  # fmt: skip
