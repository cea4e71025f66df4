"""The city as a scenario wants it: so large, and of so many of its systems."""

from msgspec.structs import replace

from sensors.model import Registry
from sensors.scale import scaled
from simulator.scenario import Scenario


def setting(scenario: Scenario, registry: Registry) -> Registry:
    """The city repeated and reduced; what stands where, and beside what, stays as it is.

    Raises:
        ConfigurationError: it cannot be repeated so often.
    """
    if scenario.devices is not None:
        registry = scaled(registry, scenario.devices)
    if not scenario.domains:
        return registry
    kept = {asset.id for asset in registry.assets if asset.domain in scenario.domains}
    sensors = tuple(sensor for sensor in registry.sensors if sensor.asset in kept)
    measuring = {sensor.device for sensor in sensors}
    gateways = {device.gateway for device in registry.devices if device.id in measuring}
    devices = tuple(device for device in registry.devices if device.id in measuring | gateways)
    return replace(registry, sensors=sensors, devices=devices)
