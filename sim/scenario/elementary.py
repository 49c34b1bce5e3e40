"""Logarithm, exponential function and normal scores, the same to the last bit on every machine.

The array functions of numpy and the C library differ in the last place between processors. These are made of single
operations that IEEE 754 fixes (`+ - * /`, `sqrt`, and taking a number apart into fraction and exponent), each a call of
its own, so that no compiler can fuse a product and a sum into one rounding.
"""

from collections.abc import Sequence
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # whole multiples of the first are exact
_ATANH = [2 / n for n in range(23, 1, -2)]
_FACTORIALS = [1.0]
for _n in range(2, 14):
    _FACTORIALS.insert(0, _FACTORIALS[0] / _n)


def polynomial(coefficients: Sequence[float], x: Floats) -> Floats:
    """Return a polynomial of which the coefficient of the highest power comes first (Horner's rule)."""
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= x
        total += coefficient
    return total


def log(x: Floats) -> Floats:
    """Return the natural logarithm of positive numbers, within two units in the last place.

    x = 2^e m with m from sqrt(1/2) to sqrt(2), and ln m = 2 artanh((m - 1) / (m + 1)) by its series.
    """
    fraction, exponent = np.frexp(x)
    is_low = fraction < sqrt(0.5)
    fraction = np.where(is_low, fraction + fraction, fraction)
    power = (exponent - is_low).astype(np.float64)
    ratio = (fraction - 1) / (fraction + 1)
    square = ratio * ratio
    series = ratio * square * polynomial(_ATANH, square)
    logarithm: Floats = power * _LN2_HIGH + (power * _LN2_LOW + series + (ratio + ratio))
    return logarithm


def log1p(x: Floats) -> Floats:
    """Return ln(1 + x), exact for small x too: the logarithm of 1 + x as rounded, times what the rounding changed."""
    above = 1 + x
    change = above - 1
    is_lost = change == 0
    return np.where(is_lost, x, log(above) * x / np.where(is_lost, 1, change))


def exp(x: Floats) -> Floats:
    """Return the exponential function, within two units in the last place; 0 below -700, infinite above 700."""
    inside = np.minimum(np.maximum(x, -700), 700)
    power = np.rint(inside * (1 / (_LN2_HIGH + _LN2_LOW)))
    remainder = (inside - power * _LN2_HIGH) - power * _LN2_LOW
    series = 1 + remainder * polynomial(_FACTORIALS, remainder)
    finite = np.ldexp(series, power.astype(np.int32))
    return np.where(x < -700, 0, np.where(x > 700, np.inf, finite))


# Wichura's three pairs of polynomials: around the median, in the tails, and far out
_MIDDLE = (
    (
        2509.0809287301226727,
        33430.575583588128105,
        67265.770927008700853,
        45921.953931549871457,
        13731.693765509461125,
        1971.5909503065514427,
        133.14166789178437745,
        3.387132872796366608,
    ),
    (
        5226.495278852854561,
        28729.085735721942674,
        39307.89580009271061,
        21213.794301586595867,
        5394.1960214247511077,
        687.1870074920579083,
        42.313330701600911252,
        1.0,
    ),
)
_TAIL = (
    (
        7.7454501427834140764e-4,
        0.0227238449892691845833,
        0.24178072517745061177,
        1.27045825245236838258,
        3.64784832476320460504,
        5.7694972214606914055,
        4.6303378461565452959,
        1.42343711074968357734,
    ),
    (
        1.05075007164441684324e-9,
        5.475938084995344946e-4,
        0.0151986665636164571966,
        0.14810397642748007459,
        0.68976733498510000455,
        1.6763848301838038494,
        2.05319162663775882187,
        1.0,
    ),
)
_FAR = (
    (
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        0.0012426609473880784386,
        0.026532189526576123093,
        0.29656057182850489123,
        1.7848265399172913358,
        5.4637849111641143699,
        6.6579046435011037772,
    ),
    (
        2.04426310338993978564e-15,
        1.4215117583164458887e-7,
        1.8463183175100546818e-5,
        7.868691311456132591e-4,
        0.0148753612908506148525,
        0.13692988092273580531,
        0.59983220655588793769,
        1.0,
    ),
)


def normal_score(p: Floats) -> Floats:
    """Return how far below 0 the standard normal quantile of p lies, for p above 0 and at most 1/2, within 1e-15.

    Wichura 1988, algorithm AS 241, Applied Statistics 37.
    """
    from_median = 0.5 - p
    middle = from_median * _ratio(_MIDDLE, 0.180625 - from_median * from_median)
    depth = np.sqrt(-log(p))
    outside = np.where(depth <= 5, _ratio(_TAIL, depth - 1.6), _ratio(_FAR, depth - 5))
    return np.where(from_median <= 0.425, middle, outside)


def _ratio(pair: tuple[Sequence[float], Sequence[float]], x: Floats) -> Floats:
    above, below = pair
    return polynomial(above, x) / polynomial(below, x)


def normal_below(x: float) -> float:
    """Return the share of the standard normal distribution below `x`, from 0 to 10, within 1e-15.

    Marsaglia 2004, Evaluating the normal distribution, Journal of Statistical Software 11.
    """
    term = total = x
    previous, power = 0.0, 1
    while total != previous:
        power += 2
        term *= x * x / power
        previous, total = total, total + term
    return min(1.0, 0.5 + total * float(exp(np.array([x * x * -0.5]))[0]) / sqrt(2 * pi))
