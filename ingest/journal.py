"""The journal's entries: everything that entered the engine, in order of arrival, as bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from ingest.batch import Batch, Numbered
from sensors.arrays import Arrays, pack, unpack
from sensors.readings import Readings
from sensors.waveforms import Features

_BATCH, _VERSIONS = 0, 1

_WAVE = "wave."
"""What the names of the features' arrays begin with."""


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """A batch as the engine and the sequences saw it."""

    readings: Readings
    ticks: tuple[tuple[int, int], ...]
    numbered: tuple[Numbered, ...]
    features: Features


@dataclass(frozen=True, slots=True)
class VersionsEntry:
    """From here on other versions hold; ``warmth`` is what new rules learned from history."""

    registry_version: str
    rules_version: str
    warmth: Arrays


def encode_batch(batch: Batch, features: Features) -> bytes:
    """The entry of a batch; ``features`` are those of its waveforms."""
    readings = batch.readings
    devices = {
        device: number for number, device in enumerate(dict.fromkeys(n.device for n in batch.numbered))
    }
    return pack(
        {
            "kind": np.array([_BATCH], np.int8),
            "sensor": readings.sensor,
            "time": readings.time,
            "value": readings.value,
            "flag": readings.flag,
            "ticks": np.array(batch.ticks, np.int64).reshape(-1, 2),
            "devices": _text(list(devices)),
            "device": np.array([devices[each.device] for each in batch.numbered], np.int32),
            "boot": np.array([each.boot for each in batch.numbered], np.int64),
            "number": np.array([each.number for each in batch.numbered], np.int64),
            **{f"{_WAVE}{name}": array for name, array in features.arrays().items() if len(features)},
        }
    )


def encode_versions(entry: VersionsEntry) -> bytes:
    """The entry of a change of versions."""
    warmth = {f"warmth.{name}": array for name, array in entry.warmth.items()}
    versions = _text([entry.registry_version, entry.rules_version])
    return pack({"kind": np.array([_VERSIONS], np.int8), "versions": versions, **warmth})


def decode(body: bytes) -> BatchEntry | VersionsEntry:
    """What one of the two wrote."""
    arrays = unpack(body)
    if arrays["kind"][0] == _VERSIONS:
        registry, rules = _texts(arrays["versions"])
        warmth = {name[7:]: array for name, array in arrays.items() if name.startswith("warmth.")}
        return VersionsEntry(registry, rules, warmth)
    devices = _texts(arrays["devices"])
    numbers = (arrays[name].tolist() for name in ("device", "boot", "number"))
    return BatchEntry(
        Readings(arrays["sensor"], arrays["time"], arrays["value"], arrays["flag"]),
        tuple((position, time) for position, time in arrays["ticks"].tolist()),
        tuple(Numbered(devices[device], boot, number) for device, boot, number in zip(*numbers, strict=True)),
        _features(arrays),
    )


def _features(arrays: Arrays) -> Features:
    """The features, none in a batch without waveforms or written before there were any."""
    mine = {name[len(_WAVE) :]: array for name, array in arrays.items() if name.startswith(_WAVE)}
    return Features(**mine) if mine else Features.empty()


def _text(texts: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(msgspec.msgpack.encode(texts), np.uint8)


def _texts(array: NDArray[np.uint8]) -> list[str]:
    return msgspec.msgpack.decode(array.tobytes(), type=list[str])
