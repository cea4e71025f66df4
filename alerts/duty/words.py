"""The words of the duty report in Chinese and English; those that the console has too are its own. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts import words
from alerts.duty.counted import Figure
from alerts.duty.facts import Names
from alerts.duty.standing import Outcome
from alerts.lifecycle import RULES, Awaited, Cause, Kind, Stage, State
from alerts.outcome import State as Sending
from alerts.tables import Language
from rules.levels import RiskLevel

Pair = tuple[str, str]

STATES: Mapping[str, Pair] = {
    State.UNACKNOWLEDGED: ("未确认", "unacknowledged"),
    State.ACKNOWLEDGED: ("已确认", "acknowledged"),
    State.RETURNED: ("已恢复未确认", "returned, unseen"),
    State.LATCHED: ("待复位", "latched"),
    State.SHELVED: ("已搁置", "shelved"),
    State.SUPPRESSED: ("已抑制", "suppressed"),
    State.OUT_OF_SERVICE: ("检修中", "out of service"),
    State.NORMAL: ("已恢复处置中", "normal, in hand"),
    State.CLOSED: ("已关闭", "closed"),
}
STAGES: Mapping[str, Pair] = {
    Stage.NONE: ("未派单", "not dispatched"),
    Stage.DISPATCHED: ("已派单", "dispatched"),
    Stage.RECEIVED: ("已接单", "received"),
    Stage.ON_SITE: ("已到场", "on site"),
    Stage.VERIFIED: ("已核实", "verified"),
    Stage.FALSE_ALARM: ("误报", "false alarm"),
    Stage.RESOLVED: ("已处置", "resolved"),
}
KINDS: Mapping[str, Pair] = {
    Kind.RAISED: ("产生", "raised"),
    Kind.RISEN: ("升级", "rose"),
    Kind.FALLEN: ("降级", "fell"),
    Kind.CLEARED: ("恢复", "cleared"),
    Kind.FADED: ("消失", "faded"),
    Kind.FOUND: ("补传发现", "found in late data"),
    Kind.SUPPRESSED: ("被抑制", "suppressed"),
    Kind.UNSUPPRESSED: ("解除抑制", "no longer suppressed"),
    Kind.OUT_OF_SERVICE: ("进入检修", "out of service"),
    Kind.IN_SERVICE: ("恢复投用", "back in service"),
    Kind.REALARMED: ("再次报警", "sounded again"),
    Kind.ESCALATED: ("超时上报", "escalated"),
    Kind.OPENED: ("人工上报", "opened by hand"),
    Kind.ACKNOWLEDGED: ("确认", "acknowledged"),
    Kind.SHELVED: ("搁置", "shelved"),
    Kind.UNSHELVED: ("取消搁置", "unshelved"),
    Kind.RESET: ("复位", "reset"),
    Kind.DISPATCHED: ("派单", "dispatched"),
    Kind.RECEIVED: ("接单", "received"),
    Kind.ARRIVED: ("到场", "arrived on site"),
    Kind.VERIFIED: ("核实", "verified"),
    Kind.DISMISSED: ("判为误报", "dismissed as a false alarm"),
    Kind.RESOLVED: ("处置完成", "resolved"),
    Kind.CLOSED: ("关闭", "closed"),
    Kind.NOTED: ("备注", "noted"),
}
CAUSES: Mapping[str, Pair] = {
    Cause.SENSOR_FAULT: ("传感器故障", "sensor fault"),
    Cause.INSTALLATION: ("安装问题", "installation"),
    Cause.INTERFERENCE: ("外界干扰", "interference"),
    Cause.MAINTENANCE: ("检修作业", "maintenance"),
    Cause.PLANNED_OPERATION: ("计划操作", "planned operation"),
    Cause.RULE: ("规则不当", "the rule"),
    Cause.OTHER: ("其他", "other"),
}
DOMAINS: Mapping[str, Pair] = {
    "gas": ("燃气", "gas"),
    "water": ("供水", "water"),
    "drainage": ("排水", "drainage"),
    "bridge": ("桥梁", "bridge"),
    "heating": ("热力", "heating"),
    "tunnel": ("管廊", "tunnel"),
}
SENDING: Mapping[str, Pair] = {
    Sending.QUEUED: ("排队", "queued"),
    Sending.FAILED: ("重试中", "to be tried again"),
    Sending.DELIVERED: ("已送达", "delivered"),
    Sending.RECEIPTED: ("已回执", "receipted"),
    Sending.DEAD: ("死信", "dead letter"),
}
STEPS: Mapping[str, Pair] = {
    Awaited.ACKNOWLEDGEMENT: ("确认", "acknowledgement"),
    Awaited.DISPATCH: ("派单", "dispatch"),
    Awaited.RECEIPT: ("接单", "receipt"),
    Awaited.ARRIVAL: ("到场", "arrival"),
    Awaited.VERIFICATION: ("核实", "verification"),
    Awaited.RESOLUTION: ("处置", "resolution"),
    Awaited.CLOSING: ("关闭", "closing"),
}
FIGURES: Mapping[str, Pair] = {
    Figure.CARRIED: ("期初未关闭", "open before"),
    Figure.RISEN: ("其中升级", "risen since"),
    Figure.RAISED: ("新增", "raised"),
    Figure.CLOSED: ("关闭", "closed"),
    Figure.OPEN: ("期末未关闭", "open at the end"),
    Figure.FALSE: ("误报", "false alarms"),
    Figure.SILENT: ("未发声", "never sounded"),
}
OUTCOMES: Mapping[str, Pair] = {
    Outcome.IN_TIME: ("按时完成", "in time"),
    Outcome.LATE: ("逾期结束", "late"),
    Outcome.OVERDUE: ("逾期未办", "overdue"),
    Outcome.WAITING: ("待办未逾期", "waiting"),
    Outcome.LAPSED: ("已无需办理", "no longer needed"),
}
ALARM_FIGURES: Mapping[str, Pair] = {
    "alarms": ("报警次数", "alarms"),
    "alarms a day": ("每日报警", "alarms a day"),
    "alarms an hour": ("每小时报警", "alarms an hour"),
    "alarms in ten minutes": ("每十分钟报警", "alarms in ten minutes"),
    "most in ten minutes": ("十分钟内最多", "most in ten minutes"),
    "floods": ("报警泛滥", "floods"),
    "time in flood": ("泛滥时间占比", "time in flood"),
    "chattering": ("抖动报警", "chattering"),
    "fleeting": ("瞬时报警", "fleeting"),
    "stale": ("滞留报警", "stale"),
    "share of general": ("一般占比", "share of general"),
    "share of serious": ("较大占比", "share of serious"),
    "share of major": ("重大占比", "share of major"),
    "mean time to acknowledge": ("平均确认时间", "mean time to acknowledge"),
    "nine of ten acknowledged within": ("九成确认于", "nine of ten acknowledged within"),
    "mean time to resolve": ("平均处置时间", "mean time to resolve"),
    "nine of ten resolved within": ("九成处置于", "nine of ten resolved within"),
}
UNITS: Mapping[str, Pair] = {
    "alarms": ("次", "alarms"),
    "per position": ("次/席位", "per position"),
    "floods": ("次", "floods"),
    "%": ("%", "%"),
    "sources": ("个来源", "sources"),
    "min": ("分钟", "min"),
}
TARGETS: Mapping[str, Pair] = {
    "144 or fewer; manageable 288": ("不超过 144，可承受 288", "144 or fewer; manageable 288"),
    "6 or fewer; manageable 12": ("不超过 6，可承受 12", "6 or fewer; manageable 12"),
    "1 or fewer; manageable 2": ("不超过 1，可承受 2", "1 or fewer; manageable 2"),
    "10 or fewer": ("不超过 10", "10 or fewer"),
    "less than 1": ("低于 1", "less than 1"),
    "none": ("无", "none"),
    "fewer than 5": ("少于 5", "fewer than 5"),
    "about 80": ("约 80", "about 80"),
    "about 15": ("约 15", "about 15"),
    "about 5": ("约 5", "about 5"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Says things in one language, and times by the city's clock."""

    language: Language
    zone: ZoneInfo

    def say(self, chinese: str, english: str) -> str:
        """The one of the two texts that is in this language."""
        return english if self.language == "en" else chinese

    def of(self, pairs: Mapping[str, Pair], key: str) -> str:
        """The word of a key; a key that has none stands for itself."""
        return self.say(*pairs.get(key, (key, key)))

    def name(self, names: Names | None) -> str:
        """A name; of what the registry does not know, that it does not."""
        return self.say(names.name, names.name_en) if names else self.say("未登记", "not registered")

    def asset(self, names: Names) -> str:
        """An asset's name with its id."""
        return f"{self.name(names)} ({names.id})"

    def domain(self, domain: str | None) -> str:
        """The name of a city system."""
        return self.name(None) if domain is None else self.of(DOMAINS, domain)

    def domains(self, found: Iterable[str | None]) -> list[str | None]:
        """Domains in the order in which they are told; what is not registered comes last."""
        order = {domain: place for place, domain in enumerate(DOMAINS)}
        return sorted(set(found), key=lambda each: (each is None, order.get(each or "", len(order)), each))

    def level(self, level: RiskLevel) -> str:
        """A level's name."""
        return self.say(level.chinese, level.english)

    def hazard(self, hazard: str) -> str:
        """A hazard's name."""
        known = words.hazard(hazard)
        return self.say(known.name, known.name_en)

    def who(self, who: str) -> str:
        """Who did something: a person's name, or the system's rules."""
        return self.say("系统", "rules") if who == RULES else who

    def minute(self, time: datetime) -> str:
        """A time to the minute, by the city's clock."""
        return f"{time.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def second(self, time: datetime) -> str:
        """A time to the second, without the year."""
        return f"{time.astimezone(self.zone):%m-%d %H:%M:%S}"
