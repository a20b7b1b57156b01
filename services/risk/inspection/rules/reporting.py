"""What a report must say, and when a visit may be closed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from services.risk.checklist.rules import Item, Section, answer_faults
from services.risk.inspection.rules.lifecycle import InspectionStatus, advance
from services.risk.inspection.rules.planning import add_months
from shared.errors import Conflict, Fault, OccurredInFuture, Refused, Text, ValidationFailed


@dataclass(frozen=True)
class SectionEntry:
    """What was written in one section; `counts` are facilities and equipment, `none_found` says “no accidents”.

    `answers`: those of the checklist by the code of their item.
    """

    text: str
    counts: Mapping[str, int] | None = None
    none_found: bool = False
    explanation: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)


class ReportWarning(StrEnum):
    """What a report is told without being refused."""

    ACCIDENT_HISTORY_CONTRADICTED = "accident_history_contradicted"


def check_report(
    sections: Mapping[str, SectionEntry],
    *,
    inspected_at: datetime,
    now: datetime,
    claims_on: Iterable[date],
    history_months: int,
    jointly: bool = False,
    participants: Collection[str] = (),
    checklist: Sequence[Item] = (),
) -> list[ReportWarning]:
    """The warnings of a complete report.

    Refuses an inspection in the future (422), and together (422) missing or unknown sections, empty ones, negative
    counts, answers that the checklist does not know or lacks, and a joint visit without participants. “No accidents”
    although a claim lies within `history_months` is a warning until it is explained.
    """
    if inspected_at > now:
        raise OccurredInFuture(Fault(OccurredInFuture.code, OccurredInFuture.detail, pointer="#/inspected_at"))
    faults = list(_section_faults(sections))
    if jointly and not any(name.strip() for name in participants):
        text = Text("联合查勘须写明参加人。", "A joint visit names its participants.")
        faults.append(Fault("participants_required", text, pointer="#/participants"))
    faults += answer_faults(checklist, {name: one.answers for name, one in sections.items()})
    if faults:
        raise ValidationFailed(*faults)
    history = sections[Section.ACCIDENT_HISTORY]
    since = add_months(inspected_at.date(), -history_months)
    contradicted = history.none_found and any(day >= since for day in claims_on)
    return [ReportWarning.ACCIDENT_HISTORY_CONTRADICTED] if contradicted and not history.explanation.strip() else []


def _section_faults(sections: Mapping[str, SectionEntry]) -> Iterable[Fault]:
    for name in Section:
        if name not in sections:
            text = Text("缺少该部分。", "This section is missing.")
            yield Fault("section_missing", text, pointer=f"#/sections/{name}")
        elif not sections[name].text.strip():
            text = Text("该部分没有内容。", "This section is empty.")
            yield Fault("section_empty", text, pointer=f"#/sections/{name}")
    for name, entry in sections.items():
        if name not in set(Section):
            text = Text("没有这一部分。", "There is no such section.")
            yield Fault("section_unknown", text, pointer=f"#/sections/{name}")
        for label, count in (entry.counts or {}).items():
            if count < 0:
                text = Text("数量不能为负。", "A count cannot be negative.")
                yield Fault("count_negative", text, pointer=f"#/sections/{name}/counts/{label}")


class FeedbackRole(StrEnum):
    LEADER = "leader"
    SAFETY_HEAD = "safety_head"


class FeedbackMissing(Conflict):
    """Member: `missing` roles."""

    code = "feedback_missing"
    title = Text("缺少客户意见", "Feedback is missing")
    detail = Text(
        "须征求 {missing} 的意见，或记录其拒绝的原因。",
        "Feedback of {missing} is wanted, or the reason why it was declined.",
    )


def close(
    current: InspectionStatus, feedback: Collection[FeedbackRole], declined: Mapping[FeedbackRole, str]
) -> InspectionStatus:
    """The state of a closed inspection; both persons answered, or the reason of their silence is on record (409)."""
    status = advance(current, InspectionStatus.CLOSED)
    missing = [str(role) for role in FeedbackRole if role not in feedback and not declined.get(role, "").strip()]
    if missing:
        raise FeedbackMissing(missing=missing)
    return status


class FeedbackEmpty(Refused):
    code = "feedback_empty"
    title = Text("须写明意见或拒绝原因", "Feedback or a reason")
    detail = Text("须写明意见，或记录其拒绝的原因。", "Say what was said, or why nothing was.")


def refuse_empty_feedback(text: str | None, declined_reason: str | None) -> None:
    """Refuse (422) feedback without words and without the reason of its absence."""
    if not (text or "").strip() and not (declined_reason or "").strip():
        raise FeedbackEmpty(Fault(FeedbackEmpty.code, FeedbackEmpty.detail, pointer="#/text"))


class ContradictionUnexplained(Conflict):
    code = "contradiction_unexplained"
    title = Text("与出险记录不符，须说明", "Contradicts the claims")
    detail = Text(
        "报告称无事故，但出险记录显示有事故，须先说明原因。",
        "The report says no accidents, the claims say otherwise: explain it first.",
    )


def unexplained(warnings: Collection[str], explanation: str | None) -> bool:
    """Whether the report contradicts the claims and nobody has said why."""
    return ReportWarning.ACCIDENT_HISTORY_CONTRADICTED in warnings and not (explanation or "").strip()
