"""Devices' accounts, as files and as they change."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeline.devices import accounts, broker
from lifeline.devices.allowed import access_list, users
from lifeline.devices.passwords import hashed, matches, parse, render
from sensors.errors import ConfigurationError
from sensors.model import Device, Domain

ROOT = Path(__file__).parents[3]
FLEET = [Device(id=f"d{n}", type="t", domain=Domain.GAS, district="east") for n in range(2)]
ACTS = ["add", "rotate", "finish", "revoke"]
MADE_BY_MOSQUITTO_PASSWD = (
    "$7$101$4r5E1gQeicLg10aV$"
    "40eSHRsecnyGPHjsEGvunkGIBl/2inQ2owIa4DLVvT7FfOiuAHp7MWMlEqlOxnxyypxSNhGfZ1GdTIYzKYAIuQ=="
)


def test_a_password_is_known_by_its_hash_and_no_other_is() -> None:
    for kept in (hashed("b"), MADE_BY_MOSQUITTO_PASSWD):
        assert matches("b", kept)
        assert not matches("a", kept)
    assert hashed("b") != hashed("b"), "the salt"


def test_the_order_of_a_password_file_stays() -> None:
    text = f"d2:{MADE_BY_MOSQUITTO_PASSWD}\ngas/east/d2:x\nd1:y\n"
    assert render(parse(text, "passwords")) == text


@pytest.mark.parametrize("line", ["d1", "d1:", ":x", "", "# a comment"])
def test_what_is_no_password_file_is_told_by_its_line(line: str) -> None:
    with pytest.raises(ConfigurationError, match="passwords:2: expected user:hash"):
        parse(f"d1:x\n{line}\n", "passwords")


def test_the_brokers_first_access_list_is_the_one_without_devices() -> None:
    assert (ROOT / "deploy/mosquitto/acl").read_text(encoding="utf-8") == access_list([])


def test_a_gateway_speaks_for_those_behind_the_gateways_behind_it_too() -> None:
    top = Device(id="top", type="t", domain=Domain.GAS, district="west")
    middle = Device(id="mid", type="t", domain=Domain.GAS, district="east", gateway="top")
    leaf = Device(id="leaf", type="t", domain=Domain.GAS, district="east", gateway="mid")
    text = access_list([leaf, middle, top]).removeprefix(access_list([]))
    parts = {part.partition("\n")[0]: part for part in text.split("\nuser ")[1:]}
    assert parts.keys() == {"mid", "gas/east/mid", "top", "gas/west/top"}
    for user, part in parts.items():
        assert "topic write lifeline/gas/east/leaf/telemetry\n" in part
        assert ("topic write lifeline/gas/east/mid/status\n" in part) == user.endswith("top")
    assert "gas/west/top/" not in text


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(FLEET)), min_size=10))
def test_whatever_is_done_a_device_has_its_newest_password_and_at_most_one_older(
    steps: list[tuple[str, Device]],
) -> None:
    others = {"lifeline-worker": "x", "lifeline-engineer": "y"}
    book: accounts.Book = others
    valid: dict[str, list[tuple[str, str]]] = {device.id: [] for device in FLEET}
    for act, device in steps:
        held = valid[device.id]
        try:
            match act:
                case "add" | "rotate":
                    book, (issued,) = getattr(accounts, act)(book, [device])
                    valid[device.id] = [*held[:1], (issued.user, issued.password)]
                case "finish":
                    book, valid[device.id] = accounts.finish(book, [device.id]), held[-1:]
                case "revoke":
                    book, valid[device.id] = accounts.revoke(book, [device.id]), []
        except ConfigurationError:
            assert (act, len(held)) in {
                *(("add", n) for n in (1, 2)),
                *((act, 0) for act in ("rotate", "finish", "revoke")),
                ("finish", 1),
            }
    assert accounts.holders(book) == {id_: [u for u, _ in held] for id_, held in valid.items() if held}
    for device in FLEET:
        assert {user for user, _ in valid[device.id]} <= set(users(device))
        assert all(matches(password, book[user]) for user, password in valid[device.id])
    assert others.items() <= book.items()


def test_a_device_cannot_take_the_name_of_the_systems_own() -> None:
    worker = Device(id="lifeline-worker", type="t", domain=Domain.GAS, district="east")
    with pytest.raises(ConfigurationError, match="lifeline-worker: has an account"):
        accounts.add({}, [worker])


def test_a_number_that_is_another_process_is_not_signalled(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("1\n", encoding="ascii")
    assert not broker.tell(tmp_path / "pid")
    assert not broker.tell(tmp_path / "none")
    (tmp_path / "pid").write_text("?", encoding="ascii")
    with pytest.raises(ConfigurationError, match="expected a process's number"):
        broker.tell(tmp_path / "pid")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match=r"LIFELINE_BROKER_FILES: .*nowhere: No such file"),
        broker.held(tmp_path / "nowhere"),
    ):
        pass
