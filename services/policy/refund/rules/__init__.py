"""Refunds and additional premium, in yuan, each line rounded and explained. Pure."""

from services.policy.refund.rules.cancellation import Instalment, cancellation
from services.policy.refund.rules.change import HeadChange, head_change, period_change, premium_change
from services.policy.refund.rules.figures import Figures, FiguresMissing
from services.policy.refund.rules.lines import Computation, Part, Term, days_elapsed, days_left

__all__ = [
    "Computation",
    "Figures",
    "FiguresMissing",
    "HeadChange",
    "Instalment",
    "Part",
    "Term",
    "cancellation",
    "days_elapsed",
    "days_left",
    "head_change",
    "period_change",
    "premium_change",
]
