"""The assessment's findings in words, in both languages. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grafana.language import Language
from lifeline.assess.coverage import DANGEROUS
from lifeline.assess.likelihood import Piece, length_known
from lifeline.assess.survey import Risk, Survey
from lifeline.assess.tables import Kind
from rules.hazards import hazards
from rules.levels import RiskLevel
from sensors.model import Asset, Domain
from sensors.quantities import QUANTITIES

DOMAINS = {
    Domain.GAS: ("燃气", "gas"),
    Domain.WATER: ("供水", "water"),
    Domain.DRAINAGE: ("排水", "drainage"),
    Domain.BRIDGE: ("桥梁", "bridge"),
    Domain.HEATING: ("热力", "heating"),
    Domain.TUNNEL: ("管廊", "tunnel"),
}

CONSEQUENCE = {
    "people": ("人员", "people"),
    "critical_users": ("重要用户", "critical users"),
    "cascade": ("连锁影响", "cascade"),
    "cost": ("经济损失", "cost"),
    "adjacent_spaces": ("相邻地下空间", "adjacent spaces"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Says what a survey found in one language."""

    survey: Survey
    language: Language

    def say(self, chinese: str, english: str) -> str:
        """The one of the two texts that is in this language."""
        return self.language.say(chinese, english)

    def join(self, items: Iterable[str]) -> str:
        """A list in a sentence."""
        return self.say("、", ", ").join(items)

    def city(self) -> str:
        """The city's name."""
        return self.say(self.survey.city.name, self.survey.city.name_en)

    def asset(self, asset: Asset) -> str:
        """The asset's name."""
        return self.say(asset.name, asset.name_en)

    def kind(self, kind: str) -> str:
        """The name of a kind of asset; its id where no table knows it."""
        found = self.survey.tables.kind.get(kind)
        return self.say(found.name, found.name_en) if found is not None else kind

    def domain(self, domain: Domain) -> str:
        """The name of a city system."""
        return self.say(*DOMAINS[domain])

    def level(self, level: RiskLevel) -> str:
        """The level's name."""
        return self.say(level.chinese, level.english)

    def utility(self, asset: Asset) -> str:
        """Who is responsible for the asset."""
        found = self.survey.utilities[asset.utility]
        return self.say(found.name, found.name_en)

    def hazards(self, risk: Risk) -> str:
        """What can happen to it."""
        named = (hazards()[name] for name in risk.hazards)
        return self.join(self.say(hazard.name, hazard.name_en) for hazard in named)

    def quantity(self, choice: Sequence[str]) -> str:
        """What is to be measured; of a choice, the first."""
        found = QUANTITIES[choice[0]]
        return self.say(found.name, found.name_en)

    def missing(self, risk: Risk) -> str:
        """The quantities that should be measured at it and are not."""
        return self.join(self.quantity(choice) for choice in risk.watch.missing)

    def unknown(self, risk: Risk) -> str:
        """The attributes that are not known of it."""
        named = [self.say(factor.name, factor.name_en) for factor in risk.estimate.unknown]
        kind = self.survey.tables.kind.get(risk.asset.kind)
        if kind is not None and not length_known(risk.asset, kind):
            named.append(self.say("长度", "length"))
        return self.join(named)

    def measures(self, risk: Risk) -> str:
        """What is to be done: by its level, by its kind, and the sensors to add."""
        review = self.survey.tables.review.of(risk.level)
        said = [self.say(review.measures, review.measures_en)]
        kind = self.survey.tables.kind.get(risk.asset.kind)
        if kind is not None and risk.level is not RiskLevel.LOW:
            said.append(self.say(kind.measure, kind.measure_en))
        if risk.watch.missing and risk.level in DANGEROUS:
            said.append(self.say("加装监测：", "add sensors: ") + self.missing(risk))
        if unknown := self.unknown(risk):
            said.append(self.say("补充普查：", "survey: ") + unknown)
        return self.say("；", "; ").join(said)

    def why(self, risk: Risk) -> str:
        """How likelihood and consequence came about."""
        return self.say("；", "; ").join((self._likelihood(risk), self._consequence(risk)))

    def _likelihood(self, risk: Risk) -> str:
        found = risk.estimate
        kind = self.survey.tables.kind.get(risk.asset.kind)
        if kind is None or found.per_year is None:
            return self.say(
                f"可能性 {found.likelihood}（城市数据给定，此类设施无评估表）",
                f"likelihood {found.likelihood} as the city's files give it: its kind has no table",
            )
        terms = [self._base(kind), *([self._length(risk, found.km)] if found.km is not None else [])]
        terms += (self.piece(piece) for piece in found.pieces)
        rate = self.say(
            f" = {found.per_year:.2g} 次/年，可能性 {found.likelihood}",
            f" = {found.per_year:.2g} a year: likelihood {found.likelihood}",
        )
        return self.join(terms) + rate

    def _base(self, kind: Kind) -> str:
        rate = f"{kind.per_year:.3g}"
        if kind.per_km:
            return self.say(f"基准每公里 {rate} 次/年", f"base {rate} per km and year")
        return self.say(f"基准 {rate} 次/年", f"base {rate} a year")

    def _length(self, risk: Risk, km: float) -> str:
        kind = self.survey.tables.kind[risk.asset.kind]
        if length_known(risk.asset, kind):
            return f"{km:.3g} km"
        return self.say(f"长度未知按 {km:.3g} km", f"{km:.3g} km as its length is unknown")

    def piece(self, piece: Piece) -> str:
        """One attribute and its factor."""
        name, times = self.say(piece.factor.name, piece.factor.name_en), f"×{piece.times:.3g}"
        if piece.known:
            return f"{name} {self._value(piece)} {times}"
        if piece.value is None:
            return self.say(f"{name}未知 {times}", f"{name} unknown {times}")
        given = self._value(piece)
        return self.say(f"{name} {given} 不在表中 {times}", f"{name} {given} not in the table {times}")

    def _value(self, piece: Piece) -> str:
        if isinstance(piece.value, str):
            english = piece.value.replace("-", " ")
            return self.say(self.survey.tables.names.get(piece.value, english), english)
        unit = {"a": self.say(" 年", " years"), "": ""}.get(piece.factor.unit, f" {piece.factor.unit}")
        return f"{piece.value:.4g}{unit}"

    def _consequence(self, risk: Risk) -> str:
        what = self.join(self.say(*CONSEQUENCE[name]) for name in risk.factors)
        said = self.say(f"后果 {risk.consequence}", f"consequence {risk.consequence}")
        return said + (self.say(f"（{what}）", f" ({what})") if what else "")
