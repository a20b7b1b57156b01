"""The people of the story: whoever holds a position at a unit, signed in when first needed."""

from __future__ import annotations

from embedded.client import Caller, Gateway, Machine, Refused
from embedded.demonstration.network import StoryUnits, story_units
from embedded.demonstration.people import staff_by
from embedded.home import Home
from embedded.machines import CORE, core_system


class Player(Caller):
    """One person under one appointment; `position` and `unit` are said with every line of the story."""

    def __init__(self, gateway: Gateway, login: str, password: str, position: str, unit: str) -> None:
        super().__init__(gateway, login, password, language="en")
        self.position, self.unit = position, unit

    @property
    def person_id(self) -> str:
        """Signs in where that has not happened yet: only then the person is known."""
        self._bearer()
        return self.person["id"]

    def act_as(self, appointment_id: str) -> None:
        """Go on under another appointment. Raises `Refused`."""
        answer = self.request("POST", "/v1/session/appointment", {"appointment_id": appointment_id})
        if answer.status_code != 200:
            raise Refused(answer)
        self._token = answer.json()["access_token"]
        self.appointment = answer.json()["appointment"]


class Cast:
    """Everybody who acts, each with one sign-in for the whole story."""

    def __init__(self, home: Home, gateway: Gateway, password: str) -> None:
        self.gateway = gateway
        self.units: StoryUnits = story_units()
        self._password = password
        self._players: dict[tuple[str, str, int], Player] = {}
        self._core = core_system(home, gateway)

    @property
    def core(self) -> Machine:
        """The core system of head office."""
        return self._core

    def who(self, position: str, unit: str, place: int = 0) -> Player:
        """The holder of a position at a unit; `place` 1 is the second one there. Raises `IndexError` for nobody."""
        key = (position, unit, place)
        if key not in self._players:
            self._players[key] = self.double(position, unit, place)
        return self._players[key]

    def double(self, position: str, unit: str, place: int = 0) -> Player:
        """The same person with another sign-in."""
        login = staff_by(position, unit)[place]["login"]
        return Player(self.gateway, login, self._password, position, unit)

    def staff_no(self, position: str, unit: str, place: int = 0) -> str:
        return staff_by(position, unit)[place]["staff_no"]

    def close(self) -> None:
        self.gateway.close()


def label(who: Caller) -> tuple[str, str, str]:
    """Login, position and unit as a line shows them."""
    if isinstance(who, Player):
        return who.login, who.position, who.unit
    return CORE.lower(), "core_system", "00"
