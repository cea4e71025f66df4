"""Stops temporary services when the process that asked for them is gone, however it ended.

``python -m lifeline.runtime.leash PREFIX DIRECTORY`` with standard input tied to that process.
"""

import sys
from pathlib import Path

from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres


def main(prefix: Path, directory: Path) -> None:
    """Wait for the end of the input, then stop both."""
    sys.stdin.buffer.read()
    Postgres(Prefix(prefix), directory / "postgres").stop()
    Mosquitto(Prefix(prefix), directory / "mosquitto").stop()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
