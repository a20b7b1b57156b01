"""What a question to the directory means: which record of which service, for which duty. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.errors import Fault, InvalidParameter, Text

OWNERS = {
    "claims": "claims",
    "inspections": "risk",
    "complaints": "complaints",
    "return-visits": "crm",
}
"""Collection → the service that owns its records, and judges who may do what on them."""


@dataclass(frozen=True, slots=True)
class Work:
    """A duty on one record: `claims/{id}` and `survey`."""

    service: str
    collection: str
    record_id: UUID
    duty: str


def _refused(parameter: str, zh: str, en: str) -> InvalidParameter:
    return InvalidParameter(Fault("invalid_parameter", Text(zh, en), parameter=parameter))


def work_of(about: str | None, duty: str | None) -> Work | None:
    """What `for` and `duty` name; None where neither is given. Raises `InvalidParameter`."""
    if about is None and duty is None:
        return None
    if about is None or duty is None:
        missing = "for" if about is None else "duty"
        raise _refused(missing, "for 与 duty 须同时给出。", "Give `for` and `duty` together.")
    collection, _, text = about.partition("/")
    if collection not in OWNERS:
        raise _refused("for", "该类记录没有可指派的职责。", f"One of {', '.join(OWNERS)}, then the record's id.")
    try:
        return Work(OWNERS[collection], collection, UUID(text), duty)
    except ValueError:
        raise _refused("for", "须为“记录类别/标识”。", "The collection, a slash and the record's id.") from None


def refuse_unknown_duty() -> InvalidParameter:
    """The refusal of a duty that the owner of the record does not know."""
    return _refused("duty", "该类记录没有此职责。", "Records of this kind have no such duty.")
