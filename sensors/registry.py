"""The registry as bytes: the form in which each of its versions is kept."""

import hashlib
import zlib

import msgspec

from sensors.model import Registry

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DECODER = msgspec.msgpack.Decoder(Registry)


def version(registry: Registry) -> str:
    """A short hash of everything in it, the sensors' ids included, whatever the order of its parts."""
    return hashlib.blake2b(_content(registry), digest_size=8).hexdigest()


def encode(registry: Registry) -> bytes:
    """The registry as compressed bytes, its parts in their own order; ``decode`` reads them back."""
    return zlib.compress(_content(registry), level=1)


def decode(content: bytes) -> Registry:
    """The registry that ``encode`` made into bytes."""
    return _DECODER.decode(zlib.decompress(content))


def _content(registry: Registry) -> bytes:
    return _ENCODER.encode(
        msgspec.structs.replace(
            registry,
            utilities=sorted(registry.utilities, key=lambda utility: utility.id),
            assets=sorted(registry.assets, key=lambda asset: asset.id),
            edges=sorted(registry.edges, key=lambda edge: (edge.source, edge.relation, edge.target)),
            device_types=sorted(registry.device_types, key=lambda kind: kind.id),
            devices=sorted(registry.devices, key=lambda device: device.id),
            sensors=sorted(registry.sensors, key=lambda sensor: (sensor.device, sensor.key)),
        )
    )


def numbered(registry: Registry) -> Registry:
    """The registry in its own order, its sensors numbered from 1, as a new database would number them."""
    known = decode(encode(registry))
    sensors = (msgspec.structs.replace(sensor, id=number) for number, sensor in enumerate(known.sensors, 1))
    return msgspec.structs.replace(known, sensors=tuple(sensors))
