"""The demonstration played through the gateway, by the people of the story: `python -m embedded demo`."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from embedded.client import Gateway, Refused
from embedded.demo import accident, approval, complaint, inspection, liability, policies, return_visit, settlement
from embedded.demo.cast import Cast
from embedded.demo.clock import StoryClock
from embedded.demo.stage import Stage, StoryBroken
from embedded.home import Home
from embedded.screen import say


class PlayedAlready(RuntimeError):
    """Somebody else plays the story on this installation at this moment: both would move one clock."""


def play(before_step: Callable[[int], None] = lambda _step: None) -> int:
    """Play the whole story against the running system; the exit code of the command.

    `before_step` is called with the number of each request before it is sent.
    """
    from embedded.start import running

    home, began = Home.chosen(), time.monotonic()
    try:
        now = running(home)
        with _alone(home):
            cast = Cast(home, Gateway(now["url"]), now["password"])
            stage = Stage(secrets.token_hex(4).upper(), cast, StoryClock(home.clock_file), before_step)
            try:
                say(f"Run {stage.run} at {now['url']}, {stage.clock.now:%Y-%m-%d %H:%M} Asia/Shanghai.")
                _story(stage)
            finally:
                cast.close()
    except (FileNotFoundError, PlayedAlready) as refusal:
        say(str(refusal))
        return 1
    except (StoryBroken, Refused) as broken:
        say(f"\n✘ The story broke off: {broken}")
        return 1
    _summary(stage, time.monotonic() - began)
    return 0


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold the clock for the length of the story. Raises `PlayedAlready`."""
    descriptor = os.open(home.path / "demo.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise PlayedAlready("The story is being played here already.") from None
    finally:
        os.close(descriptor)


def _story(stage: Stage) -> None:
    say("\nThe core system sends what it has issued.")
    sent = policies.send(stage)
    public_unit, accident_unit = sent.public["unit_code"], sent.accident["unit_code"]
    stage.later(2, 40)
    public_claim = liability.report(stage, sent)
    accident_claim = accident.report(stage, sent)
    liability.dispatch(stage, public_claim, public_unit)
    stage.later(9, 0)
    liability.survey_and_register(stage, public_claim, public_unit)
    sheet = accident.register_and_calculate(stage, accident_claim, sent)
    accident.decide_and_pay(stage, accident_claim, sent, sheet)
    inspection.visit(stage, sent)
    stage.later(14, 0)
    liability.collect_papers(stage, public_claim, public_unit)
    public_sheet = liability.calculate(stage, public_claim, public_unit)
    approval.approve(stage, public_claim, public_unit, public_sheet)
    _settle(stage, public_claim, public_unit, public_sheet)
    inspection.hazard_at_next_report(stage, sent)
    return_visit.ask(stage, accident_claim, accident_unit)
    complaint.complain(stage, public_claim, public_unit)
    _stranger(stage, public_claim)


def _settle(stage: Stage, claim_id: str, unit: str, sheet: dict) -> None:
    """The third parties and the law firm are paid themselves, by the cashier and by the core system in turn."""
    settlement.agree_and_tell(stage, claim_id, unit)
    settlement.refuse_insured(stage, claim_id, unit, sheet["payable_amount"])
    names = {"A": liability.FIRST, "B": liability.SECOND, "C": liability.SHOP}
    payees = [
        settlement.Payee("third_party", names[one["ref"]], one["amount"], "third_party", one["ref"])
        for one in sheet["claimants"]
    ]
    payees.append(settlement.Payee("expense_creditor", liability.LAW_FIRM, sheet["expense_amount"], "creditor"))
    cashier = stage.cast.who("cashier", stage.cast.units.central_branches[0])
    settlement.pay(stage, claim_id, unit, payees, [cashier, stage.cast.core])
    settlement.close_and_bind(stage, claim_id, unit)


def _stranger(stage: Stage, claim_id: str) -> None:
    """A colleague of the sub-branch next door does not even learn that there is such a claim."""
    neighbour = stage.cast.who("service_agent", stage.cast.units.sub_branches[1])
    stage.refused(
        neighbour, "looks for the claim of the sub-branch next door", f"/v1/claims/{claim_id}", method="GET",
        status=404, code="not_found",
    )  # fmt: skip


def _summary(stage: Stage, seconds: float) -> None:
    count = stage.count
    say(f"\n✔ The story is played: {count.steps} requests, {count.refusals} of them refused as they must be,")
    say(f"  {count.waits} effects of events waited for, {seconds:.0f} s.")
    for kind, number in count.numbers:
        say(f"  {kind:<26}{number}")
