"""Who must act on a claim, and what each act leads to; `decide` is the only way to the next step."""

from services.claims.approval.rules.outcomes import outcome_of
from services.claims.approval.rules.refusals import (
    AmountDiffers,
    ClausesRequired,
    ExclusionNotAcknowledged,
    ExGratiaForFraud,
    ExGratiaOverShare,
    ReasonCodeRequired,
    SheetSuperseded,
)
from services.claims.approval.rules.steps import (
    Facts,
    Sheet,
    StepDone,
    StepTaken,
    decide,
    next_act,
    refuse_actor,
    required_chain,
    standing_of,
    status_of,
)
from services.claims.approval.rules.triggers import Trigger, Triggers, check_ex_gratia
from shared.approval_chain import BelowRequiredLevel, OutcomeDiffers, WrongStep

__all__ = [
    "AmountDiffers",
    "BelowRequiredLevel",
    "ClausesRequired",
    "ExGratiaForFraud",
    "ExGratiaOverShare",
    "ExclusionNotAcknowledged",
    "Facts",
    "OutcomeDiffers",
    "ReasonCodeRequired",
    "Sheet",
    "SheetSuperseded",
    "StepDone",
    "StepTaken",
    "Trigger",
    "Triggers",
    "WrongStep",
    "check_ex_gratia",
    "decide",
    "next_act",
    "outcome_of",
    "refuse_actor",
    "required_chain",
    "standing_of",
    "status_of",
]
