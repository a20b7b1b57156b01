"""Losses and calculation sheets through HTTP: what is refused, and who may not calculate."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.kernel import kernel
from tests.support.calculations import ACCIDENT, EMPLOYERS, L1_FACTS, L2_FACTS, PUBLIC, SCALE, one
from tests.support.claims_world import BRANCH, SUB, ClaimsWorld, adjuster, approver
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor, person

P1_COVER = {"sum_insured": "500000.00", "disability_scale": SCALE, "benefit_days": 180}


@pytest.fixture
def world(claims: ServiceUnderTest) -> ClaimsWorld:
    return ClaimsWorld(claims)


def amounts(sheet: dict[str, Any]) -> dict[str, str]:
    return {each["ref"]: each["amount"] for each in sheet["claimants"]}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def decide(world: ClaimsWorld, claim_id: Any, *opinions: str, by: str, **stated: Any) -> None:
    await world.opinions(claim_id, *opinions)
    answer = await world.approve(approver(by), claim_id, "decision", **stated)
    assert answer.status_code == 201, answer.text


# ------------------------------------------------------------------------------------------ facts


async def test_every_wrong_value_is_told_at_once(world: ClaimsWorld) -> None:
    claim_id = await world.claim(await world.policy(PUBLIC))
    facts = {
        "fault_ratio": "1.20",
        "claimants": [
            {"ref": "A", "kind": "ghost", "losses": [{"kind": "allowance", "amount": "1.00"}]},
            {"ref": "A", "kind": "third_party", "losses": [{"kind": "funeral", "amount": "1.00"}]},
        ],
        "expenses": [{"kind": "taxi", "amount": "1.00"}],
    }
    answer = await world.assess(claim_id, facts)
    assert code(answer) == (422, "validation_failed")
    assert {(each["pointer"], each["code"]) for each in answer.json()["errors"]} == {
        ("#/fault_ratio", "fault_ratio_out_of_range"),
        ("#/claimants/0/kind", "claimant_kind_unknown"),
        ("#/claimants/0/losses/0/kind", "loss_kind_unknown"),
        ("#/expenses/0/kind", "expense_kind_unknown"),
    }
    single = await world.assess(claim_id, {"expenses": [{"kind": "taxi", "amount": "1.00"}]})
    assert code(single) == (422, "expense_kind_unknown")
    shape = await world.assess(claim_id, {"expenses": [{"kind": "legal", "amount": "-1.00"}], "total": "9.00"})
    assert {each["pointer"] for each in shape.json()["errors"]} == {"#/expenses/0/amount", "#/total"}
    assert (await world.row(claim_id)).version == 1
    assert await world.service.rows(kernel.tables["audit_entries"]) == []


async def test_a_new_assessment_keeps_the_old_one_and_the_identity_number_only_as_a_digest(world: ClaimsWorld) -> None:
    claim_id = await world.claim(await world.policy(PUBLIC))
    facts = one({"kind": "medical", "amount": "500.00"}, name="欧阳岚", id_no="11010519491231002X")
    assert (await world.assess(claim_id, facts)).json()["number"] == 1
    answer = await world.assess(claim_id, facts)
    assert answer.json()["number"] == 2
    assert (answer.json()["claimants"][0]["name"], answer.json()["masked"]) == ("欧阳*", ["claimants.0.name"])
    from services.claims.adjustment.tables import LossAssessment

    rows = await world.service.rows(LossAssessment.__table__)
    assert len(rows) == 2
    assert "11010519491231002X" not in str(rows)
    duties = [one["duty"] for one in await world.service.rows(_duties()) if one["duty"] == "adjuster"]
    assert duties == ["adjuster"]


def _duties() -> Any:
    from services.claims.claim.tables import ClaimDuty

    return ClaimDuty.__table__


async def test_the_surveyor_assesses_small_injuries_only_and_never_calculates(world: ClaimsWorld) -> None:
    surveyor = adjuster(name="surveyor")
    policy_id = await world.policy(PUBLIC)
    small = await world.claim(policy_id)
    bill = one({"kind": "medical", "amount": "20000.00"}, {"kind": "property", "amount": "90000.00"})
    assert (await world.assess(small, bill, surveyor)).status_code == 200
    refused = await world.calculate(small, surveyor)
    assert code(refused) == (403, "separation_of_duties")
    assert refused.json()["conflicting_duty"] == "surveyor"
    large = await world.claim(policy_id)
    for facts in (one({"kind": "medical", "amount": "20000.01"}), one({"kind": "disability", "grade": 10})):
        assert code(await world.assess(large, facts, surveyor)) == (403, "separation_of_duties")
    assert (await world.row(large)).version == 1
    refusals = [each["outcome"] for each in await world.service.rows(kernel.tables["audit_entries"], object_id=large)]
    assert refusals == ["refused", "refused"]


async def test_whoever_is_related_to_a_claimant_neither_assesses_nor_calculates(world: ClaimsWorld) -> None:
    from shared.directory import directory_persons
    from shared.masking import keyed_digest
    from tests.support.claims_world import DIGEST_KEY

    cousin = adjuster(name="cousin")
    digest = keyed_digest(DIGEST_KEY, "11010519491231002X")
    async with world.service.db.transaction(actor("auditor", "00")) as tx:
        row = {"person_id": person("cousin"), "staff_no": "S-9", "active": True, "record_version": 1}
        told = [{"kind": "id", "of": "relative", "digest": digest}]
        await tx.execute(directory_persons.insert().values(**row, digests=told))
    injured = [{"name": "司徒海", "id_no": "11010519491231002X"}]
    claim_id = await world.claim(await world.policy(PUBLIC), injured=injured)
    facts = one({"kind": "medical", "amount": "500.00"})
    refused = await world.assess(claim_id, facts, cousin)
    assert code(refused) == (403, "separation_of_duties")
    assert refused.json()["conflicting_duty"] == "interested_party"
    await world.assess(claim_id, facts)
    assert code(await world.calculate(claim_id, cousin)) == (403, "separation_of_duties")
    await world.calculate(claim_id)
    seen = (await world.service.get(approver(SUB), f"/v1/claims/{claim_id}/approval")).json()
    assert seen["reasons"] == ["staff_or_relatives"]
    assert seen["required_level"] == "central_branch"
    assert {(each["person"]["staff_no"], each["duty"]) for each in seen["conflicts"]} >= {("S-9", "interested_party")}


# ------------------------------------------------------------------------------------------ sheets


@pytest.mark.parametrize("status", ["reported", "registered", "assessing", "documents_pending", "decided", "cancelled"])
async def test_a_sheet_needs_complete_papers(world: ClaimsWorld, status: str) -> None:
    claim_id = await world.claim(await world.policy(PUBLIC), status=status)
    assert code(await world.calculate(claim_id)) == (409, "state_conflict")
    assert (await world.row(claim_id)).version == 1


async def test_without_losses_or_without_a_policy_nothing_is_calculated(world: ClaimsWorld) -> None:
    claim_id = await world.claim(await world.policy(PUBLIC))
    assert code(await world.calculate(claim_id)) == (409, "losses_missing")
    unmatched = await world.claim(None, line=None, policy_match="unmatched")
    assert code(await world.calculate(unmatched)) == (409, "policy_not_matched")
    assert code(await world.assess(unmatched, L1_FACTS)) == (409, "policy_not_matched")


async def test_the_version_in_force_at_the_loss_counts_and_none_made_after_the_notice(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PUBLIC)
    half = PUBLIC | {"limit_per_person": "100000.00"}
    earlier: dict[str, Any] = {
        "effective_at": world.loss_at - timedelta(days=5),
        "made_at": world.loss_at - timedelta(days=6),
    }
    await world.policy(half, policy_id=policy_id, number=2, **earlier)
    after: dict[str, Any] = {
        "effective_at": world.loss_at - timedelta(days=1),
        "made_at": world.loss_at + timedelta(days=40),
    }
    await world.policy(PUBLIC, policy_id=policy_id, number=3, **after)
    claim_id = await world.calculated(policy_id, L1_FACTS)
    row = await world.row(claim_id)
    assert (row.policy_version, row.gross_amount) == (2, Decimal("133335.35"))


async def test_a_loss_outside_the_period_is_a_sheet_of_nothing_which_only_the_branch_decides(
    world: ClaimsWorld,
) -> None:
    policy_id = await world.policy(PUBLIC, ends_at=world.loss_at - timedelta(days=1))
    claim_id = await world.calculated(policy_id, L1_FACTS)
    told = (await world.service.get(adjuster(), f"/v1/claims/{claim_id}/calculation-sheets")).json()["items"][0]
    assert (told["gross_amount"], told["flags"]) == ("0.00", ["not_in_force"])
    seen = (await world.service.get(approver(SUB), f"/v1/claims/{claim_id}/approval")).json()
    assert (seen["required_level"], seen["reasons"]) == ("branch", ["refusal"])
    assert code(await world.approve(approver(SUB), claim_id, "decision")) == (403, "below_required_level")


async def test_a_person_who_left_the_list_before_the_accident_gets_nothing(world: ClaimsWorld) -> None:
    policy_id = await world.policy(ACCIDENT, line="accident")
    await world.insured(policy_id, "P-01")
    await world.insured(policy_id, "P-02", covered_to=world.loss_at.date(), part=1)
    facts = one({"kind": "medical", "amount": "1100.00"}, kind="insured_person")
    there, gone = dict(facts["claimants"][0], ref="P-01"), dict(facts["claimants"][0], ref="P-02")
    claim_id = await world.calculated(policy_id, {"claimants": [there, gone]}, line="accident")
    told = (await world.service.get(adjuster(), f"/v1/claims/{claim_id}/calculation-sheets")).json()["items"][0]
    assert amounts(told) == {"P-01": "900.00", "P-02": "0.00"}
    assert "insured_not_listed" in told["flags"]


async def test_a_dry_run_answers_the_figures_and_stores_nothing(world: ClaimsWorld) -> None:
    claim_id = await world.claim(await world.policy(PUBLIC))
    await world.assess(claim_id, L1_FACTS)
    events = len(await world.service.rows(kernel.tables["outbox"]))
    path = f"/v1/claims/{claim_id}/calculation-sheets?dry_run=true"
    answer = await world.service.post(adjuster(), path, {}, version=2)
    assert (answer.status_code, answer.json()["gross_amount"], "id" in answer.json()) == (200, "259735.35", False)
    row = await world.row(claim_id)
    assert (row.version, row.sheet_version, row.status) == (2, None, "documents_complete")
    assert len(await world.service.rows(kernel.tables["outbox"])) == events


async def test_an_unseen_version_is_stale_and_another_unit_sees_nothing(world: ClaimsWorld) -> None:
    claim_id = await world.claim(await world.policy(PUBLIC))
    path = f"/v1/claims/{claim_id}/losses"
    stale = await world.service.call(adjuster(), "PUT", path, L1_FACTS, version=9)
    assert code(stale) == (412, "version_stale")
    missing = await world.service.call(adjuster(), "PUT", path, L1_FACTS)
    assert missing.status_code == 428
    other = adjuster("00.32.3201.320104")
    assert code(await world.assess(claim_id, L1_FACTS, other)) == (404, "not_found")
    assert code(await world.assess(claim_id, L1_FACTS, approver(SUB))) == (403, "action_not_permitted")


async def test_clauses_that_were_never_explained_can_be_left_out_and_others_cannot(world: ClaimsWorld) -> None:
    policy_id = await world.policy(PUBLIC, exclusions=[{"clause_id": "EX-03", "text_version": "2026-01"}])
    claim_id = await world.calculated(policy_id, L1_FACTS)
    first = (await world.service.get(adjuster(), f"/v1/claims/{claim_id}/calculation-sheets")).json()["items"][0]
    assert first["unacknowledged_clause_ids"] == ["EX-03"]
    assert "exclusion_not_acknowledged" in first["flags"]
    answer = await world.calculate(claim_id, disregarded_clause_ids=["EX-03"])
    assert answer.json()["gross_amount"] == "261735.35"  # the property deductible of 2,000 is gone
    assert answer.json()["flags"] == []
    wrong = await world.calculate(claim_id, disregarded_clause_ids=["EX-99"])
    assert code(wrong) == (422, "clause_in_effect")
    in_effect = await world.calculated(await world.policy(PUBLIC), L1_FACTS)
    assert code(await world.calculate(in_effect, disregarded_clause_ids=["EX-03"])) == (422, "clause_in_effect")


async def test_explanations_tell_of_injuries_only_to_claims_positions(world: ClaimsWorld) -> None:
    claim_id = await world.calculated(await world.policy(EMPLOYERS), L2_FACTS)
    head = actor("department_head", BRANCH)
    told = (await world.service.get(head, f"/v1/claims/{claim_id}/calculation-sheets")).json()["items"][0]
    assert {line["explanation"]["zh"] for line in told["lines"]} == {"***"}
    losses = (await world.service.get(head, f"/v1/claims/{claim_id}/losses")).json()
    assert "grade" not in str(losses["claimants"])
