"""The spine of a complaint: states, registration, owner, recusal and decision.

银行业保险业消费投诉处理管理办法 (2020): a complaint belongs to the branch wherever it came in, nobody with an interest
handles it, and the reply states findings, basis, reasons and what the complainant may do next.
"""

from services.complaints.complaint.rules.decision import (
    DECIDING_LEVELS,
    Decision,
    DecisionBelowBranch,
    Remedy,
    ReplyQuality,
    ReviewAtWrongUnit,
    ReviewBySamePerson,
    check_content,
    check_level,
    check_quality,
    decide,
    decide_review,
)
from services.complaints.complaint.rules.lifecycle import NEXT, ComplaintStatus, advance, check_merge, restarted
from services.complaints.complaint.rules.ownership import HEAD_OFFICE_PATH, Ownership, branch_of, owner
from services.complaints.complaint.rules.recusal import RecusalGround, Recused, recused, refuse_recused
from services.complaints.complaint.rules.registration import (
    Accepted,
    Channel,
    PaperAlreadyHeld,
    Registration,
    check_papers_asked,
    register,
)

__all__ = [
    "DECIDING_LEVELS",
    "HEAD_OFFICE_PATH",
    "NEXT",
    "Accepted",
    "Channel",
    "ComplaintStatus",
    "Decision",
    "DecisionBelowBranch",
    "Ownership",
    "PaperAlreadyHeld",
    "RecusalGround",
    "Recused",
    "Registration",
    "Remedy",
    "ReplyQuality",
    "ReviewAtWrongUnit",
    "ReviewBySamePerson",
    "advance",
    "branch_of",
    "check_content",
    "check_level",
    "check_merge",
    "check_papers_asked",
    "check_quality",
    "decide",
    "decide_review",
    "owner",
    "recused",
    "refuse_recused",
    "register",
    "restarted",
]
