"""Who may say what: the broker's access list, from the registry. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sensors.model import Device

SAYS = ("telemetry", "waveform", "status")
HEARS = "resend"
SYSTEM = ("lifeline-worker", "lifeline-engineer")
"""Users that are no devices."""

_BASE = f"""\
# Written by `lifeline device`. What is not allowed here is refused.

# The workers hear all devices, ask again for what got lost, and talk to themselves.
user {SYSTEM[0]}
topic read lifeline/#
topic write lifeline/+/+/+/{HEARS}
topic write lifeline/worker/+/marker
topic read $SYS/#

# Who sends dead letters again, or has the simulator speak for devices, hears what they are asked for.
user {SYSTEM[1]}
{"".join(f"topic write lifeline/+/+/+/{leaf}" + chr(10) for leaf in SAYS)}\
topic read lifeline/+/+/+/{HEARS}

# A device's user is its id, or domain, district and id. It says what it measures, and hears what to repeat.
{"".join(f"pattern write lifeline/+/+/%u/{leaf}" + chr(10) for leaf in SAYS)}\
pattern read lifeline/+/+/%u/{HEARS}
{"".join(f"pattern write lifeline/%u/{leaf}" + chr(10) for leaf in SAYS)}\
pattern read lifeline/%u/{HEARS}
"""


def users(device: Device) -> tuple[str, str]:
    """The two names by which a device can have an account."""
    return device.id, device.topic.removeprefix("lifeline/")


def device_of(user: str) -> str:
    """The device whose account this is."""
    return user.rpartition("/")[2]


def access_list(devices: Iterable[Device]) -> str:
    """The text of the access list: each device for itself, each gateway for all that speaks through it."""
    by_id = {device.id: device for device in devices}
    members: dict[str, list[Device]] = defaultdict(list)
    for device in by_id.values():
        gateway = device.gateway
        while gateway is not None:  # the registry has no loops
            members[gateway].append(device)
            gateway = by_id[gateway].gateway
    gateways = (_speaks_for(by_id[name], behind) for name, behind in sorted(members.items()))
    return _BASE + "".join(gateways)


def _speaks_for(gateway: Device, behind: Sequence[Device]) -> str:
    lines = []
    for device in behind:
        lines += [f"topic write {device.topic}/{leaf}\n" for leaf in SAYS]
        lines.append(f"topic read {device.topic}/{HEARS}\n")
    return "".join(f"\nuser {user}\n{''.join(lines)}" for user in users(gateway))
