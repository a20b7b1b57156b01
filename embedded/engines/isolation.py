"""As whom PostgreSQL runs. It refuses root, so root starts it in a user namespace, or as an existing account."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from embedded.engines.process import EngineRefused, launch_command

Isolation = Literal["auto", "none", "namespace", "account"]

_NOBODY = 65534


@dataclass(frozen=True)
class Identity:
    """How the processes of one engine are started. At most one of both is set; neither: as the caller."""

    namespace_uid: int | None = None
    account: pwd.struct_passwd | None = None

    @property
    def whom(self) -> str:
        """As `launch.py` takes it."""
        if self.namespace_uid is not None:
            return f"namespace:{self.namespace_uid}"
        return "-" if self.account is None else f"account:{self.account.pw_uid}:{self.account.pw_gid}"

    def own(self, path: Path) -> None:
        """Give a file or directory that we have just made to the account; nothing to do in the other cases."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def identity(isolation: Isolation, binary: Path, directory: Path) -> Identity:
    """Who may run `binary` on files in `directory`. No account is made, no permission outside the directory changed.

    `auto`: the caller himself, unless he is root; root in a user namespace; where the kernel refuses one, an existing
    account. Raises EngineRefused with what is missing.
    """
    if isolation == "none" or (isolation == "auto" and os.geteuid() != 0):
        return Identity()
    if isolation in ("auto", "namespace"):
        candidate = Identity(namespace_uid=_uid_with_a_name())
        complaint = _complaint(candidate, binary, Path("/"))
        if not complaint:
            return candidate
        if isolation == "namespace":
            raise EngineRefused(complaint)
    return _account(binary, directory)


def _uid_with_a_name() -> int:
    """initdb looks its uid up, so the namespace needs one from the password file; 65534 (nobody) nearly everywhere."""
    named = {entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0}
    if not named:
        raise EngineRefused("the password file names no account beside root; start as an ordinary user")
    return _NOBODY if _NOBODY in named else min(named)


def _account(binary: Path, directory: Path) -> Identity:
    """The account that owns the data already, otherwise `postgres`, otherwise `nobody`."""
    data = directory / "data"
    if data.exists() and data.stat().st_uid != 0:
        names = [pwd.getpwuid(data.stat().st_uid).pw_name]
    else:
        existing = {entry.pw_name for entry in pwd.getpwall()}
        names = [name for name in ("postgres", "nobody") if name in existing]
    # the directory itself is ours and gets opened; what lies above it stays as it is
    outside = next(folder for folder in directory.parents if folder.exists())
    complaints = []
    for name in names:
        candidate = Identity(account=pwd.getpwnam(name))
        complaint = _complaint(candidate, binary, outside)
        if not complaint:
            return candidate
        complaints.append(f"{name}: {complaint}")
    raise EngineRefused(
        "PostgreSQL refuses root, the kernel refuses user namespaces, and no existing account can stand in"
        f" ({'; '.join(complaints) or 'none found'}). Start as an ordinary user."
    )


def _complaint(candidate: Identity, binary: Path, place: Path) -> str:
    """Empty when this identity can run the binary and may enter the place."""
    command = launch_command([str(binary), "--version"], place, whom=candidate.whom)
    done = subprocess.run(command, capture_output=True, timeout=30, check=False, cwd="/", env={})
    return "" if done.returncode == 0 else done.stderr.decode("utf-8", "replace").strip() or f"exit {done.returncode}"
