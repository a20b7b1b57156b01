"""What can be done about a review, each judged by the function that its handler calls."""

from __future__ import annotations

from services.complaints.complaint.queries import ComplaintFacts
from services.complaints.complaint.rules import ComplaintStatus, advance, decide_review, refuse_recused
from services.complaints.review import rules
from shared.actions import Action
from shared.actor import Actor


def _request(actor: Actor, facts: ComplaintFacts) -> None:
    refuse_recused(actor.person_id, facts.grounds, actor.on_behalf_of)
    advance(facts.complaint.state, ComplaintStatus.REVIEW_REQUESTED)
    rules.told_at(facts.complaint.notified_at)


def _decide(actor: Actor, facts: ComplaintFacts) -> None:
    complaint = facts.complaint
    earlier = rules.first_hands([], complaint.officer_person_id, complaint.decided_by)
    rules.refuse_earlier_hand(actor.on_behalf_of, earlier)
    decide_review(complaint.state, actor.person_id, actor.scope, complaint.owner_path, earlier, facts.grounds)


ACTIONS: tuple[Action[ComplaintFacts], ...] = (
    Action("request_review", "POST", "/v1/complaints/{id}/reviews", "complaints.review.request", _request),
    Action("decide_review", "POST", "/v1/complaints/{id}/review-decisions", "complaints.review.decide", _decide),
)
