"""The insurer's answer: what lifts it, what it offers, who gives it. Pure."""

from services.policy.underwriting.rules.lift import Lift, Risk, Trigger, lift, loss_ratio
from services.policy.underwriting.rules.steps import (
    DECIDED_IN,
    LADDERS,
    AmountDiffers,
    Basis,
    Given,
    Taken,
    accepts,
    may_act,
    moves,
    offered_amount,
    take,
)
from services.policy.underwriting.rules.terms import (
    ACCEPTING,
    OUTCOMES,
    WITH_TERMS,
    Agreement,
    AgreementNotAcknowledged,
    Answer,
    CancellationNotDeclined,
    MaterialAnswersUnanswered,
    Offered,
    check_offer,
    refuse_ignored,
    refuse_unconfirmed,
    refuse_unreasoned,
)

__all__ = [
    "ACCEPTING", "DECIDED_IN", "LADDERS", "OUTCOMES", "WITH_TERMS", "Agreement", "AgreementNotAcknowledged",
    "AmountDiffers", "Answer", "Basis", "CancellationNotDeclined", "Given", "Lift", "MaterialAnswersUnanswered",
    "Offered", "Risk", "Taken", "Trigger", "accepts", "check_offer", "lift", "loss_ratio", "may_act", "moves",
    "offered_amount", "refuse_ignored", "refuse_unconfirmed", "refuse_unreasoned", "take",
]  # fmt: skip
