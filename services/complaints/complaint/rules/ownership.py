"""Which branch owns a complaint, wherever it came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HEAD_OFFICE_PATH = "00"


@dataclass(frozen=True)
class Ownership:
    """`owner_path` answers for the complaint, `org_path` is where it lives."""

    owner_path: str
    org_path: str


def branch_of(path: str) -> str:
    """The branch an org path lies in, or head office for head office itself: `00.32.3201` → `00.32`."""
    return ".".join(path.split(".")[:2])


def owner(*, about_paths: Iterable[str | None], taker_path: str | None) -> Ownership:
    """Who owns a complaint: the branch of the first known of claim, policy and customer, else of the taker.

    It lives at the unit that took it in if that lies below the owner, otherwise at the owner itself. With nothing
    known, and for a taker at head office, it stays at head office's desk.
    """
    known = next((path for path in about_paths if path), taker_path) or HEAD_OFFICE_PATH
    owner_path = branch_of(known)
    below = taker_path is not None and (taker_path == owner_path or taker_path.startswith(f"{owner_path}."))
    return Ownership(owner_path, taker_path if taker_path is not None and below else owner_path)
