"""No word of a complaint, nor who complained, reaches anybody whom it names: by no route, event, log, table or error.

A complaint full of canary values names an agent, a surveyor, an officer and an auditor. Each of them, the line manager
of two, and an agent of the branch who stands in for one of them call every operation of every service and of the
gateway, about every record that there is. Then the events, the trail, the histories, the work and the log are read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.complaints.events import NoticeSent
from services.complaints.settings import ComplaintsSettings
from services.complaints.worker import JOBS
from shared.job_runner import Runner
from shared.notices import sending
from shared.ticks import run_once
from tests.support import services
from tests.support.canaries import CANARIES, NUMBERS, Nest, planted, stored
from tests.support.claim_life import report
from tests.support.complaint_world import complaint
from tests.support.gateway import SignedIn
from tests.support.journeys import PUBLIC, reported, sold
from tests.support.route_walk import Operation, operations_of
from tests.support.sample_files import pdf
from tests.support.schema_bodies import UNKNOWN, UnknownSchema
from tests.support.system import SERVICES, System, _service

FLOOR = 250
"""So many operations there are at least."""
ENDLESS = {"GET /v1/stream"}
ENDS_THE_WALK = ("/v1/session", "/v1/token", "/v1/passwords")
"""What would sign the walker out, or in as somebody else."""
NAMES_THE_RECORD = ("/v1/audit",)
"""Who reads the trail learns that there is a record; nothing of what it is about."""
REQUIRED = {"group_by": "unit", "purpose": "核对", "token": "x", "q": "金丝雀"}
QUERIES = ("", "?limit=200", "?include_total=true", "?q=金丝雀")


@dataclass
class Walk:
    """Everything about the nest as one person gets it."""

    system: System
    nest: Nest
    known: dict[str, str]
    faults: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)

    def paths(self, operation: Operation) -> Iterator[str]:
        """The operation about the known record, or about none where the nest has no record of its kind."""
        plain, done = [], []
        for step in operation.path.split("/"):
            plain.append("{}" if step.startswith("{") else step)
            done.append(self.known.get("/".join(plain), str(UNKNOWN)) if step.startswith("{") else step)
        path = "/".join(done)
        if operation.method != "GET":
            yield f"{path}?dry_run=true"
            yield path
            return
        wanted = [one for one in operation.document.get("parameters", ()) if one["in"] == "query"]
        names = {one["name"] for one in wanted}
        needed = "&".join(f"{one['name']}={REQUIRED.get(one['name'], 'x')}" for one in wanted if one.get("required"))
        for query in QUERIES if names else QUERIES[:1]:
            yield f"{path}{query}{'&' if query and needed else '?' if needed else ''}{needed}"

    async def call(self, label: str, who: SignedIn, operation: Operation) -> None:
        for path in self.paths(operation):
            body, options = _body(operation), {}
            if operation.path.endswith(("/attachments", "/uploads")) and operation.method == "POST":
                body, options = None, {"files": {"file": ("a.pdf", pdf())}, "data": {"kind": "x"}}
            gate = self.system.gateway
            answer = await gate.call(who, operation.method, path, body, key=str(uuid4()), version=1, **options)
            self.answers[answer.status_code] += 1
            self.look(f"{operation} as {label} ({answer.status_code})", operation.path, answer)

    def look(self, where: str, path: str, answer: httpx.Response) -> None:
        seen = answer.text + json.dumps(dict(answer.headers))
        self.faults += [f"{where}: {one}" for one in CANARIES if one in seen]
        if not path.startswith(NAMES_THE_RECORD):
            secret = (self.nest.story.told["id"], self.nest.known["/v1/mis-selling-cases/{}"])
            asked = str(answer.request.url)
            seen = seen.replace(str(answer.request.url.path), "")
            self.faults += [f"{where}: the record {one}" for one in secret if one in seen and one not in asked]


def _body(operation: Operation) -> Any:
    """A smallest body; an empty one, which is refused with its faults, where the schema has texts that none is known
    for."""
    try:
        return operation.body()
    except UnknownSchema:
        return {}


async def _known(system: System, nest: Nest, policy: dict[str, Any]) -> dict[str, str]:
    """Every record near the complaint that the walk asks for."""
    read = await nest.story.read()
    head = await system.enter("department_head", "32")
    visits = (await system.gateway.get(head, "/v1/return-visits")).json()["items"]
    known = nest.known | {
        "/v1/claims/{}": nest.claim.claim["id"], "/v1/policies/{}": policy["id"],
        "/v1/customers/{}": read["customer_id"], "/v1/people/{}": nest.handler.id, "/v1/units/{}": "320102",
        "/v1/return-visits/{}": visits[0]["id"] if visits else str(UNKNOWN),
        "/v1/complaint-officers/{}": str(UNKNOWN),
    }  # fmt: skip
    return known


def _operations(system: System) -> list[Operation]:
    apps = [_service(name, system.urls[name], system.folder / name) for name in SERVICES]
    found = [one for app in (*apps, system.gateway.app) for one in operations_of(app)]
    return [one for one in found if str(one) not in ENDLESS and not one.path.startswith(ENDS_THE_WALK)]


async def _messages_leave(system: System) -> None:
    """The short messages to the complainant are sent, and what came of them is told."""
    settings = services.settings_of("complaints", system.urls["complaints"], system.folder / "complaints")
    assert isinstance(settings, ComplaintsSettings)
    await run_once(system.workers["complaints"].database, sending(settings, NoticeSent))
    await system.drain()


async def _refused_with_canaries(system: System) -> None:
    """A registration and an act that are refused: what was typed stays out of the log and of the trail."""
    agent = await system.enter("service_agent", "3201")
    who = {"name": CANARIES[0], "phone": NUMBERS[0], "id_no": NUMBERS[3]}
    for changes in ({"channel": "letter"}, {"cause": "claims"}, {"received_at": "x"}, {"about": {"claim_no": "C-0"}}):
        body = complaint(complainant=who, content=CANARIES[8], **changes)
        assert (await system.gateway.post(agent, "/v1/complaints", body)).status_code == 422


async def _tables_leave(walk: Walk) -> None:
    """What each of them takes out as a table, made by the worker, has no row of it; whoever handles it gets the row."""
    system, nest = walk.system, walk.nest
    gate, runner = system.gateway, Runner(system.workers["complaints"].database, JOBS)
    for label, who in {**nest.kept_out, "handler": nest.handler}.items():
        for collection, record in (
            ("complaints", nest.story.told["id"]), ("mis_selling_cases", nest.known["/v1/mis-selling-cases/{}"]),
        ):  # fmt: skip
            columns = ["id", "status"] + (["complainant_name", "customer_id"] if collection == "complaints" else [])
            asked = {
                "collection": collection,
                "filters": {},
                "columns": columns,
                "format": "csv",
                "purpose": "季度分析",
            }
            answer = await gate.post(who, "/v1/exports/complaints", asked)
            if answer.status_code == 403:
                assert label != "handler", "whoever handles it may take it out"
                continue
            assert answer.status_code == 202, answer.text
            while await runner.run_once():
                pass
            made = await gate.get(who, f"/v1/exports/complaints/{answer.json()['id']}")
            file = await gate.get(who, made.json()["file_url"])
            assert file.status_code == 200, f"{label}: {file.text}"
            walk.faults += [f"table of {collection} as {label}: {one}" for one in CANARIES if one in file.text]
            assert (record in file.text) == (label == "handler"), f"table of {collection} as {label}"


@pytest.mark.abuse("B23")
async def test_nothing_of_a_complaint_reaches_anybody_whom_it_names(system: System, capfd: Any) -> None:
    system.feed()
    policy = await sold(system, PUBLIC)
    claim = await reported(system, "320102", report(policy_no=policy["policy_no"], injured=[], injured_count=0))
    await system.drain()
    nest = await planted(system, claim)
    await _messages_leave(system)
    await _refused_with_canaries(system)
    operations = _operations(system)
    assert len(operations) >= FLOOR
    walk = Walk(system, nest, await _known(system, nest, policy))
    for label, who in nest.kept_out.items():
        for operation in operations:
            await walk.call(label, who, operation)
    print(f"{sum(walk.answers.values())} calls, {len(operations)} operations: {dict(walk.answers)}")
    await _tables_leave(walk)
    assert not walk.faults, "\n".join(sorted(set(walk.faults))[:60])
    await system.drain()
    await _nowhere_written(system, nest, capfd)


async def _nowhere_written(system: System, nest: Nest, capfd: Any) -> None:
    for place, seen in (await stored(system)).items():
        assert not [one for one in CANARIES if one in seen], place
    fed = await system.rows("gateway", text("select event::text as event from feed_events"))
    assert any(nest.story.told["id"] in str(one) for one in fed), "the feed has heard of the complaint"
    assert not [one for one in CANARIES if one in str(fed)]
    assert "kept_out" not in str(fed)
    logged = capfd.readouterr()
    assert len(logged.out + logged.err) > 10_000, "there is a log to look at"
    assert not [one for one in CANARIES if one in logged.out + logged.err]
    shown = (await nest.story.read(nest.handler))["facts"]
    assert sum(one in str(shown) for one in CANARIES) >= 4, "whoever handles it reads what was said"
