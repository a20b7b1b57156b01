"""Where the story is played: every request once, every refusal expected, every effect of an event waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from embedded.client import Answer, Caller
from embedded.demo.cast import Cast, label
from embedded.demo.clock import StoryClock
from embedded.screen import say

T = TypeVar("T")
Told = Callable[[Any], str]

BOUND_S = 30.0
"""The longest time in which an event must have its effect."""
_LOOK_EVERY_S = 0.3
_AGAIN = 6
_DONE = (200, 201, 202)


class StoryBroken(RuntimeError):
    """Something else happened than the story says."""


@dataclass
class Count:
    """What was played, for the summary."""

    steps: int = 0
    refusals: int = 0
    waits: int = 0
    numbers: list[tuple[str, str]] = field(default_factory=list)


class Stage:
    """One run of the story. `run` names it; with the number of the step it makes the key of each request."""

    def __init__(self, run: str, cast: Cast, clock: StoryClock, before_step: Callable[[int], None]) -> None:
        self.run, self.cast, self.clock = run, cast, clock
        self.count = Count()
        self._before_step = before_step

    def act(
        self, who: Caller, what: str, path: str, body: Any = None, *, on: str | None = None, told: Told | None = None,
        method: str = "POST", accepts: tuple[str, ...] = (),
    ) -> Any:  # fmt: skip
        """One request that succeeds; its answer. `on`: the record whose version the request states.

        `accepts`: codes of a refusal which says that it was done before; the answer is the problem then.
        Raises `StoryBroken` for any other answer.
        """
        answer = self._send(who, method, path, body, on)
        out = _json(answer)
        ok = answer.status_code in _DONE or out.get("code") in accepts
        self._line(who, what, answer, (told or _state)(out) if ok and answer.is_success else out.get("code", ""), ok)
        return out

    def refused(
        self, who: Caller, what: str, path: str, body: Any = None, *, status: int, code: str, on: str | None = None,
        method: str = "POST",
    ) -> Any:  # fmt: skip
        """One request that must be refused, with this status and code; the problem."""
        answer = self._send(who, method, path, body, on)
        problem = _json(answer)
        as_expected = (answer.status_code, problem.get("code")) == (status, code)
        found = f"{problem.get('code')}  (refused, as it must be)" if as_expected else f"expected {status} {code}"
        self.count.refusals += as_expected
        self._line(who, what, answer, found, as_expected)
        return problem

    def wait(self, who: Caller, what: str, look: Callable[[], T | None], told: Callable[[T], str] = str) -> T:
        """Look again and again until an event elsewhere has had its effect. Raises `StoryBroken` after the bound."""
        began = time.monotonic()
        while (found := look()) is None:
            if time.monotonic() - began > BOUND_S:
                raise StoryBroken(f"not within {BOUND_S:g} s: {what}")
            time.sleep(_LOOK_EVERY_S)
        self.count.waits += 1
        self._say(who, what, "…", f"{told(found)}  (after {time.monotonic() - began:.1f} s)")
        return found

    def read(self, who: Caller, path: str) -> Any:
        """What somebody sees; no step of the story. Raises `Refused`."""
        return who.ask(path)

    def try_out(self, who: Caller, path: str, body: Any) -> Mapping[str, Any]:
        """What a request would answer, refusals included; nothing happens by it."""
        return _json(who.request("POST", f"{path}?dry_run=true", body))

    def number(self, kind: str, number: str) -> None:
        """Keep a number for the summary."""
        self.count.numbers.append((kind, number))

    def must(self, what: str, found: object, expected: object) -> None:
        """Raises `StoryBroken` where a figure is not the expected one."""
        if found != expected:
            raise StoryBroken(f"{what} is {found!r}, expected {expected!r}")

    def later(self, hour: int, minute: int) -> None:
        """Let the clock of all processes go forward to the next time that it shows this hour."""
        ahead = self.clock.forward_to(self.clock.next(hour, minute))
        say(f"\n  ── {self.clock.now:%Y-%m-%d %H:%M} Asia/Shanghai (the clock went forward by {_hours(ahead)})")

    def _send(self, who: Caller, method: str, path: str, body: Any, on: str | None) -> Answer:
        """Send under one key; where somebody else changed the record meanwhile, read it again and send anew."""
        self.count.steps += 1
        self._before_step(self.count.steps)
        key = f"demo-{self.run}-{self.count.steps:03d}"
        attempt = 0
        while True:
            attempt += 1
            version = None if on is None else who.ask(on)["version"]
            answer = self._with_password(who, method, path, body, f"{key}-{attempt}", version)
            if answer.status_code != 412 or attempt == _AGAIN:
                return answer

    @staticmethod
    def _with_password(
        who: Caller, method: str, path: str, body: Any, key: str, version: int | None
    ) -> Answer:  # fmt: skip
        """The password is given again where the act asks for it; the same request follows under the same key."""
        answer = who.request(method, path, body, key=key, version=version)
        if answer.status_code == 401 and _json(answer).get("code") == "step_up_required":
            who.step_up()
            answer = who.request(method, path, body, key=key, version=version)
        return answer

    def _line(self, who: Caller, what: str, answer: Answer, found: str, as_expected: bool) -> None:
        self._say(who, what, str(answer.status_code), found if as_expected else f"✘ {found}")
        if not as_expected:
            raise StoryBroken(f"{answer.request.method} {answer.request.url.path}: {answer.text[:1500]}")

    def _say(self, who: Caller, what: str, status: str, found: str) -> None:
        login, position, unit = label(who)
        say(f"{self.clock.now:%m-%d %H:%M}  {login:<6} {position:<17} {unit:<7}{what:<62} {status:<4}{found}".rstrip())


def _json(answer: Answer) -> dict[str, Any]:
    kind = answer.headers.get("content-type", "")
    return answer.json() if "json" in kind else {}


def _hours(ahead: Any) -> str:
    minutes = round(ahead.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def _state(out: Mapping[str, Any]) -> str:
    """The state of the record that an act changed."""
    for name in ("claim", "inspection", "complaint", "return_visit", "payment", "finding"):
        record = out.get(name)
        if isinstance(record, dict) and "status" in record:
            return f"{name.replace('_', ' ')} {record['status']}"
    return str(out.get("status", ""))
