"""Who is let in: lock-out, passwords, the password again, and the facts behind a caller. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from gateway.authority.rules import Matrix
from shared.actor import Actor
from shared.authority import AuthorityTable, caller_limits, rank
from shared.clock import legal_day
from shared.errors import Conflict, Fault, Forbidden, NotSignedIn, RateLimited, Refused, StepUpRequired, Text

ACCESS_S = 300
SESSION = timedelta(hours=8)
ONE_TIME = timedelta(minutes=15)
STEP_UP_S = 300
STEP_UP_FROM = "central_branch"
BURST = 5
"""A source may have so many times more attempts under way than failures are allowed."""
UNDER_WAY = timedelta(seconds=30)
"""An attempt older than this was left behind by a process that ended."""
MAX_KEYS = 2
"""A machine has its present key and the next one."""
RESTRICTED = frozenset({"organisation.session.use", "organisation.me.read"})
"""What is left to somebody who has to set a password first."""


class SignInRefused(NotSignedIn):
    """The same for an unknown login, a wrong password and a person who has left."""

    code = "sign_in_refused"
    title = Text("登录失败", "Sign-in refused")
    detail = Text("用户名或密码错误。", "Login or password is wrong.")


class SignInLocked(RateLimited):
    """Member: `retry_after` in seconds."""

    code = "sign_in_locked"
    title = Text("登录已锁定", "Sign-in is locked")
    detail = Text(
        "失败次数过多，请在 {retry_after} 秒后重试。", "Too many failures; try again in {retry_after} seconds."
    )


class NoAppointment(Forbidden):
    code = "no_appointment"
    title = Text("没有有效任职", "No appointment in force")
    detail = Text(
        "您今天没有有效的任职，请联系安全管理员。", "You hold no position today; ask the security administrator."
    )


class PasswordUnsuitable(Refused):
    """The faults say every rule that the new password breaks."""

    code = "password_unsuitable"
    title = Text("密码不符合要求", "The password is not suitable")
    detail = Text("新密码不符合要求，详见 errors。", "The new password breaks a rule; see errors.")


class ClientAssertionInvalid(NotSignedIn):
    """The same for an unknown machine, a wrong key, another audience, an expired or a repeated assertion."""

    code = "client_assertion_invalid"
    title = Text("客户端断言无效", "The client assertion is not valid")
    detail = Text("客户端断言无效、过期或已被使用。", "The client assertion is invalid, expired or was used before.")


class MachineHasNoPassword(Refused):
    code = "machine_has_no_password"
    title = Text("系统账户不使用密码", "A machine has no password")
    detail = Text("系统账户以登记的密钥登录。", "A machine signs in with a registered key.")


class TooManyKeys(Conflict):
    code = "too_many_keys"
    title = Text("已登记两把密钥", "Two keys are registered")
    detail = Text("请先撤销一把旧密钥。", "Revoke one of the two keys first.")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in: failed, or still under way."""

    at: datetime
    failed: bool


def refuse_locked(attempts: Sequence[Attempt], now: datetime, failures: int, window: timedelta, spare: int = 0) -> None:
    """`failures` failures within `window` lock until the first of them is older than that; attempts under way count
    too, so that nobody gets more guesses by asking at once (`spare` more are let through). Raises `SignInLocked`.
    """
    failed = sorted(one.at for one in attempts if one.failed and one.at > now - window)
    if len(failed) >= failures:
        until = failed[-failures] + window
        raise SignInLocked(retry_after=max(1, int((until - now).total_seconds()) + 1))
    under_way = sum(1 for one in attempts if not one.failed and one.at > now - UNDER_WAY)
    if len(failed) + under_way >= failures + spare:
        raise SignInLocked(retry_after=1)


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Length, classes of signs and age in days (0: any age) that the network's protection grade asks for."""

    min_length: int = 10
    classes: int = 3
    max_days: int = 90
    max_length: int = 128

    def expired(self, set_at: datetime | None, now: datetime) -> bool:
        """Whether a password set at `set_at` is too old to be used for anything but setting a new one."""
        return set_at is not None and self.max_days > 0 and now - set_at > timedelta(days=self.max_days)


