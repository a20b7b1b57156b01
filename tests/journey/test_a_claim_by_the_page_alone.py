"""A new user works a claim from the report to the file with what the documentation page says, and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

from gateway.catalogue import queries
from services.claims.adjustment.rules.explanation import KIND_NAMES
from services.claims.adjustment.rules.losses import CLAIMANT_KINDS
from tests.support.journeys import PUBLIC, ClaimStory, ago, sold
from tests.support.system import System

STEP = re.compile(r"`(\w+)`: `(\w+) (\S+)`\n\n```json\n(.*?)```", re.DOTALL)
UNIT = "320102"
NAMES = {"gross_amount", "payable_amount", "sheet_version"}


def page() -> str:
    return json.loads(queries.document("openapi.json").body)["info"]["description"]


async def test_the_steps_of_the_page_lead_from_the_report_to_the_file(system: System) -> None:
    policy = await sold(system, PUBLIC)
    known: dict[str, Any] = {"policy_no": policy["policy_no"]}
    story = ClaimStory(system, UNIT, {})
    for who, method, path, body in STEP.findall(page()):
        at = f"{who}@{UNIT[:4]}" if who == "cashier" else who
        known |= await _asked_before(story, path, known)
        person = await story.person(at)
        version = await _version(story, at, path, known)
        answer = await system.gateway.call(person, method, _filled(path, known), _body(body, known), version=version)
        assert answer.status_code in (200, 201), f"{who} {method} {path}: {answer.text}"
        told = answer.json()
        known |= {name: value for name, value in told.items() if name in NAMES}
        if path == "/v1/claims":
            story.claim = told
            known["claim_id"] = told["id"]
        if path.endswith("/payments"):
            known["payment_id"] = told["id"]
    assert (await story.read())["status"] == "archived"


async def _asked_before(story: ClaimStory, path: str, known: dict[str, Any]) -> dict[str, Any]:
    """What the page says to read before the step."""
    if path.endswith("/dispatches"):
        surveyor = await story.person("surveyor")
        found = (await story.read("service_agent", "/surveyor-candidates"))["items"]
        return {"surveyor_person_id": next(one["person_id"] for one in found if one["person_id"] == surveyor.id)}
    if path.endswith("/consents"):
        return {"consent_ref": (await story.read(below="/documents"))["consents_missing"][0]}
    if path.endswith("/notices"):
        return {"notice_kind": "partial"}
    return {"archivist_person_id": (await story.person("archivist")).id} if path.endswith("/file") else {}


async def _version(story: ClaimStory, who: str, path: str, known: dict[str, Any]) -> int | None:
    if "{payment_id}" in path:
        seen = await story.system.gateway.get(await story.person(who), f"/v1/payments/{known['payment_id']}")
        return seen.json()["version"]
    return (await story.read())["version"] if "{claim_id}" in path else None


def _filled(text: str, known: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: str(known[found[1]]), text)


def _body(text: str, known: dict[str, Any]) -> Any:
    quoted = re.compile(r'"\{(\w+)\}"')
    return json.loads(quoted.sub(lambda found: json.dumps((known | {"now": ago(minutes=0)})[found[1]]), text))


def test_the_page_names_every_kind_of_claimant_and_loss() -> None:
    said = page()
    assert [kind for kind in (*KIND_NAMES, *CLAIMANT_KINDS) if f"`{kind}`" not in said] == []
