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
from typer.testing import CliRunner

from alerts import dispatch
from ingest.partition import Partition
from lifeline import worker
from lifeline.cli import app
from lifeline.provision.plan import DSNS, PASSWORDS, dsns

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LINES = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
OURS = {"migrate", "worker", "worker-2", "device", "engineer", "alerts", "maintain", "simulator"}
ONCE = {"roles", "migrate", "device", "engineer"}
UNWATCHED = {*ONCE, "simulator"}
"""Without a health check: the simulator ends by itself where it cannot send, and nothing waits for it."""
SECRETS = "${LIFELINE_SECRETS:?run make env, see docs/operations.md}/"

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
    assert {rest for _, rest in used} == {":?run make env, see docs/operations.md"}
    assert not re.search(r"(?<!\$)\$\w", TEXT), "a variable without braces may be missing unnoticed"


def test_make_env_makes_every_variable_and_every_secret(tmp_path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^env: .*\n\t@\$\(BIN\)/lifeline env", makefile, re.MULTILINE)
    (tmp_path / "docker-compose.yml").write_text(TEXT, encoding="utf-8")
    assert CliRunner().invoke(app, ["env", str(tmp_path), "--host", "broker.city.example"]).exit_code == 0
    made = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text(encoding="ascii").splitlines())
    assert made.keys() == set(re.findall(r"\$\{(\w+):\?", TEXT))
    named = {secret["file"].removeprefix(SECRETS) for secret in COMPOSE["secrets"].values()}
    assert named == {path.name for path in (tmp_path / made["LIFELINE_SECRETS"]).iterdir()} - {"ca.key"}


def test_what_is_made_stays_out_of_the_repository_and_the_image() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/.env", "/deploy/secrets/"} <= set(ignored)
    assert "!deploy" not in (ROOT / ".dockerignore").read_text(encoding="utf-8")


@every_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    given = SERVICES[name].get("secrets", [])
    assert set(given) <= COMPOSE["secrets"].keys()
    for text in texts(SERVICES[name].get("environment", {})):
        key, _, value = text.partition("=")
        if re.search("PASSWORD|DSN|CERT|_KEY|_CA$", key):
            assert value.removeprefix("/run/secrets/") in given, key


@every_service
def test_nothing_is_spoken_in_plain_text_where_tls_is_there(name: str) -> None:
    for text in texts(SERVICES[name]):
        assert "mqtt://" not in text
        assert "sslmode=" not in text or "verify-full" in text
    assert all("sslmode=verify-full" in dsn for dsn in dsns(dict.fromkeys(PASSWORDS, "x")).values())


@every_service
def test_every_secret_that_a_service_reads_it_gets(name: str) -> None:
    """In its command and health check, and in the files that it mounts."""
    service = SERVICES[name]
    mounted = [ROOT / volume.split(":")[0] for volume in service.get("volumes", []) if volume[0] == "."]
    files = [file for each in mounted for file in ([each] if each.is_file() else each.rglob("*.*"))]
    spoken = [
        *texts(service),
        *(file.read_text(encoding="utf-8") for file in files if file.suffix != ".json"),
    ]
    asked = set(re.findall(r"(?:/run/secrets|\$secrets)/([\w.-]+\w)", "\n".join(spoken)))
    assert asked - {"mqtt"} <= set(service.get("secrets", []))


def test_each_process_has_the_role_that_is_its_own_and_the_script_makes_it() -> None:
    given = {
        name: DSNS[Path(service["environment"]["LIFELINE_DSN_FILE"]).name]
        for name, service in SERVICES.items()
        if "LIFELINE_DSN_FILE" in service.get("environment", {})
    }
    assert {name: role for name, (role, _) in given.items()} == {
        "migrate": "lifeline",
        "worker": "lifeline_worker",
        "worker-2": "lifeline_worker",
        "alerts": "lifeline_alerts",
        "maintain": "lifeline_maintain",
        "device": "lifeline_worker",
        "engineer": "lifeline",
    }
    script = (ROOT / "deploy" / "database" / "roles.sh").read_text(encoding="utf-8")
    for role, secret in given.values():
        variable = secret.removeprefix("database-")
        assert f"alter role {role} login password :'{variable}'" in script
        assert f'{variable}=$(cat "$secrets/{secret}")' in script


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
        "alerts": dispatch.GRACE_S,
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
def test_a_port_is_open_on_this_machine_only_where_it_does_not_speak_tls(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        where = r"\$\{LIFELINE_BIND:.*?\}" if name in {"mosquitto", "alerts"} else r"127\.0\.0\.1"
        assert re.fullmatch(rf"{where}:(\d+):\1", port)


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
    known |= getattr(registered[command], "commands", {}).keys()
    assert {option for option in options if option.startswith("-")} <= known
    for text in texts(SERVICES[name].get("healthcheck", {})):
        code = text.removeprefix("test=")
        if code.startswith(("from ", "import ")):
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
