"""The page of a survey: read by a program that knows HTML, and opened in a real browser with nothing but a keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from gateway.app import create_app as create_gateway
from gateway.forwarding.client_connection import ClientConnection
from shared.database import Database
from tests.support import engines
from tests.support.browser import BROWSER, Page, browsing
from tests.support.crm_world import CrmWorld
from tests.support.gateway import settings_of
from tests.support.survey_world import SurveyWorld
from tests.support.system import QUOTAS, Server

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
async def surveys(world: CrmWorld) -> SurveyWorld:
    made = SurveyWorld(world)
    await made.begin()
    return made


@pytest.fixture
async def address(
    surveys: SurveyWorld, database_urls: Mapping[str, str], clean_databases: engines.Clones, tmp_path: Path
) -> AsyncIterator[str]:
    """Where the gateway serves the pages, with crm behind it."""
    behind, front, folder = Server(), Server(), tmp_path / "gateway"
    folder.mkdir()
    await behind.start(without_lifespan(surveys.world.service.app))
    settings = settings_of(database_urls["gateway"], folder, service_urls={"crm": behind.url}, **QUOTAS)
    app = create_gateway(settings)
    await front.start(app, ClientConnection)
    yield f"{front.url}/survey"
    await front.stop()
    await behind.stop()
    database: Database = app.state.db
    await database.close()


def without_lifespan(app: Any) -> Any:
    """The application runs already: who serves it at an address starts and ends nothing."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        while True:
            told = await receive()
            await send({"type": f"{told['type']}.complete"})
            if told["type"] == "lifespan.shutdown":
                return

    return served


class Read(HTMLParser):
    """What a page holds: its elements with their attributes, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [one for name, one in self.elements if name == tag and wanted.items() <= one.items()]

    def fields(self) -> dict[str, list[str]]:
        """What the form sends along unseen."""
        found: dict[str, list[str]] = {}
        for one in self.all("input", type="hidden"):
            found.setdefault(str(one["name"]), []).append(str(one["value"]))
        return found


async def test_the_page_asks_step_by_step_without_a_script(surveys: SurveyWorld, address: str) -> None:
    await surveys.settled(1)
    survey, [link] = await surveys.running(title={"zh": f"调查{SCRIPT}", "en": "Survey & more"})
    async with httpx.AsyncClient(trust_env=False) as client:
        first = await client.get(f"{address}/{link}", headers={"Accept-Language": "zh-CN,en;q=0.5"})
        page = Read(first.text)
        assert (first.status_code, first.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert SCRIPT not in first.text
        assert page.all("script") == page.all("link") == page.all("img") == []
        assert page.all("html", lang="zh-CN")
        assert [one["value"] for one in page.all("input", name="a.content")] == ["1", "2", "3", "4", "5"]
        assert page.all("textarea") == []
        empty = await client.post(f"{address}/{link}?lang=zh", data=page.fields())
        assert (empty.status_code, len(Read(empty.text).all("fieldset", **{"aria-invalid": "true"}))) == (422, 2)
        second = await client.post(f"{address}/{link}?lang=zh", data=page.fields() | {"a.content": "2", "a.told": "no"})
        then = Read(second.text)
        assert [one["name"] for one in then.all("textarea")] == ["a.why"]
        assert then.fields()["a.content"] == ["2"]
        done = await client.post(f"{address}/{link}?lang=zh", data=then.fields() | {"a.why": f"没说{SCRIPT}"})
        assert (done.status_code, "谢谢您的宝贵意见" in done.text) == (200, True)
        again = await client.get(f"{address}/{link}?lang=en")
        assert (again.status_code, "We already have your answers" in again.text) == (409, True)
    [stored] = await surveys.world.rows("survey_answers", survey_id=UUID(survey["id"]))
    assert stored["answers"] == {"content": "2", "told": "no", "why": f"没说{SCRIPT}"}


async def test_its_policy_lets_nothing_in_and_it_is_never_kept(surveys: SurveyWorld, address: str) -> None:
    await surveys.settled(1)
    _, [link] = await surveys.running()
    async with httpx.AsyncClient(trust_env=False) as client:
        for path, status in ((link, 200), ("x" * 54, 404), ("nothing", 404)):
            told = await client.get(f"{address}/{path}")
            assert told.status_code == status
            policy = told.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'sha256-")
            assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
            assert "script" not in policy
            assert (told.headers["cache-control"], told.headers["referrer-policy"]) == ("no-store", "no-referrer")
            assert Read(told.text).all("script") == []
        assert (await client.get(f"{address}/{link}?other=1")).status_code == 422


async def test_while_crm_is_away_the_page_says_so(surveys: SurveyWorld, address: str, monkeypatch: Any) -> None:
    await surveys.settled(1)
    _, [link] = await surveys.running()

    async def gone(*_: Any) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr("services.crm.response.handlers.form", gone)
    async with httpx.AsyncClient(trust_env=False) as client:
        told = await client.get(f"{address}/{link}?lang=en")
        assert (told.status_code, told.headers["retry-after"]) == (503, "30")
        assert "Not available right now" in told.text


# ------------------------------------------------------------------------------------------------- in a real browser

WORDS = {
    "zh": ("zh-CN", "谢谢您的宝贵意见", "您的回答此前已收到", "告知太晚"),
    "en": ("en", "Thank you", "We already have your answers", "Nobody called"),
}


async def fill_in(page: Page, why: str) -> None:
    """Answer everything with the keyboard alone: Tab, arrows, space, Enter."""
    await page.tab_to("e.name === 'a.content'")
    await page.press(" ")
    await page.press("ArrowDown", 3)
    await page.tab_to("e.name === 'a.told'")
    await page.press("ArrowDown")
    assert await page.look_at("document.querySelector('[name=\"a.told\"]:checked').value") == "no"
    await page.tab_to("e.type === 'submit'")
    await page.submit()
    await page.tab_to("e.name === 'a.why'")
    await page.write(why)
    await page.tab_to("e.type === 'submit'")
    await page.submit()


@pytest.mark.skipif(BROWSER is None, reason="no browser on this machine")
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_customer_answers_with_the_keyboard_once_and_is_thanked_the_second_time(
    surveys: SurveyWorld, address: str, tmp_path: Path, language: str
) -> None:
    await surveys.settled(1)
    _, [link] = await surveys.running()
    tag, thanks, already, why = WORDS[language]
    async with browsing(tmp_path / "browser") as browser:
        page = await browser.page()
        await page.open(f"{address}/{link}", tag)
        await page.photograph(tmp_path / f"survey-{language}.png")
        assert await page.look_at("document.documentElement.lang") == tag
        assert await page.look_at("document.documentElement.scrollWidth <= innerWidth")
        assert await page.look_at("getComputedStyle(document.querySelector('fieldset')).borderRadius") == "8px"
        await fill_in(page, why)
        assert await page.look_at("document.querySelector('h1').textContent") == thanks
        await page.photograph(tmp_path / f"thanks-{language}.png")
        await page.open(f"{address}/{link}", tag)
        assert await page.look_at("document.querySelector('h1').textContent") == already
        await page.photograph(tmp_path / f"again-{language}.png")
        # the second answer to the same link is a plain 409 of the document itself
        assert all("409" in one for one in browser.violations), browser.violations
        assert {one.partition("?")[0] for one in browser.requests} == {f"{address}/{link}"}
    [stored] = await surveys.world.rows("survey_answers")
    assert stored["answers"] == {"content": "4", "told": "no", "why": why}
