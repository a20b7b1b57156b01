"""The approval of a claim: who may not take a step, and how N of M sign the last one."""

from __future__ import annotations

from itertools import product

import pytest

from services.claims.approval import rules
from services.claims.claim.rules import Duty, Held, PolicyDuty
from shared.authority import AuthorityTable
from shared.errors import AuthorityExceeded, SeparationOfDuties
from tests.support.approvals import (
    BRANCH,
    CENTRAL,
    PATH,
    SEED,
    SUB,
    TABLE,
    TRIGGERS,
    Claim,
    S,
    approver,
    person,
)


@pytest.mark.parametrize("duty", [Duty.REPORTER, Duty.REGISTRAR, Duty.SURVEYOR, Duty.ADJUSTER, Duty.CASHIER])
def test_whoever_worked_on_the_claim_never_approves_it(duty: Duty) -> None:
    for delegator in (False, True):
        claim = Claim("100.00", duties=(Held(duty, person("busy")),))
        actor = approver(SUB, "deputy", on_behalf_of=person("busy")) if delegator else approver(SUB, "busy")
        with pytest.raises(SeparationOfDuties) as refusal:
            claim.act(actor, "decision")
        assert refusal.value.members["conflicting_duty"] == duty


def test_the_underwriter_of_the_policy_does_not_approve_its_claims() -> None:
    claim = Claim("100.00", duties=(Held(PolicyDuty.UNDERWRITER, person("u")),))
    with pytest.raises(SeparationOfDuties):
        claim.act(approver(SUB, "u"), "decision")


def test_whoever_is_payee_or_related_to_one_never_approves() -> None:
    claim = Claim("100.00", interested=frozenset({person("cousin")}))
    for actor in (approver(SUB, "cousin"), approver(SUB, "deputy", on_behalf_of=person("cousin"))):
        with pytest.raises(SeparationOfDuties) as refusal:
            claim.act(actor, "decision")
        assert refusal.value.members["conflicting_duty"] == "interested_party"


def test_every_step_is_taken_by_another_person_also_through_a_delegate() -> None:
    for first, second in product(({}, {"on_behalf_of": person("boss")}), repeat=2):
        claim = Claim("50000.00")
        claim.act(approver(SUB, "a", **first), "opinion")
        same = approver(CENTRAL, "a", **second)
        with pytest.raises(SeparationOfDuties):
            claim.act(same, "decision")
    claim = Claim("50000.00")
    claim.act(approver(SUB, "deputy", on_behalf_of=person("boss")), "opinion")
    with pytest.raises(SeparationOfDuties):
        claim.act(approver(CENTRAL, "boss"), "decision")


def test_a_person_who_repeats_his_step_is_told_whose_turn_it_is() -> None:
    claim = Claim("50000.00")
    claim.opinions(SUB)
    with pytest.raises(rules.WrongStep):
        claim.act(approver(SUB), "opinion")


HEAD_OF_DEPARTMENT = approver(BRANCH, position="department_head")


def co_signed(amount: str = "300000.01") -> Claim:
    claim = Claim(amount)
    claim.opinions(SUB, CENTRAL)
    return claim


def test_the_last_step_is_open_until_all_have_signed_in_either_order() -> None:
    acts = [(approver(BRANCH), "decision"), (HEAD_OF_DEPARTMENT, "cosignature")]
    for (first, kind), (second, other) in (acts, acts[::-1]):
        claim = co_signed()
        taken = claim.act(first, kind)
        assert (taken.next_status, taken.missing, taken.final) == (S.IN_APPROVAL, (second.position,), None)
        assert claim.act(second, other).next_status is S.DECIDED


def test_nobody_signs_twice_for_one_step() -> None:
    claim = co_signed()
    claim.act(approver(BRANCH, "x"), "decision")
    with pytest.raises(rules.WrongStep):
        claim.act(approver(BRANCH, "y"), "decision")
    with pytest.raises(SeparationOfDuties):
        claim.act(approver(BRANCH, "x", position="department_head"), "cosignature")


