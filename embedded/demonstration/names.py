"""Invented names of persons and organisations.

A name is a point of a fixed grid (surname × two given characters; prefix × two characters of a brand), walked in a
fixed order: neighbours in number are far apart in name, and no name returns before the grid is exhausted. Organisations
bear the mark （演示）, which no registered company bears.
"""

from __future__ import annotations

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
_FIRST = "岚澜砚樵棹霁汀渡屿岫湄沚芷蘅棠槿榆桐柠笙筠箬渔溯沅溪漪潆涟洵"
_SECOND = "舟川禾青白朔望秋夏宁安然知予言之如也初遥野原石木林泉枫晴照岸"
_BRAND = "衡枢域拓恒合序帆桥湾塔栈仓亭阁坊圃畔陌垄廊阶篱檐坞渠陂堰塘矶"
_PREFIXES = ("", "新", "东", "南", "西", "北", "中", "上", "下", "前")

# A prime that divides none of the grids' sizes, so that stepping by it visits every point once.
_STEP = 22_247

MARK = "（演示）"


def person_name(number: int) -> str:
    """The `number`-th invented person (≥ 0), distinct up to 36,000."""
    return surname(number) + given_name(number)


def surname(number: int) -> str:
    """The surname of `person_name(number)`."""
    return _SURNAMES[_point(number, len(_SURNAMES) * len(_FIRST) * len(_SECOND)) % len(_SURNAMES)]


def given_name(number: int) -> str:
    """The given name of `person_name(number)`; relatives take it with another person's surname."""
    rest = _point(number, len(_SURNAMES) * len(_FIRST) * len(_SECOND)) // len(_SURNAMES)
    return _FIRST[rest % len(_FIRST)] + _SECOND[rest // len(_FIRST)]


def organisation_name(number: int, district: str, trade: str) -> str:
    """The `number`-th invented organisation (≥ 0) of a district: 玄武区岚枢商贸有限公司（演示）.

    The brand is distinct up to 9,000 whatever district and trade are.
    """
    cell = len(_FIRST) * len(_BRAND)
    point = _point(number % cell, cell)
    prefix = _PREFIXES[number // cell % len(_PREFIXES)]
    return f"{district}{prefix}{_FIRST[point % len(_FIRST)]}{_BRAND[point // len(_FIRST)]}{trade}{MARK}"


def _point(number: int, size: int) -> int:
    return number * _STEP % size
