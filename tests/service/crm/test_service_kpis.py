"""Service figures come from news alone: by unit and period, each with its records, n/a without a denominator."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.crm.figure.handlers import record, withdraw
from services.crm.figure.rules import Metric
from shared.actor import machine
from shared.clock import legal_day, process_now
from tests.support.crm_world import AGENT, CENTRAL, HEAD, SIBLING_SUB, SUB, CrmWorld
from tests.support.kpi_world import FIGURES, Month, named
from tests.support.tokens import actor

MARCH = date(2026, 3, 1)
AUDITOR = actor("auditor", "00")


async def kpis(world: CrmWorld, who: Any = HEAD, period: str = "2026-03", **query: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in {"period": period, **query}.items())
    answer = await world.service.get(who, f"/v1/service-kpis?{asked}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(told: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    return {one["metric"]: (one["numerator"], one["denominator"], one["value"]) for one in told["items"]}


@pytest.fixture
async def march(world: CrmWorld) -> Month:
    await world.put()
    month = Month(world, MARCH)
    await world.take(*month.everything())
    return month


async def test_a_month_of_news_gives_the_figures_of_the_table(world: CrmWorld, march: Month) -> None:
    told = await kpis(world)
    found = figures(told)
    assert {name: found[name] for name in FIGURES} == FIGURES
    assert (told["unit_code"], told["first_on"], told["last_on"]) == ("3201", "2026-03-01", "2026-03-31")
    assert {one["unit_code"] for one in told["units"]} == {"320102", "320104"}
    own = next(one for one in told["items"] if one["metric"] == "survey_on_time")
    assert own["enough"] is False
    assert "met" not in own, "too few to be judged"


async def test_without_a_denominator_a_share_is_not_applicable(world: CrmWorld) -> None:
    found = figures(await kpis(world))
    shares = {name: value for name, (_, _, value) in found.items() if name != "claim_deadlines_breached"}
    assert set(shares.values()) == {"n/a"}, "an empty month is no perfect one"
    assert found["claim_deadlines_breached"] == ("0", "0", "0")


async def test_the_records_behind_a_figure_are_those_that_were_counted(world: CrmWorld, march: Month) -> None:
    for metric, (part, whole, _) in FIGURES.items():
        answer = await world.service.get(HEAD, f"/v1/service-kpis/{metric}/records?period=2026-03&limit=200")
        assert answer.status_code == 200, answer.text
        rows = answer.json()["items"]
        assert sum(float(one["part"]) for one in rows) == float(part), metric
        if metric != "complaint_rate":
            assert sum(float(one["whole"]) for one in rows) == float(whole), metric
    missed = await world.service.get(
        HEAD, "/v1/service-kpis/inspection_completion/records?period=2026-03&counted=missed"
    )
    assert {one["about"]["id"] for one in missed.json()["items"]} == {
        str(named("inspection b")), str(named("inspection c")),
    }  # fmt: skip
    claims = (await world.service.get(HEAD, "/v1/service-kpis/report_to_pay_days/records?period=2026-03")).json()
    assert {(one["about"]["number"], one["href"]) for one in claims["items"]} == {
        (f"C2026-32-00000{n}", f"/v1/claims/{named(f'claim 00000{n}')}") for n in (1, 2)
    }
    pages = (await world.service.get(HEAD, "/v1/service-kpis/survey_on_time/records?period=2026-03&limit=2")).json()
    rest = (
        await world.service.get(
            HEAD, f"/v1/service-kpis/survey_on_time/records?period=2026-03&limit=2&cursor={pages['next_cursor']}"
        )
    ).json()
    assert len({one["id"] for one in [*pages["items"], *rest["items"]]}) == 4


async def test_a_unit_sees_its_own_and_nothing_of_its_sibling(world: CrmWorld, march: Month) -> None:
    own = actor("department_head", "00.32.3201", name="central")
    assert figures(await kpis(world, own, unit_code="320104"))["complaint_rate"][0] == "1"
    assert figures(await kpis(world, own, unit_code="320102"))["complaint_rate"][0] == "4"
    beside = actor("department_head", "00.32.3202", name="beside")
    assert (await world.service.get(beside, "/v1/service-kpis?unit_code=3201")).status_code == 404
    assert set(figures(await kpis(world, beside)).values()) == {
        ("0", "0", "n/a"), ("0", "0", "0"), ("n/a", "0", "n/a"),
    }  # fmt: skip
    assert (await world.service.get(AGENT, "/v1/service-kpis")).status_code == 403
    outside = await world.service.get(beside, "/v1/service-kpis/complaint_rate/records?period=2026-03&unit_code=3201")
    assert outside.status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("period=2026-13", 422, "invalid_parameter"), ("period=03-2026", 422, "invalid_parameter"),
        ("period=2099-01", 422, "invalid_parameter"), ("period=2026-03&unit_code=9999", 404, "not_found"),
    ],
)  # fmt: skip
async def test_a_period_that_is_none_and_a_unit_that_is_not_are_refused(
    world: CrmWorld, query: str, status: int, code: str
) -> None:
    for path in ("/v1/service-kpis", "/v1/service-kpis/decline_rate/records"):
        answer = await world.service.get(AUDITOR, f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    unknown = await world.service.get(AUDITOR, "/v1/service-kpis/happiness/records")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_no_figure_is_entered_by_hand(world: CrmWorld, march: Month) -> None:
    for method in ("PUT", "POST", "PATCH", "DELETE"):
        for path in ("/v1/service-kpis", "/v1/service-kpis/decline_rate/records"):
            answer = await world.service.call(HEAD, method, path, {"value": "1.0000"})
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed"), (method, path)
    assert figures(await kpis(world))["decline_rate"] == FIGURES["decline_rate"]


async def test_quarters_and_years_add_up_the_months(world: CrmWorld, march: Month) -> None:
    quarter, year = figures(await kpis(world, period="2026-Q1")), figures(await kpis(world, period="2026"))
    assert quarter["decline_rate"] == FIGURES["decline_rate"] == year["decline_rate"]
    assert quarter["case_closing_rate"] == ("4", "6", "0.6667")
    april = await kpis(world, period="2026-04")
    assert figures(april)["case_closing_rate"][:2] == ("0", "2"), "what was open is what could be closed"
    trend = {one["period"]: one["value"] for item in april["items"] if item["metric"] == "decline_rate"
             for one in item["trend"]}  # fmt: skip
    assert trend["2026-03"] == "0.5000"
    assert trend["2026-02"] == "n/a"
    assert len(trend) == 12


async def test_what_falls_due_later_is_neither_kept_nor_missed_yet(world: CrmWorld) -> None:
    await world.put()
    today = legal_day(process_now())
    month = Month(world, today)
    await world.take(*month.inspection("soon", 3, None), *month.inspection("now", 1, 1))
    found = figures(await kpis(world, period=f"{today:%Y}"))
    assert found["inspection_completion"] == ("1", "1", "1.0000")


async def test_a_room_states_what_its_records_count_for_and_the_last_statement_holds(world: CrmWorld) -> None:
    on, about = date(2026, 3, 5), ("enquiry", named("enquiry"), SUB)
    async with world.service.db.transaction(machine("crm")) as tx:
        await record(tx, Metric.ENQUIRY_ON_TIME, about, on=on, part=0)
    assert figures(await kpis(world))["enquiry_on_time"] == ("0", "1", "0.0000")
    async with world.service.db.transaction(AGENT) as tx:
        await record(tx, Metric.ENQUIRY_ON_TIME, about, on=on, part=1)
        assert tx.scope == SUB
    assert figures(await kpis(world))["enquiry_on_time"] == ("1", "1", "1.0000")
    moved = ("enquiry", named("enquiry"), SIBLING_SUB)
    async with world.service.db.transaction(machine("crm")) as tx:
        await withdraw(tx, Metric.ENQUIRY_ON_TIME, moved, on=on)
    assert figures(await kpis(world))["enquiry_on_time"] == ("0", "0", "n/a")


async def test_satisfaction_is_hidden_below_the_minimum_sample(world: CrmWorld) -> None:
    for n in range(5):
        if n == 4:
            hidden = next(one for one in (await kpis(world))["items"] if one["metric"] == "customer_satisfaction")
            assert (hidden["value"], hidden["numerator"], hidden["denominator"]) == ("n/a", "n/a", "4")
        async with world.service.db.transaction(machine("crm")) as tx:
            about = ("survey", named(f"response {n}"), SUB)
            await record(tx, Metric.CUSTOMER_SATISFACTION, about, on=date(2026, 3, 9), part=80 + n)
    assert figures(await kpis(world))["customer_satisfaction"] == ("410", "5", "82.00")


async def test_whoever_is_kept_out_of_a_complaint_sees_figures_without_it(world: CrmWorld, march: Month) -> None:
    hidden = actor("department_head", CENTRAL, name="kept-out")
    await world.hear("complaints.complaint.recused.v1", named("complaint a"), {
        "complaint_id": str(named("complaint a")), "kept_out": [str(hidden.person_id)]})  # fmt: skip
    assert figures(await kpis(world, hidden))["complaint_rate"][0] == "4"
    assert figures(await kpis(world))["complaint_rate"][0] == "5"
    rows = await world.service.get(hidden, "/v1/service-kpis/complaint_rate/records?period=2026-03")
    assert str(named("complaint a")) not in rows.text


async def test_a_planned_visit_counts_until_it_is_made_or_taken_back(world: CrmWorld) -> None:
    await world.put()
    visit = await world.visit()

    async def shown() -> tuple[str, str]:
        rows = await world.rows("service_figures", metric="return_visit_success")
        return str(sum(one["part"] for one in rows)), str(sum(one["whole"] for one in rows))

    assert await shown() == ("0.0000", "1.0000")
    assert (await world.complete(visit["id"])).status_code == 201
    assert await shown() == ("1.0000", "1.0000")
    claim = named("reopened")
    await world.visit(claim)
    assert await shown() == ("1.0000", "2.0000")
    await world.take(world.of_claim("reopened", claim, version=11, reason_code="new_evidence"))
    assert await shown() == ("1.0000", "1.0000"), "what nobody has to make any more never counted"
    told = [one for one in await world.timeline() if one["kind"] == "crm.return_visit.completed"]
    assert len(told) == 1
