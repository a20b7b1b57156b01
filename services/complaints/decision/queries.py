"""What can be done with a complaint, each judged by the function that its handler calls."""

from __future__ import annotations

from services.complaints.assignment.rules import refuse_assigning
from services.complaints.complaint.queries import ComplaintFacts
from services.complaints.complaint.rules import ComplaintStatus, advance, check_level, refuse_recused, restarted
from services.complaints.decision.rules import refuse_lead, refuse_undecided_compensation
from shared.actions import Action
from shared.actor import Actor

_BASE = "/v1/complaints/{id}/"


def _to(*statuses: ComplaintStatus, branch_only: bool = False):
    def check(actor: Actor, facts: ComplaintFacts) -> None:
        refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
        if branch_only:
            check_level(actor.level)
        if facts.complaint.state not in statuses:
            advance(facts.complaint.state, statuses[0])

    return check


def _assign(actor: Actor, facts: ComplaintFacts) -> None:
    """A second assignment hands the complaint over; the first one needs the identity checked."""
    refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
    refuse_assigning(facts.complaint.state)


def _decide(actor: Actor, facts: ComplaintFacts) -> None:
    _next(ComplaintStatus.DECIDED, branch_only=True)(actor, facts)
    refuse_undecided_compensation(facts.complaint.compensation_status)


def _notify(actor: Actor, facts: ComplaintFacts) -> None:
    refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
    refuse_lead(facts.complaint.lead)
    advance(facts.complaint.state, ComplaintStatus.NOTIFIED)


def _pause(actor: Actor, facts: ComplaintFacts) -> None:
    """A running pause is ended by the same act."""
    refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
    if facts.complaint.state is not ComplaintStatus.PAUSED:
        advance(facts.complaint.state, ComplaintStatus.PAUSED)


def _extend(actor: Actor, facts: ComplaintFacts) -> None:
    refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
    longer = {ComplaintStatus.INVESTIGATING: ComplaintStatus.EXTENDED_30}
    advance(facts.complaint.state, longer.get(facts.complaint.state, ComplaintStatus.EXTENDED_60))


def _add_facts(actor: Actor, facts: ComplaintFacts) -> None:
    refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
    restarted(facts.complaint.state)


def _next(target: ComplaintStatus, *, branch_only: bool = False):
    def check(actor: Actor, facts: ComplaintFacts) -> None:
        refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
        if branch_only:
            check_level(actor.level)
        advance(facts.complaint.state, target)

    return check


def _not_recused(actor: Actor, facts: ComplaintFacts) -> None:
    refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)


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
    Action("decide", "POST", _BASE + "decisions", "complaints.complaint.decide", _decide),
    Action("notify", "POST", _BASE + "notifications", "complaints.complaint.notify", _notify),
    Action("pause", "POST", _BASE + "pauses", "complaints.complaint.pause", _pause),
    Action("extend", "POST", _BASE + "extensions", "complaints.complaint.extend", _extend),
    Action("add_facts", "POST", _BASE + "new-facts", "complaints.complaint.add_facts", _add_facts),
    Action("withdraw", "POST", _BASE + "withdrawals", "complaints.complaint.withdraw", _next(_S.WITHDRAWN)),
    Action("merge", "POST", _BASE + "merges", "complaints.complaint.merge", _next(_S.MERGED)),
    Action("record_root_cause", "POST", _BASE + "root-causes", "complaints.root_cause.record", _not_recused),
    Action("write_note", "POST", _BASE + "notes", "complaints.note.write", _not_recused),
)  # fmt: skip
