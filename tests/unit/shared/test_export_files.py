"""Tables as files: no cell is a formula, numbers stay numbers, the mark stands on both ends."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.export_files import as_csv, as_xlsx, harmless, plain

BAD = "=+-@＝＋－＠|%"


@given(st.text("\t\r\n \u3000", max_size=2), st.sampled_from(BAD), st.text(max_size=5))
def test_whatever_could_begin_a_formula_is_text(before, sign, after):
    assert harmless(before + sign + after) == f"'{before}{sign}{after}"


@pytest.mark.parametrize("text", ["", "张三", "T2026-32-1", "138****5555", "a=b", "0001"])
def test_what_begins_nothing_stays_as_it_is(text):
    assert harmless(text) == text


def test_values_are_told_plainly():
    assert [plain(one) for one in (None, True, False, 3, Decimal("-5.00"), date(2026, 5, 1))] == [
        "", "是", "否", 3, Decimal("-5.00"), "2026-05-01",
    ]  # fmt: skip
    assert plain(datetime(2026, 5, 1, 16, 30, tzinfo=UTC)) == "2026-05-02 00:30:00"


def test_a_negative_amount_stays_a_number_and_a_line_end_stays_in_its_cell():
    written = as_csv(["a", "b"], [[Decimal("-5.00"), "x\ny"]], "mark")
    assert written.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert lines == [["mark"], ["a", "b"], ["-5.00", "x\ny"], ["mark"]]


def test_a_workbook_is_written_for_any_text():
    rows = [["\x00\x0b&<>", "x" * 40_000, Decimal("1.50"), 7]]
    assert as_xlsx(["=a", "b", "c", "d"], rows, "&mark " * 100).startswith(b"PK")
