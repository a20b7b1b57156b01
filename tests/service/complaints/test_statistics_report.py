"""The report of a month: a page with charts, made by a job, for whoever asked alone."""

from __future__ import annotations

from typing import Any

from services.complaints.report.tables import ComplaintReport
from services.complaints.worker import JOBS
from shared.actor import Actor
from shared.audit import audit_entries
from shared.clock import legal_day, process_now
from shared.job_runner import Runner
from tests.support.complaint_acts import working
from tests.support.complaint_world import AGENT, HEAD, OFFICER, SURVEYOR, know_claim, registered
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

PATH = "/v1/complaints/statistics/reports"
MONTH = f"{legal_day(process_now()):%Y-%m}"


async def reported(complaints: ServiceUnderTest, who: Actor, **more: Any) -> dict[str, Any]:
    """The result of the job that made the report."""
    asked = await complaints.post(who, PATH, {"month": MONTH, **more})
    assert asked.status_code == 202, asked.text
    await Runner(complaints.db, JOBS).run_once()
    results = await complaints.get(who, f"{asked.headers['location']}/results")
    assert results.status_code == 200, results.text
    return results.json()


async def test_a_month_becomes_a_page_with_its_figures(complaints: ServiceUnderTest) -> None:
    await know_claim(complaints)
    await working(complaints)
    for n in range(5):
        await registered(complaints, cause=("claim_delay", "attitude")[n % 2], channel="web")
    made = await reported(complaints, OFFICER)
    assert made["status"] == 200, made
    page = await complaints.get(OFFICER, made["data"]["href"])
    assert (page.status_code, page.headers["content-type"]) == (200, "application/pdf")
    assert page.content.startswith(b"%PDF-")
    (row,) = await complaints.rows(ComplaintReport.__table__)
    figures = row["figures"]
    assert (figures["total"], sum(day["count"] for day in figures["days"])) == (6, 6)
    assert [month["count"] for month in figures["months"]] == [0] * 11 + [6]
    charts = {one["title"]: one["bars"] for one in figures["charts"]}
    assert set(charts) == {"按服务环节", "按投诉原因", "按来源渠道", "按产品", "按机构", "按处理结果", "按时效"}
    for bars in charts.values():
        assert sum(one["count"] for one in bars) == 6
    assert [(one["name"], one["count"], one["rank"]) for one in charts["按来源渠道"]] == [
        ("网站", 5, 1),
        ("来电", 1, None),
    ]
    assert charts["按机构"][0]["rate"] == "60000.00"
    acts = {one["action"] for one in await complaints.rows(audit_entries) if one["object_type"] == "complaint_report"}
    assert acts == {"request_report", "make_report", "take_report"}


async def test_a_report_is_for_whoever_asked_and_leaves_out_what_is_hidden_from_that_person(
    complaints: ServiceUnderTest,
) -> None:
    await registered(complaints, about={"staff_no": [HEAD.staff_no]})
    await registered(complaints)
    mine, theirs = await reported(complaints, HEAD), await reported(complaints, OFFICER)
    totals = {str(row["id"]): row["figures"]["total"] for row in await complaints.rows(ComplaintReport.__table__)}
    assert [totals[one["data"]["report_id"]] for one in (mine, theirs)] == [1, 2]
    assert (await complaints.get(HEAD, theirs["data"]["href"])).status_code == 404
    north = actor("department_head", "00.32.3202", name="head-3202")
    assert (await complaints.get(north, mine["data"]["href"])).status_code == 404


async def test_a_wrong_month_and_a_unit_outside_are_refused(complaints: ServiceUnderTest) -> None:
    later = await complaints.post(OFFICER, PATH, {"month": "2099-12"})
    assert (later.status_code, later.json()["errors"][0]["code"]) == (422, "month_in_future")
    assert (await complaints.post(OFFICER, PATH, {"month": "2026-13"})).status_code == 422
    north = actor("department_head", "00.32.3202", name="head-3202")
    assert (await complaints.post(north, PATH, {"month": MONTH, "unit_code": "3201"})).status_code == 404
    for who in (AGENT, SURVEYOR):
        assert (await complaints.post(who, PATH, {"month": MONTH})).status_code == 403
