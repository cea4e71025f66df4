"""The window of an account as a picture: each sensor's readings, its thresholds, and the moment."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lifeline.explain.account import Account, Window
from rules.levels import RiskLevel
from sensors.errors import ConfigurationError
from sensors.model import Flag

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INCHES = (9.0, 2.8)
"""Width, and height of each sensor."""

_COLOURS = {1: "#d62728", 2: "#ff7f0e", 3: "#e0b400", 4: "#1f77b4"}


def draw(account: Account, path: Path) -> None:
    """Write the picture as PNG; its words are English, for few fonts have the others.

    Raises:
        ConfigurationError: matplotlib is missing, there is nothing to draw, or the file cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415, optional
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError("--plot needs matplotlib: pip install 'lifeline[plot]'") from None
    windows = [window for window in account.windows if window.times]
    if not windows:
        raise ConfigurationError(f"{account.asked} {account.id}: no readings are stored around it")
    figure = Figure(figsize=(_INCHES[0], 0.8 + _INCHES[1] * len(windows)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(_title(account), fontsize=11)
    axes = figure.subplots(len(windows), 1, sharex=True, squeeze=False)[:, 0]
    for ax, window in zip(axes, windows, strict=True):
        _draw(ax, window, account)
    axes[-1].set_xlabel("event time, UTC")
    axes[-1].xaxis.set_major_formatter(_hour)
    try:
        figure.savefig(path, format="png", dpi=120)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None


def _title(account: Account) -> str:
    head = f"{account.hazard.name_en} at {account.asset.name_en}, {account.moment:%Y-%m-%d %H:%M:%S} UTC"
    if account.grade is None or account.grade.level is None:
        return head
    grade = account.grade
    level = RiskLevel(grade.level or 0)
    return f"{head}: {level.english} (likelihood {grade.likelihood}, consequence {grade.consequence})"


def _draw(ax: "Axes", window: Window, account: Account) -> None:
    time, value = _times(*window.times), np.array(window.values, np.float64)
    late, doubtful = np.array(window.late, np.bool_), np.array(window.flags) >= Flag.SUSPECT
    heard = ~late & ~doubtful
    ax.plot(time[heard], value[heard], color="#444444", marker=".", markersize=4, linewidth=1)
    for which, mark, label in ((doubtful & ~late, "x", "suspect or failed"), (late, "o", "late")):
        if which.any():
            ax.plot(time[which], value[which], mark, color="#888888", fillstyle="none", label=label)
    for line in window.thresholds:
        ax.axhline(line, color="#d62728", linestyle="--", linewidth=0.8)
        ax.annotate(f"{line:g}", (0.003, line), xycoords=("axes fraction", "data"), fontsize=8, va="bottom")
    level = None if account.grade is None else account.grade.level
    moment = _times(account.moment, account.moment)
    colour = _COLOURS.get(level or 0, "#444444")
    ax.plot(moment, [0, 1], color=colour, linewidth=1.5, transform=ax.get_xaxis_transform())
    ax.set_title(f"{window.sensor}, {window.quantity}", fontsize=9, loc="left")
    ax.set_ylabel(window.unit)
    ax.margins(x=0.01, y=0.1)
    ax.grid(alpha=0.25)
    if late.any() or doubtful.any():
        ax.legend(fontsize=8)


def _times(*times: datetime) -> NDArray[np.datetime64]:
    return np.array([time.replace(tzinfo=None) for time in times], "datetime64[us]")


def _hour(days: float, place: int) -> str:
    """The words at a tick, which matplotlib counts in days since 1970."""
    del place
    return f"{datetime.fromtimestamp(days * 86_400, UTC):%H:%M}"
