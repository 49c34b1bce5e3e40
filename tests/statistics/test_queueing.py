"""Queueing theory against numbers that others published, against balance equations, and against identities."""

import math
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import poisson

from sim.statistics.queueing import erlang_a, erlang_c, late_share, priority_waits, served_share

THREE = ([0.2, 0.1, 0.3], [1.0, 2.0, 0.5], [2.0, 4.0, 1.0])  # rates, mean services and their mean squares


def mmc_wait(rate, service, servers):
    """The mean wait of one class with exponential service."""
    return priority_waits([rate], [service], [2 * service**2], servers)[0]


def balance(high, low, servers, most=40):
    """Return the probabilities that all are busy and (i, j) of two classes wait, where a service takes 1 on average."""
    place = {state: n for n, state in enumerate([*range(servers), *product(range(most), repeat=2)])}
    moves = []
    for state in place:
        if isinstance(state, int):
            moves += [(state, state + 1 if state + 1 < servers else (0, 0), high + low), (state, state - 1, state)]
        else:
            i, j = state
            moves += [(state, (i + 1, j), high), (state, (i, j + 1), low)]
            moves.append((state, (i - 1, j) if i else (0, j - 1) if j else servers - 1, servers))
    flow = np.zeros((len(place), len(place)))
    for here, there, rate in moves:
        if there in place:
            flow[place[there], place[here]] += rate
            flow[place[here], place[here]] -= rate
    flow[-1] = 1
    return np.linalg.solve(flow, np.eye(len(place))[-1])[servers:].reshape(most, most)


# Published numbers of M/M/c


@pytest.mark.parametrize(
    ("rate", "service", "servers", "waiting"),
    [
        (1 / 36, 180, 10, 0.03610535915832015),
        (0.1, 1 / 0.0033, 35, 0.3121925015328496),
        (0.1, 1 / 0.0033, 40, 0.06278834613535761),
        (120, 1 / 5, 35, 0.023521116861458607),
        (90, 1 / 3.0033, 35, 0.2816872350258893),
        (0.1, 1 / 0.0033, 135, 3.3170371593189645e-44),
    ],
)
def test_the_probability_to_wait_is_the_published_one(rate, service, servers, waiting):
    """Kleine Bösing, github.com/FelixKleineBoesing/queuingSystem: tests/modelling/capacity_planning/test_erlangc.py."""
    assert erlang_c(servers, rate * service) == pytest.approx(waiting, rel=1e-9)


@pytest.mark.parametrize(
    ("rate", "service", "servers", "wait", "within"),
    [
        (0.1, 300, 35, 17.07494774481045, 1e-9),
        (7, 1, 9, 1.3473148295486905 / 7, 1e-9),
        (100 / 1800, 180, 14, 7.83593701177724, 1e-9),
        (1.2, 2, 3, 2.16, 3e-3),
    ],
)
def test_the_mean_wait_is_the_published_one(rate, service, servers, wait, within):
    """The first two as above (the second from the queue's length), the third from github.com/Damonsoul/ErlangC, README
    (an R package, version 0.1.0), the last from Trueman (1977), An introduction to quantitative methods for decision
    making, in the HP-12C Solutions Handbook, page 144, manual.onestart.ai/manuals/HP-12c-Solutions-Handbook-5175114."""
    assert mmc_wait(rate, service, servers) == pytest.approx(wait, rel=within)


@pytest.mark.parametrize(
    ("rate", "service", "servers", "longest", "share"),
    [
        (100 / 30, 3, 13, 20 / 60, 0.7955947884177831),
        (100 / 30, 3, 14, 20 / 60, 0.8883500191794669),
        (100 / 30, 3, 15, 20 / 60, 0.9414528428690223),
        (0.1, 1 / 0.0033, 35, 20, 0.7710233599946846),
        (0.1, 1 / 0.0033, 40, 20, 0.9668921807646333),
    ],
)
def test_the_share_that_waits_at_most_so_long_is_the_published_one(rate, service, servers, longest, share):
    """R. Arenas, github.com/rodrigo-arenas/pyworkforce, README (Python package pyworkforce 0.5.1); the last two from
    github.com/FelixKleineBoesing/queuingSystem, as above."""
    assert 1 - late_share([rate], service, servers, 0, longest) == pytest.approx(share, rel=1e-9)


