"""When a finding about a policy counts as put right. Pure."""

from __future__ import annotations

from shared.errors import Conflict, Text


class FindingCorrected(Conflict):
    code = "finding_corrected"
    title = Text("该问题已更正", "It was put right already")
    detail = Text("该回访问题已经更正。", "What the customer said was put right already.")


def may_correct(*, is_open: bool) -> None:
    """Refuse (409) to put right what was put right already."""
    if not is_open:
        raise FindingCorrected()