def check_password(policy: PasswordPolicy, password: str, login: str) -> None:
    """Raises `PasswordUnsuitable` with every rule broken."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda sign: not sign.isalnum())
    classes = sum(1 for is_kind in kinds if any(is_kind(sign) for sign in password))
    length = f"{policy.min_length}–{policy.max_length}"
    broken = {
        "password_length": not policy.min_length <= len(password) <= policy.max_length,
        "password_classes": classes < policy.classes,
        "password_contains_login": login.lower() in password.lower(),
    }
    words = {
        "password_length": Text(f"长度须为 {length} 个字符。", f"It has {length} characters."),
        "password_classes": Text(
            f"须含大写、小写、数字、符号中的 {policy.classes} 类。",
            f"It mixes {policy.classes} of lower case, upper case, digits and other signs.",
        ),
        "password_contains_login": Text("不得包含用户名。", "It does not contain the login."),
    }
    faults = [Fault(code, words[code], pointer="#/new_password") for code, is_broken in broken.items() if is_broken]
    if faults:
        raise PasswordUnsuitable(*faults)


def refuse_same_password(same: bool) -> None:
    """Raises `PasswordUnsuitable` where the new password is the present one."""
    if same:
        words = Text("新密码不能与当前密码相同。", "It is not the present password.")
        raise PasswordUnsuitable(Fault("password_unchanged", words, pointer="#/new_password"))


def refuse_without_step_up(level: str, authenticated_at: datetime, now: datetime) -> None:
    """From the central branch upward an act of weight wants the password of the last 5 minutes.

    Raises `StepUpRequired` with `max_age`.
    """
    if rank(level) >= rank(STEP_UP_FROM) and (now - authenticated_at).total_seconds() > STEP_UP_S:
        raise StepUpRequired(max_age=STEP_UP_S)


@dataclass(frozen=True, slots=True)
class Post:
    """An appointment with its unit."""

    id: UUID
    position: str
    unit_code: str
    unit_name: str
    level: str
    kind: str
    path: str
    from_on: date
    to_on: date | None

    def in_force(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or day < self.to_on)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """Who somebody is and what he holds, now and later."""

    id: UUID
    staff_no: str
    name: str
    kind: str
    active: bool
    epoch: int
    posts: tuple[Post, ...]

    def post(self, appointment_id: UUID, now: datetime) -> Post | None:
        """The appointment if it is this person's and in force."""
        return next((one for one in self.posts_on(now) if one.id == appointment_id), None)

    def posts_on(self, now: datetime) -> tuple[Post, ...]:
        """What is held on the legal day of `now`, the earliest first."""
        return tuple(one for one in self.posts if one.in_force(legal_day(now)))

    def first_post(self, now: datetime) -> Post:
        """Where somebody begins who has not chosen. Raises `NoAppointment`."""
        held = self.posts_on(now)
        if not held:
            raise NoAppointment()
        return held[0]


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One sign-in. `generation` counts switches: a token of an earlier one no longer works."""

    id: UUID
    person_id: UUID
    appointment_id: UUID
    generation: int
    authenticated_at: datetime
    must_set_password: bool
    expires_at: datetime
    ended: bool


def actor_of(
    person: PersonFacts, post: Post, matrix: Matrix, table: AuthorityTable | None, request_id: UUID, *,
    restricted: bool = False, source: str | None = None,
) -> Actor:  # fmt: skip
    """The caller with the permissions of the position at that unit and the limits of the table in force."""
    held = matrix.permissions_of(post.position, post.level, post.kind)
    return Actor(
        person_id=person.id,
        staff_no=person.staff_no,
        appointment_id=post.id,
        position=post.position,
        unit_code=post.unit_code,
        level=post.level,
        unit_kind=post.kind,
        scope=post.path,
        permissions=held & RESTRICTED if restricted else held,
        limits=() if table is None else caller_limits(table, post.position, post.level, post.kind),
        table_version=None if table is None else table.version,
        request_id=request_id,
        source=source,
    )