# Published numbers of priorities


@pytest.mark.parametrize(
    ("rates", "waits"),
    [([1.5, 2.5, 1.0], [0.1306, 0.3917, 1.7625]), ([2.0, 2.0, 1.0], [0.2938 / 2, 0.8813 / 2, 1.7625])],
)
def test_the_waits_of_three_classes_at_six_servers_are_the_published_ones(rates, waits):
    """Stevenson, Operations management, 14th edition, examples 9 and 8, pages 806 and 807, at
    fliphtml5.com/cviyu/vkrs/OPERAT~1/835 and 836; those of example 8 from the numbers waiting."""
    assert priority_waits(rates, [1] * 3, [2] * 3, 6) == pytest.approx(waits, abs=6e-5)


def test_the_waits_of_two_classes_at_one_server_are_the_published_ones():
    """Ciw 3.2.7 (Python package; github.com/CiwPython/Ciw), tests/test_simulation.py, test_priority_system_compare_
    literature: 2 and 6 in the system, of which the service takes 1."""
    assert priority_waits([0.2, 0.6], [1, 1], [2, 2], 1) == pytest.approx([2.0 - 1, 6.0 - 1])


# Published numbers of impatience


def test_abandonment_and_use_of_fourteen_servers_are_the_published_ones():
    """R. Arenas, github.com/rodrigo-arenas/pyworkforce, pyworkforce/queuing/tests/test_abandonment.py, where the wait
    is that of all arrivals, so that the queue is as long as that wait times the rate."""
    found = erlang_a(100 / 30, 3, 14, 5)
    assert found.abandoned == pytest.approx(0.013984, abs=5e-7)
    assert found.utilisation == pytest.approx(0.704297, abs=5e-7)
    assert found.queue == pytest.approx(0.069919 * 100 / 30, abs=2e-6)


def test_abandonment_and_queue_of_a_call_centre_are_the_published_ones():
    """F. Kleine Bösing, github.com/FelixKleineBoesing/queuingSystem, tests/modelling/capacity_planning/test_erlanga.py,
    where no more than 80 are inside, which cuts off nothing that counts."""
    assert erlang_a(0.1, 240, 25, 30).abandoned == pytest.approx(0.09759081562546817, rel=1e-12)
    found = erlang_a(0.1, 240, 28, 300)
    assert found.queue == pytest.approx(0.6833261838358367, rel=1e-12)
    assert found.queue + 28 * found.utilisation == pytest.approx(24.136665236767172, rel=1e-12)


def still_waiting(above, through, limit, most=400):
    """Return the share that still waits after `limit` of those that must wait for a service at the rate 1.

    Ahead are a geometric number of orders that are served before, and those of higher classes that come meanwhile: a
    chain in discrete steps, of which a Poisson number lies in the time.
    """
    rate = above + 1
    ahead = (1 - through) * through ** np.arange(most)
    numbers = np.arange(poisson.isf(1e-12, rate * limit) + 1)
    share = 0.0
    for probability in poisson.pmf(numbers, rate * limit):
        share += probability * ahead.sum()
        ahead = np.append(ahead[1:], 0) / rate + np.append(0, ahead[:-1]) * above / rate
    return share


# M/M/c


@pytest.mark.parametrize("servers", [1, 2, 5, 30])
@pytest.mark.parametrize("load", [Fraction(0), Fraction(1, 10), Fraction(4, 5), Fraction(99, 100)])
def test_the_probability_to_wait_is_that_of_exact_fractions(servers, load):
    offered = servers * load
    full = offered**servers / math.factorial(servers) / (1 - load)
    rest = sum(offered**n / math.factorial(n) for n in range(servers))
    assert erlang_c(servers, float(offered)) == pytest.approx(float(full / (rest + full)), rel=1e-12)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.99])
