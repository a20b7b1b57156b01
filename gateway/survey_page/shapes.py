"""The pages as they are written: plain HTML for small screens, readable aloud, to be filled in with the keyboard alone.

Nothing is loaded from anywhere and no script runs; the policy sent with them allows the one style sheet by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

STYLE = """
:root{color-scheme:light dark}
body{margin:0;font:1.0625rem/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
background:#f4f6f8;color:#1b2733}
main{max-width:38rem;margin:0 auto;padding:1.25rem;box-sizing:border-box}
h1{font-size:1.375rem;line-height:1.35;margin:.5rem 0}
.note{color:#46535f;margin:.25rem 0 1rem}
fieldset{border:1px solid #c9d2da;border-radius:.5rem;background:#fff;margin:0 0 1rem;padding:.75rem 1rem 1rem}
fieldset[aria-invalid=true]{border:2px solid #b3261e}
legend{font-weight:600;padding:0 .25rem}
label{display:flex;align-items:center;gap:.75rem;min-height:2.75rem;border-radius:.375rem;padding:0 .5rem}
label:hover{background:#eef3f7}
input[type=radio]{inline-size:1.25rem;block-size:1.25rem;flex:none}
textarea{inline-size:100%;box-sizing:border-box;min-height:6rem;font:inherit;padding:.5rem;border-radius:.375rem;
border:1px solid #8a97a3;background:#fff;color:inherit}
button{font:inherit;font-weight:600;inline-size:100%;min-height:3rem;border:0;border-radius:.5rem;background:#0b5cad;
color:#fff}
button:hover{background:#094a8b}
:focus-visible{outline:3px solid #f2a900;outline-offset:2px}
[role=alert]{border-inline-start:4px solid #b3261e;background:#fdecea;color:#5f1410;padding:.5rem .75rem}
nav{margin-top:1.5rem;text-align:center}
@media (prefers-color-scheme:dark){body{background:#11181f;color:#e8edf2}.note{color:#b3bfca}
fieldset,textarea{background:#1b252f;border-color:#44525f}label:hover{background:#26323e}a{color:#8ec5ff}}
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}

Words = Mapping[str, str]
_WORDS: Mapping[str, Words] = {
    "zh": {
        "lang": "zh-CN", "other": "English", "submit": "提交", "required": "（必填）", "optional": "（选填）",
        "missing": "请回答标出的问题。", "closes": "填写截止：{day}。", "once": "本链接只能填写一次。",
        "anonymous": "匿名调查：您的回答不会与您的身份关联保存。",
        "named": "您的回答仅用于改进对您的服务。",
        "received": "谢谢您的宝贵意见", "received_text": "您的回答已收到，可以关闭本页。",
        "survey_answered": "您的回答此前已收到", "survey_answered_text": "感谢您！每个链接只能填写一次，无需再次填写。",
        "survey_closed": "本次调查已结束", "survey_closed_text": "感谢您的关注，期待下次听取您的意见。",
        "not_found": "链接无效", "not_found_text": "请检查链接是否完整，或直接联系我们的客服。",
        "busy": "暂时无法打开", "busy_text": "请稍后再试，链接在截止日前一直有效。",
    },
    "en": {
        "lang": "en", "other": "中文", "submit": "Submit", "required": " (required)", "optional": " (optional)",
        "missing": "Please answer the questions marked below.", "closes": "Open until {day}",
        "once": "This link can be used once.",
        "anonymous": "Anonymous: your answers are stored without anything that leads back to you.",
        "named": "Your answers serve to improve our service to you, and nothing else.",
        "received": "Thank you", "received_text": "Your answers have been received. You may close this page.",
        "survey_answered": "We already have your answers",
        "survey_answered_text": "Thank you! Each link is used once; there is nothing more to do.",
        "survey_closed": "This survey has ended", "survey_closed_text": "Thank you for your interest. Until next time.",
        "not_found": "This link is not valid", "not_found_text": "Please check that it is complete, or call us.",
        "busy": "Not available right now", "busy_text": "Please try again later; the link stays valid.",
    },
}  # fmt: skip


def message(kind: str, language: str) -> str:
    """A page that only says something: `received`, `survey_answered`, `survey_closed`, `not_found`, `busy`."""
    words = _WORDS[language]
    said = kind if f"{kind}_text" in words else "not_found"
    body = f'<h1>{words[said]}</h1><p class="note" role="status">{words[f"{said}_text"]}</p>'
    return _page(language, words[said], body)


def form(
    told: Mapping[str, Any], questions: Sequence[Mapping[str, Any]], *, token: str, language: str,
    answers: Mapping[str, str], shown: Collection[str], missing: Collection[str] = (),
) -> str:  # fmt: skip
    """The page of these questions. `answers` and `shown` of earlier pages travel along unseen."""
    words, title = _WORDS[language], str(told["title"][language])
    here = {one["code"] for one in questions}
    carried = "".join(_hidden(f"a.{code}", said) for code, said in answers.items() if code not in here)
    carried += "".join(_hidden("shown", code) for code in sorted({*shown, *here}))
    promise = words["anonymous" if told["anonymous"] else "named"]
    lines = [words["closes"].format(day=told["closes_on"]), words["once"], promise]
    alert = f'<p role="alert">{words["missing"]}</p>' if missing else ""
    first = next((one["code"] for one in questions if one["code"] in missing), None)
    fields = "".join(
        _field(one, language, answers.get(one["code"], ""), wrong=one["code"] in missing, first=one["code"] == first)
        for one in questions
    )
    body = (
        f'<h1>{escape(title)}</h1><p class="note">{" ".join(lines)}</p>{alert}'
        f'<form method="post" action="/survey/{escape(token)}?lang={language}" autocomplete="off">'
        f'{carried}{fields}<button type="submit">{words["submit"]}</button></form>'
    )
    return _page(language, title, body, switch=f"/survey/{escape(token)}")


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _field(question: Mapping[str, Any], language: str, said: str, *, wrong: bool, first: bool) -> str:
    words, code = _WORDS[language], escape(str(question["code"]))
    mark = words["required"] if question["required"] else words["optional"]
    legend = f"<legend>{escape(str(question['text'][language]))}{mark}</legend>"
    invalid = ' aria-invalid="true"' if wrong else ""
    needed = " required" if question["required"] else ""
    if question["form"] == "text":
        focus, name = " autofocus" if first else "", escape(str(question["text"][language]))
        inner = (
            f'<textarea name="a.{code}" maxlength="2000" rows="4" aria-label="{name}"'
            f"{needed}{focus}>{escape(said)}</textarea>"
        )
        return f"<fieldset{invalid}>{legend}{inner}</fieldset>"
    labels = question.get("labels") or {}
    inner = ""
    for n, answer in enumerate(question["answers"]):
        own = labels.get(answer, {}).get(language)
        # a step of a scale keeps its number beside its words
        text = answer if own is None else f"{answer}　{own}" if question["form"] == "scale" else own
        chosen = " checked" if answer == said else ""
        focus = " autofocus" if first and n == 0 else ""
        inner += (
            f'<label><input type="radio" name="a.{code}" value="{escape(answer)}"{needed}{chosen}{focus}>'
            f"<span>{escape(text)}</span></label>"
        )
    return f'<fieldset role="radiogroup"{invalid}>{legend}{inner}</fieldset>'


def _page(language: str, title: str, body: str, switch: str | None = None) -> str:
    words = _WORDS[language]
    other = "en" if language == "zh" else "zh"
    tag = _WORDS[other]["lang"]
    link = f'<a href="{switch}?lang={other}" lang="{tag}" hreflang="{tag}">{words["other"]}</a>' if switch else ""
    return (
        f'<!doctype html><html lang="{words["lang"]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><main>{body}<nav>{link}</nav></main></body></html>"
    )
