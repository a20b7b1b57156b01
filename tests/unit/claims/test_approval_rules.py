"""The approval of a claim: whose turn it is, up to which amount, on which sheet."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.approval import rules
from services.claims.approval.rules import Facts
from services.claims.claim.rules import ClaimStatus
from shared.authority import lower_limits
from shared.errors import AuthorityExceeded, SeparationOfDuties, StateConflict
from tests.support.approvals import BRANCH, CENTRAL, HEAD, LOCAL, PATH, SUB, TABLE, TRIGGERS, Claim, S, approver, person


def test_a_small_claim_is_decided_where_it_is_handled() -> None:
    taken = Claim("3268.00", "accident").act(approver(SUB), "decision")
    assert taken.moves == (S.IN_APPROVAL, S.DECIDED)
    assert (taken.final, taken.missing, taken.table_version) == ("approve", (), "2026-1")


def test_a_fatal_accident_climbs_four_levels_and_the_head_office_decides() -> None:
    claim = Claim("1083120.00")
    claim.opinions(SUB, CENTRAL)
    with pytest.raises(AuthorityExceeded) as refusal:
        claim.act(approver(BRANCH), "decision")
    assert refusal.value.members["limit"] == "1000000.00"
    assert refusal.value.members["amount"] == "1083120.00"
    assert [one["unit_code"] for one in refusal.value.members["could_decide"]] == ["00"]
    claim.opinions(BRANCH)
    taken = claim.act(approver(HEAD), "decision")
    assert (taken.next_status, taken.act.step, taken.missing) == (S.DECIDED, 4, ())


def test_an_amount_exactly_at_the_limit_may_be_decided() -> None:
    claim = Claim("100000.00")
    claim.opinions(SUB)
    assert claim.act(approver(CENTRAL), "decision").next_status is S.DECIDED


def test_no_level_is_skipped() -> None:
    claim = Claim("200000.00")
    claim.opinions(SUB)
    with pytest.raises(rules.WrongStep) as refusal:
        claim.act(approver(BRANCH), "decision")
    assert (refusal.value.members["unit_code"], refusal.value.members["kind"]) == ("3201", "opinion")
    for kind in ("opinion", "cosignature"):
        with pytest.raises(rules.WrongStep):
            claim.act(approver(BRANCH), kind)


def test_a_decision_above_the_limit_is_refused_whatever_the_step() -> None:
    claim = Claim("200000.00")
    for unit in (SUB, CENTRAL):
        with pytest.raises(AuthorityExceeded):
            claim.act(approver(unit), "decision")


def test_an_opinion_has_no_limit_and_a_wrong_kind_is_a_wrong_step() -> None:
    claim = Claim("8000.00")
    with pytest.raises(rules.WrongStep):
        claim.act(approver(SUB), "opinion")
    with pytest.raises(rules.WrongStep):
        claim.act(approver(SUB), "cosignature")
    big = Claim("900000000.00")
    assert big.act(approver(SUB), "opinion").next_status is S.IN_APPROVAL


def test_claims_of_one_accident_go_as_high_as_their_sum() -> None:
    for own in ("625440.00", "457680.00"):
        claim = Claim("1083120.00", own=own)
        claim.opinions(SUB, CENTRAL)
        with pytest.raises(AuthorityExceeded):
            claim.act(approver(BRANCH), "decision")


@given(st.lists(st.integers(1, 40_000_000), min_size=1, max_size=5))
def test_any_partition_of_a_loss_needs_the_level_of_the_whole(parts: list[int]) -> None:
    total = Decimal(sum(parts)) / 100
    whole = rules.required_chain(TABLE, Facts(S.CALCULATED, "liability", total, PATH), TRIGGERS)
    for part in parts:
        claim = Claim(str(total), own=str(Decimal(part) / 100))
        assert rules.required_chain(TABLE, claim.facts, TRIGGERS) == whole
        below = approver(whole[-2].unit) if len(whole) > 1 else None
        if below is not None:
            with pytest.raises(AuthorityExceeded):
                claim.act(below, "decision")


def test_the_branch_decides_over_its_own_city_by_another_person() -> None:
    claim = Claim("800.00", "accident", units=(LOCAL, BRANCH, HEAD))
    with pytest.raises(AuthorityExceeded):
        claim.act(approver(LOCAL), "decision")
    claim.act(approver(LOCAL, "same"), "opinion")
    with pytest.raises(SeparationOfDuties):
        claim.act(approver(BRANCH, "same"), "decision")
    assert claim.act(approver(BRANCH, "other"), "decision").next_status is S.DECIDED


def test_a_delegate_decides_up_to_the_lower_amount_only() -> None:
    full = approver(CENTRAL)
    acting = replace(full, on_behalf_of=person("absent"), limits=lower_limits(full.limits, Decimal("20000.00")))
    claim = Claim("50000.00")
    claim.opinions(SUB)
    with pytest.raises(AuthorityExceeded) as refusal:
        claim.act(acting, "decision")
    assert refusal.value.members["limit"] == "20000.00"


def test_a_new_sheet_voids_the_steps_on_the_old_one() -> None:
    claim = Claim("200000.00")
    claim.opinions(SUB, CENTRAL)
    claim.new_sheet()
    with pytest.raises(rules.WrongStep):
        claim.act(approver(BRANCH), "decision")
    claim.opinions(SUB, CENTRAL)
    assert claim.act(approver(BRANCH), "decision").next_status is S.DECIDED


def test_an_approval_of_an_old_sheet_is_refused() -> None:
    claim = Claim("200000.00")
    claim.new_sheet()
    with pytest.raises(rules.SheetSuperseded) as refusal:
        claim.act(approver(SUB), "opinion", sheet_version=1)
    assert refusal.value.members == {"stated_version": 1, "sheet_version": 2}


def test_the_amount_stated_is_the_amount_stored() -> None:
    claim = Claim("1083120.00", own="625440.00")
    with pytest.raises(rules.AmountDiffers):
        claim.act(approver(SUB), "opinion", amount=Decimal("625440.01"))
    assert claim.act(approver(SUB), "opinion", amount=Decimal("1083120.00")).act.step == 1


@pytest.mark.parametrize("status", [one for one in S if one not in (S.CALCULATED, S.IN_APPROVAL)])
def test_only_a_calculated_claim_is_approved(status: ClaimStatus) -> None:
    claim = Claim("100.00")
    claim.facts = replace(claim.facts, status=status)
    with pytest.raises(StateConflict) as refusal:
        claim.act(approver(SUB), "decision")
    assert refusal.value.members["current_state"] == status
