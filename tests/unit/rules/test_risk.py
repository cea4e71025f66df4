"""From evidence to likelihood, from likelihood and consequence to a level."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rules.levels import RiskLevel
from rules.model import Matrix
from rules.risk import CLIP, QUALITY, Evidence, Group, Strength, default_matrix, fuse
from sensors.model import Flag

PRIOR = 0.01
NONE: dict[str, Group] = {}


def piece(
    n: int = 0,
    llr: float | None = None,
    likelihood: int | None = None,
    *,
    raises: int | None = None,
    quality: float = 1.0,
    group: str = "g",
) -> Evidence:
    return Evidence(
        rule=f"r{n}",
        subject=f"s{n}",
        group=group,
        state=1,
        strength=Strength(llr=llr, likelihood=likelihood, raises=raises),
        quality=quality,
        value=1.0,
        time=0,
        reason="",
    )


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_without_evidence_the_prior_stands() -> None:
    found = fuse(PRIOR, [], NONE)
    assert found.probability == pytest.approx(PRIOR)
    assert found.weights == {}


def test_one_piece_adds_its_log_likelihood_ratio_to_the_log_odds() -> None:
    found = fuse(PRIOR, [piece(llr=2.0)], NONE)
    assert logit(found.probability) == pytest.approx(logit(PRIOR) + 2.0)
    assert found.weights == {("r0", "s0"): 2.0}


def test_five_sensors_of_like_physics_count_as_little_more_than_one() -> None:
    """Science facts §3: rho 0.5 and prior 1 %: the naive sum claims more than it can know."""
    five = [piece(n, llr=2.0) for n in range(5)]
    naive = fuse(PRIOR, five, {"g": Group(name="g", correlation=0.0)})
    divided = fuse(PRIOR, five, {"g": Group(name="g", correlation=0.5)})
    assert logit(naive.probability) == pytest.approx(logit(PRIOR) + 10.0)
    assert logit(divided.probability) == pytest.approx(logit(PRIOR) + 10.0 / 3)
    assert naive.probability == pytest.approx(0.99553, abs=1e-5)
    assert divided.probability == pytest.approx(0.22067, abs=1e-5)
    assert divided.likelihood == 3
    assert sum(divided.weights.values()) == pytest.approx(10 / 3)


def test_the_naive_claim_that_was_measured_comes_down_to_the_truth() -> None:
    """§3: where five sensors' naive sum claimed P = 0.76 the truth was 0.08; a third of it claims 0.06."""
    total = logit(0.76) - logit(PRIOR)
    five = [piece(n, llr=total / 5) for n in range(5)]
    assert fuse(PRIOR, five, {"g": Group(name="g", correlation=0.0)}).probability == pytest.approx(0.76)
    assert fuse(PRIOR, five, {"g": Group(name="g", correlation=0.5)}).probability == pytest.approx(
        0.0643, abs=1e-4
    )


def test_truly_different_physics_add_up_in_full() -> None:
    two = [piece(0, llr=2.0, group="pressure"), piece(1, llr=2.0, group="flow")]
    assert logit(fuse(PRIOR, two, NONE).probability) == pytest.approx(logit(PRIOR) + 4.0)


def test_a_group_that_nobody_declared_is_correlated_by_half() -> None:
    two = [piece(0, llr=3.0), piece(1, llr=3.0)]
    assert logit(fuse(PRIOR, two, NONE).probability) == pytest.approx(logit(PRIOR) + 6.0 / 1.5)


def test_a_group_s_weight_multiplies_what_it_says() -> None:
    found = fuse(PRIOR, [piece(llr=2.0)], {"g": Group(name="g", weight=0.5)})
    assert found.weights == {("r0", "s0"): 1.0}


@pytest.mark.parametrize("llr", [CLIP, CLIP + 0.001, 1e6])
def test_one_sensor_cannot_decide_alone(llr: float) -> None:
    found = fuse(0.001, [piece(llr=llr)], NONE)
    assert found.weights == {("r0", "s0"): CLIP}
    assert found.likelihood == 2


def test_evidence_against_is_clipped_alike() -> None:
    assert fuse(PRIOR, [piece(llr=-50.0)], NONE).weights == {("r0", "s0"): -CLIP}


def test_worse_data_weigh_less() -> None:
    weights = [fuse(PRIOR, [piece(llr=2.0, quality=QUALITY[flag])], NONE).weights for flag in QUALITY]
    assert list(QUALITY) == [Flag.GOOD, Flag.UNKNOWN, Flag.SUSPECT]
    assert [weight["r0", "s0"] for weight in weights] == pytest.approx([2.0, 1.6, 1.0])


