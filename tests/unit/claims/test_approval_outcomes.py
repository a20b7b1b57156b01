"""The approval of a claim: refusals, returns, clauses, and what lifts the decision besides the amount."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.approval import rules
from services.claims.approval.rules import Facts, Sheet, Trigger, Triggers
from shared.authority import rank
from tests.support.approvals import BRANCH, CENTRAL, HEAD, PATH, SUB, TABLE, TRIGGERS, Claim, S, approver, content


def test_a_refusal_below_the_branch_is_forbidden() -> None:
    claim = Claim("800.00", "accident")
    with pytest.raises(rules.BelowRequiredLevel) as refusal:
        claim.refuse(SUB, "decision")
    assert refusal.value.members["required_level"] == "branch"
    assert [one["level"] for one in refusal.value.members["could_decide"]] == ["branch", "head_office"]


def test_a_refusal_is_proposed_by_the_lower_levels_and_decided_by_the_branch() -> None:
    claim = Claim("800.00", "accident")
    claim.refuse(SUB, "opinion")
    claim.refuse(CENTRAL, "opinion")
    taken = claim.refuse(BRANCH, "decision")
    assert (taken.final, taken.next_status) == ("refuse", S.DECIDED)


def test_a_proposed_refusal_keeps_the_chain_long_whatever_the_next_level_thinks() -> None:
    claim = Claim("40000.00", "accident")
    claim.refuse(SUB, "opinion")
    with pytest.raises(rules.BelowRequiredLevel):
        claim.act(approver(CENTRAL), "decision")
    claim.act(approver(CENTRAL), "opinion")
    assert claim.act(approver(BRANCH), "decision").final == "approve"


@pytest.mark.parametrize("outcome", ["refuse", "return"])
@pytest.mark.parametrize("missing", [{"reason_code": None}, {"reason": " "}, {"reason": None, "reason_code": ""}])
def test_refuse_and_return_need_a_reason_code_and_a_reason(outcome: str, missing: dict) -> None:
    claim = Claim("200000.00")
    with pytest.raises(rules.ReasonCodeRequired) as refusal:
        claim.act(approver(SUB), "opinion", **{"outcome": outcome, "reason_code": "x", "reason": "y", **missing})
    assert {fault.pointer for fault in refusal.value.faults} == {f"#/{name}" for name in missing}


def test_late_notice_alone_refuses_no_claim() -> None:
    claim = Claim("200000.00", "accident")
    for unit, kind in ((SUB, "opinion"), (BRANCH, "decision")):
        with pytest.raises(rules.LateNoticeIsNoGround):
            claim.act(approver(unit), kind, outcome="refuse", reason_code="late_notice", reason="three days late")
        claim.opinions(*((SUB, CENTRAL) if unit is SUB else ()))
    back = claim.act(approver(BRANCH), "decision", outcome="return", reason_code="late_notice", reason="which part?")
    assert back.final is None


def test_non_disclosure_refuses_a_claim_only_once_the_policy_was_rescinded() -> None:
    told = {"outcome": "refuse", "reason_code": "non_disclosure", "reason": "question 14 was answered wrongly"}
    with pytest.raises(rules.RescissionRequired):
        Claim("800.00").act(approver(SUB), "opinion", **told)
    assert Claim("800.00", rescinded=True).act(approver(SUB), "opinion", **told).act.outcome == "refuse"
    assert Claim("800.00").act(approver(SUB), "decision", **told | {"outcome": "return"}).act.outcome == "return"


def test_non_disclosure_without_influence_refuses_no_loss_before_the_rescission() -> None:
    told = {"outcome": "refuse", "reason_code": "non_disclosure", "reason": "question 14 was answered wrongly"}
    with pytest.raises(rules.LossesStayPayable):
        Claim("800.00", rescinded=True, losses_paid=True).act(approver(SUB), "opinion", **told)


def test_the_first_step_returns_the_claim_to_calculation() -> None:
    taken = Claim("200000.00").give_back(SUB)
    assert taken.moves == (S.IN_APPROVAL, S.RETURNED)
    assert taken.final is None


def test_a_return_goes_one_step_back_and_the_same_person_may_redo_it() -> None:
    claim = Claim("200000.00")
    claim.opinions(SUB, CENTRAL)
    taken = claim.give_back(BRANCH, "decision")
    assert (taken.next_status, taken.moves) == (S.IN_APPROVAL, ())
    with pytest.raises(rules.WrongStep):
        claim.act(approver(SUB), "opinion")
    claim.opinions(CENTRAL)
    assert claim.act(approver(BRANCH), "decision").next_status is S.DECIDED


def test_returns_go_down_level_by_level() -> None:
    claim = Claim("200000.00")
    claim.opinions(SUB, CENTRAL)
    claim.give_back(BRANCH, "decision")
    claim.give_back(CENTRAL)
    claim.opinions(SUB, CENTRAL)
    assert claim.act(approver(BRANCH), "decision").final == "approve"


def test_a_decision_cites_the_clauses_it_rests_on() -> None:
    claim = Claim("50000.00")
    claim.act(approver(SUB), "opinion", clause_ids=())
    with pytest.raises(rules.ClausesRequired):
        claim.act(approver(CENTRAL), "decision", clause_ids=())


@pytest.mark.parametrize("where", ["sheet", "command"])
def test_an_exclusion_that_was_never_acknowledged_blocks_the_approval_but_not_the_return(where: str) -> None:
    claim = Claim("50000.00", unacknowledged=frozenset({"EX-03"}))
    if where == "sheet":
        claim.sheet = replace(claim.sheet, clause_ids=frozenset({"EX-03", "PL-02"}))
    cited = ("PL-02",) if where == "sheet" else ("EX-03",)
    with pytest.raises(rules.ExclusionNotAcknowledged) as refusal:
        claim.act(approver(SUB), "opinion", clause_ids=cited)
    assert refusal.value.members["clause_ids"] == ["EX-03"]
    assert claim.give_back(SUB).next_status is S.RETURNED


@pytest.mark.parametrize("trigger", sorted(set(Trigger) - {Trigger.STAFF_OR_RELATIVES, Trigger.MANUAL_OVERRIDE}))
def test_what_belongs_to_the_branch_is_decided_there_whatever_the_amount(trigger: Trigger) -> None:
    claim = Claim("0.01", triggers=frozenset({trigger}))
    assert rules.required_chain(TABLE, claim.facts, TRIGGERS)[-1].level == "branch"
    with pytest.raises(rules.BelowRequiredLevel):
        claim.act(approver(SUB), "decision")


def test_of_several_reasons_the_one_with_the_highest_level_counts() -> None:
    levels = {**TRIGGERS.lowest_level, Trigger.SUSPECTED_FRAUD: "head_office", Trigger.REOPENING: "central_branch"}
    both = {Trigger.SUSPECTED_FRAUD, Trigger.REOPENING}
    assert replace(TRIGGERS, lowest_level=levels).lifted(both) == {"lowest_level": "head_office", "levels_up": 0}
    assert TRIGGERS.lifted(()) == {"lowest_level": None, "levels_up": 0}


def test_a_claim_of_staff_is_decided_one_level_up() -> None:
    staff = frozenset({Trigger.STAFF_OR_RELATIVES})
    for amount, triggers, level in (
        ("800.00", staff, "central_branch"),
        ("100000.00", staff, "branch"),
        ("800.00", staff | {Trigger.REFUSAL}, "head_office"),
        ("2000000.00", staff, "head_office"),
    ):
        facts = Facts(S.CALCULATED, "liability", Decimal(amount), PATH, triggers=triggers)
        assert rules.required_chain(TABLE, facts, TRIGGERS)[-1].level == level


@given(
    one=st.integers(1, 200_000_000),
    more=st.integers(0, 200_000_000),
    present=st.frozensets(st.sampled_from(Trigger)),
    added=st.frozensets(st.sampled_from(Trigger)),
)
def test_more_money_or_more_reasons_never_lower_the_level(
    one: int, more: int, present: frozenset[Trigger], added: frozenset[Trigger]
) -> None:
    def level(cents: int, triggers: Iterable[Trigger]) -> int:
        facts = Facts(S.CALCULATED, "accident", Decimal(cents) / 100, PATH, triggers=frozenset(triggers))
        return rank(rules.required_chain(TABLE, facts, TRIGGERS)[-1].level)

    assert level(one, present) <= level(one + more, present | added)


def test_many_casualties_are_counted_by_deaths_or_injured() -> None:
    assert TRIGGERS.many_casualties(3, 0)
    assert TRIGGERS.many_casualties(0, 10)
    assert not TRIGGERS.many_casualties(2, 9)


def test_every_trigger_has_its_level_in_the_data() -> None:
    data = content("services/claims/rule_sets/approval_triggers.2026-1.toml")["content"]
    without = {**data, "lowest_level": {k: v for k, v in data["lowest_level"].items() if k != "litigation"}}
    with pytest.raises(ValueError, match="every trigger"):
        Triggers.of(without)
    with pytest.raises(ValueError, match="not in tuple"):
        Triggers.of({**data, "lowest_level": {**data["lowest_level"], "litigation": "nowhere"}})


def test_an_ex_gratia_payment_is_at_most_half_of_its_item_and_never_for_fraud() -> None:
    rules.check_ex_gratia(Decimal("500.00"), Decimal("1000.00"), TRIGGERS, ())
    with pytest.raises(rules.ExGratiaOverShare):
        rules.check_ex_gratia(Decimal("500.01"), Decimal("1000.00"), TRIGGERS, ())
    with pytest.raises(rules.ExGratiaForFraud):
        rules.check_ex_gratia(Decimal("1.00"), Decimal("1000.00"), TRIGGERS, {Trigger.SUSPECTED_FRAUD})


def test_a_waiver_of_recovery_runs_on_its_own_ladder_without_a_sheet() -> None:
    claim = Claim("50000.01", ladder="recovery_waiver", side=True, triggers=frozenset({Trigger.RECOVERY_WAIVER}))
    claim.facts = replace(claim.facts, status=S.PAID)
    claim.sheet = Sheet(None, Decimal("50000.01"))
    for unit in (SUB, CENTRAL, BRANCH):
        assert claim.act(approver(unit), "opinion", clause_ids=()).next_status is None
    assert claim.act(approver(HEAD), "decision", clause_ids=()).final == "approve"
