"""What a first notice is found by and what is flagged about it, and what medical words in it lead to."""

from __future__ import annotations

from typing import Any

import pytest

from services.claims.claim.tables import InjuredPerson
from shared.masking import keyed_digest
from tests.support.claim_life import ADJUSTER, AGENT, POLICY_NO, SIBLING, ClaimLife, told
from tests.support.tokens import actor, person

ID_NO = "11010519491231002X"


async def insured(life: ClaimLife, policy: str = "policy", number: str = ID_NO) -> None:
    """A complete insured list with this person on it."""
    entry = {
        "insured_ref": "E1", "id_digest": keyed_digest(b"d" * 32, number), "from": "2026-02-01", "to": "2027-02-01",
    }  # fmt: skip
    body = {"policy_id": str(person(policy)), "policy_version": 1, "part": 1, "parts": 1, "entries": [entry]}
    await life.hear(told("policy.insured.listed.v1", body))


async def search(life: ClaimLife, body: dict[str, Any], who: Any = AGENT) -> Any:
    return await life.service.post(who, "/v1/claims/policies/searches", body)


async def test_a_policy_is_found_by_the_identity_number_of_an_insured_person(life: ClaimLife) -> None:
    await life.policy()
    await insured(life)
    found = (await search(life, {"id_no": ID_NO})).json()["items"]
    assert [(one["policy_no"], one["matched_by"], one["policy_match"]) for one in found] == [
        (POLICY_NO, ["id_no"], "matched")
    ]
    before_cover = {"id_no": ID_NO, "loss_at": "2026-01-05T10:00:00+08:00"}
    assert (await search(life, before_cover)).json()["items"][0]["policy_match"] == "not_in_force"
    assert (await search(life, {"id_no": "44010519491231002X"})).json()["items"] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("insured_name", "司徒海"), ("phone", "13800001234"), ("plate_no", "苏A12345"), ("project", "江岚大桥")],
)
async def test_a_policy_is_found_by_what_earlier_claims_told(life: ClaimLife, key: str, value: str) -> None:
    await life.policy()
    await life.reported(plate_no="苏A12345", project="江岚大桥")
    found = (await search(life, {key: value})).json()["items"]
    assert [(one["policy_no"], one["matched_by"]) for one in found] == [(POLICY_NO, [key])]


async def test_of_a_policy_of_another_unit_only_the_number_is_told(life: ClaimLife) -> None:
    await life.policy()
    await insured(life)
    found = (await search(life, {"id_no": ID_NO}, actor("service_agent", SIBLING))).json()["items"]
    assert found == [{"policy_no": POLICY_NO, "matched_by": ["id_no"]}]
    await life.reported(plate_no="苏A12345")
    browsing = {"insured_name": "司徒海", "phone": "13800001234", "plate_no": "苏A12345"}
    assert len((await search(life, browsing)).json()["items"]) == 1
    assert (await search(life, browsing, actor("service_agent", SIBLING))).json()["items"] == []


async def test_a_search_for_nothing_is_refused(life: ClaimLife) -> None:
    answer = await search(life, {})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_report_without_a_policy_shows_the_candidates_and_takes_none(life: ClaimLife) -> None:
    await life.policy()
    await insured(life)
    one = (await life.service.post(AGENT, "/v1/claims", _report(policy_no=None))).json()
    assert (one["policy_match"], [row["policy_no"] for row in one["policy_candidates"]]) == ("unmatched", [POLICY_NO])
    assert "ambiguous_policy" not in one["flags"]
    await life.policy(policy_id=str(person("second")), policy_no="PPA2026-32-000002")
    await insured(life, "second")
    two = (await life.service.post(AGENT, "/v1/claims", _report(policy_no=None, place="别处"))).json()
    assert "ambiguous_policy" in two["flags"]
    assert len(two["policy_candidates"]) == 2
    await life.done(AGENT, two["id"], "policy-matches", {"policy_no": POLICY_NO})
    assert "ambiguous_policy" not in (await life.row(two["id"])).flags


def _report(**changes: Any) -> dict[str, Any]:
    from tests.support.claim_life import report

    return report(**changes)


async def test_a_reporter_who_is_not_the_insured_and_a_late_notice_are_flagged_and_accepted(life: ClaimLife) -> None:
    await life.policy()
    other = {"name": "欧阳岚", "phone": "13800001234", "relation": "passer-by"}
    claim_id = await life.reported(reporter=other, loss_at="2026-03-01T10:00:00+08:00")
    flags = (await life.row(claim_id)).flags
    assert {"reporter_not_insured", "late_notice"} <= set(flags)


async def test_claims_are_found_by_plate_project_place_and_dates(life: ClaimLife) -> None:
    first = await life.reported(plate_no="苏A12345", project="江岚大桥三标段", place="演示路1号桥墩")
    await life.reported(place="别处")
    for wanted in (
        {"plate_no": "苏A12345"}, {"project": "江岚大桥"}, {"place": "桥墩"},
        {"injured_name": "司徒海", "place": "演示路"},
        {"place": "桥墩", "reported_from": "2020-01-01T00:00:00+08:00"},
    ):  # fmt: skip
        answer = await life.service.post(AGENT, "/v1/claims/searches", wanted)
        assert [one["id"] for one in answer.json()["items"]] == [first], wanted
    none = {"place": "桥墩", "reported_to": "2020-01-01T00:00:00+08:00"}
    assert (await life.service.post(AGENT, "/v1/claims/searches", none)).json()["items"] == []
    percent = await life.service.post(AGENT, "/v1/claims/searches", {"place": "%%"})
    assert percent.json()["items"] == []


async def test_an_injury_that_is_told_is_masked_and_its_basis_becomes_a_task_that_stops_nothing(
    life: ClaimLife,
) -> None:
    await life.policy()
    hurt = {"name": "司徒海", "id_no": ID_NO, "injury": "左侧股骨骨折"}
    claim_id = await life.reported(injured=[hurt])
    assert "obtain_consent" in await life.items(claim_id)
    shown = await life.read(claim_id)
    assert "骨折" not in str(shown)
    assert "injured.0.injury" in shown["masked"]
    body = {"field": "injured.0.injury", "purpose": "assess_injury"}
    revealed = await life.service.post(ADJUSTER, f"/v1/claims/{claim_id}/reveals", body)
    assert revealed.json()["value"] == "左侧股骨骨折"
    documents = (await life.service.get(ADJUSTER, f"/v1/claims/{claim_id}/documents")).json()
    assert documents["consents_missing"] == ["injured.0"]
    basis = {"claimant_ref": "injured.0", "basis": "consent", "obtained_at": "2026-11-20T10:00:00+08:00"}
    await life.done(AGENT, claim_id, "consents", basis)
    assert "obtain_consent" not in await life.items(claim_id)


async def test_without_words_about_an_injury_nothing_is_asked(life: ClaimLife) -> None:
    claim_id = await life.reported()
    assert "obtain_consent" not in await life.items(claim_id)
    rows = await life.service.rows(InjuredPerson.__table__)
    assert [row["injury"] for row in rows] == [None]


async def test_property_that_is_told_beside_the_injured_brings_its_papers(life: ClaimLife) -> None:
    await life.policy(line="liability", product="public_liability", business="group")
    plain = await life.reported()
    both = await life.reported(loss_kinds=["property"], place="别处")
    codes = []
    for claim_id in (plain, both):
        told_ = (await life.service.get(ADJUSTER, f"/v1/claims/{claim_id}/documents")).json()
        codes.append({one["code"] for one in told_["items"]})
    assert codes[0] < codes[1]
