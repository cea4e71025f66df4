"""``lifeline bench replay`` reads all that it stored, and says so."""

from lifeline.bench.replay import ROUNDS, history
from lifeline.settings import Settings
from tests.conftest import RUNTIME


def test_all_that_was_stored_is_read_and_judged() -> None:
    (figure,) = history(Settings(runtime=RUNTIME), sensors=50, minutes=30)

    assert (figure.bench, figure.case) == ("replay", "history")
    assert figure.beside["readings"] == 50 * 30
    assert str(figure.beside["rounds"]).count(", ") == ROUNDS - 1
    assert figure.value > 0
