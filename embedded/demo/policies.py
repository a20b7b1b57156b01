"""What the core system sends before the night: the customers, the story policies, and policies of this run alone.

Every run has policies of its own with the terms of the story policies, so limits and accidents of earlier runs never
count, and the story can be played as often as one likes.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from embedded.demo.stage import Stage
from embedded.demonstration.contract import months_after
from embedded.demonstration.customers import STORY_CUSTOMERS, customers
from embedded.demonstration.story import story_policies
from shared.clock import legal_day

_PUBLIC, _ACCIDENT, _SAFETY = 0, 3, 4
_CYCLE_MONTHS, _NOTICE_DAYS = 3, 15


class Policies(NamedTuple):
    """The policies of one run, as they were sent."""

    public: dict[str, Any]
    accident: dict[str, Any]
    safety: dict[str, Any]


def send(stage: Stage) -> Policies:
    """Customers and story policies where they are missing, then the policies of this run, for the coming night."""
    night = legal_day(stage.clock.next(2, 40))
    for one in customers(STORY_CUSTOMERS):
        body = {name: value for name, value in one.items() if name != "core_no"}
        _put(stage, f"sends customer {one['core_no']}", f"/v1/core/customers/{one['core_no']}", body)
    head = stage.cast.who("department_head", stage.cast.units.branch)
    for one in story_policies(legal_day(stage.clock.now)):
        if not stage.read(head, f"/v1/policies?policy_no={one['policy_no']}")["items"]:
            _send(stage, one)
    sent = of_run(stage.run, night)
    for one in sent:
        _send(stage, one)
        stage.number("policy", one["policy_no"])
    return sent


def of_run(run: str, night: date) -> Policies:
    """Terms of the story policies under numbers of this run. The first visit of the work-safety policy falls due 15
    days after `night`: that night it is announced.
    """
    plain = story_policies(night)
    begun = date.fromisoformat(plain[_SAFETY]["starts_at"][:10])
    first_visit = night + timedelta(days=_NOTICE_DAYS)
    moved = months_after(first_visit, -_CYCLE_MONTHS) - begun
    safety = story_policies(night + moved)[_SAFETY]
    return Policies(*(_renumbered(one, run) for one in (plain[_PUBLIC], plain[_ACCIDENT], safety)))


def _renumbered(body: dict[str, Any], run: str) -> dict[str, Any]:
    number = f"{body['policy_no'].rpartition('-')[0]}-{run}"
    return body | {"policy_no": number, "change": body["change"] | {"no": number}}


def _send(stage: Stage, one: dict[str, Any]) -> None:
    number = one["policy_no"]
    body = {name: value for name, value in one.items() if name != "policy_no"}
    _put(stage, f"sends policy {number}, {one['product']}", f"/v1/core/policies/{number}", body)


def _put(stage: Stage, what: str, path: str, body: dict[str, Any]) -> None:
    stage.act(stage.cast.core, what, path, body, method="PUT", told=lambda out: out["applied"])
