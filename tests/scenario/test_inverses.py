"""From numbers to values: the inverses follow their laws, never fall, and have the same bits on every machine."""

import os
import subprocess
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from hashlib import sha256
from math import log1p, sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from sim.scenario import elementary, inverses
from sim.units import LONGEST
from tests.helpers.campaigns import some

ROOT = Path(__file__).parents[2]
SECOND = 10**6


def drawn(count, key=1):
    """Return numbers from both ends to the middle: a quarter as they are drawn, the others with small distances."""
    philox = np.random.Philox(key=key)
    plain = philox.random_raw(count)
    near = (philox.random_raw(3 * count) >> (philox.random_raw(3 * count) >> np.uint64(58))) | np.uint64(1)
    is_upper = philox.random_raw(3 * count) & np.uint64(1)
    return np.concatenate((plain, near ^ (np.uint64(0) - is_upper)))


DRAWN = 20_000
NUMBERS = drawn(DRAWN)
DISTANCES = NUMBERS.view(np.int64).astype(float) * 2.0**-64
SHARES, IS_LOWER = np.abs(DISTANCES), DISTANCES > 0  # of the tail
HAZARDS = np.where(IS_LOWER, -np.log1p(-SHARES), -np.log(SHARES))
SCORES = np.where(IS_LOWER, special.ndtri(SHARES), -special.ndtri(SHARES))


def lognormal(cv):
    spread = sqrt(log1p(cv**2))
    return np.exp(spread * SCORES - spread**2 / 2)


def gamma(shape):
    return np.where(IS_LOWER, special.gammaincinv(shape, SHARES), special.gammainccinv(shape, SHARES)) / shape


def truncated(mean, sd):
    above = special.ndtr(mean / sd)
    lower = special.ndtri(special.ndtr(-mean / sd) + SHARES * above)
    return mean + sd * np.where(IS_LOWER, lower, -special.ndtri(SHARES * above))


def triangular(low, mode, high):
    below, above = np.where(IS_LOWER, SHARES, 1 - SHARES), np.where(IS_LOWER, 1 - SHARES, SHARES)
    rising, falling = np.sqrt(below * (high - low) * (mode - low)), np.sqrt(above * (high - low) * (high - mode))
    return np.where(below < (mode - low) / (high - low), low + rising, high - falling)


def beta(first, second):
    return np.where(IS_LOWER, special.betaincinv(first, second, SHARES), special.betainccinv(first, second, SHARES))


# Of each law its inverse, and what gives the quantiles of scipy, which take long.
LAWS = {
    "exponential": (inverses.exponential(1), lambda: HAZARDS),
    "erlang 3": (inverses.gamma(1, 3), lambda: gamma(3)),
    "erlang a million": (inverses.gamma(1, 1_000_000), lambda: gamma(1_000_000)),
    "gamma cv 0.5": (inverses.gamma(1, 4), lambda: gamma(4)),
    "gamma cv 1": (inverses.gamma(1, 1), lambda: HAZARDS),
    "gamma cv 3": (inverses.gamma(1, 1 / 9), lambda: gamma(1 / 9)),
    "lognormal cv 0.5": (inverses.lognormal(1, 0.5), lambda: lognormal(0.5)),
    "lognormal cv 3": (inverses.lognormal(1, 3), lambda: lognormal(3)),
    "weibull 0.5": (inverses.weibull(0.5, 0.5), lambda: HAZARDS**2 / 2),
    "weibull 2": (inverses.weibull(1, 2), lambda: np.sqrt(HAZARDS)),
    "normal": (inverses.normal(10, 2), lambda: truncated(10, 2)),
    "normal without its quarter below 0": (inverses.normal(2, 3), lambda: truncated(2, 3)),
    "normal without its half below 0": (inverses.normal(0, 1), lambda: truncated(0, 1)),
    "normal far from 0": (inverses.normal(100, 1), lambda: 100 + SCORES),
    "uniform": (inverses.uniform(5, 15), lambda: np.where(IS_LOWER, 5, 15) + 10 * DISTANCES),
    "pert": (inverses.pert(0, 0.2, 1), lambda: beta(1.8, 4.2)),
    "pert, all falling": (inverses.pert(5, 5, 20), lambda: 5 + 15 * beta(1, 5)),
    "triangular": (inverses.triangular(5, 8, 20), lambda: triangular(5, 8, 20)),
}