def test_one_server_is_m_m_1(rate):
    assert erlang_c(1, rate) == pytest.approx(rate)
    assert mmc_wait(rate, 1, 1) == pytest.approx(rate / (1 - rate))


@pytest.mark.parametrize("offered", [100, 9_000, 9_900, 9_999.9])
def test_ten_thousand_servers_are_no_trouble(offered):
    lost = poisson.pmf(10_000, offered) / poisson.cdf(10_000, offered)
    waiting = erlang_c(10_000, offered)
    assert waiting == pytest.approx(lost / (1 - offered / 10_000 * (1 - lost)), rel=1e-9)
    assert mmc_wait(offered / 60, 60, 10_000) == pytest.approx(waiting * 60 / (10_000 - offered))


def test_nobody_waits_where_nobody_comes():
    assert erlang_c(3, 0) == mmc_wait(0, 60, 3) == 0
    assert priority_waits([0, 0], [60, 60], [7200, 7200], 3) == [0, 0]


# Priorities


@pytest.mark.parametrize(("high", "low", "servers"), [(0.2, 0.3, 1), (0.4, 0.6, 2), (0.9, 0.3, 2), (0.5, 1.5, 4)])
def test_waits_by_class_are_those_of_the_balance_equations(high, low, servers):
    waiting = balance(high, low, servers)
    lengths = [waiting.sum(axis=1) @ np.arange(40), waiting.sum(axis=0) @ np.arange(40)]
    expected = [lengths[0] / high, lengths[1] / low]
    assert priority_waits([high, low], [1, 1], [2, 2], servers) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("above", "through"), [(0.2, 0.5), (0.5, 0.6), (0.9, 0.95), (0.01, 0.9), (0.25, 0.5)])
@pytest.mark.parametrize("limit", [0, 0.5, 5, 40])
def test_a_lower_class_waits_for_all_before_it_and_for_the_higher_classes_that_come_meanwhile(above, through, limit):
    servers, lowest = 4, 0.02
    rates = [above / 2 * servers, above / 2 * servers, (through - above) * servers, lowest * servers]
    share = late_share(rates, 1, servers, 2, limit / servers)
    must_wait = erlang_c(servers, (through + lowest) * servers)
    assert share == pytest.approx(must_wait * still_waiting(above, through, limit), abs=2e-6)


@pytest.mark.parametrize("place", range(3))
def test_the_tails_of_all_classes_have_the_means_that_cobham_gave(place):
    rates = [1.5, 2.5, 1.0]
    mean, _ = quad(lambda limit: late_share(rates, 1, 6, place, limit), 0, math.inf, limit=200)
    assert mean == pytest.approx(priority_waits(rates, [1] * 3, [2] * 3, 6)[place], rel=1e-6)


def test_all_are_late_where_the_servers_cannot_take_the_load():
    assert late_share([1, 1], 1, 2, 0, 1000) == 1


def test_one_class_waits_as_pollaczek_and_khinchine_say():
    assert priority_waits([0.8], [1], [2], 1) == pytest.approx([mmc_wait(0.8, 1, 1)])
    assert priority_waits([0.8], [1], [1], 1) == pytest.approx([mmc_wait(0.8, 1, 1) / 2])
    assert priority_waits([0.8], [1], [5], 1) == pytest.approx([0.8 * 5 / 2 / (1 - 0.8)])
    assert priority_waits([40], [0.2], [0.08], 9) == pytest.approx([mmc_wait(40, 0.2, 9)])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_waiting_work_is_conserved_in_any_order(order):
    rates, services, squares = ([numbers[n] for n in order] for numbers in THREE)
    work = [rate * service for rate, service in zip(rates, services, strict=True)]
    left = sum(rate * square for rate, square in zip(rates, squares, strict=True)) / 2
    waits = priority_waits(rates, services, squares, 1)
    assert np.dot(work, waits) == pytest.approx(sum(work) * left / (1 - sum(work)))
    assert waits == sorted(waits)


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=6), st.integers(2, 200), st.floats(0.01, 0.999))
def test_several_classes_wait_as_one_on_average(parts, servers, load):
    rates = [part / sum(parts) * load * servers for part in parts]
    mean = np.dot(rates, priority_waits(rates, [1] * len(rates), [2] * len(rates), servers)) / sum(rates)
    assert mean == pytest.approx(mmc_wait(sum(rates), 1, servers), rel=1e-6)


