"""The way in: ``lifeline`` and ``python -m lifeline``."""

import sys

from lifeline.cli import app
from sensors.errors import LifelineError


def main() -> None:
    """Run the command line; an error that a person can mend is one clear line and an exit code."""
    try:
        app()
    except LifelineError as error:
        sys.stderr.write(f"lifeline: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
