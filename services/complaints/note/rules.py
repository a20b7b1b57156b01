"""Who may be mentioned in a note. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from shared.authority import covers
from shared.errors import Fault, Text, ValidationFailed


def check_mentions(
    mentioned: Sequence[UUID], paths: Mapping[UUID, Collection[str]], org_path: str, kept_out: Collection[UUID]
) -> None:
    """Refuse (422) mentioning somebody at no unit that has the complaint, or who must stay out of it.

    Both get one code: a mention is no way to find out who stays out. `paths`: of each person's appointments.
    """
    text = Text("该人员不能查看此投诉。", "This person may not see the complaint.")
    faults = [
        Fault("mention_not_possible", text, pointer=f"#/mentions/{n}")
        for n, one in enumerate(mentioned)
        if one in kept_out or not any(covers(org_path, path) for path in paths.get(one, ()))
    ]
    if faults:
        raise ValidationFailed(*faults)