# Impatience


@pytest.mark.parametrize("servers", [1, 3, 20])
@pytest.mark.parametrize("load", [0.5, 1.0, 1.6])
@pytest.mark.parametrize("patience", [0.2, 1.0, 8.0])
def test_impatience_is_that_of_the_density_of_the_offered_wait(servers, load, patience):
    rate = servers * load

    def mean(value):
        found = quad(
            lambda x: value(x) * rate * math.exp(rate * patience * -math.expm1(-x / patience) - servers * x), 0, 60
        )
        return found[0]

    idle = poisson.cdf(servers - 1, rate) / poisson.pmf(servers - 1, rate)
    total = idle + mean(lambda _: 1)
    served = (idle + mean(lambda x: math.exp(-x / patience))) / total
    found = erlang_a(rate, 1, servers, patience)
    assert found.abandoned == pytest.approx(1 - served, rel=1e-7)
    assert found.wait == pytest.approx(mean(lambda x: x * math.exp(-x / patience)) / total / served, rel=1e-7)
    assert found.utilisation == pytest.approx(load * served, rel=1e-7)
    assert served_share(rate, 1, servers, patience, math.inf) == pytest.approx(served, rel=1e-9)


@pytest.mark.parametrize(("load", "patience"), [(0.5, 0.2), (1.0, 1.0), (1.6, 8.0)])
@pytest.mark.parametrize("limit", [0, 0.1, 1, 10])
def test_the_share_that_is_served_in_time_is_that_of_the_density_of_the_offered_wait(load, patience, limit):
    rate, servers = 3 * load, 3

    def density(wait):
        return rate * math.exp(rate * patience * -math.expm1(-wait / patience) - servers * wait)

    idle = poisson.cdf(servers - 1, rate) / poisson.pmf(servers - 1, rate)
    in_time = idle + quad(lambda wait: density(wait) * math.exp(-wait / patience), 0, limit)[0]
    expected = in_time / (idle + quad(density, 0, 60)[0])
    assert served_share(rate, 1, servers, patience, limit) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("rate", "servers"), [(0.5, 1), (18, 20), (99, 100), (9_950, 10_000)])
def test_endless_patience_is_erlang_c(rate, servers):
    found = erlang_a(rate, 1, servers, 1e12)
    assert found.wait == pytest.approx(mmc_wait(rate, 1, servers), rel=1e-6)
    assert found.queue == pytest.approx(rate * mmc_wait(rate, 1, servers), rel=1e-6)
    assert found.utilisation == pytest.approx(rate / servers)
    assert found.abandoned == pytest.approx(0, abs=1e-9)
    within = 1 - late_share([rate], 1, servers, 0, 0.1)
    assert served_share(rate, 1, servers, 1e12, 0.1) == pytest.approx(within, rel=1e-6)


@pytest.mark.parametrize(("rate", "servers"), [(0.5, 1), (3, 2), (100, 110), (10_000, 10_000), (12_000, 10_000)])
def test_patience_as_long_as_service_makes_the_number_inside_poisson(rate, servers):
    queue = rate * poisson.sf(servers - 1, rate) - servers * poisson.sf(servers, rate)
    found = erlang_a(rate / 60, 60, servers, 60)
    assert found.queue == pytest.approx(queue, rel=1e-9)
    assert found.abandoned == pytest.approx(queue / rate, rel=1e-9)
    assert found.utilisation == pytest.approx((rate - queue) / servers, rel=1e-9)


