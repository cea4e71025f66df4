"""The tables of the receivers file as types: receivers by channel, and routes to them. Pure."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import msgspec

from rules.duration import Duration
from sensors.model import Domain

SHORTEST_SECRET = 16
"""Bytes. RFC 2104 wants a key that cannot be guessed; 32 random bytes are better."""

Text = Annotated[str, msgspec.Meta(min_length=1)]
Texts = Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
# It is part of the name of a PostgreSQL channel, which is cut at 63 bytes.
Id = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]
Address = Annotated[str, msgspec.Meta(pattern="^https?://[^/?#]")]
Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
Language = Literal["zh", "en"]
LevelName = Literal["major", "serious", "general"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hours = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


class Table(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="channel", tag=str.lower
):
    """What all receivers have.

    drill: it receives from replay databases, and from those only. heartbeat: how often it is told that
    nothing is to tell. A field that ends with ``_file`` names a file beside this one that holds a secret.
    """

    id: Id
    drill: bool = False
    language: Language = "zh"
    heartbeat: Duration | None = None
    secret_at_least: ClassVar[int] = 1

    def files(self) -> Iterator[tuple[str, str]]:
        """The fields that name files, with the files."""
        for name in self.__struct_fields__:
            given = getattr(self, name)
            if name.endswith("_file") and given is not None:
                yield name, given


class Webhook(Table, frozen=True, kw_only=True):
    """Signed JSON by POST. utility: whose alerts it may acknowledge by a signed call of its own."""

    url: Address
    secret_file: Text
    utility: Text | None = None
    secret_at_least: ClassVar[int] = SHORTEST_SECRET


class Cap(Table, frozen=True, kw_only=True):
    """CAP 1.2 by signed POST."""

    url: Address
    secret_file: Text
    secret_at_least: ClassVar[int] = SHORTEST_SECRET


class Mqtt(Table, frozen=True, kw_only=True):
    """JSON to ``lifeline/alerts/{utility}/{level}`` at a broker."""

    url: Annotated[str, msgspec.Meta(pattern=r"^mqtts?://[^/:@]+(:\d+)?$")]
    user: Text | None = None
    password_file: Text | None = None
    ca_file: Text | None = None


class Mail(Table, frozen=True, kw_only=True):
    """Mail by SMTP."""

    host: Text
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Text | None = None
    password_file: Text | None = None
    sender: Text
    to: Texts


class Wecom(Table, frozen=True, kw_only=True):
    """企业微信 group robot; address_file holds the address that it was given, which is its secret."""

    address_file: Text


class Dingtalk(Table, frozen=True, kw_only=True):
    """钉钉 group robot, with the key of its signature where it wants one."""

    address_file: Text
    secret_file: Text | None = None


class Feishu(Table, frozen=True, kw_only=True):
    """飞书 group robot, with the key of its signature where it wants one."""

    address_file: Text
    secret_file: Text | None = None


class Alertmanager(Table, frozen=True, kw_only=True):
    """Alertmanager's API v2."""

    url: Address


Receiver = Webhook | Cap | Mqtt | Mail | Wecom | Dingtalk | Feishu | Alertmanager


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where what matches goes; a field that is left out matches all. Routes add up.

    worst, least: of the worst level that the alert has had, so that who heard of it hears of its fall
    and end. days, hours: of the event, in the city's time zone; hours may pass midnight, and the night
    belongs to the day on which it began. escalation: the number of the missed deadline; a route with it
    hears of nothing else, and one without it hears of none. per: incident = what has one cause is told
    once, when it opens, becomes worse, reaches further districts, is overdue, or is over.
    """

    to: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1)]
    domain: tuple[Domain, ...] = ()
    district: tuple[Text, ...] = ()
    utility: tuple[Text, ...] = ()
    hazard: tuple[Text, ...] = ()
    worst: LevelName = "major"
    least: LevelName = "general"
    kinds: tuple[Text, ...] = ()
    escalation: Annotated[int, msgspec.Meta(ge=1, le=9)] | None = None
    days: tuple[Day, ...] = ()
    hours: Hours | None = None
    per: Literal["alert", "incident"] = "alert"


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; timezone: the city's, as in its city.toml. sender: how CAP documents name us."""

    timezone: Text = "Asia/Shanghai"
    sender: Annotated[str, msgspec.Meta(pattern=r"^[^\s,<&]+$")] = "lifeline"
    receiver: tuple[Receiver, ...] = ()
    route: tuple[Route, ...] = ()
