"""What a complaint brings along, by its channel; and that nobody named hears of the complainant."""

from __future__ import annotations

from typing import Any

import pytest

from shared.kernel import kernel
from tests.support.complaint_acts import heard, uploaded, working
from tests.support.complaint_world import (
    AGENT,
    CLAIM_NO,
    HEAD,
    OFFICER,
    SURVEYOR,
    SURVEYORS_HEAD,
    complaint,
    know_claim,
    registered,
)
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

PROXY = {"name": "欧阳代", "authority": "signed_authority"}
RECEPTION = {"place": "接待室", "received_by_staff_no": [AGENT.staff_no], "started_at": "2026-01-05T09:00:00+08:00"}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"channel": "visit"}, ["reception_required"]),
        ({"channel": "visit", "reception": RECEPTION, "complainant": {"name": "甲", "count": 30},
          "representatives": [{"name": f"代表{n}"} for n in range(6)]}, ["too_many_representatives"]),
        ({"channel": "regulator_transfer"}, ["transfer_required"]),
        ({"proxy": PROXY}, ["proxy_authority_required"]),
        ({"proxy": PROXY, "complainant": {}}, ["proxy_authority_required", "proxy_for_nobody"]),
        ({"cause": "claims"}, ["cause_unknown"]),
    ],
)  # fmt: skip
async def test_what_a_form_lacks_is_told_at_once(
    complaints: ServiceUnderTest, changes: dict[str, Any], codes: list[str]
) -> None:
    answer = await complaints.post(AGENT, "/v1/complaints", complaint(**changes))
    assert (answer.status_code, [one["code"] for one in answer.json()["errors"]]) == (422, codes), answer.text


async def test_a_joint_visit_a_transfer_and_a_proxy_are_taken_in(complaints: ServiceUnderTest) -> None:
    visit = await registered(
        complaints, channel="visit", reception=RECEPTION, complainant={"name": "司徒岚", "count": 30},
        representatives=[{"name": f"代表{n}", "phone": "13800005555"} for n in range(5)],
    )  # fmt: skip
    read = (await complaints.get(OFFICER, f"/v1/complaints/{visit['id']}")).json()
    assert (len(read["representatives"]), read["reception"]["place"]) == (5, "接待室")
    assert "代表0" not in str(read)
    transfer = {"authority": "江岚监管局", "document_no": "江保监转〔2026〕12号", "answer_by_on": "2026-12-31"}
    passed = await registered(complaints, channel="regulator_transfer", transfer=transfer)
    assert (await complaints.get(OFFICER, f"/v1/complaints/{passed['id']}")).json()["transfer"] == transfer
    paper = await uploaded(complaints, AGENT)
    proxy = await registered(complaints, upload_ids=[paper], proxy=PROXY | {"authority_upload_id": paper})
    read = (await complaints.get(OFFICER, f"/v1/complaints/{proxy['id']}")).json()
    assert "proxy.name" in read["masked"]
    assert "欧阳代" not in str(read)


async def test_a_duty_taken_later_and_the_line_manager_close_the_complaint_too(complaints: ServiceUnderTest) -> None:
    claim_id = await know_claim(complaints)
    told = await registered(complaints, about={"claim_no": CLAIM_NO})
    assert (await complaints.get(SURVEYORS_HEAD, f"/v1/complaints/{told['id']}")).status_code == 200
    await heard(
        complaints, "claims.duty.taken.v1", claim_id,
        {"claim_id": str(claim_id), "duty": "surveyor", "person_id": str(SURVEYOR.person_id)},
    )  # fmt: skip
    assert (await complaints.get(SURVEYORS_HEAD, f"/v1/complaints/{told['id']}")).status_code == 404


async def test_nobody_named_or_involved_hears_who_complained(complaints: ServiceUnderTest, capfd: Any) -> None:
    """Canary values, looked for in every answer, event, audit entry, message and log line."""
    canaries = ("金丝雀甲", "13899990000", "110101199003070011")
    name, phone, id_no = canaries
    await know_claim(complaints, duties=(SURVEYOR,), seller=None)
    told = await working(
        complaints, about={"claim_no": CLAIM_NO, "staff_no": [SURVEYOR.staff_no]},
        complainant={"name": name, "phone": phone, "id_no": id_no}, content=f"{name} 说：查勘迟到",
    )  # fmt: skip
    involved = (
        actor("claims_approver", "00.32", name="surveyor"), actor("department_head", "00.32.3201", name="head-3201"),
        actor("complaint_officer", "00.32", name="surveyor"),
    )  # fmt: skip
    here = f"/v1/complaints/{told['id']}"
    below = ("", "/history", "/attachments", "/letters", "/officer-candidates")
    reads = ("/v1/complaints", "/v1/complaints/statistics", *(f"{here}{one}" for one in below))
    for who in involved:
        for path in reads:
            answer = await complaints.get(who, path)
            assert answer.status_code in (200, 403, 404)
            sought = (*canaries, told["id"]) if path in reads[:2] else canaries
            assert not any(one in answer.text for one in sought), path
        bad = await complaints.post(who, f"{here}/reveals", {"field": "complainant.name", "purpose": "x y"})
        assert bad.status_code in (403, 404)
    for table in ("outbox", "audit_entries", "history", "work_items"):
        stored = str(await complaints.rows(kernel.tables[table]))
        assert not any(one in stored for one in canaries), table
    logged = capfd.readouterr()
    assert not any(one in logged.out + logged.err for one in canaries)
    assert (await complaints.get(HEAD, here)).status_code == 200


async def test_whoever_must_stay_out_takes_it_in_all_the_same_and_is_told_no_more_than_its_number(
    complaints: ServiceUnderTest,
) -> None:
    await know_claim(complaints, duties=(AGENT,))
    about = {"claim_no": CLAIM_NO}
    for changes in ({"about": about}, {"about": {"staff_no": [AGENT.staff_no]}}):
        told = await registered(complaints, **changes)
        assert set(told) == {"id", "complaint_no"}
        assert (await complaints.get(AGENT, f"/v1/complaints/{told['id']}")).status_code == 404
        assert (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).status_code == 200
    waiting = await complaints.rows(kernel.tables["work_items"], kind="assign_officer")
    assert len(waiting) == 2
