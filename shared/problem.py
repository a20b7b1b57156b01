"""What a refusal is: status, code, both texts, members, refused values. The tree of them is `shared/errors.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple


class Text(NamedTuple):
    """One sentence in both languages; `{name}` is replaced by the problem's member of that name."""

    zh: str
    en: str


@dataclass(frozen=True)
class Fault:
    """One refused value: exactly one of `pointer` (into the body), `parameter` (query) and `header` says where."""

    code: str
    detail: Text
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    members: dict[str, Any] = field(default_factory=dict)

    def text(self, language: str, members: Mapping[str, Any]) -> str:
        """The detail in `zh` or `en`, with its own members and those of its problem filled in."""
        return getattr(self.detail, language).format_map(_Shown({**members, **self.members}))


class Problem(Exception):
    """A refusal with its answer. Members are shown to the caller: never personal data."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = ""
    title: ClassVar[Text]
    detail: ClassVar[Text]
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, *faults: Fault, **members: Any) -> None:
        self.faults: Sequence[Fault] = faults
        self.members = members
        super().__init__(self.code)

    def text(self, language: str) -> str:
        """The detail in `zh` or `en`, its members filled in."""
        return getattr(self.detail, language).format_map(_Shown(self.members))

    def response_headers(self) -> dict[str, str]:
        """Header fields that belong to this refusal, such as `Retry-After`."""
        return dict(self.headers)


class _Shown(dict[str, Any]):
    """Members as they read in a sentence; one that is not given stays visible as a gap instead of failing."""

    def __getitem__(self, name: str) -> str:
        value = super().get(name, "…")
        if isinstance(value, Decimal):
            return f"{value:.2f}"
        if isinstance(value, (list, tuple, set, frozenset)):
            return ", ".join(str(one) for one in value)
        return str(value)

    def __missing__(self, name: str) -> str:
        return "…"


def all_problems(root: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every refusal with a code below `root`, as far as its module is imported; the source of the problem catalogue."""
    for kind in root.__subclasses__():
        if kind.code:
            yield kind
        yield from all_problems(kind)
