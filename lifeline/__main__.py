"""The way in: ``lifeline`` and ``python -m lifeline``."""

import os
import sys

from sensors.errors import LifelineError


def main() -> None:
    """Run the command line; an error that a person can mend is one clear line and an exit code."""
    # A process is one core's work, its matrices are small, and BLAS threads that wait for a core which
    # another process has make them ten times slower. It is read once, when numpy comes in.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from lifeline.cli import app  # noqa: PLC0415, as said

    try:
        app()
    except LifelineError as error:
        sys.stderr.write(f"lifeline: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
