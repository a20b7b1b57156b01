"""By which channel a customer is told, and what a person may say of a notice that is told by hand."""

from __future__ import annotations

from shared.errors import StateConflict


def channel_for(preferred: str | None, *, phone: bool, email: bool, address: bool) -> str:
    """The channel that he prefers, where there is an address for it; else a short message."""
    wanted = {"phone": phone, "letter": address, "email": email, "sms": phone}
    return preferred if preferred is not None and wanted.get(preferred, False) else "sms"


def may_report(state: str, by_hand: bool) -> None:
    """Refuse (409) a report on what no person tells, or on what was reported."""
    if not by_hand or state != "queued":
        raise StateConflict(current_state=state, legal_moves=[])