@pytest.mark.parametrize("name", some([*LAWS], 9))
def test_an_inverse_is_right_within_a_millionth_of_the_mean_and_far_out_within_ten_of_the_value(name):
    inverse, reference = LAWS[name]
    quantiles = reference()
    mean = quantiles[:DRAWN].mean()
    error = np.abs(inverse.values(NUMBERS) - quantiles)
    assert np.sqrt((error[:DRAWN] ** 2).mean()) < 1e-6 * mean
    assert (error / np.maximum(quantiles, mean)).max() < 1.2e-5


EXTREMES = {
    "gamma cv a thousandth": inverses.gamma(10 * SECOND, 1e6),
    "gamma cv a thousand": inverses.gamma(10 * SECOND, 1e-6),
    "gamma cv a million": inverses.gamma(LONGEST, 1e-12),
    "lognormal cv a million": inverses.lognormal(LONGEST, 1e6),
    "weibull shape a thousandth": inverses.weibull(86_400 * SECOND, 0.001),
    "weibull shape a million": inverses.weibull(SECOND, 1e6),
    "normal, all spread": inverses.normal(0, LONGEST),
    "normal, no spread": inverses.normal(SECOND, 0),
    "normal, just cut": inverses.normal(10 * SECOND - 1, SECOND),
    "normal, just not cut": inverses.normal(10 * SECOND, SECOND),
    "uniform of one value": inverses.uniform(5, 5),
    "triangular, all rising": inverses.triangular(0, LONGEST, LONGEST),
    "triangular, all falling": inverses.triangular(0, 0, LONGEST),
    "uniform of the longest value": inverses.uniform(LONGEST, LONGEST),
}
ENDS = np.array([0, 1, 2, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1], np.uint64)


@pytest.mark.parametrize("name", [*LAWS, *EXTREMES])
def test_an_inverse_never_falls_and_stays_a_duration(name):
    inverse = EXTREMES[name] if name in EXTREMES else LAWS[name][0]
    numbers = np.sort(np.concatenate((NUMBERS, ENDS, np.uint64(1) << np.arange(64, dtype=np.uint64))))
    values = np.minimum(inverse.values(numbers), LONGEST)
    assert np.all(np.diff(values) >= -1e-14 * np.maximum(values[1:], np.median(values)))
    durations = inverse.durations(numbers)
    assert durations.min() >= 0
    assert durations.max() <= LONGEST
    assert np.array_equal(durations, np.rint(values).astype(np.int64))


def test_numbers_at_both_ends_have_finite_values():
    lowest, *_, highest = inverses.exponential(1).values(ENDS)
    assert 0 < lowest < 1e-19
    assert highest == pytest.approx(-np.log(2.0**-64))


def test_neighbours_meet_in_the_middle():
    below, middle, above = inverses.lognormal(1, 1).values(ENDS[3:6])
    assert below == pytest.approx(1 / sqrt(2), rel=1e-15)
    assert below == pytest.approx(middle, rel=1e-15)
    assert above == pytest.approx(middle, rel=1e-15)


# A few values with shares


