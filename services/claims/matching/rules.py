"""Which version of a policy was in force at the loss, and who was on its insured list then.

Cover is judged by the version in force at the moment of the loss, endorsements included. A version that the issuer
made only after the report opens no cover for what was already reported: it is left out, and the claim says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.claims.claim.rules import Flag


class PolicyMatch(StrEnum):
    MATCHED = "matched"
    UNMATCHED = "unmatched"
    NOT_IN_FORCE = "not_in_force"


@dataclass(frozen=True)
class Version:
    """One complete version of a policy as claims keeps it.

    `made_at` is when the issuer made it (not when it arrived here), `effective_at` from when it holds; the period
    [starts_at, ends_at) is the contract's, `ended_at` an earlier end by cancellation or rescission.
    """

    policy_id: UUID
    number: int
    made_at: datetime
    effective_at: datetime
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    status: str = "in_force"

    def in_force_at(self, moment: datetime) -> bool:
        """Whether cover ran at `moment`: ends are exclusive, so the last day ends at 24:00."""
        return self.starts_at <= moment < self.ends_at and (self.ended_at is None or moment < self.ended_at)


@dataclass(frozen=True)
class Match:
    """What was found: the policy is named whenever it is known, the version whenever one can be shown."""

    policy_match: PolicyMatch
    policy_id: UUID | None
    policy_version: int | None
    flags: tuple[Flag, ...]


def version_at(versions: Iterable[Version], moment: datetime) -> Version | None:
    """The version that holds at `moment`: the highest number among those effective by then, whatever came in first."""
    effective = [version for version in versions if version.effective_at <= moment]
    return max(effective, key=lambda version: version.number, default=None)


def match(versions: Sequence[Version], loss_at: datetime, notified_at: datetime) -> Match:
    """Match a loss to a policy by all versions known of it; none known is `unmatched`.

    `not_in_force` still names the policy, with the version a person should look at.
    """
    if not versions:
        return Match(PolicyMatch.UNMATCHED, None, None, (Flag.UNMATCHED,))
    known = [version for version in versions if version.made_at <= notified_at]
    chosen = version_at(known, loss_at)
    flags = []
    if version_at(versions, loss_at) is not chosen:
        flags.append(Flag.CHANGED_AFTER_REPORT)
    if chosen is not None and chosen.status == "rescinded":
        flags.append(Flag.RESCINDED)
    if chosen is not None and chosen.in_force_at(loss_at):
        return Match(PolicyMatch.MATCHED, chosen.policy_id, chosen.number, tuple(flags))
    shown = chosen or max(versions, key=lambda version: version.number)
    why = _why_not(shown, loss_at)
    return Match(
        PolicyMatch.NOT_IN_FORCE,
        shown.policy_id,
        shown.number if shown in known else None,
        (Flag.NOT_IN_FORCE, *why, *flags),
    )


def _why_not(version: Version, loss_at: datetime) -> list[Flag]:
    if loss_at < version.starts_at:
        return [Flag.LOSS_BEFORE_PERIOD]
    if loss_at >= version.ends_at:
        return [Flag.LOSS_AFTER_PERIOD]
    if version.ended_at is not None and loss_at >= version.ended_at:
        return [Flag.COVER_ENDED_BEFORE_LOSS]
    return []


@dataclass(frozen=True)
class ListEntry:
    """One insured person on a version's list: digest of the id number, covered in [covered_from, covered_to)."""

    insured_ref: str
    id_digest: str | None
    covered_from: date
    covered_to: date


@dataclass(frozen=True)
class Injured:
    """An injured person as reported, by reference to the list or by digest of the id number."""

    insured_ref: str | None = None
    id_digest: str | None = None


def find_on_list(entries: Iterable[ListEntry], person: Injured, loss_on: date) -> ListEntry | None:
    """The entry that covered this person on `loss_on`; the reference goes before the digest."""
    valid = [entry for entry in entries if entry.covered_from <= loss_on < entry.covered_to]
    for wanted, of in ((person.insured_ref, "insured_ref"), (person.id_digest, "id_digest")):
        if wanted:
            for entry in valid:
                if getattr(entry, of) == wanted:
                    return entry
    return None


def list_flags(entries: Collection[ListEntry], injured: Iterable[Injured], loss_on: date) -> tuple[Flag, ...]:
    """`insured_not_listed` if somebody who can be told apart was not insured that day; an empty list proves nothing."""
    if not entries:
        return ()
    missing = any(
        (person.insured_ref or person.id_digest) and find_on_list(entries, person, loss_on) is None
        for person in injured
    )
    return (Flag.INSURED_NOT_LISTED,) if missing else ()


@dataclass(frozen=True)
class PremiumWindow:
    """A premium taken before the application was decided; `decided_at` is absent while it is open."""

    received_at: datetime
    decided_at: datetime | None = None


def premium_flags(windows: Iterable[PremiumWindow], loss_at: datetime) -> tuple[Flag, ...]:
    """Flag a loss between premium and decision: cover may be owed if the risk was insurable (保险法解释二 art. 4)."""
    inside = any(
        window.received_at <= loss_at and (window.decided_at is None or loss_at < window.decided_at)
        for window in windows
    )
    return (Flag.PREMIUM_WITHOUT_DECISION,) if inside else ()
