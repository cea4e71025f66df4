"""Makes what is missing of a deployment's secrets and certificates, and never changes what is there."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lifeline.provision import plan
from lifeline.provision.authority import Authority, Pair
from sensors.errors import ConfigurationError
from sensors.whole import whole

FOLDER = "deploy/secrets"
_OURS = 0o600
_READ_BY_CONTAINERS = 0o644
"""Containers have users of their own, and get single files; the folder keeps everybody else out."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made and what was there, by name."""

    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def provide(home: Path, hosts: Sequence[str], now: datetime) -> Made:
    """Make what docker-compose.yml in ``home`` needs.

    hosts: further names by which broker and API are called.

    Raises:
        ConfigurationError: this is not the folder of docker-compose.yml, it cannot be written, or a
            certificate that is there will not do.
    """
    if not (home / "docker-compose.yml").is_file():
        raise ConfigurationError(f"{home}: expected the folder of docker-compose.yml")
    folder, done = home / FOLDER, Made()
    _private(folder)
    authority = _authority(folder, now, done)
    for server, name in plan.SERVERS.items():
        names = [name, *plan.HERE, *(hosts if server != "database" else ())]
        _certificate(folder, server, names, authority, now, done)
    passwords = {name: _password(folder / name, done) for name in plan.PASSWORDS}
    for name, dsn in plan.dsns(passwords).items():
        _follow(folder / name, dsn, done)
    _environment(home / ".env", plan.environment(f"./{FOLDER}"), done)
    return done


def _private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be made: {error.strerror}") from None


def _authority(folder: Path, now: datetime, done: Made) -> Authority:
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if certificate.exists() or key.exists():
        try:
            authority = Authority.read(Pair(certificate.read_bytes(), key.read_bytes()))
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"{certificate}, {key}: {error}; bring both back, or remove both and every .crt and .key"
                " beside them, and give devices the new ca.crt"
            ) from None
        done.kept.append("ca")
        return authority
    authority = Authority.new(now)
    _write(key, authority.pair.key, _OURS)
    _write(certificate, authority.pair.certificate, _READ_BY_CONTAINERS)
    done.made.append("ca")
    return authority


def _certificate(
    folder: Path, server: str, names: Sequence[str], authority: Authority, now: datetime, done: Made
) -> None:
    certificate, key = folder / f"{server}.crt", folder / f"{server}.key"
    if certificate.exists() and key.exists():
        if (objection := authority.objection(certificate.read_bytes(), names, now)) is not None:
            raise ConfigurationError(f"{certificate}: {objection}; remove it and call again for a new one")
        done.kept.append(server)
        return
    pair = authority.certify(names, now)
    _write(key, pair.key, _READ_BY_CONTAINERS)
    _write(certificate, pair.certificate, _READ_BY_CONTAINERS)
    done.made.append(server)


def _password(path: Path, done: Made) -> str:
    if path.exists():
        done.kept.append(path.name)
        return path.read_text(encoding="ascii").strip()
    password = secrets.token_hex(24)
    _write(path, password.encode(), _READ_BY_CONTAINERS)
    done.made.append(path.name)
    return password


def _follow(path: Path, text: str, done: Made) -> None:
    """A file that says what others say: it changes with them."""
    if path.exists() and path.read_text(encoding="ascii") == text:
        done.kept.append(path.name)
        return
    _write(path, text.encode(), _READ_BY_CONTAINERS)
    done.made.append(path.name)


def _environment(path: Path, variables: dict[str, str], done: Made) -> None:
    """Add what is missing; lines of others stay."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    known = {line.partition("=")[0].strip() for line in text.splitlines()}
    missing = [f"{name}={value}\n" for name, value in variables.items() if name not in known]
    if not missing:
        done.kept.append(path.name)
        return
    if text and not text.endswith("\n"):
        text += "\n"
    _write(path, (text + "".join(missing)).encode(), _OURS)
    done.made.append(path.name)


def _write(path: Path, content: bytes, mode: int) -> None:
    with whole(path, _OURS) as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)  # whatever the umask
        file.flush()
        os.fsync(file.fileno())
