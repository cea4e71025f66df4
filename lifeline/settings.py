"""Every setting of every process, from the environment (``LIFELINE_*``) or the file ``lifeline.env``.

A secret can be named by a file instead: ``LIFELINE_DSN_FILE`` holds the path of a file with the DSN.
Where no database or broker is named, those of the running local runtime are taken.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from sensors.errors import ConfigurationError

SHORTEST_AUDIT_DAYS = 180
"""The Cybersecurity Law (网络安全法) wants logs kept for six months."""


class Clock(StrEnum):
    """What a worker takes the time from: the wall, or a feed that says it on ``lifeline/clock``."""

    WALL = "wall"
    FEED = "feed"


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads ``LIFELINE_X`` from the file that ``LIFELINE_X_FILE`` names."""

    def get_field_value(self, field: object, field_name: str) -> tuple[str | None, str, bool]:
        del field
        path = os.environ.get(f"LIFELINE_{field_name.upper()}_FILE")
        if path is None:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except OSError as error:
            raise ConfigurationError(
                f"LIFELINE_{field_name.upper()}_FILE: {path}: {error.strerror}"
            ) from None

    def __call__(self) -> dict[str, str]:
        values = {name: self.get_field_value(None, name)[0] for name in self.settings_cls.model_fields}
        return {name: value for name, value in values.items() if value is not None}


class Settings(BaseSettings):
    """The settings of one process; each field's name in upper case after ``LIFELINE_`` is its variable."""

    model_config = SettingsConfigDict(
        env_prefix="LIFELINE_", env_file="lifeline.env", extra="ignore", frozen=True
    )

    dsn: SecretStr | None = None
    """PostgreSQL connection URI of the TimescaleDB database."""
    mqtt_url: str | None = None
    """mqtt://host:port or mqtts://host:port of the broker."""
    mqtt_user: str | None = None
    mqtt_password: SecretStr | None = None
    mqtt_ca: FilePath | None = None
    """CA certificate that signs the broker's, for mqtts."""
    broker_files: Path | None = None
    """Folder of the broker's password file and access list, which `lifeline device` writes."""
    broker_pid: Path | None = None
    """File with the number of the broker's process, which is told of a change by SIGHUP; none = it is not."""
    runtime: Path = Path(".runtime")
    """Where the local TimescaleDB and Mosquitto live."""
    data: Path = Path("../shared/data")
    """Where the labelled data sets are; feeds name their files relative to it."""
    oldest_days: float = Field(default=400, gt=0, le=100_000)
    """A reading older than this is not taken but kept as a dead letter."""
    newest_minutes: float = Field(default=5, ge=0, le=1_000_000)
    """A reading further in the future than this is not taken but kept as a dead letter."""
    batch_messages: int = Field(default=2000, ge=1, le=32_000)
    """Most messages in a transaction; the broker may send twice as many before the first is acknowledged."""
    linger_ms: float = Field(default=20, ge=0, le=60_000)
    """How long a batch waits for company once its first message is there."""
    snapshot_s: float = Field(default=60, gt=0, le=86_400)
    """Time between two snapshots of the engine."""
    dead_letters_per_hour: int = Field(default=1000, ge=0)
    """Most dead letters that are kept of one device in an hour; those beyond are only counted."""
    late_settle_s: float = Field(default=600, ge=0, le=86_400)
    """How long no more late readings of a sensor must have come before their history is run again."""
    keep_readings_days: float = Field(default=400, ge=0)
    """How long readings stay, 0 = for ever; as long as late ones are taken, so rollups miss none."""
    keep_10min_days: float = Field(default=1200, ge=0)
    keep_1h_days: float = Field(default=0, ge=0)
    keep_waveforms_days: float = Field(default=30, ge=0)
    keep_journal_days: float = Field(default=7, ge=0)
    """How far back `lifeline replay --journal` can begin."""
    keep_transitions_days: float = Field(default=1200, ge=0)
    """How long transitions, figures and changes of risk stay; those of open cases stay in any case."""
    keep_deliveries_days: float = Field(default=1200, ge=0)
    keep_dead_letters_days: float = Field(default=90, ge=0)
    keep_audit_days: float = Field(default=1200, ge=0)
    """How long the API's audit stays: 180 days at least, 0 = for ever."""
    compress_days: float = Field(default=30, ge=0)
    """After how many days readings and rollups are compressed, 0 = never; in the Community edition only."""
    metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    """Where a process serves /metrics; none = it does not."""
    receivers: Path | None = None
    """TOML file that says where alerts go; none = they are listed, and delivered to nobody."""
    alert_policy: Path | None = None
    """TOML file with deadlines, shelves and latching of alerts; none = alerts/policy.toml."""
    api_host: str = "127.0.0.1"
    api_port: int = 8600
    api_cert: FilePath | None = None
    """Certificate of the API, with its chain; with ``api_key`` it speaks TLS only."""
    api_key: FilePath | None = None

    @field_validator("keep_audit_days")
    @classmethod
    def _lawful(cls, days: float) -> float:
        if 0 < days < SHORTEST_AUDIT_DAYS:
            raise ValueError(f"expected {SHORTEST_AUDIT_DAYS} or more, or 0 for ever")
        return days

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments beat the environment, the environment beats files."""
        del file_secret_settings
        return init_settings, env_settings, _SecretFiles(settings_cls), dotenv_settings

    @classmethod
    def load(cls, **given: object) -> Self:
        """The settings of this process.

        Raises:
            ConfigurationError: a variable holds what its setting cannot be; the message names it.
        """
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            raise ConfigurationError(f"LIFELINE_{name}: {first['msg']}, not {first['input']!r}") from None

    def database(self) -> str:
        """The DSN to connect to.

        Raises:
            ConfigurationError: none is set and no local runtime is running.
        """
        if self.dsn is not None:
            return self.dsn.get_secret_value()
        from lifeline.runtime.services import running  # noqa: PLC0415, only where it is needed

        if (services := running(self.runtime)) is not None:
            return services.dsn
        raise ConfigurationError("no database: set LIFELINE_DSN, or call `lifeline services start`")

    def api_tls(self) -> tuple[Path, Path] | None:
        """The files of certificate and key by which the API speaks TLS; None = it speaks plain HTTP.

        Raises:
            ConfigurationError: one of them is given without the other.
        """
        if self.api_cert is not None and self.api_key is not None:
            return self.api_cert, self.api_key
        if self.api_cert is not None or self.api_key is not None:
            raise ConfigurationError("LIFELINE_API_CERT, LIFELINE_API_KEY: expected both, or neither")
        return None

    def broker(self) -> str:
        """The broker's URL.

        Raises:
            ConfigurationError: none is set and no local runtime is running, or the URL is not one.
        """
        url = self.mqtt_url
        if url is None:
            from lifeline.runtime.services import running  # noqa: PLC0415, only where it is needed

            if (services := running(self.runtime)) is None:
                raise ConfigurationError(
                    "no broker: set LIFELINE_MQTT_URL, or call `lifeline services start`"
                )
            url = services.mqtt_url
        if not _is_mqtt(url):
            raise ConfigurationError(
                f"LIFELINE_MQTT_URL: expected mqtt://host:port or mqtts://host:port, not {url!r}"
            )
        if self.mqtt_ca is not None and urlsplit(url).scheme == "mqtt":
            raise ConfigurationError(
                f"LIFELINE_MQTT_URL: expected mqtts://host:port beside LIFELINE_MQTT_CA, not {url!r}"
            )
        return url


def _is_mqtt(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"mqtt", "mqtts"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port, or no host, that could be one
        return False