def test_a_limit_on_life_safety_sets_the_likelihood_outright_and_is_not_fused() -> None:
    found = fuse(0.001, [piece(0, likelihood=4), piece(1, llr=1.0)], NONE)
    assert (found.likelihood, found.outright) == (4, 4)
    assert found.weights == {("r1", "s1"): 1.0}
    assert fuse(0.001, [piece(0, likelihood=2), piece(1, likelihood=5)], NONE).likelihood == 5


def test_fused_evidence_can_say_more_than_a_limit() -> None:
    certain = [piece(n, llr=3.0, group=f"g{n}") for n in range(4)]
    assert fuse(0.01, [piece(9, likelihood=2), *certain], NONE).likelihood == 5


@pytest.mark.parametrize(
    ("probability", "likelihood"),
    [(0.0099, 1), (0.0101, 2), (0.099, 2), (0.101, 3), (0.399, 3), (0.401, 4), (0.799, 4), (0.801, 5)],
)
def test_the_scale_of_likelihood(probability: float, likelihood: int) -> None:
    assert fuse(probability, [], NONE).likelihood == likelihood


def test_a_thousand_voices_against_are_no_error() -> None:
    found = fuse(PRIOR, [piece(n, llr=-3.0) for n in range(1000)], {"g": Group(name="g", correlation=0.0)})
    assert found.likelihood == 1
    assert 0 <= found.probability < 1e-300


@given(st.permutations([piece(n, llr=0.1 * n - 0.7, group="ab"[n % 2]) for n in range(12)]))
def test_the_order_of_evidence_does_not_matter(pieces: list[Evidence]) -> None:
    ordered = fuse(PRIOR, sorted(pieces, key=lambda each: each.rule), NONE)
    assert fuse(PRIOR, pieces, NONE).probability == ordered.probability


def test_k_of_n_and_the_time_to_a_limit_raise_what_the_rest_makes() -> None:
    one = piece(0, llr=3.0, group="pressure")
    assert fuse(PRIOR, [one], NONE).likelihood == 3
    found = fuse(PRIOR, [one, piece(1, raises=1)], NONE)
    assert (found.likelihood, found.raised, found.weights) == (4, 1, {("r0", "s0"): 3.0})
    assert fuse(0.001, [piece(0, likelihood=4), piece(1, raises=1)], NONE).likelihood == 5


def test_what_raises_counts_once_a_group_and_never_beyond_five() -> None:
    same = [piece(1, raises=1), piece(2, raises=2), piece(3, raises=1)]
    assert fuse(0.001, same, NONE).likelihood == 3
    assert fuse(0.001, [*same, piece(4, raises=1, group="other")], NONE).likelihood == 4
    found = fuse(0.001, [piece(0, likelihood=5), *same], NONE)
    assert (found.likelihood, found.raised) == (5, 0)


def test_what_raises_alone_raises_what_the_prior_gives() -> None:
    found = fuse(0.001, [piece(0, raises=1)], NONE)
    assert (found.likelihood, found.raised, found.probability) == (2, 1, pytest.approx(0.001))


@given(
    st.lists(st.floats(-4, 4), max_size=8),
    st.floats(0, 4),
    st.floats(0, 1),
    st.sampled_from(list(QUALITY.values())),
)
def test_evidence_that_speaks_for_an_event_never_lowers_its_likelihood(
    llrs: list[float], more: float, correlation: float, quality: float
) -> None:
    groups = {"g": Group(name="g", correlation=correlation)}
    pieces = [piece(n, llr=llr) for n, llr in enumerate(llrs)]
    before = fuse(PRIOR, pieces, groups).probability
    after = fuse(PRIOR, [*pieces, piece(99, llr=more, quality=quality)], groups).probability
    assert after >= before - 1e-12


def test_a_weak_piece_beside_a_strong_one_takes_nothing_from_it() -> None:
    found = fuse(PRIOR, [piece(0, llr=3.0), piece(1, llr=0.5)], NONE)
    assert found.weights == {("r0", "s0"): 3.0, ("r1", "s1"): 0.0}


SENSORS, CORRELATION = 5, 0.5


def readings(*, event: bool, count: int = 20_000) -> NDArray[np.float64]:
    """[count, 5] sensors with errors of 1 that go together by half, all 1 higher in an event."""
    covariance = np.full((SENSORS, SENSORS), CORRELATION) + np.eye(SENSORS) * (1 - CORRELATION)
    rng = np.random.default_rng(20_251_121)
    return rng.standard_normal((count, SENSORS)) @ np.linalg.cholesky(covariance).T + event


