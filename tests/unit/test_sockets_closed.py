"""The folder's own rule: a unit test reaches nothing outside its process."""

from __future__ import annotations

import asyncio
import socket
import urllib.request

import pytest


def test_a_unit_test_cannot_open_a_connection() -> None:
    with socket.socket() as closed, pytest.raises(AssertionError, match="a unit test connects to"):
        closed.connect(("127.0.0.1", 9))
    with socket.socket() as closed, pytest.raises(AssertionError, match="a unit test connects to"):
        closed.connect_ex(("127.0.0.1", 9))


def test_nor_through_a_library() -> None:
    with pytest.raises(AssertionError, match="a unit test connects to"):
        urllib.request.urlopen("http://127.0.0.1:9/", timeout=1)


async def test_nor_from_the_event_loop() -> None:
    with pytest.raises(AssertionError, match="a unit test connects to"):
        await asyncio.open_connection("127.0.0.1", 9)
