"""Who is let in: lock-out, passwords, the password again, machines, people whom an issuer vouches for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.authority import rank
from shared.errors import (
    Conflict,
    Fault,
    Forbidden,
    NotFound,
    NotSignedIn,
    RateLimited,
    Refused,
    ServiceUnavailable,
    StepUpRequired,
    Text,
)

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
"""What is left to somebody who has to set a password first, and what everybody has who acts for another."""
LONG_AGO = timedelta(days=1)
"""Of whom the issuer does not say when he proved himself, the password is asked for where it matters."""


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


class IdTokenInvalid(NotSignedIn):
    """The same for a bad signature, an unknown key, another issuer or client, an expired or a repeated token."""

    code = "id_token_invalid"
    title = Text("身份令牌无效", "The id token is not valid")
    detail = Text("身份令牌无效、过期或已被使用。", "The id token is invalid, expired or was used before.")


class NoIssuer(Refused):
    code = "no_issuer"
    title = Text("未配置外部身份源", "No issuer outside is set")
    detail = Text("本系统使用内建账户登录。", "People sign in with the accounts kept here.")


class IssuerUnavailable(ServiceUnavailable):
    """The keys of the issuer cannot be read; whoever has a built-in emergency account signs in with that."""

    code = "issuer_unavailable"
    title = Text("外部身份源不可用", "The issuer is not available")
    detail = Text("外部身份源暂时不可用，请稍后重试。", "The issuer outside does not answer; try again shortly.")
    headers = {"Retry-After": "10"}


class NotAMachine(Refused):
    code = "not_a_machine"
    title = Text("只有系统账户登记密钥", "Only a machine has keys")
    detail = Text("该人员不是系统账户。", "This person is no machine.")


class KeyUnsuitable(Refused):
    code = "key_unsuitable"
    title = Text("公钥不符合要求", "The key is not suitable")
    detail = Text("须为 Ed25519 或 P-256 的公钥。", "A public Ed25519 or P-256 key is wanted.")


class KeyTaken(Conflict):
    code = "key_taken"
    title = Text("密钥已登记过", "The key was registered before")
    detail = Text("同一把密钥不能再次登记。", "One key is registered once, for one machine.")


class KeyNotFound(NotFound):
    title = Text("未找到密钥", "No such key")
    detail = Text("没有这把有效密钥。", "The machine has no such key in use.")


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
    kept: int = 5
    """So many former passwords may not come back; 0: none is remembered."""
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


def refuse_former_password(same: bool, former: bool) -> None:
    """Raises `PasswordUnsuitable` where the new password is the present one, or one of those before it."""
    if same:
        words = Text("新密码不能与当前密码相同。", "It is not the present password.")
        raise PasswordUnsuitable(Fault("password_unchanged", words, pointer="#/new_password"))
    if former:
        words = Text("新密码不能与近期用过的密码相同。", "It is not one of the passwords used before.")
        raise PasswordUnsuitable(Fault("password_reused", words, pointer="#/new_password"))


def refuse_without_step_up(level: str, authenticated_at: datetime, now: datetime) -> None:
    """From the central branch upward an act of weight wants the password of the last 5 minutes.

    Raises `StepUpRequired` with `max_age`.
    """
    if rank(level) >= rank(STEP_UP_FROM) and (now - authenticated_at).total_seconds() > STEP_UP_S:
        raise StepUpRequired(max_age=STEP_UP_S)
