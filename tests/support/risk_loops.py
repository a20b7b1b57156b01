"""What follows a visit, for the walk over all routes: a notice with its letter, a talk, a table, a job, a month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.risk.worker import JOBS
from shared.clock import process_now, rfc3339
from shared.database import Transaction
from shared.exports import EXPORT
from shared.job_runner import Runner
from shared.jobs import enqueue
from tests.support import table_exports
from tests.support.risk_world import ENGINEER
from tests.support.sample_files import pdf
from tests.support.services import ServiceUnderTest
from tests.support.tokens import actor

OWN = "00.32.3201.320102"
NONE = "0193b0c4-ffff-7fff-8fff-000000000406"
SUMMARIES = {"/v1/accumulations": "basis=address", "/v1/risk/statistics": "group_by=unit"}
NOTICES = "/v1/rectification-notices"


def _talk(customer_id: str) -> dict[str, Any]:
    return {
        "customer_id": customer_id, "contact_role": "leader", "channel": "phone", "summary": "了解整改进度",
        "contacted_at": rfc3339(process_now()),
    }  # fmt: skip


async def loop_parts(service: ServiceUnderTest, visit_id: str, hazard_id: str, customer_id: str) -> dict[str, str]:
    """A notice about the hazard with its letter and a file, a talk, a table taken out, a job, and the month."""
    body = {"inspection_id": visit_id, "hazard_ids": [hazard_id]}
    notice = await service.post(ENGINEER, NOTICES, body)
    assert notice.status_code == 201, notice.text
    path = f"{NOTICES}/{notice.json()['id']}"
    file = await service.call(ENGINEER, "POST", f"{path}/attachments", files={"file": ("a.pdf", pdf())})
    talk = await service.post(ENGINEER, "/v1/contact-logs", _talk(customer_id))
    assert talk.status_code == 201, talk.text
    exported = await table_exports.taken(service, actor("risk_engineer", "00.32.3201"), "hazards", JOBS[EXPORT])
    return {
        f"{NOTICES}/{{}}": notice.json()["id"], f"{NOTICES}/{{}}/letters/{{}}": notice.json()["letter_id"],
        f"{NOTICES}/{{}}/attachments/{{}}": file.json()["id"], "/v1/contact-logs/{}": talk.json()["id"],
        "/v1/risk/reports/{}": f"{process_now():%Y-%m}", "/v1/jobs/risk/{}": await _job(service),
    } | exported  # fmt: skip


async def _job(service: ServiceUnderTest) -> str:
    """A job that somebody at the own unit started, and that is done."""

    async def nothing(_tx: Transaction, document: dict[str, Any], _payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return document

    async with service.db.transaction(actor("surveyor", OWN)) as tx:
        answer = await enqueue(tx, "walk", [{"ref": "1"}], {})
    await Runner(service.db, {"walk": nothing}).run_once()
    return answer.headers["Location"].rpartition("/")[2]


def loop_creations(visit_id: str, hazard_id: str, customer_id: str) -> dict[str, Callable[[bool], Any]]:
    """Bodies that name what is there, or nothing."""
    return {
        NOTICES: lambda known: {
            "inspection_id": visit_id if known else NONE, "hazard_ids": [hazard_id if known else NONE],
        },
        "/v1/contact-logs": lambda known: _talk(customer_id if known else NONE),
        "/v1/exports/risk": lambda known: table_exports.table("hazards", customer_id=customer_id if known else NONE),
    }  # fmt: skip