def test_the_order_of_the_keys_of_a_choice_does_not_matter():
    shares = {20 * SECOND: Fraction(3, 10), 8 * SECOND: Fraction(7, 10)}
    durations = inverses.Steps(shares).durations(NUMBERS)
    assert np.array_equal(durations, inverses.Steps(dict(reversed(shares.items()))).durations(NUMBERS))
    assert np.array_equal(durations, np.where(np.uint64(2**64 * 7 // 10 + 1) > NUMBERS, 8 * SECOND, 20 * SECOND))


def test_values_without_a_share_are_never_chosen():
    steps = inverses.Steps({1: Fraction(0), 2: Fraction(1, 2), 3: Fraction(0), 4: Fraction(1, 2), 5: Fraction(0)})
    assert np.unique(steps.durations(np.concatenate((NUMBERS, ENDS)))).tolist() == [2, 4]
    assert steps.durations(ENDS).tolist() == [2, 2, 2, 2, 4, 4, 4]


def test_values_of_a_sample_weigh_alike():
    sample = inverses.Sample([3, 1, 2, 3])
    assert sample.durations(ENDS).tolist() == [1, 1, 1, 2, 3, 3, 3]
    assert np.bincount(sample.durations(np.random.Philox(key=3).random_raw(100_000))).tolist() == pytest.approx(
        [0, 25_000, 25_000, 50_000], abs=600
    )


# Our own elementary functions, against decimal arithmetic


def exact(function, values):
    with localcontext() as context:
        context.prec = 40
        return [function(Decimal(value)) for value in values.tolist()]


def units_off(values, exact_values):
    """Return by how many units in the last place values are off, at most."""
    spacings = map(Decimal, np.spacing(np.abs(values)).tolist())
    pairs = zip(values.tolist(), exact_values, spacings, strict=True)
    return max(float(abs(Decimal(value) - truth) / spacing) for value, truth, spacing in pairs)


def test_our_logarithm_is_right_to_the_last_places():
    rng = np.random.default_rng(1)
    values = np.concatenate((np.exp(rng.uniform(-45, 45, 1000)), rng.uniform(0.5, 2, 1000)))
    assert units_off(elementary.log(values), exact(Decimal.ln, values)) < 2
    assert elementary.log(np.array([1.0])) == 0
    small = -(2.0 ** rng.uniform(-64, -1, 1000))
    assert units_off(elementary.log1p(small), exact(lambda value: (1 + value).ln(), small)) < 3


def test_our_exponential_function_is_right_to_the_last_places():
    rng = np.random.default_rng(2)
    values = np.concatenate((rng.uniform(-700, 700, 1000), rng.uniform(-1, 1, 1000)))
    assert units_off(elementary.exp(values), exact(Decimal.exp, values)) < 2
    assert elementary.exp(np.array([-1e6, -701, 0, 701, 1e6])).tolist() == [0, 0, 1, np.inf, np.inf]


def test_our_normal_scores_are_right_to_the_last_places():
    shares = 2.0 ** np.random.default_rng(3).uniform(-64, -1, 10_000)
    assert np.abs(elementary.normal_score(shares) / special.ndtri(shares) + 1).max() < 1e-14
    assert elementary.normal_score(np.array([0.5])) == 0
    assert [elementary.normal_below(x) for x in (0.0, 0.5, 3.0, 8.5)] == pytest.approx(special.ndtr([0, 0.5, 3, 8.5]))


# The same bits everywhere


def digests():
    """Return the SHA-256 of the values of each law, bit by bit; a process with other instructions prints them too."""
    continuous = {**{name: law[0] for name, law in LAWS.items()}, **EXTREMES}
    return "".join(f"{name}: {sha256(law.values(NUMBERS)).hexdigest()[:16]}\n" for name, law in continuous.items())


def test_each_value_has_the_bits_that_are_written_down(golden):
    golden("inverses.txt", digests())


def test_a_value_has_the_same_bits_alone_as_among_others():
    inverse = inverses.gamma(180 * SECOND, 4)
    values = inverse.values(NUMBERS[:1000])
    assert [inverse.values(NUMBERS[row : row + 1])[0] for row in range(1000)] == values.tolist()


def test_products_and_sums_are_rounded_one_by_one():
    """As Python does with its own numbers."""
    x = np.random.default_rng(4).uniform(-1, 1, 1000)
    coefficients = [1 / 3, -1 / 7, 1 / 11]
    values = [(coefficients[0] * y + coefficients[1]) * y + coefficients[2] for y in x.tolist()]
    assert elementary.polynomial(coefficients, x).tolist() == values


@pytest.mark.slow
def test_each_value_has_the_same_bits_without_the_instructions_of_newer_processors():
    """So it has on older ones: numpy takes other code, which divides arrays into other pieces."""
    newer = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if not newer:
        pytest.skip("numpy takes no newer instructions here")
    program = "from tests.scenario.test_inverses import digests; print(end=digests())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NPY_DISABLE_CPU_FEATURES": " ".join(newer)}
    command = [sys.executable, "-c", program]
    program_end = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)  # noqa: PLW1510
    assert program_end.stdout == digests(), program_end.stderr
