"""Log-likelihood ratios that were measured, in files that rules name: ``{ llr_file = "demo.llr.json" }``.

A rule's state says llr = ln((Pd + c) / (Pfa + c)): Pd and Pfa are the shares of the samples with and without
the event in which the rule stood in that state, c = 1 / (2 events). So a state that was never seen says
nothing (0), and none is surer than so many events allow: 10 of them make at most ln 21 = 3.04. Samples of one
event are no independent ones, which is why events are counted and not samples.

Source: additive smoothing, with the same share added to both sides because there is far more of one.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from rules.model import Rule
from rules.risk import Strength
from sensors.lines import Keys


class Counts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was seen of one rule; samples by state, from 0 = no evidence."""

    rule_version: str
    hazard: str
    events: int
    """How many events its subjects could have seen."""
    event: tuple[int, ...]
    """Samples in them."""
    clean: tuple[int, ...]
    """Samples without any event of the hazard."""
    llr: tuple[float, ...]
    """Of the states from 1 on."""


class Bin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Samples whose claimed probability lay in one bin, weighted so that the prior is the hazard's."""

    low: float
    high: float
    samples: int
    events: int
    claimed: float
    """The mean probability that was claimed."""
    true: float
    """The share of them that was an event."""


class Reliability(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How true the claims of one hazard came on seeds that nothing was learned from."""

    events: int
    brier: float
    """Mean square of claim less truth; 0 is best."""
    brier_of_prior: float
    """The same of one who always claims the prior."""
    bins: tuple[Bin, ...]


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One calibration file."""

    scenario: str
    city: str
    sample_s: int
    hours: int
    """Of each seed."""
    seeds: tuple[int, ...]
    rules: Mapping[str, Counts]
    reliability_seeds: tuple[int, ...] = ()
    reliability: Mapping[str, Reliability] = {}

    def encode(self) -> bytes:
        """As it is written."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=1) + b"\n"


def ratios(event: Sequence[int], clean: Sequence[int], events: int) -> tuple[float, ...]:
    """The log-likelihood ratio of each state from 1 on, from samples by state."""
    least = 1 / (2 * max(events, 1))
    return tuple(
        round(math.log((seen / max(sum(event), 1) + least) / (false / max(sum(clean), 1) + least)), 3)
        for seen, false in zip(event[1:], clean[1:], strict=True)
    )


def version(rule: Rule) -> str:
    """A short hash of all that decides when the rule stands in which state."""
    found: dict[str, Any] = msgspec.to_builtins(rule)
    says = {name: _given(found[name]) for name in _DECIDING}
    return hashlib.blake2b(msgspec.json.encode(says, order="deterministic"), digest_size=8).hexdigest()


_DECIDING = ("kind", "hazard", "select", "at", "inputs", "parameters", "override")


def _given(value: object) -> object:
    """Without keys that are left open, so that a key which rules may have one day changes no version."""
    if isinstance(value, dict):
        return {name: _given(each) for name, each in value.items() if each is not None}
    return [_given(each) for each in value] if isinstance(value, list | tuple) else value


def read(path: Path) -> Calibration:
    """A calibration file.

    Raises:
        OSError, msgspec.DecodeError: it cannot be read, or is none.
    """
    return msgspec.json.decode(path.read_bytes(), type=Calibration)


class Calibrated:
    """Puts measured ratios into rules, reading each file once."""

    def __init__(self) -> None:
        self._files: dict[Path, Calibration | str] = {}

    def rule(self, rule: Rule, folder: Path) -> tuple[Rule, list[tuple[Keys, str]]]:
        """The rule with its ratios, and what is wrong with those it names; files lie in ``folder``."""
        wrong: list[tuple[Keys, str]] = []
        evidence = list(rule.evidence)
        for number, strength in enumerate(evidence):
            if strength.llr_file is None:
                continue
            found = self._ratio(rule, number, strength, folder)
            if isinstance(found, str):
                wrong.append((("evidence", number, "llr_file"), found))
            else:
                evidence[number] = replace(strength, llr=found)
        return replace(rule, evidence=tuple(evidence)), wrong

    def _ratio(self, rule: Rule, number: int, strength: Strength, folder: Path) -> float | str:
        """The state's ratio, or what was expected."""
        if strength.llr is not None:
            return "expected no llr beside it, the file has it"
        file = self._read(folder / str(strength.llr_file))
        if isinstance(file, str):
            return file
        counts = file.rules.get(rule.name)
        if counts is None:
            return f"expected a file with {rule.name!r}, not only {', '.join(sorted(file.rules))}"
        if counts.rule_version != version(rule):
            return "expected the rule as it was calibrated: calibrate it again, or write an llr"
        if number >= len(counts.llr):
            return f"expected at most {len(counts.llr)} states, as calibrated"
        return counts.llr[number]

    def _read(self, path: Path) -> Calibration | str:
        if path not in self._files:
            self._files[path] = _readable(path)
        return self._files[path]


def _readable(path: Path) -> Calibration | str:
    try:
        return read(path)
    except OSError as error:
        return f"expected a file that can be read: {error.strerror}"
    except msgspec.DecodeError as error:
        return f"expected a file that `lifeline evaluate --calibrate` wrote: {error}"
