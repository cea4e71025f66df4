"""Units as Grafana writes them."""

from sensors.quantities import QUANTITIES

_SHOWN = {
    "Cel": "celsius",
    "um/m": "µε",
    "m3/h": "m³/h",
    "mg/m3": "mg/m³",
    "m/s2": "m/s²",
    "deg": "degree",
    "[pH]": "pH",
    "uS/cm": "µS/cm",
    "1": "none",
    "%": "percent",
}


def unit(quantity: str) -> str:
    """Grafana's name of a quantity's unit; what is no name of one stands behind the number as it is."""
    own = QUANTITIES[quantity].unit
    return _SHOWN.get(own, own)
