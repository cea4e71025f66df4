"""What a person reads."""

from zoneinfo import ZoneInfo

from alerts.channels.card import card, pulse
from tests.unit.alerts.letters import HEARTBEAT, letter

ZONE = ZoneInfo("Asia/Shanghai")


def test_a_card_says_how_bad_what_where_and_why_in_chinese() -> None:
    said = card(letter().message, "zh", ZONE)
    assert said.title == "【重大风险】七号阀井 燃气泄漏：风险升级"
    assert said.colour == "red"
    assert said.text.splitlines() == [
        "风险等级: 重大风险",
        "隐患类型: 燃气泄漏",
        "设施: 七号阀井 (chamber-7)",
        "权属单位: 燃气公司",
        "区域: east",
        "时间: 2026-01-02 11:04:05",
        "原因: the level rose",
        "依据: ch4-limit gm-7/ch4: 2.7 is at or above 2.5 for 30s",
        "预警编号: 00000000-0000-0000-0000-000000000002",
    ]


def test_a_card_speaks_english_where_that_is_wanted() -> None:
    said = card(letter().message, "en", ZONE)
    assert said.title == "[major] gas leak at valve chamber 7: risk has risen"
    assert pulse(HEARTBEAT, "en").title == "lifeline is alive"


def test_a_drill_says_so_first() -> None:
    assert card(letter(purpose="replay").message, "zh", ZONE).title.startswith("【演练】")


def test_what_a_person_wrote_is_text_and_nothing_else() -> None:
    said = card(letter(why="<at user_id='all'></at> **now** [go](http://x)\n# big").message, "zh", ZONE)
    assert "<" not in said.markdown
    assert r"\*\*now\*\* \[go\](http://x) \# big" in said.markdown