def claims(correlation: float, *, event: bool) -> NDArray[np.float64]:
    """What fusing says of each; a reading z of such a sensor has the log-likelihood ratio z - 1/2."""
    groups = {"g": Group(name="g", correlation=correlation)}
    llrs = readings(event=event) - 0.5
    return np.array(
        [fuse(PRIOR, [piece(n, llr=llr) for n, llr in enumerate(row)], groups).probability for row in llrs]
    )


def believed(correlation: float) -> tuple[float, float, float]:
    """Of the cases in which an event is claimed (P > 0.5): their share, the mean claim, the truth."""
    yes, no = claims(correlation, event=True), claims(correlation, event=False)
    parts = ((yes[yes > 0.5], PRIOR / len(yes)), (no[no > 0.5], (1 - PRIOR) / len(no)))
    share = sum(len(found) * weight for found, weight in parts)
    claim = sum(float(found.sum()) * weight for found, weight in parts) / share
    return share, claim, len(parts[0][0]) * parts[0][1] / share


def test_added_up_as_if_independent_five_sensors_claim_ten_times_what_is_true() -> None:
    """Science facts §3: a claim in 3.6 % of the cases, 0.76 on the mean, the truth being 0.08."""
    share, claim, truth = believed(0.0)
    assert share == pytest.approx(0.036, abs=0.003)
    assert claim == pytest.approx(0.76, abs=0.02)
    assert truth == pytest.approx(0.08, abs=0.01)


def test_divided_by_what_they_have_in_common_five_equal_sensors_claim_what_bayes_does() -> None:
    """The division is exact for Gaussian sensors of equal strength: against the density ratio itself."""
    covariance = np.full((SENSORS, SENSORS), CORRELATION) + np.eye(SENSORS) * (1 - CORRELATION)
    ones = np.linalg.solve(covariance, np.ones(SENSORS))
    for level in (0.6, 1.5, 2.5, 3.4):
        exact = logit(PRIOR) + float(level * ones.sum() - ones.sum() / 2)
        five = [piece(n, llr=level - 0.5) for n in range(SENSORS)]
        assert logit(fuse(PRIOR, five, NONE).probability) == pytest.approx(exact)


def test_what_is_claimed_divided_comes_true_as_often_as_it_says() -> None:
    yes, no = claims(CORRELATION, event=True), claims(CORRELATION, event=False)
    for low, high in ((0.02, 0.05), (0.05, 0.1), (0.1, 0.3)):
        here = [found[(found >= low) & (found < high)] for found in (yes, no)]
        shares = [len(here[0]) * PRIOR, len(here[1]) * (1 - PRIOR)]
        truth = shares[0] / sum(shares)
        assert low * 0.6 < truth < high


def test_a_sensor_that_is_stuck_high_claims_nothing_by_itself() -> None:
    """§3: unclipped it claims 0.57 where the truth is 0.30; clipped the others have the word."""
    stuck = [piece(0, llr=12.0), *(piece(n, llr=-0.5) for n in range(1, SENSORS))]
    assert fuse(PRIOR, stuck, NONE).probability < 0.02


MATRIX_OF_DOMAIN_FACTS = """
B B B Y Y
B Y Y Y O
B Y O O O
Y Y O O R
Y O O R R
"""
"""Domain facts §4, scheme A: a row a consequence from 1 to 5, a column a likelihood; R O Y B by R = L x S."""


@pytest.mark.parametrize("consequence", range(1, 6))
@pytest.mark.parametrize("likelihood", range(1, 6))
def test_every_cell_of_the_matrix_is_scheme_a_s(likelihood: int, consequence: int) -> None:
    colours = {"R": RiskLevel.MAJOR, "O": RiskLevel.SERIOUS, "Y": RiskLevel.GENERAL, "B": RiskLevel.LOW}
    letter = MATRIX_OF_DOMAIN_FACTS.split("\n")[consequence].split()[likelihood - 1]
    product = likelihood * consequence
    by_product = "R" if product >= 20 else "O" if product >= 9 else "Y" if product >= 4 else "B"
    assert letter == by_product
    assert default_matrix().level(likelihood, consequence) is colours[letter]


def test_the_unlikely_disaster_is_at_least_yellow() -> None:
    assert default_matrix().level(1, 5) <= RiskLevel.GENERAL


def test_the_matrix_names_its_version_and_source() -> None:
    matrix = default_matrix()
    assert isinstance(matrix, Matrix)
    assert matrix.version
    assert "scheme A" in matrix.source


def test_the_four_levels_have_the_regulation_s_names_and_colours() -> None:
    assert [(level.value, level.english, level.colour, level.chinese) for level in RiskLevel] == [
        (1, "major", "red", "重大风险"),
        (2, "serious", "orange", "较大风险"),
        (3, "general", "yellow", "一般风险"),
        (4, "low", "blue", "低风险"),
    ]
