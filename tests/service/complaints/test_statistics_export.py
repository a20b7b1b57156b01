"""Complaints as tables: in scope, masked, without those kept out, by two persons where they are many, and traced."""

from __future__ import annotations

import csv
import io
import random
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, update

from services.complaints.complaint.tables import Complaint
from services.complaints.table_export.shapes import COLLECTIONS
from services.complaints.worker import JOBS
from shared.actor import Actor, machine
from shared.audit import audit_entries
from shared.exports import ERASING, exports
from shared.job_runner import Runner
from shared.ticks import run_once
from tests.service.complaints.test_statistics import row as any_row
from tests.support.complaint_world import ABOVE, AGENT, DEPUTY, HEAD, OFFICER, registered
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

PATH = "/v1/exports/complaints"
PURPOSE = "季度分析"
TOP = actor("department_head", "00", name="head-00")
CENTRAL = actor("department_head", "00.32.3201", name="head-3201")


def body(**changes: Any) -> dict[str, Any]:
    told = {"collection": "complaints", "columns": ["id", "complaint_no", "received_at"], "format": "csv"}
    return told | {"purpose": PURPOSE} | changes


async def asked(complaints: ServiceUnderTest, who: Actor, **changes: Any) -> dict[str, Any]:
    answer = await complaints.post(who, PATH, body(**changes))
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{PATH}/{answer.json()['id']}"
    return answer.json()


async def work(complaints: ServiceUnderTest) -> int:
    return await Runner(complaints.db, JOBS).run_once()


async def taken(complaints: ServiceUnderTest, who: Actor, **changes: Any) -> bytes:
    """The file that this person gets."""
    told = await asked(complaints, who, **changes)
    assert (told["state"], told["job"]["state"]) == ("queued", "queued")
    await work(complaints)
    read = (await complaints.get(who, f"{PATH}/{told['id']}")).json()
    assert read["state"] == "made", read
    answer = await complaints.get(who, read["file_url"])
    assert answer.status_code == 200, answer.text
    return answer.content


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


async def fill(complaints: ServiceUnderTest, count: int, **columns: Any) -> None:
    rng = random.Random(count)
    async with complaints.db.transaction(machine("complaints")) as tx:
        await tx.execute(insert(Complaint), [any_row(rng) | {"kept_out": []} | columns for _ in range(count)])


async def test_a_table_holds_the_rows_of_the_list_and_says_who_took_it(complaints: ServiceUnderTest) -> None:
    await fill(complaints, 40)
    await registered(complaints, about={"staff_no": [HEAD.staff_no]})
    (deadline,) = [one["deadline"] for one in await complaints.rows(Complaint.__table__) if one["deadline"]]
    async with complaints.db.transaction(machine("complaints")) as tx:
        await tx.execute(update(Complaint).values(deadline=deadline))
    for who in (OFFICER, HEAD, CENTRAL):
        lines = table(await taken(complaints, who, filters={"channel": ["phone", "web"]}))
        mark, titles, *rows, end = lines
        assert mark == end
        assert all(one in mark[0] for one in (who.staff_no, PURPOSE, "编号"))
        assert titles == ["标识", "投诉编号", "收到时间"]
        listed = (await complaints.get(who, "/v1/complaints?limit=200&channel=phone&channel=web")).json()["items"]
        assert [one[0] for one in rows] == [one["id"] for one in listed]
        for one in rows[:5]:
            assert (await complaints.get(who, f"/v1/complaints/{one[0]}")).status_code == 200
    officers = table(await taken(complaints, OFFICER))
    heads = table(await taken(complaints, HEAD))
    assert len(officers) == len(heads) + 1


async def test_what_is_masked_stays_masked_in_every_column(complaints: ServiceUnderTest) -> None:
    person = {"name": "司徒岚", "phone": "13800005555", "id_no": "110101199003070038"}
    await registered(complaints, complainant=person, about={"staff_no": [HEAD.staff_no]}, content="证人号码13900001111")
    every = list(COLLECTIONS["complaints"].columns)
    for form in ("csv", "xlsx"):
        content = await taken(complaints, OFFICER, columns=every, format=form)
        shown = content.decode("utf-8-sig") if form == "csv" else " ".join(cells(content))
        for canary in (*person.values(), "13900001111", HEAD.staff_no, str(HEAD.person_id)):
            assert canary not in shown
        assert "司徒*" in shown
        assert "138****5555" in shown


