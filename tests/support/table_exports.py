"""Tables and reports that were taken out, and requests for some."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.complaints.worker import JOBS
from shared.actor import Actor
from shared.clock import legal_day, process_now
from shared.exports import EXPORT
from shared.job_runner import Handler, Runner
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

HOLDER = actor("department_head", "00.32.3201")
"""The nearest one to the records of the walk who may take something out."""


def table(collection: str, **filters: str) -> dict[str, Any]:
    """A request for the ids of a collection."""
    told = {"collection": collection, "columns": ["id"], "format": "csv", "purpose": "walk"}
    return {**told, "filters": filters}


async def taken(service: ServiceUnderTest, who: Actor, collection: str, job: Handler) -> dict[str, str]:
    """A table that this person asked for and that was made; its id by the beginning of the path."""
    path = f"/v1/exports/{service.service}"
    asked = await service.post(who, path, table(collection))
    assert asked.status_code == 202, asked.text
    await Runner(service.db, {EXPORT: job}).run_once()
    return {f"{path}/{{}}": asked.json()["id"]}


def month() -> str:
    """The month that is."""
    return f"{legal_day(process_now()):%Y-%m}"


def creations(customer: str, nothing: str) -> dict[str, Callable[[bool], Mapping[str, Any]]]:
    """Bodies that name what is there, or nothing."""
    return {
        "/v1/exports/complaints": lambda known: table(
            "complaints", customer_id=customer if known else nothing
        ),
        "/v1/complaints/statistics/reports": lambda known: {
            "month": month(), "unit_code": "3201" if known else "999999",
        },
    }  # fmt: skip


async def taken_out(service: ServiceUnderTest) -> dict[str, str]:
    """A table and a report, both made; ids by the beginning of their path."""
    made = await taken(service, HOLDER, "complaints", JOBS[EXPORT])
    page = await service.post(HOLDER, "/v1/complaints/statistics/reports", {"month": month()})
    assert page.status_code == 202, page.text
    await Runner(service.db, JOBS).run_once()
    results = (await service.get(HOLDER, f"{page.headers['location']}/results")).json()
    return {
        **made, "/v1/jobs/complaints/{}": page.json()["id"],
        "/v1/complaints/statistics/reports/{}": results["data"]["report_id"],
    }  # fmt: skip
