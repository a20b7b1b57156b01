"""How the story is played: keys, versions, expected refusals, bounded waiting; its clock and its policies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from embedded.demo import policies, stage
from embedded.demo.clock import StoryClock
from embedded.demo.stage import Stage, StoryBroken
from embedded.demonstration.contract import months_after
from shared.clock import process_now

DONE = (201, {"claim": {"status": "registered", "version": 2}})
CHANGED = (412, {"code": "precondition_failed"})
EXCEEDED = (403, {"code": "authority_exceeded"})


class Somebody:
    """Answers one after the other; remembers what was sent."""

    login, position, unit = "s0001", "adjuster", "320102"

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self.answers, self.sent, self.passwords, self.version = list(answers), [], 0, 0

    def ask(self, _path: str) -> dict[str, Any]:
        self.version += 1
        return {"version": self.version}

    def step_up(self) -> None:
        self.passwords += 1

    def request(self, method: str, path: str, body: Any = None, *, key: str, version: int | None) -> httpx.Response:
        self.sent.append((key, version, body))
        status, told = self.answers.pop(0)
        return httpx.Response(status, json=told, request=httpx.Request(method, f"http://gateway{path}"))


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoryClock:
    monkeypatch.setenv("ANLAN_CLOCK_FILE", "")
    return StoryClock(tmp_path / "clock")


@pytest.fixture
def played(clock: StoryClock) -> Callable[..., Stage]:
    def make(before: Callable[[int], None] = lambda _step: None) -> Stage:
        return Stage("RUN", None, clock, before)  # type: ignore[arg-type]

    return make


def test_each_step_has_a_key_of_its_own_made_of_run_and_number(played: Callable[..., Stage]) -> None:
    seen: list[int] = []
    on, who = played(seen.append), Somebody(DONE, DONE)
    on.act(who, "registers", "/v1/x", {})
    on.act(who, "registers", "/v1/x", {})
    assert [key for key, *_ in who.sent] == ["demo-RUN-001-1", "demo-RUN-002-1"]
    assert (seen, on.count.steps, on.count.refusals) == ([1, 2], 2, 0)


def test_a_record_changed_meanwhile_is_read_again_and_the_act_sent_anew(played: Callable[..., Stage]) -> None:
    who = Somebody(CHANGED, CHANGED, DONE)
    played().act(who, "registers", "/v1/x", {}, on="/v1/claims/1")
    assert [(key, version) for key, version, _ in who.sent] == [(f"demo-RUN-001-{n}", n) for n in (1, 2, 3)]


def test_an_act_that_wants_the_password_is_repeated_under_the_same_key(played: Callable[..., Stage]) -> None:
    who = Somebody((401, {"code": "step_up_required"}), DONE)
    played().act(who, "decides", "/v1/x", {})
    assert who.passwords == 1
    assert {key for key, *_ in who.sent} == {"demo-RUN-001-1"}


def test_an_unexpected_answer_breaks_the_story(played: Callable[..., Stage]) -> None:
    with pytest.raises(StoryBroken, match="authority_exceeded"):
        played().act(Somebody(EXCEEDED), "decides", "/v1/x", {})


def test_an_expected_refusal_is_counted_and_any_other_answer_breaks_the_story(played: Callable[..., Stage]) -> None:
    on = played()
    on.refused(Somebody(EXCEEDED), "decides", "/v1/x", {}, status=403, code="authority_exceeded")
    assert on.count.refusals == 1
    for answer in (DONE, (403, {"code": "separation_of_duties"})):
        with pytest.raises(StoryBroken):
            on.refused(Somebody(answer), "decides", "/v1/x", {}, status=403, code="authority_exceeded")
    assert on.count.refusals == 1


def test_a_refusal_that_says_it_was_done_before_is_no_break(played: Callable[..., Stage]) -> None:
    who = Somebody((409, {"code": "appointment_ended"}))
    played().act(who, "ends", "/v1/x", accepts=("appointment_ended",), method="DELETE")


def test_waiting_has_an_end(played: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "_LOOK_EVERY_S", 0.001)
    found = iter([None, None, "here"])
    assert played().wait(Somebody(), "waits", lambda: next(found)) == "here"
    monkeypatch.setattr(stage, "BOUND_S", 0.01)
    with pytest.raises(StoryBroken, match="not within"):
        played().wait(Somebody(), "waits", lambda: None)


def test_the_clock_goes_forward_and_never_back(clock: StoryClock) -> None:
    night = clock.next(2, 40)
    assert timedelta() < night - clock.now <= timedelta(days=1)
    clock.forward_to(night)
    assert abs(clock.now - night) < timedelta(seconds=5)
    assert clock.forward_to(night - timedelta(hours=3)) == timedelta()
    assert process_now() >= night
    following = clock.next(2, 40)
    assert (following - night, (following.hour, following.minute)) == (timedelta(days=1), (2, 40))


@pytest.mark.parametrize("days", range(0, 365, 5))
def test_the_first_visit_of_a_run_is_announced_in_its_night(days: int) -> None:
    night = date(2026, 11, 25) + timedelta(days=days)
    safety = policies.of_run("RUN", night).safety
    due = months_after(date.fromisoformat(safety["starts_at"][:10]), 3)
    # a month that is too short may bring it a little earlier, never later and never into the past
    assert night + timedelta(days=12) <= due <= night + timedelta(days=15)
    assert safety["issued_on"] < night.isoformat() < safety["ends_at"][:10]


def test_every_run_has_policies_of_its_own_with_the_terms_of_the_story() -> None:
    one, other = (policies.of_run(run, date(2026, 11, 25)) for run in ("AAAA", "BBBB"))
    for mine, theirs in zip(one, other, strict=True):
        assert mine["policy_no"].endswith("-32-AAAA")
        assert mine["change"]["no"] == mine["policy_no"]
        assert mine["cover"] == theirs["cover"]
        assert mine["policy_no"] != theirs["policy_no"]
