"""The four-colour map as GeoJSON (RFC 7946). Pure."""

import json

from grafana.language import Language
from lifeline.assess.survey import Risk, Survey
from lifeline.assess.words import Words
from rules.levels import RiskLevel

COLOURS = {
    RiskLevel.MAJOR: "#d7191c",
    RiskLevel.SERIOUS: "#f07d1a",
    RiskLevel.GENERAL: "#f2c713",
    RiskLevel.LOW: "#2b7bba",
}
"""The four colours as drawn: told apart in print and by most eyes."""


def four_colours(survey: Survey) -> bytes:
    """A point an asset, the best first, so that the worst are drawn on top.

    ``marker-color`` is what most viewers colour a point by (simplestyle).
    """
    features = [_feature(risk, survey) for risk in reversed(survey.risks)]
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'.encode()


def _feature(risk: Risk, survey: Survey) -> dict[str, object]:
    asset, english = risk.asset, Words(survey, Language.EN)
    return {
        "type": "Feature",
        "id": asset.id,
        "geometry": {"type": "Point", "coordinates": [asset.longitude, asset.latitude]},
        "properties": {
            "name": asset.name,
            "name_en": asset.name_en,
            "kind": asset.kind,
            "domain": asset.domain.value,
            "district": asset.district,
            "utility": asset.utility,
            "hazards": list(risk.hazards),
            "likelihood": risk.estimate.likelihood,
            "consequence": risk.consequence,
            "level": risk.level.value,
            "level_name": risk.level.chinese,
            "level_name_en": risk.level.english,
            "colour": risk.level.colour,
            "marker-color": COLOURS[risk.level],
            "why": Words(survey, Language.ZH).why(risk),
            "why_en": english.why(risk),
            "review": risk.review.isoformat(),
        },
    }
