"""Runs one engine: ties its life to the supervisor's, leaves root behind, and becomes the engine.

A script of its own, not a function between fork and exec: that would not be safe beside threads. Run as
`python -I -S launch.py <supervisor pid> <death signal> <as whom> <working directory> <command> …`, as whom being `-`
(as the caller), `namespace:<uid>` or `account:<uid>:<gid>`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
REFUSED = 125
"""Exit code where the process could not be given its identity or place; the engines themselves use 0 to 2."""


def enter_namespace(uid: int) -> None:
    """Become `uid` in a user namespace of this process alone; outside of it, files still belong to who started it.

    PostgreSQL refuses root. In the namespace it sees an ordinary account, so no account has to be made and no file
    has to be opened to others. Raises OSError where the kernel refuses.
    """
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    # without the right to change groups the kernel lets an ordinary process write its own group map
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{uid} {outer_gid} 1", encoding="ascii")


def die_with(supervisor: int, signal_number: int) -> None:
    """Ask the kernel for `signal_number` when the supervisor's starting thread ends. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    # after the namespace: a change of credentials clears this setting
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != supervisor:  # it died before the setting took hold
        sys.exit(REFUSED)


def become(whom: str) -> None:
    """Take on the identity. Raises OSError where the kernel refuses."""
    kind, *numbers = whom.split(":")
    if kind == "namespace":
        enter_namespace(int(numbers[0]))
    elif kind == "account":
        uid, gid = map(int, numbers)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def main(arguments: list[str]) -> None:
    """Never returns: the process becomes the command, or exits with REFUSED."""
    supervisor, death_signal, whom, place, *command = arguments
    os.umask(0o077)
    try:
        become(whom)
        os.chdir(place)
        if int(death_signal):
            die_with(int(supervisor), int(death_signal))
        os.execv(command[0], command)  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"as {whom} in {place}: {error}\n")
        sys.exit(REFUSED)


if __name__ == "__main__":
    main(sys.argv[1:])
