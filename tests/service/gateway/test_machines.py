"""The core system signs in with a key of its own."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from gateway.identity.machines import forget_expired, register_machine_key, revoke_machine_key
from gateway.identity.rules import TooManyKeys
from gateway.identity.tables import MachineKey, Session, SignInAttempt, UsedAssertion
from shared.clock import process_now
from shared.kernel import kernel
from tests.support.gateway import GatewayUnderTest

KEY = OKPKey.generate_key("Ed25519", parameters={"kid": "core-1"})


def assertion(key: Any = KEY, alg: str = "Ed25519", seconds: int = 60, **changes: Any) -> str:
    now = int(process_now().timestamp())
    said = {
        "iss": "M0001", "sub": "M0001", "aud": "http://gateway/v1/token", "jti": str(uuid4()), "iat": now,
        "exp": now + seconds,
    }  # fmt: skip
    return jwt.encode({"alg": alg, "kid": key.kid}, said | changes, key, algorithms=[alg])


async def sign_in(gateway: GatewayUnderTest, given: str, **form: str) -> Any:
    return await gateway.client.post(
        "/v1/token", data={"grant_type": "client_credentials", "client_assertion": given} | form
    )


@pytest.fixture
async def core(gateway: GatewayUnderTest) -> GatewayUnderTest:
    await register_machine_key(gateway.db, "M0001", KEY.as_dict(private=False))
    return gateway


async def test_a_machine_signs_in_with_its_key_and_acts_under_its_appointment(core: GatewayUnderTest) -> None:
    answer = await sign_in(core, assertion())
    assert (answer.status_code, set(answer.json())) == (200, {"access_token", "expires_in", "token_type"})
    token = answer.json()["access_token"]
    caller = await core.get(token, "/v1/units")
    assert (caller.status_code, caller.json()["code"]) == (403, "action_not_permitted")
    entries = core_entries = kernel.tables["audit_entries"]
    done = await core.rows(entries, core_entries.c.action == "client_sign_in")
    assert [one["person_id"] for one in done] == [(await core.person("M0001"))["id"]]


async def test_an_assertion_is_used_once_also_at_the_same_moment(core: GatewayUnderTest) -> None:
    given = assertion()
    answers = await asyncio.gather(*(sign_in(core, given) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]
    again = await sign_in(core, given)
    assert (again.status_code, again.json()["code"]) == (401, "client_assertion_invalid")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "http://elsewhere/v1/token"},
        {"iss": "M0002"},
        {"sub": "S0001", "iss": "S0001"},
        {"sub": "M9999", "iss": "M9999"},
        {"exp": 1},
        {"seconds": 3600},
        {"jti": None},
        {"key": OKPKey.generate_key("Ed25519", parameters={"kid": "core-1"})},
    ],
)
async def test_every_other_assertion_gets_the_same_refusal_and_locks_nothing(
    core: GatewayUnderTest, changes: dict[str, Any]
) -> None:
    given = {name: value for name, value in changes.items() if value is not None}
    made = assertion(**given)
    if changes.get("jti", 1) is None:
        now = int(process_now().timestamp())
        body = {"iss": "M0001", "sub": "M0001", "aud": "http://gateway/v1/token", "exp": now + 60}
        made = jwt.encode({"alg": "Ed25519"}, body, KEY, algorithms=["Ed25519"])
    for _ in range(6):
        answer = await sign_in(core, made)
        assert (answer.status_code, answer.json()["code"]) == (401, "client_assertion_invalid")
    assert await core.rows(SignInAttempt.__table__) == []
    assert (await sign_in(core, assertion())).status_code == 200


async def test_a_key_named_in_the_assertion_itself_is_not_believed(core: GatewayUnderTest) -> None:
    own = OKPKey.generate_key("Ed25519")
    now = int(process_now().timestamp())
    body = {"iss": "M0001", "sub": "M0001", "aud": "http://gateway/v1/token", "jti": "x", "exp": now + 60}
    header = {"alg": "Ed25519", "jwk": own.as_dict(private=False), "jku": "https://198.51.100.1/keys"}
    given = jwt.encode(header, body, own, algorithms=["Ed25519"])
    assert (await sign_in(core, given)).status_code == 401


async def test_garbage_and_other_grants_are_refused(core: GatewayUnderTest) -> None:
    assert (await sign_in(core, "x" * 40)).json()["code"] == "client_assertion_invalid"
    assert (await sign_in(core, assertion(), grant_type="password")).status_code == 422


async def test_a_machine_has_two_keys_for_rotation_and_a_revoked_one_is_void_at_once(core: GatewayUnderTest) -> None:
    second = ECKey.generate_key("P-256", parameters={"kid": "core-2"})
    name = await register_machine_key(core.db, "M0001", KEY.as_dict(private=False))
    await register_machine_key(core.db, "M0001", second.as_dict(private=False))
    third = OKPKey.generate_key("Ed25519").as_dict(private=False)
    with pytest.raises(TooManyKeys):
        await register_machine_key(core.db, "M0001", third)
    assert (await sign_in(core, assertion(second, "ES256"))).status_code == 200
    await revoke_machine_key(core.db, "M0001", name)
    assert (await sign_in(core, assertion())).status_code == 401
    await register_machine_key(core.db, "M0001", third)


async def test_only_a_public_key_of_a_machine_is_registered(core: GatewayUnderTest) -> None:
    with pytest.raises(ValueError, match="public"):
        await register_machine_key(core.db, "M0001", KEY.as_dict(private=True))
    with pytest.raises(LookupError):
        await register_machine_key(core.db, "S0001", OKPKey.generate_key("Ed25519").as_dict(private=False))


async def test_what_has_expired_is_forgotten_and_the_rest_is_not(core: GatewayUnderTest) -> None:
    await sign_in(core, assertion())
    await core.sign_in("s0001", "wrong")
    assert await forget_expired(core.db, 100) == 0
    from sqlalchemy import text

    from shared.actor import machine

    async with core.db.transaction(machine("gateway")) as tx:
        await tx.execute(text("update used_assertions set expires_at = expires_at - interval '2 days'"))
        await tx.execute(text("update sign_in_attempts set at = at - interval '2 days'"))
        await tx.execute(text("update sessions set expires_at = expires_at - interval '40 days'"))
    assert await forget_expired(core.db, 100) == 3
    for table in (UsedAssertion, SignInAttempt, Session):
        assert await core.rows(table.__table__) == []


async def _keys(core: GatewayUnderTest, who: Any, machine_id: str) -> list[str]:
    answer = await core.get(who, f"/v1/people/{machine_id}/machine-keys")
    assert answer.status_code == 200, answer.text
    return [one["thumbprint"] for one in answer.json()["items"]]


async def _register(core: GatewayUnderTest, who: Any, machine_id: str, public_key: Any, version: int) -> Any:
    path = f"/v1/people/{machine_id}/machine-keys"
    return await core.post(who, path, {"public_key": public_key}, version=version)


async def test_the_security_administrator_rotates_a_machines_keys(core: GatewayUnderTest) -> None:
    admin, machine_id = await core.enter("security_admin", "00"), str((await core.person("M0001"))["id"])
    [first] = await _keys(core, admin, machine_id)
    second = ECKey.generate_key("P-256", parameters={"kid": "core-2"})
    made = await _register(core, admin, machine_id, second.as_dict(private=False), 1)
    assert (made.status_code, made.json()["kind"], made.json()["person"]["version"]) == (201, "p_256", 2)
    third = await _register(core, admin, machine_id, OKPKey.generate_key("Ed25519").as_dict(private=False), 2)
    assert (third.status_code, third.json()["code"]) == (409, "too_many_keys")
    token = (await sign_in(core, assertion())).json()["access_token"]
    assert (await sign_in(core, assertion(second, "ES256"))).status_code == 200
    path = f"/v1/people/{machine_id}/machine-keys/{first}"
    retired = await core.call(admin, "DELETE", path, version=2)
    assert (retired.status_code, bool(retired.json()["retired_at"])) == (200, True)
    assert (await sign_in(core, assertion())).status_code == 401
    assert (await core.get(token, "/v1/units")).status_code == 401
    assert (await sign_in(core, assertion(second, "ES256"))).status_code == 200
    assert await _keys(core, admin, machine_id) == [made.json()["thumbprint"]]
    gone = await core.call(admin, "DELETE", path, version=3)
    assert gone.status_code == 404
    again = await _register(core, admin, machine_id, KEY.as_dict(private=False), 3)
    assert (again.status_code, again.json()["code"]) == (409, "key_taken")
    entries = kernel.tables["audit_entries"]
    done = [one for one in await core.rows(entries, entries.c.object_id == machine_id) if one["outcome"] == "done"]
    assert {one["action"] for one in done} >= {"register_key", "retire_key"}


async def test_keys_are_given_to_machines_in_scope_only_and_by_nobody_else(core: GatewayUnderTest) -> None:
    machine_id, person_id = str((await core.person("M0001"))["id"]), str((await core.person("S0013"))["id"])
    branch, head = await core.enter("security_admin", "32"), await core.enter("security_admin", "00")
    public = OKPKey.generate_key("Ed25519").as_dict(private=False)
    outside = await _register(core, branch, machine_id, public, 1)
    assert outside.status_code == 404
    nobody = await _register(core, await core.enter("department_head", "32"), machine_id, public, 1)
    assert (nobody.status_code, nobody.json()["code"]) == (403, "action_not_permitted")
    person = await _register(core, head, person_id, public, 1)
    assert (person.status_code, person.json()["code"]) == (422, "not_a_machine")
    private = OKPKey.generate_key("Ed25519").as_dict(private=True)
    for unfit in (private, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "OKP", "crv": "Ed25519"}, {}):
        answer = await _register(core, head, machine_id, unfit, 1)
        assert (answer.status_code, answer.json()["code"]) == (422, "key_unsuitable"), unfit
    assert len(await core.rows(MachineKey.__table__)) == 1


async def test_two_keys_registered_at_once_are_never_three(core: GatewayUnderTest) -> None:
    admin, machine_id = await core.enter("security_admin", "00"), str((await core.person("M0001"))["id"])
    publics = [OKPKey.generate_key("Ed25519").as_dict(private=False) for _ in range(4)]
    await core.warm()
    answers = await asyncio.gather(*(_register(core, admin, machine_id, one, 1) for one in publics))
    assert sorted(one.status_code for one in answers)[0] == 201
    assert {one.status_code for one in answers} <= {201, 409, 412}
    assert len(await core.rows(MachineKey.__table__)) == 2
