from pathlib import Path

import pytest

from lifeline.runtime import apt
from lifeline.runtime.apt import mirrors
from sensors.errors import ConfigurationError

STANZAS = """\
# a comment
Types: deb deb-src
URIs: http://one.example/debian http://two.example/debian
Suites: bookworm bookworm-updates
Components: main
  contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
# the security archive holds no full release
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://switched-off.example/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://sources-only.example/debian
Suites: bookworm
Components: main
"""
LINES = """\
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://three.example/debian bookworm contrib main # here
deb-src http://sources-only.example/debian bookworm main
deb http://vendor.example/linux/debian bookworm stable
deb http://one.example/debian stable main
deb http://other.example/debian bullseye main
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_both_ways_of_naming_sources_are_read_in_apts_order(etc: Path) -> None:
    (etc / "sources.list").write_text(LINES)
    (etc / "sources.list.d" / "debian.sources").write_text(STANZAS)
    assert mirrors("bookworm", etc) == [
        "http://three.example/debian",
        "http://one.example/debian",
        "http://two.example/debian",
    ]


def test_files_that_apt_does_not_read_are_not_read(etc: Path) -> None:
    (etc / "sources.list.d" / "debian.sources.off").write_text(STANZAS)
    (etc / "sources.list.d" / "folder.list").mkdir()
    assert mirrors("bookworm", etc) == []


@pytest.mark.parametrize(
    ("missing", "told"),
    [("apt-get", "finds no apt-get"), ("keys", "debian-archive-keyring"), ("mirror", "no Debian archive")],
)
def test_what_the_machine_lacks_is_told_with_the_way_out(
    etc: Path, monkeypatch: pytest.MonkeyPatch, missing: str, told: str
) -> None:
    monkeypatch.setattr(apt, "ETC", etc)
    keyring = etc / "keys.gpg"
    if missing != "keys":
        keyring.touch()
    monkeypatch.setattr(apt, "KEYRING", keyring)
    if missing == "apt-get":
        monkeypatch.setenv("PATH", str(etc))
    with pytest.raises(ConfigurationError, match=rf"{told}.*docker-compose\.yml"):
        apt.download(["mosquitto"], "trixie", "bookworm", etc)