def cells(content: bytes) -> list[str]:
    """All texts of a workbook and of its first sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return [
            text for name in book.namelist() if name.endswith(".xml")
            for text in ElementTree.fromstring(book.read(name)).itertext()
        ]  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_no_cell_becomes_a_formula(complaints: ServiceUnderTest, form: str) -> None:
    bad = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", " =1", "＝1", "|x"]
    async with complaints.db.transaction(machine("complaints")) as tx:
        rng = random.Random(3)
        await tx.execute(insert(Complaint), [any_row(rng) | {"kept_out": [], "policy_no": one} for one in bad])
    content = await taken(complaints, OFFICER, columns=["policy_no"], format=form, purpose="=HYPERLINK(1)")
    if form == "csv":
        values = [one[0] for one in table(content)[2:-1]]
        assert sorted(values) == sorted(f"'{one}" for one in bad)
        return
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    found = cells(content)
    assert all(any(one.strip() in text for text in found) for one in bad)


@pytest.mark.abuse("B28")
async def test_the_row_after_the_five_hundredth_needs_a_second_person(complaints: ServiceUnderTest) -> None:
    await fill(complaints, 500)
    await taken(complaints, OFFICER)
    await fill(complaints, 1, channel="visit")
    told = await asked(complaints, DEPUTY)
    assert (told["row_count"], told["state"]) == (501, "waiting")
    assert "job" not in told
    assert await work(complaints) == 0
    early = await complaints.get(DEPUTY, f"{PATH}/{told['id']}/file")
    assert (early.status_code, early.json()["code"]) == (403, "export_approval_missing")
    approvals, yes = f"{PATH}/{told['id']}/approvals", {"reason": "季度报告需要"}
    assert (await complaints.post(DEPUTY, approvals, yes)).status_code == 403
    answer = await complaints.post(HEAD, approvals, yes)
    assert (answer.status_code, answer.json()["state"]) == (201, "queued"), answer.text
    assert await work(complaints) == 1
    rows = table((await complaints.get(DEPUTY, f"{PATH}/{told['id']}/file")).content)
    assert len(rows) == 501 + 3
    for other in (HEAD, OFFICER):
        assert (await complaints.get(other, f"{PATH}/{told['id']}/file")).status_code == 404
    again = await complaints.post(HEAD, approvals, yes)
    assert (again.status_code, again.json()["code"]) == (409, "state_conflict")


async def test_many_small_tables_of_a_day_count_together(complaints: ServiceUnderTest) -> None:
    await fill(complaints, 300)
    await taken(complaints, OFFICER)
    assert (await asked(complaints, OFFICER))["state"] == "waiting"
    assert (await asked(complaints, DEPUTY))["state"] == "queued"
    async with complaints.db.transaction(machine("complaints")) as tx:
        await tx.execute(update(exports).values(created_at=tx.now - timedelta(days=2)))
    assert (await asked(complaints, OFFICER))["state"] == "queued"


async def test_nobody_agrees_to_an_export_of_his_own_or_of_whom_he_acts_for(complaints: ServiceUnderTest) -> None:
    await fill(complaints, 501)
    mine = await asked(complaints, HEAD)
    answer = await complaints.post(HEAD, f"{PATH}/{mine['id']}/approvals", {"reason": "本人"})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    answer = await complaints.post(HEAD, f"{PATH}/{mine['id']}/approvals", {"reason": "本人批准"})
    assert (answer.status_code, answer.json()["code"]) == (403, "separation_of_duties")
    acting = replace(TOP, on_behalf_of=HEAD.person_id)
    answer = await complaints.post(acting, f"{PATH}/{mine['id']}/approvals", {"reason": "代为批准"})
    assert (answer.status_code, answer.json()["code"]) == (403, "separation_of_duties")
    no = await complaints.post(TOP, f"{PATH}/{mine['id']}/approvals", {"outcome": "reject", "reason": "无必要"})
    assert (no.status_code, no.json()["state"]) == (201, "rejected")
    late = await complaints.get(HEAD, f"{PATH}/{mine['id']}/file")
    assert (late.status_code, late.json()["code"]) == (409, "state_conflict")
    assert await work(complaints) == 0


async def test_rows_that_come_between_asking_and_making_need_the_second_person_too(
    complaints: ServiceUnderTest,
) -> None:
    await fill(complaints, 400)
    told = await asked(complaints, OFFICER)
    await fill(complaints, 150)
    await work(complaints)
    results = await complaints.get(OFFICER, f"/v1/jobs/complaints/{told['job']['id']}/results")
    assert (results.json()["status"], results.json()["problem"]["code"]) == (403, "export_approval_missing")
    assert (await complaints.get(OFFICER, f"{PATH}/{told['id']}")).json()["state"] == "queued"


async def test_more_rows_than_may_leave_are_refused(
    complaints: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(complaints, 12)
    from shared import exports as shared_exports

    class Small:
        content = {"max_rows": 10, "second_person_above": 5, "kept_days": 7}

    async def small(*_: Any) -> Any:
        return Small

    monkeypatch.setattr(shared_exports, "in_force", small)
    answer = await complaints.post(OFFICER, PATH, body())
    assert (answer.status_code, answer.json()["code"], answer.json()["max_rows"]) == (422, "export_too_large", 10)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"collection": "persons"}, "#/collection", "collection_unknown"),
        ({"columns": ["id", "content"]}, "#/columns/1", "column_unknown"),
        ({"columns": ["id", "id"]}, "#/columns/1", "column_unknown"),
        ({"filters": {"colour": "red"}}, "#/filters/colour", "unknown_parameter"),
        ({"filters": {"limit": "5"}}, "#/filters/limit", "unknown_parameter"),
        ({"filters": {"seller_id": "x"}}, "#/filters/seller_id", "invalid_parameter"),
    ],
)
async def test_what_cannot_be_exported_is_refused_where_it_stands(
    complaints: ServiceUnderTest, changes: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await complaints.post(OFFICER, PATH, body(**changes))
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (422, pointer, code)


async def test_who_may_not_export_or_see_the_request_is_refused(complaints: ServiceUnderTest) -> None:
    assert (await complaints.post(AGENT, PATH, body())).status_code == 403
    told = await asked(complaints, OFFICER)
    assert (await complaints.get(DEPUTY, f"{PATH}/{told['id']}")).status_code == 404
    assert (await complaints.get(HEAD, f"{PATH}/{told['id']}")).status_code == 200
    elsewhere = actor("department_head", "00.33", name="head-33")
    assert (await complaints.get(elsewhere, f"{PATH}/{told['id']}")).status_code == 404
    answer = await complaints.post(elsewhere, f"{PATH}/{told['id']}/approvals", {"reason": "别处批准"})
    assert answer.status_code == 404
    assert (await complaints.get(ABOVE, f"{PATH}/{uuid4()}")).status_code == 404


async def test_every_step_is_an_audit_entry_and_the_file_goes_after_its_time(complaints: ServiceUnderTest) -> None:
    await fill(complaints, 3)
    await taken(complaints, OFFICER)
    rows = sorted(await complaints.rows(audit_entries), key=lambda one: one["n"])
    entries = [one for one in rows if one["object_type"] == "export"]
    assert [one["action"] for one in entries] == ["request_export", "make_export", "take_export"]
    assert {one["person_id"] for one in entries} == {OFFICER.person_id}
    assert await run_once(complaints.db, ERASING) == 0
    async with complaints.db.transaction(machine("complaints")) as tx:
        await tx.execute(update(exports).values(expires_at=tx.now - timedelta(seconds=1)))
    (kept,) = await complaints.rows(exports)
    assert (await complaints.get(OFFICER, f"{PATH}/{kept['id']}/file")).status_code == 404
    assert [await run_once(complaints.db, ERASING) for _ in range(2)] == [1, 0]
    (kept,) = await complaints.rows(exports)
    assert (kept["content"], kept["purpose"], kept["row_count"]) == (None, PURPOSE, 3)


async def test_trying_it_stores_nothing(complaints: ServiceUnderTest) -> None:
    await fill(complaints, 3)
    answer = await complaints.post(OFFICER, f"{PATH}?dry_run=true", body())
    assert (answer.status_code, answer.json()["row_count"]) == (200, 3), answer.text
    assert await complaints.rows(exports) == []
