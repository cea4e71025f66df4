"""docker-compose.yml and the Dockerfile, as far as they can be checked where no Docker engine is."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from typer.main import get_command

from alerts import outbox
from ingest.partition import Partition
from lifeline import worker
from lifeline.cli import app

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LINES = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
OURS = {"migrate", "worker", "worker-2", "alerts", "maintain", "simulator"}
ONCE = {"roles", "migrate"}
UNWATCHED = {*ONCE, "simulator"}
"""Without a health check: the simulator ends by itself where it cannot send, and nothing waits for it."""

every_service = pytest.mark.parametrize("name", SERVICES)


def texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, each in value.items():
                yield from (f"{key}={text}" for text in texts(each))
        case list():
            for each in value:
                yield from texts(each)


def test_the_file_is_what_the_compose_specification_says() -> None:
    """By the specification's own schema, which the package check-jsonschema brings along."""
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    errors = Draft7Validator(json.loads(schema.read_text(encoding="utf-8"))).iter_errors(COMPOSE)
    assert [f"{list(error.absolute_path)}: {error.message}" for error in errors] == []


def test_every_variable_must_be_set_and_says_what_to_do() -> None:
    used = re.findall(r"(?<!\$)\$\{(\w+)(.*?)\}", TEXT)
    assert used
    assert {rest for _, rest in used} == {":?set it in .env, see docs/operations.md"}
    assert not re.search(r"(?<!\$)\$\w", TEXT), "a variable without braces may be missing unnoticed"


def test_the_documented_commands_set_every_variable(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    commands = next(block for block in re.findall(r"```sh\n(.*?)```", guide, re.DOTALL) if ".env" in block)
    subprocess.run(["sh", "-euc", commands], cwd=tmp_path, check=True)
    made = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text(encoding="ascii").splitlines())
    assert made.keys() == set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert all(re.fullmatch(r"[0-9a-f]{32,}", value) for value in made.values()), "a URL holds some of them"
    assert len(set(made.values())) == len(made)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


@every_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for text in texts(SERVICES[name].get("environment", {})):
        key, _, value = text.partition("=")
        if "PASSWORD" in key or "://" in value:
            assert "${" in value or value.startswith("mqtt://mosquitto:"), key


def test_each_process_has_the_role_that_is_its_own_and_the_script_makes_it() -> None:
    users = {
        name: re.fullmatch(r"postgresql://(\w+):\$\{(\w+):.*", service["environment"]["LIFELINE_DSN"])
        for name, service in SERVICES.items()
        if "LIFELINE_DSN" in service.get("environment", {})
    }
    assert {name: found and found[1] for name, found in users.items()} == {
        "migrate": "lifeline",
        "worker": "lifeline_worker",
        "worker-2": "lifeline_worker",
        "alerts": "lifeline_alerts",
        "maintain": "lifeline_maintain",
    }
    script = (ROOT / "deploy" / "database" / "roles.sh").read_text(encoding="utf-8")
    assert set(re.findall(r"\$(\w+_DATABASE_PASSWORD)", script)) <= set(SERVICES["roles"]["environment"])
    for found in users.values():
        assert found
        assert f"alter role {found[1]} login" in script
        assert f"${found[2]}" in script


@every_service
def test_an_image_is_a_plain_name_of_one_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"[a-z-]+(/[a-z-]+)?:v?\d+\.\d+\.\d+(-[a-z0-9]+)?", image), image


@every_service
def test_a_service_is_restricted_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert "privileged" not in service
    assert service.get("user") not in {"root", "0", "0:0"}


@every_service
def test_a_service_is_watched_as_often_as_it_may_be_slow_to_answer(name: str) -> None:
    assert ("healthcheck" in SERVICES[name]) == (name not in UNWATCHED)
    if name not in UNWATCHED:
        check = SERVICES[name]["healthcheck"]
        assert check["test"][0] in {"CMD", "CMD-SHELL"}
        assert seconds(check["timeout"]) < seconds(check["interval"])
        assert check["retries"] >= 2
        assert seconds(check["start_period"]) >= 30


@every_service
def test_a_service_has_bounds_and_what_it_is_measured_to_need(name: str) -> None:
    resources = SERVICES[name]["deploy"]["resources"]
    limits, reserved = resources["limits"], resources["reservations"]
    assert 0 < float(limits["cpus"]) <= 2, "Docker refuses more than the machine has"
    assert limits["pids"] > 0
    assert megabytes(reserved["memory"]) <= megabytes(limits["memory"]) / 2
    for place in SERVICES[name]["tmpfs"]:
        assert re.fullmatch(r"/[\w/]+:size=\d+m", place), "what is written there is taken from the memory"


def test_a_machine_with_four_gigabytes_holds_what_is_reserved() -> None:
    running = [each["deploy"]["resources"] for each in SERVICES.values() if "profiles" not in each]
    assert sum(megabytes(each["reservations"]["memory"]) for each in running) < 4096


def test_a_service_is_given_the_time_that_it_takes_to_end() -> None:
    """A worker finishes its transaction, alerts what is on its way; database and broker write all down."""
    needed = dict.fromkeys(OURS, 0.0) | {
        "worker": worker._LAST_WORDS_S,
        "alerts": outbox.GRACE_S,
        "timescaledb": 60,
        "mosquitto": 30,
    }
    for name, least in needed.items():
        assert seconds(SERVICES[name]["stop_grace_period"]) >= 2 * least, name


