"""Versions: an ETag is the record's version in quotes, and a change of a record needs it in `If-Match`."""

from __future__ import annotations

import re

from shared.errors import IfMatchMissing, VersionStale

_TAG = re.compile(r'"([0-9]{1,9})"')


def etag(version: int) -> str:
    """The strong tag of a record's version: `"7"`."""
    return f'"{version}"'


def expected_version(if_match: str | None) -> int:
    """The version the caller has seen.

    Raises `IfMatchMissing` where there is none or `*`, `VersionStale` for a weak or foreign tag.
    """
    if if_match is None or if_match.strip() in ("", "*"):
        raise IfMatchMissing()
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise VersionStale()
    return int(found.group(1))
