"""Registration, owner, recusal and decision of complaints."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.complaints.complaint import rules
from services.complaints.complaint.rules import ComplaintStatus, Decision, Ownership, RecusalGround, Registration
from shared.clock import SHANGHAI
from shared.errors import OccurredInFuture, StateConflict, ValidationFailed

SHIPPED = Path(__file__).parents[3] / "services/complaints/rule_sets/registration.2026-2.toml"
MAXIMUM = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["content"]["maximum_representatives"]
NOW = datetime(2026, 5, 11, 9, tzinfo=SHANGHAI)
CALL = Registration("phone", NOW, "refused without a word", reception=True, transfer=True)
NAMED, SELLER, APPROVER, BOSS, JUNIOR, OFFICER = (UUID(int=n) for n in range(1, 7))


def register(**changed):
    return rules.register(replace(CALL, **changed), NOW, maximum_representatives=MAXIMUM)


def test_a_call_is_registered_and_answered():
    accepted = register()
    assert accepted.channel == "phone"
    assert accepted.reply_due


def test_every_channel_of_the_list_is_taken():
    for channel in rules.Channel:
        assert register(channel=str(channel), upload_count=1).channel is channel


@pytest.mark.parametrize("channel", [None, "", "fax"])
def test_a_complaint_without_a_known_channel_is_refused(channel):
    with pytest.raises(ValidationFailed) as refused:
        register(channel=channel)
    assert [fault.code for fault in refused.value.faults] == ["channel_unknown"]


def test_a_letter_comes_with_its_scan():
    with pytest.raises(ValidationFailed) as refused:
        register(channel="letter", content=" ")
    assert [fault.pointer for fault in refused.value.faults] == ["#/content", "#/upload_ids"]
    assert register(channel="letter", upload_count=1)


def test_a_joint_visit_sends_five_representatives_at_most():
    assert register(channel="visit", complainants=40, representatives=5)
    for crowd in ({"representatives": 6}, {"representatives": 0}):
        with pytest.raises(ValidationFailed) as refused:
            register(channel="visit", complainants=40, **crowd)
        assert refused.value.faults[0].code == "too_many_representatives"
    assert register(channel="phone", complainants=40, representatives=6)
    assert register(channel="visit", complainants=1, representatives=6)


def test_an_anonymous_complaint_is_a_lead_without_reply():
    accepted = register(anonymous=True)
    assert accepted.lead
    assert not accepted.reply_due


def test_a_receipt_lies_in_the_past():
    with pytest.raises(OccurredInFuture):
        register(received_at=NOW + timedelta(seconds=1))


def test_nobody_is_asked_for_a_paper_on_file():
    rules.check_papers_asked(["new_invoice"], {"policy"})
    with pytest.raises(rules.PaperAlreadyHeld) as refused:
        rules.check_papers_asked(["new_invoice", "policy"], {"policy"})
    assert refused.value.faults[0].pointer == "#/papers/1"


def owner(*about, taker=None) -> Ownership:
    return rules.owner(about_paths=about, taker_path=taker)


def test_a_complaint_belongs_to_the_branch_and_lives_where_it_was_taken_in():
    sub = "00.32.3201.320101"
    assert owner("00.32.3202", None, taker=sub) == Ownership("00.32", sub)
    assert owner(None, "00.32.3202.320201", taker="00.32") == Ownership("00.32", "00.32")


def test_a_foreign_taker_keeps_nothing():
    assert owner("00.32.3201", taker="00.44.4401") == Ownership("00.32", "00.32")
    assert owner("00.32.3201", taker="00.321.32101") == Ownership("00.32", "00.32")
    assert owner("00.32.3201", taker="00") == Ownership("00.32", "00.32")


def test_with_nothing_known_the_takers_branch_and_then_head_office_own_it():
    assert owner(None, None, taker="00.44.4401") == Ownership("00.44", "00.44.4401")
    assert owner(None, taker="00") == Ownership("00", "00")
    assert owner() == Ownership("00", "00")


def grounds() -> dict[UUID, RecusalGround]:
    return rules.recused(
        named=[NAMED],
        claim_duties=[APPROVER, NAMED],
        sellers=[SELLER],
        superiors={NAMED: [BOSS], SELLER: [BOSS, NAMED]},
        reports={NAMED: [JUNIOR], APPROVER: [OFFICER]},
    )


def test_named_staff_duty_holders_seller_their_managers_and_direct_reports_stay_out():
    assert grounds() == {
        NAMED: RecusalGround.NAMED,
        APPROVER: RecusalGround.CLAIM_DUTY,
        SELLER: RecusalGround.SELLER,
        BOSS: RecusalGround.SUPERIOR,
        JUNIOR: RecusalGround.DIRECT_REPORT,
    }
    rules.refuse_recused(OFFICER, grounds())
    with pytest.raises(rules.Recused) as refused:
        rules.refuse_recused(BOSS, grounds())
    assert (refused.value.status, refused.value.members) == (403, {"ground": "superior"})


COMPLETE = Decision(
    "shop was outside the address", "保险法 art. 24", "clause 7", ["review", "litigation"], "not_upheld"
)


def decide(given=COMPLETE, level="branch", person=OFFICER, current=ComplaintStatus.INVESTIGATING):
    return rules.decide(current, given, level, person, grounds())


def test_the_branch_and_head_office_decide():
    assert decide() is ComplaintStatus.DECIDED
    assert decide(level="head_office", current=ComplaintStatus.EXTENDED_60) is ComplaintStatus.DECIDED
    for level in ("central_branch", "sub_branch"):
        with pytest.raises(rules.DecisionBelowBranch) as refused:
            decide(level=level)
        assert refused.value.status == 403


def test_nobody_decides_about_himself_or_before_the_investigation():
    with pytest.raises(rules.Recused):
        decide(person=NAMED)
    for status in (ComplaintStatus.ASSIGNED, ComplaintStatus.PAUSED, ComplaintStatus.CLOSED):
        with pytest.raises(StateConflict):
            decide(current=status)


def test_a_reply_says_everything_and_all_gaps_are_told_at_once():
    with pytest.raises(ValidationFailed) as refused:
        decide(Decision("", " ", "", [], ""))
    assert [fault.pointer for fault in refused.value.faults] == [
        *("#/findings", "#/basis", "#/reasons", "#/outcome", "#/remedies")
    ]
    with pytest.raises(ValidationFailed) as refused:
        decide(replace(COMPLETE, remedies=["review", "duel"]))
    assert refused.value.faults[0].pointer == "#/remedies/1"


def review(person=OFFICER, unit="00", earlier=(), current=ComplaintStatus.REVIEW_REQUESTED, owner_path="00.32"):
    return rules.decide_review(current, person, unit, owner_path, earlier, grounds())


def test_a_review_is_decided_above_and_by_others():
    assert review() is ComplaintStatus.REVIEW_DECIDED
    assert review(owner_path="00") is ComplaintStatus.REVIEW_DECIDED
    with pytest.raises(rules.ReviewAtWrongUnit):
        review(unit="00.32")
    with pytest.raises(rules.ReviewBySamePerson):
        review(earlier=[OFFICER])
    with pytest.raises(rules.Recused):
        review(person=JUNIOR)
    with pytest.raises(StateConflict):
        review(current=ComplaintStatus.CLOSED)


def test_a_merge_needs_another_live_complaint():
    one, two = UUID(int=11), UUID(int=12)
    assert rules.check_merge(one, two, _S.REGISTERED, _S.INVESTIGATING) is ComplaintStatus.MERGED
    with pytest.raises(ValidationFailed):
        rules.check_merge(one, one, _S.REGISTERED, _S.REGISTERED)
    for kept in (_S.DECIDED, _S.CLOSED, _S.WITHDRAWN, _S.MERGED):
        with pytest.raises(StateConflict):
            rules.check_merge(one, two, _S.REGISTERED, kept)


_S = ComplaintStatus


def test_every_status_is_reached_and_a_decision_cannot_be_withdrawn():
    assert set(rules.NEXT) == set(ComplaintStatus)
    reached = {to for moves in rules.NEXT.values() for to in moves} | {_S.RECEIVED}
    assert reached == set(ComplaintStatus)
    for status in (_S.DECIDED, _S.NOTIFIED, _S.CLOSED):
        with pytest.raises(StateConflict):
            rules.advance(status, _S.WITHDRAWN)