def seconds(duration: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([sm])", duration).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60}[unit]


def megabytes(size: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([MG])", size).groups()  # type: ignore[union-attr]
    return int(number) * {"M": 1, "G": 1024}[unit]


@every_service
def test_a_port_is_open_on_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port), "without TLS nothing is offered to the network"


@every_service
def test_what_is_mounted_is_there_and_cannot_be_changed(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, target, *mode = volume.split(":")
        if source.startswith((".", "/")):
            assert (ROOT / source).exists(), source
            assert mode[0].split(",")[0] == "ro", volume
        else:
            assert source in COMPOSE["volumes"]
            assert target.startswith("/")


def test_nothing_of_ours_starts_before_the_migrations_are_done() -> None:
    assert SERVICES["roles"]["depends_on"]["timescaledb"]["condition"] == "service_healthy"
    assert SERVICES["migrate"]["depends_on"]["roles"]["condition"] == "service_completed_successfully"
    for name in ("worker", "worker-2", "alerts", "maintain", "grafana"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_command_is_one_that_lifeline_has(name: str) -> None:
    registered = vars(get_command(app))["commands"]
    command, *options = SERVICES[name]["command"]
    known = {spelled for each in registered[command].params for spelled in each.opts}
    assert {option for option in options if option.startswith("-")} <= known
    for text in texts(SERVICES[name].get("healthcheck", {})):
        code = text.removeprefix("test=")
        if code.startswith("from "):
            compile(code, name, "exec")


def asked_by_prometheus(workers: str = "workers.yml") -> list[list[str]]:
    """Host and port of each target; workers: the file in the place of that name."""
    folder = ROOT / "deploy" / "prometheus"
    configuration = yaml.safe_load((folder / "prometheus.yml").read_text(encoding="utf-8"))
    (of_workers,) = (job for job in configuration["scrape_configs"] if "file_sd_configs" in job)
    assert of_workers["file_sd_configs"] == [{"files": ["workers.yml"]}]
    groups = [each for job in configuration["scrape_configs"] for each in job.get("static_configs", [])]
    groups += yaml.safe_load((folder / workers).read_text(encoding="utf-8"))
    return [target.split(":") for group in groups for target in group["targets"]]


def test_prometheus_asks_services_that_are_there() -> None:
    asked = asked_by_prometheus()
    assert ["worker", SERVICES["worker"]["environment"]["LIFELINE_METRICS_PORT"]] in asked
    assert ["maintain", SERVICES["maintain"]["environment"]["LIFELINE_METRICS_PORT"]] in asked
    assert ["alerts", SERVICES["alerts"]["ports"][0].rpartition(":")[2]] in asked
    assert {host for host, _ in asked} <= {*SERVICES, "127.0.0.1"}


class Loader(yaml.SafeLoader):
    """Knows what takes something away again in a file that is laid over another."""


Loader.add_constructor("!reset", lambda loader, node: [])


def test_two_workers_share_the_city_and_prometheus_asks_both() -> None:
    text = (ROOT / "deploy" / "two-workers.yml").read_text(encoding="utf-8")
    over = yaml.load(text, Loader)["services"]
    assert SERVICES["worker"] | {"profiles": ["stand-by"]} == SERVICES["worker-2"]
    assert over["worker-2"]["profiles"] == []
    shares = []
    for name in ("worker", "worker-2"):
        command, option, partition = over[name]["command"]
        assert [command, option] == ["worker", "--partition"]
        shares.append(Partition.parse(partition))
    districts = [f"district-{n}" for n in range(50)]
    assert all(sum(share.holds(district) for share in shares) == 1 for district in districts)
    assert all(any(map(share.holds, districts)) for share in shares)
    (mounted,) = over["prometheus"]["volumes"]
    source, target, _ = mounted.split(":")
    assert target == "/etc/prometheus/workers.yml"
    asked = asked_by_prometheus(Path(source).name)
    assert (ROOT / source).exists()
    assert [host for host, port in asked if port == "9464"] == ["maintain", "worker", "worker-2"]


def test_grafana_gets_what_its_provisioning_reads() -> None:
    grafana = SERVICES["grafana"]
    mounted = dict(volume.split(":")[:2] for volume in grafana["volumes"])
    sources = (ROOT / "grafana/provisioning/datasources/lifeline.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$__env\{(\w+)\}", sources)) <= set(grafana["environment"])
    boards = yaml.safe_load(
        (ROOT / "grafana/provisioning/dashboards/lifeline.yml").read_text(encoding="utf-8")
    )
    folder = Path(mounted["./grafana/dashboards/json"])
    paths = [Path(provider["options"]["path"]) for provider in boards["providers"]]
    paths.append(Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]))
    for path in paths:
        assert (ROOT / "grafana/dashboards/json" / path.relative_to(folder)).exists(), path


def test_the_image_runs_lifeline_as_nobody_in_particular() -> None:
    last = LINES[max(index for index, line in enumerate(LINES) if line[0] == "FROM") :]
    assert ["ENTRYPOINT", '["lifeline"]'] in last
    assert [line[1] for line in last if line[0] == "USER"] == ["10001:10001"]
    assert [line[0] for line in LINES].count("FROM") == 2
    assert all(
        re.match(r"python:3\.11\.\d+-slim-bookworm( AS build)?$", line[1])
        for line in LINES
        if line[0] == "FROM"
    )


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_image_has_every_package_at_the_constraints_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {
        name
        for name in project["tool"]["setuptools"]["packages"]["find"]["include"]
        if not name.endswith(".*")
    }
    copied = {
        name
        for line in LINES
        if line[0] == "COPY" and "--from" not in line[1]
        for name in line[1].split()[:-1]
    }
    assert copied == packages | {"pyproject.toml", "constraints.txt", project["project"]["readme"]}
    context = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in context
    assert {line[1:] for line in context if line.startswith("!")} == copied
    assert re.search(r"^RUN .*pip .*install --constraint constraints\.txt \.$", DOCKERFILE, re.MULTILINE)