def test_a_co_signer_gives_no_decision_and_a_decider_no_co_signature() -> None:
    claim = co_signed()
    with pytest.raises(rules.WrongStep):
        claim.act(HEAD_OF_DEPARTMENT, "decision")
    with pytest.raises(rules.WrongStep):
        claim.act(approver(BRANCH), "cosignature")


def test_without_a_co_signature_the_head_of_department_has_no_step() -> None:
    with pytest.raises(rules.WrongStep):
        co_signed("300000.00").act(HEAD_OF_DEPARTMENT, "cosignature")


def test_a_co_signature_above_its_limit_is_refused() -> None:
    with pytest.raises(AuthorityExceeded):
        co_signed("1000000.01").act(HEAD_OF_DEPARTMENT, "cosignature")


def test_who_disagrees_with_the_first_signature_returns_the_file() -> None:
    claim = co_signed()
    claim.act(approver(BRANCH), "decision")
    with pytest.raises(rules.OutcomeDiffers):
        claim.act(HEAD_OF_DEPARTMENT, "cosignature", outcome="refuse", reason_code="x", reason="y")
    taken = claim.act(HEAD_OF_DEPARTMENT, "cosignature", outcome="return", reason_code="x", reason="y")
    assert taken.next_status is S.IN_APPROVAL
    claim.opinions(CENTRAL)
    assert claim.act(approver(BRANCH), "decision").missing == ("department_head",)


def test_what_is_offered_is_what_is_carried_out() -> None:
    """Whoever may act is told the kind, and `decide` takes it; whoever may not meets the same refusal in both."""
    people = [
        *(approver(unit) for unit in PATH),
        HEAD_OF_DEPARTMENT,
        approver(SUB, "busy"),
        approver(CENTRAL, "claims_approver of 320102"),
    ]
    seen = set()
    for amount, steps in product(("8000.00", "100000.00", "300000.01", "1083120.00"), range(4)):
        for actor in people:
            claim = Claim(amount, duties=(Held(Duty.SURVEYOR, person("busy")),))
            if steps >= len(rules.required_chain(TABLE, claim.facts, TRIGGERS)):
                continue
            claim.opinions(*PATH[:steps])
            try:
                kind = rules.next_act(actor, claim.facts, claim.sheet, claim.done, TABLE, TRIGGERS)
            except (rules.WrongStep, AuthorityExceeded, SeparationOfDuties, rules.BelowRequiredLevel) as refusal:
                seen.add(refusal.code)
                for stated in ("opinion", "decision", "cosignature"):
                    with pytest.raises(
                        (rules.WrongStep, AuthorityExceeded, SeparationOfDuties, rules.BelowRequiredLevel)
                    ):
                        claim.act(actor, stated)
            else:
                seen.add(kind)
                assert claim.act(actor, kind).act.kind == kind
    assert seen >= {"opinion", "decision", "cosignature", "wrong_step", "separation_of_duties"}


def test_the_standing_shows_each_step_and_who_is_missing() -> None:
    claim = co_signed()
    claim.act(HEAD_OF_DEPARTMENT, "cosignature")
    now = rules.standing_of(TABLE, claim.facts, claim.sheet, claim.done, TRIGGERS)
    assert [rules.status_of(now, at) for at in range(len(now.steps))] == ["done", "done", "open"]
    assert now.missing() == ("claims_approver",)
    assert [act.position for act in now.acts_of(2)] == ["department_head"]


def test_an_opinion_does_not_become_a_decision_when_the_limits_are_widened() -> None:
    claim = co_signed("200000.00")
    rows = [
        {**row, "limit": "250000.00"} if (row["level"], row["unit_kind"]) == ("central_branch", "standard") else row
        for row in SEED["content"]["entries"]
    ]
    wider = AuthorityTable.of("2027-1", SEED["effective_from"], rows)
    now = rules.standing_of(wider, claim.facts, claim.sheet, claim.done, TRIGGERS)
    assert not now.complete
    assert now.open is not None
    assert (now.open.unit, now.open.kind) == (CENTRAL, "decision")