def test_without_patience_those_who_would_wait_are_lost():
    lost = poisson.pmf(5, 4) / poisson.cdf(5, 4)
    found = erlang_a(4, 1, 5, 1e-9)
    assert found.abandoned == pytest.approx(lost, rel=1e-6)
    assert found.wait == pytest.approx(0, abs=1e-9)


def test_a_large_overload_leaves_what_cannot_be_served():
    found = erlang_a(20_000, 1, 10_000, 50)
    assert found.abandoned == pytest.approx(0.5)
    assert found.utilisation == pytest.approx(1)
    assert found.wait == pytest.approx(50 * math.log(2), rel=1e-4)
    assert served_share(20_000, 1, 10_000, 50, 34) == pytest.approx(0, abs=1e-12)
    assert served_share(20_000, 1, 10_000, 50, 36) == pytest.approx(0.5)


@given(st.floats(1e-3, 1e2), st.floats(1e-3, 1e2), st.integers(1, 300), st.floats(1e-3, 1e2))
@example(math.nextafter(2, 0), 1, 2, 60)
@example(3.8, 67, 4, 0.011)
def test_arrivals_are_served_or_leave(rate, service, servers, patience):
    found = erlang_a(rate, service, servers, patience)
    assert found.abandoned + found.utilisation * servers / (rate * service) == pytest.approx(1)
    assert all(math.isfinite(number) and number >= 0 for number in found)
    assert found.abandoned <= 1
    assert found.utilisation <= 1 + 1e-12
    assert served_share(rate, service, servers, patience, math.inf) == pytest.approx(1 - found.abandoned, abs=1e-12)


# Wrong numbers


@pytest.mark.parametrize(
    "call",
    [
        lambda: erlang_c(2, 2),
        lambda: erlang_c(2, -0.1),
        lambda: erlang_c(0, 0),
        lambda: erlang_c(2, math.nan),
        lambda: mmc_wait(2, 1, 2),
        lambda: mmc_wait(-1, -1, 2),
        lambda: mmc_wait(1, 0, 2),
        lambda: mmc_wait(1, math.inf, 2),
        lambda: priority_waits([], [], [], 1),
        lambda: priority_waits([0.1, 0.1], [1], [2], 1),
        lambda: priority_waits([0.1], [1], [2, 2], 1),
        lambda: priority_waits([0.5, 0.5], [1, 1], [2, 2], 1),
        lambda: priority_waits([-0.5, 0.5], [1, 1], [2, 2], 1),
        lambda: priority_waits([0.5], [1], [0.9], 1),
        lambda: priority_waits([0.5], [1], [math.nan], 1),
        lambda: priority_waits([0.5], [1], [math.inf], 1),
        lambda: priority_waits([0.5, 0.5], [1, 2], [2, 8], 2),
        lambda: priority_waits([0.5, 0.5], [1, 1], [2, 1], 2),
        lambda: priority_waits([0.5], [1], [2], 0),
        lambda: erlang_a(0, 1, 1, 1),
        lambda: erlang_a(1, 0, 1, 1),
        lambda: erlang_a(1, 1, 0, 1),
        lambda: erlang_a(1, 1, 1, 0),
        lambda: erlang_a(1, 1, 1, math.inf),
        lambda: erlang_a(math.nan, 1, 1, 1),
        lambda: erlang_a(1e200, 1e200, 1, 1),
        lambda: late_share([-0.5, 0.5], 1, 1, 0, 1),
        lambda: served_share(0, 1, 1, 1, 1),
        lambda: served_share(1, 1, 1, math.inf, 1),
    ],
)
def test_what_is_no_queue_has_no_answer(call):
    with pytest.raises(ValueError, match=r"load|share|class|squared|several|above|argument"):
        call()
