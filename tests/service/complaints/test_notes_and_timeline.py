"""What colleagues write to each other, how a complaint reads, and who stays out of complaints that were joined."""

from __future__ import annotations

from uuid import uuid4

from shared.kernel import kernel
from tests.support.complaint_acts import heard, now, told_of, working
from tests.support.complaint_world import (
    ABOVE,
    AGENT,
    DEPUTY,
    HEAD,
    OFFICER,
    SURVEYOR,
    SURVEYORS_HEAD,
    act,
    appoint,
    assigned,
    complaint,
    registered,
)
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor


async def test_a_note_is_read_by_whom_it_mentions_and_changes_nothing(complaints: ServiceUnderTest) -> None:
    told = await working(complaints)
    path = f"/v1/complaints/{told['id']}/notes"
    made = await complaints.post(OFFICER, path, {"text": "请核对录音。", "mentions": [AGENT.staff_no]})
    assert (made.status_code, made.json()["complaint"]["version"]) == (201, told["version"]), made.text
    items = await complaints.rows(kernel.tables["work_items"], kind="read_note")
    assert [(one["person_id"], one["closed_at"]) for one in items] == [(AGENT.person_id, None)]
    assert (await complaints.post(AGENT, path, {"text": "已核对。"})).status_code == 201
    [item] = await complaints.rows(kernel.tables["work_items"], kind="read_note")
    assert item["closed_at"] is not None
    read = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}")).json()
    assert [one["told"]["text"] for one in read["facts"] if one["kind"] == "note"] == ["请核对录音。", "已核对。"]
    for table in ("audit_entries", "history", "outbox"):
        assert "录音" not in str(await complaints.rows(kernel.tables[table])), table


async def test_nobody_is_mentioned_who_must_stay_out_or_has_nothing_to_do_with_the_unit(
    complaints: ServiceUnderTest,
) -> None:
    far = actor("service_agent", "00.32.3202.320205", name="far")
    await appoint(complaints, far)
    told = await working(complaints, about={"staff_no": [SURVEYOR.staff_no]})
    path = f"/v1/complaints/{told['id']}/notes"
    body = {"text": "x", "mentions": [SURVEYOR.staff_no, AGENT.staff_no, SURVEYORS_HEAD.staff_no, far.staff_no]}
    refused = await complaints.post(OFFICER, path, body)
    assert [one["pointer"] for one in refused.json()["errors"]] == ["#/mentions/0", "#/mentions/2", "#/mentions/3"]
    assert {one["code"] for one in refused.json()["errors"]} == {"mention_not_possible"}
    unknown = await complaints.post(OFFICER, path, {"text": "x", "mentions": ["E-unknown"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "reference_not_found")
    assert (await complaints.post(SURVEYORS_HEAD, path, {"text": "x"})).status_code == 404


async def test_the_timeline_tells_everything_once_in_its_order(complaints: ServiceUnderTest) -> None:
    told = await told_of(complaints)
    await complaints.post(OFFICER, f"/v1/complaints/{told['id']}/notes", {"text": "已电话告知。"})
    made = await complaints.post(OFFICER, f"/v1/complaints/{told['id']}/letters", {"kind": "reply"})
    assert made.status_code == 201, made.text
    items = (await complaints.get(OFFICER, f"/v1/complaints/{told['id']}/timeline")).json()["items"]
    kinds = [one["kind"] for one in items]
    assert kinds[:6] == ["receive", "register", "check_identity", "assign", "investigate", "decide"]
    assert {"notify", "note"} <= set(kinds)
    assert len(kinds) == len(set(kinds)), kinds
    assert [one["at"] for one in items] == sorted(one["at"] for one in items)
    decided = next(one for one in items if one["kind"] == "decide")
    assert (decided["facts"]["findings"], decided["person"]["staff_no"]) == ("查勘迟到两日。", OFFICER.staff_no)
    assert (await complaints.get(SURVEYOR, f"/v1/complaints/{told['id']}/timeline")).status_code in (403, 404)


async def test_whoever_stays_out_of_the_one_stays_out_of_the_joined_complaint(complaints: ServiceUnderTest) -> None:
    kept = await assigned(complaints)
    read = (await complaints.get(HEAD, f"/v1/complaints/{kept['id']}")).json()
    officer = next(one for one in (OFFICER, DEPUTY) if str(one.person_id) == read["officer"]["person_id"])
    other = DEPUTY if officer is OFFICER else OFFICER
    joined = await registered(complaints, about={"staff_no": [officer.staff_no]})
    await act(complaints, other, joined, "merges", {"into": kept["id"]})
    assert (await complaints.get(officer, f"/v1/complaints/{kept['id']}")).status_code == 404
    read = (await complaints.get(other, f"/v1/complaints/{kept['id']}")).json()
    assert (read.get("officer"), read["recused"]) == (None, 1), "it waits for another officer"
    waiting = await complaints.rows(kernel.tables["work_items"], kind="assign_officer", closed_at=None)
    assert [str(one["record_id"]) for one in waiting] == [kept["id"]]
    told = [one["event"]["data"] for one in await complaints.rows(kernel.tables["outbox"])]
    assert {"complaint_id": kept["id"], "case_ids": [], "kept_out": [str(officer.person_id)]} in told


async def test_a_complaint_about_a_customer_belongs_to_the_customers_branch(complaints: ServiceUnderTest) -> None:
    customer = uuid4()
    data = {"customer_id": str(customer), "kind": "organisation", "unit_code": "3202"}
    await heard(complaints, "crm.customer.registered.v1", customer, data)
    elsewhere = actor("service_agent", "00", name="agent-00")
    told = await registered(complaints, elsewhere, about={"customer_id": str(customer)})
    read = (await complaints.get(ABOVE, f"/v1/complaints/{told['id']}")).json()
    assert (read["owner_path"], read["org_path"], read["customer_id"]) == ("00.32", "00.32", str(customer))
    unknown = complaint(about={"customer_id": str(uuid4())}, received_at=now())
    assert (await complaints.post(AGENT, "/v1/complaints", unknown)).status_code == 201
