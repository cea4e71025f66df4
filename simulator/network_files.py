"""Where a network of pipes is read from: by the name of one that comes with lifeline, or by its path."""

from pathlib import Path
from typing import Literal

from sensors.errors import ConfigurationError

NETWORKS = Path(__file__).parent / "networks"
"""The networks that come with lifeline, in a folder for each program that reads them."""


def find(name: str, program: Literal["EPANET", "SWMM"]) -> Path:
    """The file of a network of ours, by its name, or a file by its path.

    Raises:
        ConfigurationError: there is none.
    """
    folder, other = NETWORKS / program.lower(), Path(name)
    ours = folder / f"{name}.inp"
    if ours.is_file():
        return ours
    if other.is_file():
        return other
    known = ", ".join(sorted(each.stem for each in folder.glob("*.inp")))
    raise ConfigurationError(f"no network {name}: expected a file in {program}'s format, or one of: {known}")
