"""Figures of visits, hazards and losses by unit, and the page they are printed on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.risk.follow_up.handlers import OVERDUE
from shared.audit import audit_entries
from shared.clock import process_now
from shared.ticks import run_once
from tests.support.hazard_world import GENERAL, HEAD, HIGH, INSPECTIONS, act, after, curing, look_again, today
from tests.support.risk_world import ELSEWHERE, ENGINEER
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

STATISTICS, MONTH = "/v1/risk/statistics", f"{process_now():%Y-%m}"
Move = Callable[[timedelta], None]


async def figures(risk: ServiceUnderTest, query: str = "", who: Any = HEAD) -> list[dict[str, Any]]:
    days = f"from={today() - timedelta(days=200)}&to={today() + timedelta(days=60)}"
    answer = await risk.get(who, f"{STATISTICS}?{days}&{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def a_month_of_work(risk: ServiceUnderTest, moved_clock: Move) -> dict[str, Any]:
    """Three hazards: one cured in time, one overdue, one whose day has not come."""
    world = await curing(risk, HIGH | {"exposure": "3"}, HIGH, GENERAL)
    cured = world["hazards"][0]["id"]
    seen = await look_again(risk, cured)
    assert seen.status_code == 201, seen.text
    await act(risk, cured, "closures", {"evidence_ids": [seen.json()["id"]]})
    moved_clock(after(16))
    assert await run_once(risk.db, OVERDUE) == 1
    return world


async def test_what_was_cured_and_what_is_overdue_is_counted_by_unit(risk: ServiceUnderTest, moved_clock: Move) -> None:
    await a_month_of_work(risk, moved_clock)
    [unit] = await figures(risk)
    hazards, loss = unit["hazards"], unit["probable_maximum_loss"]
    assert (unit["group"], hazards["found"], hazards["due"]) == ("320102", 3, 3)
    assert hazards["found_by_class"] == {"high": 1, "significant": 1, "general": 1}
    assert (hazards["cured_in_time"], hazards["cured_late"], hazards["overdue"]) == (1, 0, 1)
    assert (hazards["rectification_rate"], hazards["overdue_by_class"]) == ("0.5000", {"high": 1})
    assert loss == {"open_hazards": 2, "total": "2480000.00", "largest": "2400000.00"}
    assert "rank" not in unit
    listed = (await risk.get(HEAD, unit["records_url"])).json()["items"]
    assert len(listed) == hazards["due"]
    for key, name in (("central", "3201"), ("branch", "32"), ("total", "total")):
        assert [one["group"] for one in await figures(risk, f"group_by={key}")] == [name]
    assert await figures(risk, "", actor("department_head", "00.32.3202", name="head-3202")) == []
    foreign = await risk.get(HEAD, f"{STATISTICS}?unit_code=3202")
    assert foreign.status_code == 404


async def test_visits_are_done_in_time_late_or_not(risk: ServiceUnderTest, moved_clock: Move) -> None:
    await curing(risk)
    [unit] = await figures(risk)
    done = unit["inspections"]
    assert (done["in_time"], done["completion_rate"]) == (1, "1.0000")
    async with risk.db.transaction(ENGINEER) as tx:
        reported = INSPECTIONS.c.reported_at.is_not(None)
        await tx.execute(INSPECTIONS.update().where(reported).values(due_on=today() - timedelta(days=1)))
    assert (await figures(risk))[0]["inspections"]["late"] == 1
    moved_clock(after(120))
    done = (await figures(risk))[0]["inspections"]
    assert (done["overdue"] > 0, done["late"], done["completion_rate"] < "1.0000") == (True, 1, True)


async def test_wrong_days_are_refused(risk: ServiceUnderTest) -> None:
    for query, code in (("from=2026-05-02&to=2026-05-01", "days_reversed"), ("from=2001-01-01", "stretch_too_long")):
        answer = await risk.get(HEAD, f"{STATISTICS}?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_the_report_of_a_month_is_a_page_for_whoever_may_see_it(
    risk: ServiceUnderTest, moved_clock: Move
) -> None:
    await a_month_of_work(risk, moved_clock)
    page = await risk.get(HEAD, f"/v1/risk/reports/{MONTH}")
    assert (page.status_code, page.headers["content-type"], page.content[:5]) == (200, "application/pdf", b"%PDF-")
    earlier = await risk.get(HEAD, "/v1/risk/reports/2020-01?unit_code=3201")
    assert earlier.status_code == 200, "what is open now is told of every month"
    later = await risk.get(HEAD, "/v1/risk/reports/2099-12")
    assert (later.status_code, later.json()["errors"][0]["code"]) == (422, "month_in_future")
    assert (await risk.get(HEAD, "/v1/risk/reports/2026-13")).status_code == 404
    assert (await risk.get(HEAD, f"/v1/risk/reports/{MONTH}?unit_code=3202")).status_code == 404
    assert (await risk.get(ELSEWHERE, f"/v1/risk/reports/{MONTH}")).status_code == 404, "nothing is to be told there"
    surveyor = actor("surveyor", "00.32.3201", name="surveyor")
    assert (await risk.get(surveyor, f"/v1/risk/reports/{MONTH}")).status_code == 403
    taken = [one for one in await risk.rows(audit_entries) if one["action"] == "take_report"]
    assert len(taken) == 2
