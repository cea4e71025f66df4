"""``lifeline`` as it is, with a kind among its others that is made to raise."""

from lifeline.__main__ import main
from rules.kinds import PARAMETERS, SENSOR_KINDS
from tests.unit.rules.fragile import Fragile, FragileParameters

SENSOR_KINDS["fragile"] = Fragile
PARAMETERS["fragile"] = FragileParameters

if __name__ == "__main__":
    main()
