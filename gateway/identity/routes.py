"""Signing in and out, the password, the appointment acted under, and who one is."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from gateway.identity import credentials, handlers, machines, outside, queries, shapes
from gateway.identity.schemas import (
    ClientToken,
    MachineKeyOut,
    MachineKeysOut,
    MachineTokenOut,
    MeOut,
    Refresh,
    RegisterKey,
    RenewedOut,
    SetPassword,
    SignedInOut,
    SignIn,
    StepUp,
    SwitchAppointment,
    SwitchedOut,
    TokenOut,
    Unlock,
    UnlockOut,
)
from gateway.organisation.tables import Person
from shared.routing import Changes, Creates, Edits, Reads, Room, sent, shown

room = Room(tags=["identity"])


@room.posts("/v1/session", SignedInOut, public=True, status=200)
async def sign_in(command: SignIn, request: Request) -> Response:
    """Sign in with login and password, with a one-time token in its place, or with an id token of the issuer."""
    door, origin = request.app.state.door, request.app.state.callers.origin_of(request)
    if command.id_token is not None:
        return shown(await outside.sign_in(door, command.id_token, command.nonce, origin))
    return shown(await handlers.sign_in(door, command, origin))


@room.posts("/v1/session/refresh", RenewedOut, public=True, status=200)
async def refresh(command: Refresh, request: Request) -> Response:
    """A new pair of tokens for a refresh token that was not used before."""
    state = request.app.state
    return shown(await handlers.refresh(state.door, command.refresh_token, state.callers.origin_of(request)))


@room.deletes("/v1/session", may="organisation.session.use", status=204)
async def sign_out(request: Request) -> Response:
    """End this sign-in."""
    await handlers.sign_out(request.app.state.door, request.state.caller)
    return Response(status_code=204, headers={"Cache-Control": "private, no-store"})


@room.puts("/v1/session/password", TokenOut, may="organisation.session.use")
async def set_password(command: SetPassword, request: Request) -> Response:
    """Set a new password; every other sign-in of the person ends."""
    return shown(await credentials.set_password(request.app.state.door, request.state.caller, command))


@room.posts("/v1/session/step-ups", TokenOut, may="organisation.session.use", status=200)
async def step_up(command: StepUp, request: Request) -> Response:
    """The password again, for acts that want it within the last 5 minutes."""
    return shown(await credentials.step_up(request.app.state.door, request.state.caller, command))


@room.posts("/v1/session/appointment", SwitchedOut, may="organisation.session.use", status=200)
async def switch_appointment(command: SwitchAppointment, request: Request) -> Response:
    """Act under another appointment; the former access token stops working."""
    return shown(await handlers.switch_appointment(request.app.state.door, request.state.caller, command))


@room.posts("/v1/token", MachineTokenOut, public=True, status=200)
async def client_token(form: Annotated[ClientToken, Form()], request: Request) -> Response:
    """A machine's sign-in by an assertion signed with one of its registered keys."""
    state = request.app.state
    return shown(await machines.client_token(state.door, form.client_assertion, state.callers.origin_of(request)))


@room.reads("/v1/me", MeOut, may="organisation.me.read")
async def read_me(request: Request) -> Response:
    """Who the caller is, under which appointment, with which permissions and limits."""
    caller = request.state.caller
    must_set = caller.session.must_set_password
    return shown(shapes.me(caller.person, caller.post, caller.actor, must_set_password=must_set, acting=caller.acting))


@room.posts("/v1/people/{person_id}/unlock", UnlockOut, may="organisation.person.unlock", step_up=True)
async def unlock(person_id: UUID, command: Unlock, call: Creates) -> Response:
    """Forget failed sign-ins; where asked, replace the password by a token that serves once."""
    answer = await credentials.unlock(call.db, call.actor, call.key, person_id, command)
    call.state.callers.forget(person_id)
    return sent(answer)


@room.reads("/v1/people/{person_id}/machine-keys", MachineKeysOut, may="organisation.person.read")
async def list_machine_keys(person_id: UUID, call: Reads) -> Response:
    """The keys that a machine signs in with, the older first."""
    async with call.db.transaction(call.actor) as tx:
        await tx.find(Person, person_id)
        return shown(MachineKeysOut(items=[shapes.machine_key(row) for row in await queries.keys_of(tx, person_id)]))


@room.posts("/v1/people/{person_id}/machine-keys", MachineKeyOut, may="organisation.machine_key.register", step_up=True)
async def register_machine_key(person_id: UUID, command: RegisterKey, call: Changes) -> Response:
    """Give a machine its next key; the present one goes on until it is retired."""
    return sent(await machines.register_key(call.db, call.actor, call.key, person_id, call.version, command))


@room.deletes("/v1/people/{person_id}/machine-keys/{thumbprint}", MachineKeyOut, may="organisation.machine_key.retire")
async def retire_machine_key(person_id: UUID, thumbprint: str, call: Edits) -> Response:
    """Withdraw a key at once."""
    answer = await machines.retire_key(call.db, call.actor, call.key, person_id, call.version, thumbprint)
    call.state.callers.forget(person_id)
    return sent(answer)
