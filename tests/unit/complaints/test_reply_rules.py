"""Replies, reviews, letters, recusal and figures of complaints."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from services.complaints.cause import rules as cause
from services.complaints.clock.rules import approver
from services.complaints.complaint import rules as complaint
from services.complaints.complaint.rules import ComplaintStatus, Decision, ReplyQuality
from services.complaints.correspondence import rules as letters
from services.complaints.decision import rules as decision
from services.complaints.investigation import rules as investigation
from services.complaints.review import rules as review
from services.complaints.statistics import rules as statistics
from services.complaints.statistics.rules import GroupKey
from shared.clock import SHANGHAI
from shared.errors import (
    Conflict,
    Problem,
    SeparationOfDuties,
    StateConflict,
    ValidationFailed,
)

SETS = Path(__file__).parents[3] / "services/complaints/rule_sets"
NOW = datetime(2026, 5, 11, 9, tzinfo=SHANGHAI)
A, B, C = (UUID(int=n) for n in range(1, 4))


def content(name: str) -> dict:
    return tomllib.loads((SETS / f"{name}.2026-1.toml").read_text("utf-8"))["content"]


def codes(refusal: Problem) -> list[str]:
    return [one.code for one in refusal.faults]


TREE = cause.CauseTree.from_content(content("causes"))
QUALITY = ReplyQuality.from_content(content("reply_quality"))


REPLY = Decision("查勘迟到两日。", "服务规范", "调度有误。", ["review"], "justified")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"findings": "属实"}, "reply_too_short"),
        ({"findings": "同上，详见附件。"}, "reply_says_nothing"),
        ({"remedies": ["litigation"]}, "remedy_required"),
    ],
)
def test_a_reply_is_checked_before_it_is_decided(changes, code):
    complaint.check_quality(REPLY, QUALITY)
    with pytest.raises(ValidationFailed) as refused:
        complaint.check_quality(replace(REPLY, **changes), QUALITY)
    assert codes(refused.value) == [code]


def test_a_telling_is_kept_with_its_proof():
    decision.check_proof(None, "REC-1", [])
    decision.check_proof(A, None, [A])
    for attachment, reference in ((None, None), (None, " "), (A, None)):
        with pytest.raises(decision.NotificationProofRequired):
            decision.check_proof(attachment, reference, [])
    with pytest.raises(decision.NobodyToNotify):
        decision.refuse_lead(True)
    with pytest.raises(decision.CompensationUndecided):
        decision.refuse_undecided_compensation("proposed")
    with pytest.raises(decision.WithdrawnBeforeReceipt):
        decision.refuse_before_receipt(NOW - timedelta(seconds=1), NOW)


def test_new_facts_end_a_longer_period_and_revive_nothing():
    S = ComplaintStatus
    assert complaint.restarted(S.EXTENDED_60) is S.INVESTIGATING
    assert complaint.restarted(S.PAUSED) is S.PAUSED
    for over in (S.DECIDED, S.CLOSED, S.MERGED, S.WITHDRAWN):
        with pytest.raises(StateConflict):
            complaint.restarted(over)


def test_recusal_survives_transfer_and_delegation():
    grounds = complaint.recused(named=[A], underwriters=[B], earlier=[C], superiors={}, reports={})
    assert grounds == {A: "named", B: "underwriter", C: "earlier"}
    for person, behalf in ((A, None), (UUID(int=9), C)):
        with pytest.raises(complaint.Recused):
            complaint.refuse_recused(person, grounds, behalf)


def test_the_last_extension_is_approved_above_and_by_another_person():
    approver.check_approver("00.32", [("00", "complaint_officer")], A, [B])
    approver.check_approver("00", [("00", "department_head")], A, [B])
    with pytest.raises(SeparationOfDuties):
        approver.check_approver("00.32", [("00", "department_head")], A, [B, A])
    for owner, held in (
        ("00.32", [("00.32", "department_head")]),
        ("00", [("00", "complaint_officer")]),
        ("00.32", []),
    ):
        with pytest.raises(approver.ExtensionApproverNotAbove):
            approver.check_approver(owner, held, A, [B])


def test_whoever_had_a_hand_in_the_first_decision_does_not_review_it():
    hands = review.first_hands([("register", A), ("investigate", B)], None, C)
    assert hands == {B, C}
    with pytest.raises(complaint.ReviewBySamePerson):
        review.refuse_earlier_hand(B, hands)
    with pytest.raises(review.NotToldYet):
        review.told_at(None)


def test_each_letter_has_its_time():
    S = ComplaintStatus
    assert letters.may_issue("acceptance", S.REGISTERED, False) == "acceptance"
    for kind, status, lead, refusal in (
        ("reply", S.INVESTIGATING, False, letters.LetterNotDue),
        ("review_reply", S.DECIDED, False, letters.LetterNotDue),
        ("acceptance", S.DECIDED, False, letters.LetterNotDue), ("reply", S.DECIDED, True, letters.NobodyToWriteTo),
        ("poem", S.DECIDED, False, letters.LetterUnknown),
    ):  # fmt: skip
        with pytest.raises(refusal):
            letters.may_issue(kind, status, lead)
    assert set(letters.REMEDIES) == set(complaint.Remedy)


def test_a_step_of_an_investigation_is_whole():
    investigation.check_step("contact", "complainant", [], [])
    for kind, party, files, code in (
        ("contact", None, [], "party_required"), ("evidence", None, [], "evidence_file_required"),
        ("step", None, [A], "attachment_unknown"),
    ):  # fmt: skip
        with pytest.raises(ValidationFailed) as refused:
            investigation.check_step(kind, party, files, [])
        assert codes(refused.value) == [code]


def test_small_numbers_get_no_rank_and_no_policies_no_rate():
    counts = {("2026-05", "a"): 9, ("2026-05", "b"): 5, ("2026-05", "c"): 4, ("2026-06", "a"): 5}
    assert statistics.ranks(counts, 5) == {("2026-05", "a"): 1, ("2026-05", "b"): 2, ("2026-06", "a"): 1}
    assert statistics.per_10_000(3, 12_000) == Decimal("2.50")
    assert statistics.per_10_000(3, 0) is None


def test_causes_of_one_stage_are_added_up():
    rows = [(("2026-05", "survey_late"), 2), (("2026-05", "claim_delay"), 3), (("2026-05", "unheard_of"), 1)]
    stages = {code: node.stage for code, node in TREE.nodes.items()}
    folded = statistics.folded(rows, [GroupKey.STAGE], stages)
    assert folded == {("2026-05", "claims"): 5, ("2026-05", "not_stated"): 1}


def test_assigning_waits_for_the_identity_and_ends_with_the_decision():
    from services.complaints.assignment.rules import refuse_assigning

    refuse_assigning(ComplaintStatus.PAUSED)
    for status in (ComplaintStatus.REGISTERED, ComplaintStatus.DECIDED):
        with pytest.raises(Conflict):
            refuse_assigning(status)
