"""What docker-compose.yml mounts, started here without Docker, with secrets that `lifeline env` made."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from lifeline.provision.run import FOLDER, provide
from lifeline.runtime.packages import Prefix
from lifeline.runtime.ports import free_port
from lifeline.runtime.postgres import Postgres
from lifeline.runtime.processes import hand_over, unprivileged
from tests.support.processes import until

DEPLOY = Path(__file__).parents[2] / "deploy"
LISTENERS = (8883, 8884)


def provided(home: Path) -> Path:
    """The folder of secrets of a deployment in ``home``."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "docker-compose.yml").touch()
    provide(home, (), datetime.now(UTC))
    return home / FOLDER


class Broker:
    """The broker with deploy/mosquitto, its paths and ports those of this machine."""

    def __init__(self, prefix: Prefix, home: Path, secrets: Path) -> None:
        self.secrets, self.data = secrets, home / "data"
        self.ports = {listener: free_port() for listener in LISTENERS}
        self._home, self._config = home, home / "config"
        self._path = f"{prefix.mosquitto.parent}:{prefix.mosquitto.parents[1] / 'bin'}:{os.environ['PATH']}"
        self.data.mkdir(parents=True)
        hand_over(self.data)
        hand_over(home)
        shutil.copytree(DEPLOY / "mosquitto", self._config)
        for file in self._config.iterdir():
            file.write_text(self._here(file.read_text(encoding="utf-8")), encoding="utf-8")

    def _here(self, text: str) -> str:
        places = {"/mosquitto/": self._home, "/run/secrets/": self.secrets}
        text = re.sub("|".join(places), lambda at: f"{places[at[0]]}/", text)
        for listener, port in self.ports.items():
            text = text.replace(f"listener {listener}\n", f"listener {port} 127.0.0.1\n")
        return text

    @property
    def ca(self) -> Path:
        return self.secrets / "ca.crt"

    @property
    def log(self) -> str:
        return (self._home / "log").read_text(encoding="utf-8")

    def start(self) -> None:
        command = [*unprivileged(self._home), "sh", self._config / "start.sh"]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(command, env={"PATH": self._path}, stdout=log, stderr=log)
        until(lambda: all(listens(port) for port in self.ports.values()), f"the broker:\n{self.log}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@contextmanager
def broker(prefix: Prefix, home: Path, secrets: Path) -> Iterator[Broker]:
    """The broker, running."""
    started = Broker(prefix, home, secrets)
    try:
        started.start()
        yield started
    finally:
        started.stop()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class Client:
    """A client over TLS that remembers what it hears, and what became of what it said."""

    def __init__(self, port: int, user: str, password: str, ca: Path, name: str = "") -> None:
        self.heard: list[str] = []
        self.ended: list[str] = []
        self._verdicts: dict[int, bool] = {}
        answers: list[bool] = []
        self._answers = answers
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        client.username_pw_set(user, password)
        client.tls_set(str(ca))
        client.on_connect = lambda _c, _u, _f, reason, _p: answers.append(not reason.is_failure)
        client.on_disconnect = lambda _c, _u, _f, reason, _p: self.ended.append(str(reason))
        client.on_subscribe = lambda _c, _u, _m, reasons, _p: answers.append(not reasons[0].is_failure)
        client.on_message = lambda _c, _u, message: self.heard.append(message.topic)
        verdicts = self._verdicts
        client.on_publish = lambda _c, _u, mid, reason, _p: verdicts.update({mid: not reason.is_failure})
        client.connect("127.0.0.1", port)
        client.loop_start()
        until(lambda: bool(answers), "an answer of the broker")
        self.connected = answers[0]

    def may_say(self, topic: str, payload: str = "{}") -> bool:
        mid = self._client.publish(topic, payload, qos=1).mid
        until(lambda: mid in self._verdicts, topic)
        return self._verdicts[mid]

    def listen(self) -> None:
        self._client.subscribe("#", qos=1)
        until(lambda: len(self._answers) == 2, "the subscription")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def lets_in(port: int, user: str, password: str, ca: Path) -> bool:
    client = Client(port, user, password, ca)
    client.close()
    return client.connected


class SecurePostgres(Postgres):
    """PostgreSQL by deploy/database/start.sh: TLS and a password for everybody, and no superuser."""

    def __init__(self, prefix: Prefix, directory: Path, secrets: Path) -> None:
        super().__init__(prefix, directory)
        self._secrets = secrets

    @property
    def ca(self) -> Path:
        return self._secrets / "ca.crt"

    def of(self, name: str) -> str:
        """A DSN that `lifeline env` made, for here."""
        text = (self._secrets / name).read_text(encoding="ascii")
        return text.replace("timescaledb:5432", f"127.0.0.1:{self.port}").replace(
            "/run/secrets/ca", str(self.ca)
        )

    def answers(self) -> bool:
        try:
            psycopg.connect(self.of("dsn-owner"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _command(self) -> Sequence[str | Path]:
        database = DEPLOY / "database"
        given = {"SECRETS": self._secrets, "KEY": self.directory / "key", "HBA": database / "pg_hba.conf"}
        words = [f"{name}={value}" for name, value in given.items()]
        return ["env", *words, "sh", database / "start.sh", *super()._command()]
