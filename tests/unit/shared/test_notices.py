"""Notices: quiet hours, what stands in the way, and the two ways out."""

from __future__ import annotations

import json
import smtplib
from datetime import datetime
from types import SimpleNamespace

import pytest

from shared import notices
from shared.clock import SHANGHAI

QUIET = {"from": "21:00", "to": "08:00"}
ROW = {
    "id": "0198", "channel": "email", "address": "a@b.example", "subject": "理赔进度", "body": "已受理",
    "created_at": datetime(2026, 4, 18, 2, 45, tzinfo=SHANGHAI), "tries": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-04-18T02:40", "2026-04-18T08:00"),
        ("2026-04-18T07:59", "2026-04-18T08:00"),
        ("2026-04-18T08:00", "2026-04-18T08:00"),
        ("2026-04-18T20:59", "2026-04-18T20:59"),
        ("2026-04-18T21:00", "2026-04-19T08:00"),
    ],
)
def test_what_is_not_urgent_waits_for_the_morning(now, leaves):
    at, expected = (datetime.fromisoformat(one).replace(tzinfo=SHANGHAI) for one in (now, leaves))
    assert notices.after_quiet_hours(at, QUIET) == expected
    assert notices.after_quiet_hours(at, {}) == at


@pytest.mark.parametrize(
    ("template", "channel", "address", "facts", "reason"),
    [
        ({"text": "{a}"}, "sms", None, {"a": "1"}, "no_address"),
        ({"text": "{a}"}, "email", "nobody", {"a": "1"}, "no_address"),
        (None, "sms", "13800001234", {}, "no_template"),
        ({"text": "{a}"}, "sms", "13800001234", {"a": ""}, "facts_missing"),
        ({"text": "{a}", "subject": "{b}"}, "sms", "13800001234", {"a": "1"}, "facts_missing"),
        ({"text": "{a}"}, "sms", "13800001234", {"a": "1"}, None),
    ],
)
def test_what_stands_in_the_way_of_a_notice_has_a_name(template, channel, address, facts, reason):
    assert notices._obstacle(template, channel, address, facts) == reason


def settings(**changes):
    told = {
        "notice_adapter": "smtp", "smtp_sender": "service@anlan.example", "smtp_user": "", "smtp_tls": False,
        "smtp_password_file": None, "sms_url": "", "sms_receipts": False,
    }  # fmt: skip
    return SimpleNamespace(**(told | changes))


def test_the_file_takes_every_channel_and_says_delivered(tmp_path):
    ways = notices.adapters_of(settings(notice_adapter="file", attachments_dir=tmp_path))
    assert {ways[channel](ROW | {"channel": channel, "id": channel}) for channel in ("sms", "email")} == {"delivered"}
    lines = [json.loads(line) for line in (tmp_path / "notices.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [(one["channel"], one["body"]) for one in lines] == [("sms", "已受理"), ("email", "已受理")]


async def test_a_silent_server_is_asked_again_a_few_times():
    def silent(_row):
        raise smtplib.SMTPServerDisconnected("gone")

    assert await notices._sent({"email": silent}, ROW) == (None, None)
    assert await notices._sent({"email": silent}, ROW | {"tries": notices.TRIES - 1}) == ("failed", "no_answer")


async def test_a_channel_without_a_way_is_suppressed():
    assert await notices._sent({}, ROW) == ("suppressed", "no_adapter")


def test_the_file_holds_a_notice_once_however_often_it_comes(tmp_path):
    ways = notices.adapters_of(settings(notice_adapter="file", attachments_dir=tmp_path))
    assert [ways["sms"](ROW | {"channel": "sms"}) for _ in range(3)] == ["delivered"] * 3
    assert len((tmp_path / "notices.ndjson").read_text(encoding="utf-8").splitlines()) == 1


def test_short_messages_have_a_way_only_where_a_provider_is_set():
    with_provider = settings(smtp_address="127.0.0.1:25", sms_url="http://sms", sms_sender="", sms_token_file=None)
    assert sorted(notices.adapters_of(with_provider)) == ["email", "sms"]
    assert sorted(notices.adapters_of(settings(smtp_address="127.0.0.1:25"))) == ["email"]
    assert notices.look_up_of(with_provider) is None
