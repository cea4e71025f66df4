"""Why a message is kept aside."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a message, or a part of it, could not be taken as it came."""

    TOPIC = "topic"
    UNDECODABLE = "undecodable"
    SCHEMA = "schema"
    UNKNOWN_SENSOR = "unknown-sensor"
    UNIT = "unit"
    TIME = "time"
    CONFLICT = "conflict"
    REFUSED = "refused"
