"""Terms to search Chinese by, and which edition holds on which day. Pure.

Chinese has no blanks between words. Every pair of neighbouring characters is a term, and every single character; a
search asks for all pairs of what was typed, which is nearly the phrase itself. It needs no dictionary, no extension of
the database and no language configuration, and an index over the arrays serves it.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from shared.errors import Refused, Text

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_WORD = re.compile(r"[a-z0-9]+(?:[._/-][a-z0-9]+)*")


class ValidityReversed(Refused):
    code = "validity_reversed"
    title = Text("有效期有误", "The validity is reversed")
    detail = Text("有效期止日早于起日。", "It would end before it begins.")


class EditionNotLater(Refused):
    """Member: `valid_from`, of the edition before."""

    code = "edition_not_later"
    title = Text("新版本不晚于现版本", "The edition must begin later")
    detail = Text(
        "新版本须晚于现版本的生效日 {valid_from}。", "A new edition begins after the one before it ({valid_from})."
    )


def terms_of(*texts: str | None) -> list[str]:
    """Every term that the texts can be found by, in order, each once."""
    found: set[str] = set()
    for text in texts:
        plain = _plain(text or "")
        for run in _CHINESE.findall(plain):
            found.update(run)
            found.update(run[n : n + 2] for n in range(len(run) - 1))
        found.update(_WORD.findall(plain))
    return sorted(found)


def terms_asked(text: str) -> list[str]:
    """The terms that something must have to be found by `text`; a single character only where it stands alone."""
    plain, found = _plain(text), set[str]()
    for run in _CHINESE.findall(plain):
        found.update([run] if len(run) == 1 else [run[n : n + 2] for n in range(len(run) - 1)])
    return sorted(found | set(_WORD.findall(plain)))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def check_validity(valid_from: date, valid_to: date | None) -> None:
    """Refuse (422) a validity that ends before it begins."""
    if valid_to is not None and valid_to < valid_from:
        raise ValidityReversed()


def check_edition(valid_from: date, before: date) -> None:
    """Refuse (422) an edition that does not begin after the one before it."""
    if valid_from <= before:
        raise EditionNotLater(valid_from=before.isoformat())
