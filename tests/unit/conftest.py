"""Unit tests are pure: whoever opens a connection here has written another kind of test."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest


class ConnectionOpened(AssertionError):
    """A unit test tried to reach something outside its process."""


def _refuse(opened: socket.socket, address: Any) -> NoReturn:
    opened.close()  # a library that expects an OSError here would leave it open
    raise ConnectionOpened(f"a unit test connects to {address!r}; it belongs into another folder of tests")


@pytest.fixture(autouse=True, scope="module")
def _sockets_closed() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _refuse)
        patch.setattr(socket.socket, "connect_ex", _refuse)
        yield
