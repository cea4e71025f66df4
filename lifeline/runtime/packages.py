"""The folder that holds TimescaleDB and Mosquitto, unpacked from Debian 13's packages.

Debian 12 has no TimescaleDB, and adding Debian 13 to its apt would replace the C library. So the packages
are unpacked into a folder of their own, with every library they need, and their executables are pointed at
the loader and the libraries there. Nothing is installed on the machine, and no privilege is needed.
"""

import json
import platform
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import IO

from lifeline.runtime.apt import ELSEWHERE, download
from lifeline.runtime.lock import locked
from sensors.errors import ConfigurationError, UnavailableError

_RECIPE_FILE = files(__package__) / "packages.toml"
_RECIPE = tomllib.loads(_RECIPE_FILE.read_text(encoding="utf-8"))
_RECIPE_HASH = sha256(_RECIPE_FILE.read_bytes()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Prefix:
    """TimescaleDB and Mosquitto under ``path``; several runtimes may share it, but it cannot be moved."""

    path: Path

    @property
    def postgres(self) -> Path:
        """The folder of PostgreSQL's executables."""
        return self._root / "usr/lib/postgresql/17/bin"

    @property
    def mosquitto(self) -> Path:
        """Mosquitto's executable."""
        return self._root / "usr/sbin/mosquitto"

    def versions(self) -> dict[str, str] | None:
        """The version of each package, or none where the prefix is not set up (here, as this recipe says)."""
        try:
            stamp = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        current = stamp["recipe"] == _RECIPE_HASH and stamp["path"] == str(self.path.resolve())
        return dict(stamp["versions"]) if current else None

    def ensure(self) -> bool:
        """Set the prefix up unless it is; true if there was something to do (about 10 s and 50 MB).

        One that was begun and not finished is begun again; a second caller waits for the first.

        Raises:
            ConfigurationError: this machine cannot have a local runtime, or the folder cannot be written.
            UnavailableError: the packages could not be fetched.
        """
        if self.versions() is not None:
            return False
        if platform.machine() != "x86_64" or not Path("/etc/debian_version").exists():
            raise ConfigurationError(f"the local runtime needs Debian on x86-64; {ELSEWHERE}")
        with locked(self.path / "lock"):
            if self.versions() is not None:
                return False
            self._set_up()
        return True

    @property
    def _root(self) -> Path:
        return self.path.resolve() / "root"

    @property
    def _stamp(self) -> Path:
        return self.path / "stamp.json"

    def _set_up(self) -> None:
        self._stamp.unlink(missing_ok=True)
        state = self.path.resolve() / "apt"
        for folder in (self._root, state):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        packages = download(_RECIPE["packages"], _RECIPE["release"], _own_release(), state)
        for package in packages:
            self._unpack(package)
        self._point_at_own_libraries()
        _run([self.postgres / "postgres", "--version"])
        _run([self.postgres / "initdb", "--version"])
        shutil.rmtree(state)
        versions = dict(package.name.split("_")[:2] for package in packages)
        stamp = {"recipe": _RECIPE_HASH, "path": str(self.path.resolve()), "versions": versions}
        self._stamp.write_text(json.dumps(stamp, indent=1), encoding="utf-8")

    def _unpack(self, package: Path) -> None:
        exclude = [f"--exclude={pattern}" for pattern in _RECIPE["left_out"]]
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as archive:
            _run(["tar", "-x", "-C", self._root, "--no-same-owner", *exclude], stdin=archive.stdout)
        if archive.returncode != 0:
            raise UnavailableError(f"{package.name}: damaged on the way; call again")

    def _point_at_own_libraries(self) -> None:
        libraries = self._root / "usr/lib/x86_64-linux-gnu"
        loader = libraries / "ld-linux-x86-64.so.2"
        patchelf: list[Path | str] = [loader, "--library-path", libraries, self._root / "usr/bin/patchelf"]
        to_own: list[Path | str] = ["--set-interpreter", loader, "--force-rpath", "--set-rpath", libraries]
        clients = (self._root / "usr/bin").glob("mosquitto_*")
        for program in chain(self.postgres.iterdir(), [self.mosquitto], clients):
            with program.open("rb") as file:
                is_executable = file.read(4) == b"\x7fELF"
            if is_executable:
                _run([*patchelf, *to_own, program])


def _own_release() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def _run(command: Sequence[Path | str], stdin: IO[bytes] | None = None) -> None:
    done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UnavailableError(f"{Path(command[0]).name}: {done.stderr.strip() or done.returncode}")
