"""Signing in and out, the password, the appointment acted under, and who one is."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from gateway.identity import handlers, machines, shapes
from gateway.identity.schemas import (
    ClientToken,
    MachineTokenOut,
    MeOut,
    Refresh,
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
from shared.routing import Creates, Room, sent, shown

room = Room(tags=["identity"])


@room.posts("/v1/session", SignedInOut, public=True, status=200)
async def sign_in(command: SignIn, request: Request) -> Response:
    """Sign in with login and password, or with a one-time token in its place."""
    state = request.app.state
    return shown(await handlers.sign_in(state.door, command, state.callers.origin_of(request)))


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
    return shown(await handlers.set_password(request.app.state.door, request.state.caller, command))


@room.posts("/v1/session/step-ups", TokenOut, may="organisation.session.use", status=200)
async def step_up(command: StepUp, request: Request) -> Response:
    """The password again, for acts that want it within the last 5 minutes."""
    return shown(await handlers.step_up(request.app.state.door, request.state.caller, command.password))


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
    return shown(shapes.me(caller.person, caller.post, caller.actor, must_set_password=must_set))


@room.posts("/v1/people/{person_id}/unlock", UnlockOut, may="organisation.person.unlock", step_up=True)
async def unlock(person_id: UUID, command: Unlock, call: Creates) -> Response:
    """Forget failed sign-ins; where asked, replace the password by a token that serves once."""
    answer = await handlers.unlock(call.db, call.actor, call.key, person_id, command)
    call.state.callers.forget(person_id)
    return sent(answer)
