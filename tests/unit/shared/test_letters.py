"""Letters: what a template and data make, the same page from the same data, and no box for a missing character."""

from __future__ import annotations

from datetime import datetime

import pytest

from shared import letters
from shared.clock import SHANGHAI

AT = datetime(2026, 4, 12, 10, 0, tzinfo=SHANGHAI)
LAYOUT = """
#let letter = json(bytes(sys.inputs.letter))
#set document(title: letter.title)
#set text(font: "Noto Serif SC", lang: "zh")
#letter.title
#for one in letter.paragraphs { par(one) }
"""
TOLD = {"title": "拒绝赔偿通知书", "paragraphs": ["司徒海："]}
TEMPLATE = {
    "title": "通知书 {claim_no}",
    "parts": [
        {"text": "{name}："},
        {"each": "items", "text": "{no}. {title}"},
        {"if": "remark", "text": "说明：{remark}"},
    ],
}


def test_a_template_takes_each_entry_of_a_list_and_only_what_is_there():
    data = {"claim_no": "C2026-32-000001", "name": "司徒海", "items": [{"title": "病历"}, {"title": "发票"}]}
    assert letters.composed(TEMPLATE, data) == {
        "title": "通知书 C2026-32-000001",
        "paragraphs": ["司徒海：", "1. 病历", "2. 发票"],
    }
    assert letters.composed(TEMPLATE, data | {"remark": "请尽快"})["paragraphs"][-1] == "说明：请尽快"


@pytest.mark.parametrize("missing", [None, ""])
def test_a_letter_with_a_gap_is_refused_and_names_it(missing):
    with pytest.raises(letters.LetterDataMissing) as refused:
        letters.composed(TEMPLATE, {"claim_no": "C2026-32-000001", "name": missing})
    assert refused.value.members["field"] == "name"


def test_the_same_data_gives_the_same_page_to_the_byte():
    first, second = (letters.set_page(LAYOUT, TOLD, AT) for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF-")
    assert b"pdfaid" in first


def test_another_word_gives_another_page():
    assert letters.set_page(LAYOUT, TOLD, AT) != letters.set_page(LAYOUT, TOLD | {"paragraphs": ["令狐云："]}, AT)


def test_a_character_that_no_font_has_is_an_error_and_not_a_box():
    with pytest.raises(letters.LetterNotPrintable) as refused:
        letters.set_page(LAYOUT, TOLD | {"paragraphs": ["🀄"]}, AT)
    assert "🀄" in refused.value.members["fault"]


@pytest.mark.parametrize("source", ['#read("/etc/hostname")', '#import "@preview/cetz:0.3.0": canvas', "#nothing"])
def test_a_layout_reads_no_file_and_takes_no_package(source):
    with pytest.raises(letters.LetterNotPrintable):
        letters.set_page(source, TOLD, AT)


def test_what_is_told_of_a_person_is_never_layout():
    told = TOLD | {"paragraphs": ['#read("/etc/hostname") *x* $y$']}
    assert letters.set_page(LAYOUT, told, AT).startswith(b"%PDF-")
