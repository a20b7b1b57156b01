"""Who may be mentioned in a note. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.authority import covers
from shared.errors import Fault, Text, ValidationFailed


def check_mentions(paths: Sequence[Sequence[str]], org_path: str) -> None:
    """Refuse (422) mentioning somebody at no unit that has the policy. `paths`: of each person's appointments."""
    text = Text("该人员不能查看此保单。", "This person may not see the policy.")
    faults = [
        Fault("mention_not_possible", text, pointer=f"#/mentions/{n}")
        for n, held in enumerate(paths)
        if not any(covers(org_path, path) for path in held)
    ]
    if faults:
        raise ValidationFailed(*faults)


def nearest(units: Mapping[str, str], org_path: str) -> str:
    """The unit nearest to the record from which somebody sees it; `units`: path → code of his appointments."""
    return max((path for path in units if covers(org_path, path)), key=len)
