"""Causes, compensation and mis-selling."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from services.complaints.cause import rules as cause
from services.complaints.compensation import rules as compensation
from services.complaints.complaint.rules import ComplaintStatus
from services.complaints.mis_selling import rules as selling
from services.complaints.mis_selling.rules import CaseStatus
from shared.approval_chain import WrongStep
from shared.clock import SHANGHAI
from shared.errors import (
    AuthorityExceeded,
    Problem,
    ReasonRequired,
    SeparationOfDuties,
    StateConflict,
    ValidationFailed,
)
from tests.support.approvals import BRANCH, HEAD, TABLE
from tests.support.approvals import approver as person_at

SETS = Path(__file__).parents[3] / "services/complaints/rule_sets"
NOW = datetime(2026, 5, 11, 9, tzinfo=SHANGHAI)
A, B, C = (UUID(int=n) for n in range(1, 4))


def content(name: str) -> dict:
    return tomllib.loads((SETS / f"{name}.2026-1.toml").read_text("utf-8"))["content"]


def codes(refusal: Problem) -> list[str]:
    return [one.code for one in refusal.faults]


TREE = cause.CauseTree.from_content(content("causes"))


def test_only_a_leaf_of_the_tree_is_a_cause_and_it_knows_its_stage():
    late = TREE.leaf("survey_late")
    assert late is not None
    assert (late.stage, late.parent) == ("claims", "claims")
    assert TREE.leaf("claims") is None
    assert TREE.leaf("unheard_of") is None
    assert [one.code for one in TREE.nodes.values() if one.rule == "aq9010"] == ["prevention_service"]


@pytest.mark.parametrize(
    "nodes",
    [
        [{"code": "a", "zh": "甲", "en": "a"}],
        [{"code": "a", "parent": "b", "zh": "甲", "en": "a"}],
        [{"code": "a", "parent": "b", "zh": "甲", "en": "a"}, {"code": "b", "parent": "a", "zh": "乙", "en": "b"}],
        [{"code": "a", "zh": "甲", "en": "a", "stage": "x"}] * 2,
    ],
)
def test_a_tree_that_is_none_is_not_taken(nodes):
    with pytest.raises(cause.CauseTreeBroken):
        cause.CauseTree.from_content({"nodes": nodes, "effect_check_days": 90})


def test_an_action_on_a_cause_has_an_owner_without_a_part_and_a_day_to_come():
    leaf = TREE.leaf("survey_late")
    cause.check_new_action(date(2026, 5, 11), date(2026, 5, 11), A, [B], leaf)
    with pytest.raises(ValidationFailed) as refused:
        cause.check_new_action(date(2026, 5, 10), date(2026, 5, 11), A, [A], None)
    assert codes(refused.value) == ["due_in_past", "cause_unknown", "owner_recused"]


def test_an_action_is_done_once_and_its_effect_is_looked_at_after_90_days():
    day = cause.done(cause.ActionStatus.OPEN, NOW, NOW - timedelta(days=3), TREE.effect_check_days)
    assert day == date(2026, 8, 9)
    with pytest.raises(cause.CauseActionDone):
        cause.done(cause.ActionStatus.DONE, NOW, NOW, 90)
    with pytest.raises(ValidationFailed):
        cause.done(cause.ActionStatus.OPEN, NOW, NOW + timedelta(days=1), 90)
    assert [cause.effect(n) for n in (0, 1)] == ["effective", "recurred"]


def basis(amount: str, acts=(), **changes) -> compensation.Basis:
    facts = compensation.Basis(
        compensation.CompensationStatus.PROPOSED, Decimal(amount), "liability", (BRANCH, HEAD), TABLE, acts,
        frozenset({A}),
    )  # fmt: skip
    return replace(facts, **changes)


def given(kind: str, amount: str, outcome: str = "approve", **more) -> compensation.Given:
    return compensation.Given(kind, Decimal(amount), outcome, **more)


OFFICER = person_at(BRANCH, "deputy", "complaint_officer")
ABOVE = person_at(HEAD, "above", "complaint_officer")


@pytest.mark.parametrize("amount", ["0.01", "20000.00"])
def test_the_branch_decides_up_to_its_limit(amount):
    taken = compensation.take(OFFICER, basis(amount), given("decision", amount))
    assert taken.status == "approved"
    assert taken.missing == ()


def test_above_the_limit_the_branch_gives_an_opinion_and_head_office_decides():
    with pytest.raises(AuthorityExceeded) as refused:
        compensation.take(OFFICER, basis("20000.01"), given("decision", "20000.01"))
    assert refused.value.members["limit"] == "20000.00"
    first = compensation.take(OFFICER, basis("20000.01"), given("opinion", "20000.01"))
    assert first.status == "proposed"
    with pytest.raises(WrongStep):
        compensation.take(ABOVE, basis("20000.01"), given("decision", "20000.01"))
    last = compensation.take(ABOVE, basis("20000.01", (first.act,)), given("decision", "20000.01"))
    assert last.status == "approved"


def test_who_proposed_decides_nothing_not_even_through_a_delegate():
    for actor in (replace(OFFICER, person_id=A), replace(OFFICER, on_behalf_of=A)):
        with pytest.raises(SeparationOfDuties):
            compensation.take(actor, basis("100"), given("decision", "100"))


def test_another_amount_and_a_refusal_without_its_reason_are_refused():
    with pytest.raises(compensation.CompensationAmountDiffers):
        compensation.take(OFFICER, basis("100"), given("decision", "99"))
    for outcome in ("refuse", "return"):
        with pytest.raises(ReasonRequired):
            compensation.take(OFFICER, basis("100"), given("decision", "100", outcome))
        taken = compensation.take(OFFICER, basis("100"), given("decision", "100", outcome, reason_code="amount"))
        assert taken.status == "refused"
    with pytest.raises(compensation.CompensationDecided):
        compensation.take(
            OFFICER, basis("100", status=compensation.CompensationStatus.APPROVED), given("decision", "100")
        )


def test_a_compensation_is_proposed_once_and_in_season():
    compensation.propose(ComplaintStatus.INVESTIGATING, Decimal(1), "refused")
    for standing in ("proposed", "approved", "paid"):
        with pytest.raises(compensation.CompensationOpen):
            compensation.propose(ComplaintStatus.INVESTIGATING, Decimal(1), standing)
    with pytest.raises(StateConflict):
        compensation.propose(ComplaintStatus.DECIDED, Decimal(1), None)
    with pytest.raises(ValidationFailed):
        compensation.propose(ComplaintStatus.ASSIGNED, Decimal(0), None)


def test_an_approver_does_not_record_the_payment():
    taken = compensation.take(OFFICER, basis("100"), given("decision", "100"))
    with pytest.raises(SeparationOfDuties):
        compensation.pay(taken.status, OFFICER, [taken.act])
    assert compensation.pay(taken.status, ABOVE, [taken.act]) == "paid"
    with pytest.raises(compensation.CompensationDecided):
        compensation.pay(compensation.CompensationStatus.PROPOSED, ABOVE, [])


def test_mis_selling_is_handled_by_nobody_who_sells_or_manages_the_seller():
    selling.refuse_seller((A, None), [B], ["complaint_officer"])
    for persons, positions in (((A, None), ["sales_agent"]), ((B, None), ["auditor"]), ((A, B), ["auditor"])):
        with pytest.raises(selling.SoldItself):
            selling.refuse_seller(persons, [B], positions)


def test_a_case_is_never_closed_without_finding_and_action():
    with pytest.raises(StateConflict):
        selling.close(CaseStatus.OPEN, ["apology"])
    for status in (CaseStatus.VERIFIED, CaseStatus.NOT_VERIFIED):
        with pytest.raises(selling.NoActionTaken):
            selling.close(status, [])
    with pytest.raises(selling.ExplanationNotEnough):
        selling.close(CaseStatus.VERIFIED, ["explained"])
    assert selling.close(CaseStatus.VERIFIED, ["explained", "refund"]) == "refund"
    assert selling.close(CaseStatus.NOT_VERIFIED, ["explained"]) == "explained"


def test_only_the_handler_acts_on_a_case():
    with pytest.raises(selling.HandlerMissing):
        selling.check_handler(None, A)
    with pytest.raises(selling.NotTheHandler):
        selling.check_handler(B, A)
    selling.check_handler(A, A)
    with pytest.raises(StateConflict):
        selling.act(CaseStatus.OPEN)
    with pytest.raises(StateConflict):
        selling.refuse_closed(CaseStatus.CLOSED)
