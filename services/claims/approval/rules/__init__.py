"""Who must act on a claim, and what each act leads to; `decide` is the only way to the next step."""

from services.claims.approval.rules.outcomes import outcome_of
from services.claims.approval.rules.raising import raised
from services.claims.approval.rules.refusals import (
    AmountDiffers,
    ClausesRequired,
    ExclusionNotAcknowledged,
    ExGratiaForFraud,
    ExGratiaOverShare,
    LateNoticeIsNoGround,
    LossesStayPayable,
    NoHigherLevel,
    ReasonCodeRequired,
    RescissionRequired,
    SheetSuperseded,
    StepAlreadySigned,
)
from services.claims.approval.rules.steps import (
    APPROVER_BEFORE,
    Facts,
    Sheet,
    StepDone,
    StepTaken,
    decide,
    next_act,
    refuse_actor,
    refuse_without_reason,
    required_chain,
    standing_of,
    status_of,
)
from services.claims.approval.rules.triggers import Trigger, Triggers, check_ex_gratia
from shared.approval_chain import BelowRequiredLevel, OutcomeDiffers, WrongStep

__all__ = [
    "APPROVER_BEFORE",
    "AmountDiffers",
    "BelowRequiredLevel",
    "ClausesRequired",
    "ExGratiaForFraud",
    "ExGratiaOverShare",
    "ExclusionNotAcknowledged",
    "Facts",
    "LateNoticeIsNoGround",
    "LossesStayPayable",
    "NoHigherLevel",
    "OutcomeDiffers",
    "ReasonCodeRequired",
    "RescissionRequired",
    "Sheet",
    "SheetSuperseded",
    "StepAlreadySigned",
    "StepDone",
    "StepTaken",
    "Trigger",
    "Triggers",
    "WrongStep",
    "check_ex_gratia",
    "decide",
    "next_act",
    "outcome_of",
    "raised",
    "refuse_actor",
    "refuse_without_reason",
    "required_chain",
    "standing_of",
    "status_of",
]
