"""Fetches packages of another Debian release, signatures checked, without touching the machine's own apt."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from sensors.errors import ConfigurationError, UnavailableError

ETC = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ELSEWHERE = "elsewhere use docker-compose.yml, or set LIFELINE_DSN and LIFELINE_MQTT_URL"

# Read after the machine's own configuration, so that it wins over it while a proxy set there still holds.
_CONFIGURATION = """\
Dir::State "{state}";
Dir::State::lists "{state}/lists";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
Dir::Etc::sourcelist "{state}/sources.list";
Dir::Etc::sourceparts "{state}/parts";
Dir::Etc::preferences "{state}/preferences";
Dir::Etc::preferencesparts "{state}/parts";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::Languages "none";
Acquire::Retries "3";
"""


def mirrors(release: str, etc: Path) -> list[str]:
    """The archives from which the machine's apt takes its own ``release`` (a code name), in apt's order.

    Other vendors' may be among them; they show later by holding no signed release of Debian.
    """
    suites = {release, "oldstable", "stable", "testing", "unstable"}
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    found: list[str] = []
    for file in files:
        if not file.is_file() or file.suffix not in {".list", ".sources"}:
            continue
        parse = _stanzas if file.suffix == ".sources" else _lines
        for uri, has, components in parse(file.read_text(encoding="utf-8")):
            if suites & has and "main" in components and uri not in found:
                found.append(uri)
    return found


def download(packages: Sequence[str], release: str, own_release: str, state: Path) -> list[Path]:
    """The newest version of each of ``packages`` in Debian's ``release``, as files under ``state``.

    ``own_release`` is the code name of the machine's release, by which its mirror is told.

    Raises:
        ConfigurationError: the machine lacks apt, Debian's keys, or a mirror among apt's sources.
        UnavailableError: no mirror answered with what was asked for; the message is apt's own.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise ConfigurationError(
            f"the local runtime is made of Debian packages and finds no apt-get; {ELSEWHERE}"
        )
    if not KEYRING.exists():
        raise ConfigurationError(f"no {KEYRING}: install the package debian-archive-keyring; {ELSEWHERE}")
    addresses = mirrors(own_release, ETC)
    if not addresses:
        raise ConfigurationError(f"no Debian archive among the sources in {ETC}; {ELSEWHERE}")
    _update(addresses, release, state)
    folder = state / "packages"
    folder.mkdir(exist_ok=True)
    _apt(state, "download", *packages, cwd=folder)
    return sorted(folder.glob("*.deb"))


def _update(addresses: Sequence[str], release: str, state: Path) -> None:
    for folder in ("lists/partial", "cache/archives/partial", "parts"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    (state / "apt.conf").write_text(_CONFIGURATION.format(state=state), encoding="utf-8")
    failures: list[UnavailableError] = []
    for address in addresses:
        line = f"deb [arch=amd64 signed-by={KEYRING}] {address} {release} main\n"
        (state / "sources.list").write_text(line, encoding="utf-8")
        try:
            return _apt(state, "update", cwd=state)
        except UnavailableError as error:
            failures.append(error)
    raise failures[0]


def _apt(state: Path, *words: str, cwd: Path) -> None:
    command = ["apt-get", "-q", "-c", str(state / "apt.conf"), *words]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = re.search(r"^E: (.*)", done.stderr, re.MULTILINE)
        reason = said[1] if said else done.stderr.strip() or f"exit code {done.returncode}"
        raise UnavailableError(f"Debian packages could not be fetched: {reason}; {ELSEWHERE}")


def _lines(text: str) -> Iterator[tuple[str, set[str], set[str]]]:
    for match in re.finditer(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)([^#\n]*)", text, re.MULTILINE):
        yield match[1], {match[2]}, set(match[3].split())


def _stanzas(text: str) -> Iterator[tuple[str, set[str], set[str]]]:
    for stanza in re.split(r"\n\s*\n", re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)):
        fields = {
            name.lower(): value.split()
            for name, value in re.findall(r"^([\w-]+):((?:.|\n[ \t])*)", stanza, re.MULTILINE)
        }
        if "deb" in fields.get("types", []) and fields.get("enabled") != ["no"]:
            for uri in fields.get("uris", []):
                yield uri, set(fields.get("suites", [])), set(fields.get("components", []))
