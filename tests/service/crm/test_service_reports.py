"""The report of a month: a draft while it runs, published once with the figures of that day, as page and table."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import text

from services.crm.service_report.handlers import TICKS
from shared.actor import machine
from shared.clock import legal_day, process_now
from shared.ticks import run_once
from tests.support.crm_world import AGENT, HEAD, CrmWorld
from tests.support.kpi_world import FIGURES, Month
from tests.support.tokens import actor

AUDITOR = actor("auditor", "00")


def last_month() -> date:
    today = legal_day(process_now())
    return date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)


@pytest.fixture
async def month(world: CrmWorld) -> Month:
    await world.put()
    told = Month(world, last_month())
    await world.take(*told.everything())
    return told


async def report(world: CrmWorld, who: Any = HEAD, name: str | None = None, **query: str) -> dict[str, Any]:
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    answer = await world.service.get(who, f"/v1/service-reports/{name or f'{last_month():%Y-%m}'}?{asked}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def values(told: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    return {one["metric"]: (one["numerator"], one["denominator"], one["value"]) for one in told["figures"]["items"]}


async def publish(world: CrmWorld) -> int:
    async with world.service.db.transaction(machine("crm")) as tx:
        await tx.execute(text("update rule_sets set content = content || '{\"publish_on_day\": 1}', content_hash ="
                              " 'published at once' where name = 'service_kpis'"))  # fmt: skip
    return await run_once(world.service.db, TICKS[0])


async def test_a_report_is_published_once_with_the_figures_of_its_day(world: CrmWorld, month: Month) -> None:
    draft = await report(world)
    assert draft["status"] == "draft"
    assert values(draft)["decline_rate"] == FIGURES["decline_rate"]
    assert await publish(world) > 100, "every unit of the tree"
    assert await publish(world) == 0
    told = await report(world)
    assert told["status"] == "published"
    assert {name: values(told)[name] for name in FIGURES} == FIGURES
    await world.take(month.decided("late", 5, "declined"))
    assert values(await report(world))["decline_rate"] == FIGURES["decline_rate"], "what was published stands"
    live = (await world.service.get(HEAD, f"/v1/service-kpis?period={last_month():%Y-%m}")).json()
    assert next(one["value"] for one in live["items"] if one["metric"] == "decline_rate") == "0.6667"
    below = await report(world, unit_code="320104")
    assert (below["status"], values(below)["complaint_rate"][0]) == ("published", "1")
    kept = [one for one in await world.rows("audit_entries") if one["action"] == "publish_service_report"]
    assert len(kept) == len(await world.rows("service_reports"))


async def test_the_page_and_the_table_show_the_same_figures(world: CrmWorld, month: Month, tmp_path: Path) -> None:
    await publish(world)
    files = (await report(world))["files"]
    page = await world.service.get(HEAD, files["pdf"])
    assert (page.status_code, page.headers["content-type"]) == (200, "application/pdf")
    assert page.content.startswith(b"%PDF-")
    again = await world.service.get(HEAD, files["pdf"])
    assert again.content == page.content, "the page of a published report is the same to the byte"
    (tmp_path / "report.pdf").write_bytes(page.content)
    table = await world.service.get(HEAD, files["xlsx"])
    with ZipFile(io.BytesIO(table.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        words = book.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in book.namelist() else sheet
    assert "查勘及时率" in words + sheet
    assert re.search(r"<v>0\.75(00)?</v>", sheet), "shares are numbers"
    assert "n/a" in words + sheet
    takes = [one for one in await world.rows("audit_entries") if one["action"] == "take_service_report"]
    assert len(takes) == 3


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("2099-01", 422, "invalid_parameter"), ("2026", 422, "invalid_parameter"),
        ("2026-Q1", 422, "invalid_parameter"),
        ("March", 422, "invalid_parameter"), ("2026-03?unit_code=9999", 404, "not_found"),
        ("2026-03/docx", 404, "not_found"),
    ],
)  # fmt: skip
async def test_what_is_no_month_no_unit_and_no_form_is_refused(
    world: CrmWorld, path: str, status: int, code: str
) -> None:
    answer = await world.service.get(AUDITOR, f"/v1/service-reports/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_report_is_not_written_by_hand_and_not_read_by_everybody(world: CrmWorld) -> None:
    for method in ("PUT", "POST", "PATCH", "DELETE"):
        answer = await world.service.call(HEAD, method, "/v1/service-reports/2026-03", {})
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert (await world.service.get(AGENT, "/v1/service-reports/2026-03")).status_code == 403
    other = actor("department_head", "00.33", name="other-branch")
    assert (await world.service.get(other, "/v1/service-reports/2026-03?unit_code=3201")).status_code == 404
