"""Reads how a city handles its alerts, from the file that comes with the software or from its own."""

from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from alerts.lifecycle.policy import Policy
from rules.duration import durations
from rules.hazards import hazards
from sensors import toml
from sensors.errors import Mistake


@cache
def default() -> Policy:
    """The policy that holds where a city gives none."""
    text = files("alerts").joinpath("policy.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(text, type=Policy, dec_hook=durations)


def load(path: Path) -> Policy:
    """The policy that a file holds.

    Raises:
        Mistake: the file cannot be taken as it is.
    """
    data, locate = toml.read(path)
    try:
        policy = msgspec.convert(data, Policy, dec_hook=durations)
    except msgspec.ValidationError as error:
        raise toml.mistake(path, locate, error) from None
    for index, hazard in enumerate(policy.latching):
        if hazard not in hazards():
            raise Mistake(path, locate(("latching", index)), "latching", f"expected a hazard, not {hazard!r}")
    for name in ("operator_positions", "escalations"):
        if getattr(policy, name) < 1:
            raise Mistake(path, locate((name,)), name, "expected 1 or more")
    return policy
