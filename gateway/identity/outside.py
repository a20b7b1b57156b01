"""People whom an issuer outside vouches for: its id token is exchanged, once, for a sign-in of ours.

The lock of an account holds here too, and tokens that are refused count against their source like wrong passwords.
What the person may do comes from the organisation alone, never from the token.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from gateway.identity import queries, rules, tokens
from gateway.identity.attempts import Begun, Door, Origin, begin, drop, fail
from gateway.identity.handlers import open_session
from gateway.identity.issuer import Vouched
from gateway.identity.schemas import SignedInOut
from gateway.identity.tables import UsedIdToken
from shared.database import Transaction
from shared.errors import StepUpRequired

if TYPE_CHECKING:
    from gateway.identity.callers import Caller


async def sign_in(door: Door, id_token: str, nonce: str | None, origin: Origin) -> SignedInOut:
    """Raises `NoIssuer`, `IdTokenInvalid`, `IssuerUnavailable`, `SignInRefused`, `SignInLocked`, `NoAppointment`."""
    begun, vouched = await _vouched(door, id_token, nonce, origin, "sign_in")
    async with door.db.transaction(origin.actor()) as tx:
        begun = replace(begun, person_id=await queries.person_of_staff_no(tx, vouched.staff_no))
    try:
        return await _admit(door, begun, vouched, origin)
    except (rules.SignInLocked, rules.NoAppointment) as refusal:
        await drop(door, begun, origin, "sign_in", refusal.code)
        raise
    except (rules.SignInRefused, rules.IdTokenInvalid) as refusal:
        await fail(door, begun, origin, "sign_in", refusal.code)
        raise


async def _admit(door: Door, begun: Begun, vouched: Vouched, origin: Origin) -> SignedInOut:
    async with door.db.transaction(origin.actor()) as tx:
        person = None if begun.person_id is None else await queries.person_facts(tx, begun.person_id)
        if person is None or not person.active:
            raise rules.SignInRefused()
        await _refuse_locked(tx, door, person.id)
        if not await _used_first(tx, vouched):
            raise rules.IdTokenInvalid()
        await queries.forget_attempts(tx, begun.login_key, begun.id)
        proven_at = min(vouched.authenticated_at or tx.now - rules.LONG_AGO, tx.now)
        return await open_session(tx, door, person, origin, proven_at)


async def proven_again(door: Door, caller: Caller, id_token: str, nonce: str | None) -> datetime:
    """When the issuer says that the caller has proven himself anew; within the last 5 minutes.

    Raises as `sign_in`, and `StepUpRequired` where the issuer does not say so or says too long ago.
    """
    begun, vouched = await _vouched(door, id_token, nonce, caller.origin, "step_up")
    async with door.db.transaction(caller.origin.actor()) as tx:
        mine = vouched.staff_no == caller.person.staff_no and await _used_first(tx, vouched)
        at, now = vouched.authenticated_at, tx.now
    if not mine:
        await fail(door, replace(begun, person_id=caller.person.id), caller.origin, "step_up", "id_token_refused")
        raise rules.IdTokenInvalid()
    await drop(door, begun, caller.origin, "step_up")
    if at is None or (now - at).total_seconds() > rules.STEP_UP_S:
        raise StepUpRequired(max_age=rules.STEP_UP_S)
    return min(at, now)


async def _vouched(door: Door, id_token: str, nonce: str | None, origin: Origin, action: str) -> tuple[Begun, Vouched]:
    """What the issuer says; the attempt counts against the source from before the token is looked at."""
    if door.issuer is None:
        raise rules.NoIssuer()
    begun = await begin(door, f"id_token:{tokens.digest(id_token).hex()}", origin)
    async with door.db.transaction(origin.actor()) as tx:
        now = tx.now
    try:
        return begun, await door.issuer.vouched(id_token, nonce, now)
    except rules.IdTokenInvalid:
        await fail(door, begun, origin, action, "id_token_invalid")
        raise
    except rules.IssuerUnavailable:
        await drop(door, begun, origin, action)
        raise


async def _refuse_locked(tx: Transaction, door: Door, person_id: UUID) -> None:
    """Refuse whose account is locked: no other way in goes around it. Raises `SignInLocked`."""
    account = await queries.account_of(tx, person_id)
    if account is not None:
        found = await queries.attempts(tx, door.window, login_key=tokens.digest(account.login))
        failed = [one for one in found if one.failed]
        rules.refuse_locked(failed, tx.now, door.failures, door.window)


async def _used_first(tx: Transaction, vouched: Vouched) -> bool:
    """Whether the token is used for the first time."""
    row = {"token_hash": vouched.token_hash, "expires_at": vouched.usable_until}
    fresh = insert(UsedIdToken).values(**row).on_conflict_do_nothing().returning(UsedIdToken.token_hash)
    return (await tx.execute(fresh)).one_or_none() is not None
