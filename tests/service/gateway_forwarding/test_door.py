"""What is refused at the door, in which order, and what is written down."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from joserfc.jwk import KeySet

from shared.actor import Statements
from shared.errors import TokenInvalid
from tests.support.forwarding_world import World
from tests.support.gateway import SIGNING

CLAIM = "01a1f683-27e8-7164-bf7f-537f439f24b8"


def decision(amount: object, kind: str = "decision") -> dict[str, object]:
    return {"kind": kind, "outcome": "approve", "amount": amount, "sheet_version": 1, "reason": "…"}


async def test_the_service_learns_who_asks_from_a_token_made_for_it_alone(world: World):
    answer = await world.call("agent", "GET", "/v1/claims")
    assert answer.status_code == 200
    token = (world.claims.seen[0].header("authorization") or "").removeprefix("Bearer ")
    keys, request = KeySet([SIGNING]), UUID(answer.headers["x-request-id"])
    stated = Statements(keys, "claims").actor(token, request, reading=True)
    assert world.claims.seen[0].header("x-request-id") == str(request)
    assert stated.scope == "00.32.3201.320102"
    assert stated.permissions
    assert all(one.startswith("claims.") for one in stated.permissions)
    with pytest.raises(TokenInvalid):
        Statements(keys, "policy").actor(token, request, reading=True)


async def test_without_a_token_every_path_answers_401(world: World):
    for path in ("/v1/claims", "/v1/nowhere", "/internal/work-items", "/metrics"):
        answer = await world.call(None, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid"), path
        assert answer.headers["www-authenticate"] == "Bearer"
    assert world.claims.seen == []


@pytest.mark.parametrize(
    "path", ["/v1/nowhere", "/internal/work-items", "/metrics", "/v1/claims/", "/v1", "/healthz/x", "/v1/CLAIMS"]
)
async def test_what_the_table_does_not_name_does_not_exist(world: World, path: str):
    answer = await world.call("agent", "GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.claims.seen == []


async def test_a_position_that_may_not_is_refused_alike_for_every_id(world: World):
    told = []
    for claim_id in (CLAIM, str(uuid4())):
        answer = await world.call("agent", "POST", f"/v1/claims/{claim_id}/approvals", json=decision("1.00"))
        assert (answer.status_code, answer.json()["code"]) == (403, "action_not_permitted")
        told.append({**answer.json(), "instance": "", "request_id": ""})
    assert told[0] == told[1]
    assert world.claims.seen == []


async def test_a_method_that_a_path_lacks_answers_405_with_all_that_it_has(world: World):
    answer = await world.call("agent", "DELETE", f"/v1/claims/{CLAIM}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PATCH")
    # `uploads` fits the parameter too, so the path has the methods of both
    assert (await world.call("agent", "PUT", "/v1/claims/uploads")).headers["allow"] == "GET, PATCH, POST"
    assert (await world.call("agent", "OPTIONS", "/v1/claims")).headers["allow"] == "GET, POST"
    assert (await world.call("agent", "POST", "/v1/me")).headers["allow"] == "GET"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
async def test_trace_and_connect_are_nobodys_methods(world: World, method: str):
    text = f"{method} /v1/claims HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer agent\r\n\r\n"
    answer = await world.raw(text.encode())
    assert answer.startswith((b"HTTP/1.1 405 ", b"HTTP/1.1 400 "))
    assert world.claims.seen == []


async def test_an_amount_above_every_limit_is_refused_with_who_could_decide(world: World):
    answer = await world.call("approver", "POST", f"/v1/claims/{CLAIM}/approvals", json=decision("120000.00"))
    told = answer.json()
    assert (answer.status_code, told["code"]) == (403, "authority_exceeded")
    assert (told["limit"], told["amount"]) == ("100000.00", "120000.00")
    assert [one["unit_code"] for one in told["could_decide"]] == ["32", "00"]
    assert told["could_decide"][0] == {
        "position": "claims_approver", "unit_code": "32", "unit_name": "江苏分公司", "level": "branch",
        "limit": "1000000.00",
    }  # fmt: skip
    assert world.claims.seen == []


@pytest.mark.parametrize(
    "body",
    [
        decision("100000.00"),
        decision("100000.00", "cosignature"),
        decision("120000.00", "opinion"),
        decision(120000),
        decision("１２００００.00"),
        {"kind": "decision"},
        ["decision"],
    ],
    ids=["at the limit", "co-signature", "opinion", "number", "full-width", "no amount", "no object"],
)
async def test_what_lies_within_the_limit_or_cannot_be_read_is_the_services_to_judge(world: World, body: object):
    answer = await world.call("approver", "POST", f"/v1/claims/{CLAIM}/approvals", json=body)
    assert answer.status_code == 200
    assert len(world.claims.seen) == 1


async def test_a_co_signature_above_the_limit_is_refused_like_a_decision(world: World):
    body = decision("100000.01", "cosignature")
    answer = await world.call("approver", "POST", f"/v1/claims/{CLAIM}/approvals", json=body)
    assert answer.json()["code"] == "authority_exceeded"


async def test_a_body_too_long_to_be_compared_is_refused(world: World):
    body = decision("1.00") | {"reason": "x" * 70_000}
    answer = await world.call("approver", "POST", f"/v1/claims/{CLAIM}/approvals", json=body)
    assert (answer.status_code, answer.json()["max_bytes"]) == (413, 65536)
    assert world.claims.seen == []


async def test_an_act_of_weight_wants_the_password_again_before_the_amount_is_looked_at(world: World):
    answer = await world.call("stale", "POST", f"/v1/claims/{CLAIM}/approvals", json=decision("120000.00"))
    assert (answer.status_code, answer.json()["code"]) == (401, "step_up_required")
    assert "max_age=300" in answer.headers["www-authenticate"]


async def test_a_money_route_carries_a_token_of_seconds(world: World):
    from joserfc import jwt

    await world.call("approver", "POST", f"/v1/claims/{CLAIM}/approvals", json=decision("10.00"))
    await world.call("agent", "GET", "/v1/claims")
    lives = []
    for one in world.claims.seen:
        claims = jwt.decode((one.header("authorization") or "").split(" ")[1], SIGNING, algorithms=["Ed25519"]).claims
        lives.append((claims["exp"] - claims["iat"], claims.get("money")))
    assert lives == [(5, True), (60, None)]


async def test_a_refused_write_leaves_its_one_entry_and_a_refused_read_none(world: World):
    await world.call("agent", "POST", f"/v1/claims/{CLAIM}/approvals", json=decision("1.00"))
    await world.call("stale", "POST", f"/v1/claims/{CLAIM}/approvals", json=decision("1.00"))
    await world.call("approver", "POST", f"/v1/claims/{CLAIM}/approvals", json=decision("120000.00"))
    await world.call("agent", "POST", "/v1/nowhere", json={})
    unwritten = [
        ("agent", "GET", "/v1/nowhere"), ("core", "POST", "/v1/claims/searches"), ("agent", "DELETE", "/v1/claims"),
        ("agent", "POST", f"/v1/claims/{CLAIM}/approvals?dry_run=true"), (None, "POST", "/v1/claims"),
    ]  # fmt: skip
    for token, method, path in unwritten:
        assert (await world.call(token, method, path)).status_code in (401, 403, 404, 405)
    found = await world.refusals()
    approvals = "POST /v1/claims/{claim_id}/approvals"
    assert [one["action"] for one in found] == [approvals] * 3 + ["POST unmatched"]
    reasons = [one["entry"].split('"reason":"')[1].split('"')[0] for one in found]
    assert reasons == ["action_not_permitted", "step_up_required", "authority_exceeded", "not_found"]
    assert str(found[0]["object_id"]) == CLAIM


async def test_the_services_refusal_is_the_services_to_write_down(world: World):
    from aiohttp import web

    async def refused(_request: web.Request) -> web.Response:
        return web.json_response({"code": "not_found"}, status=404, content_type="application/problem+json")

    world.claims.behaviour = refused
    answer = await world.call("agent", "POST", "/v1/claims", json={})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json; charset=utf-8")
    assert await world.refusals() == []


async def test_a_public_route_of_a_service_states_nobody(world: World):
    answer = await world.call(None, "POST", "/v1/answers/abc", json={})
    # crm has no address here: what matters is that nobody was asked for a token
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
