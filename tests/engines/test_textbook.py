"""The engine against the textbook: M/M/c with two non-preemptive priority classes."""

import math

import pytest
from scipy import stats

from sim import run
from tests.helpers.campaigns import some

BOTS = 3
SERVICE = 60.0  # seconds
VIP_SHARE = 0.3
REPLICATIONS = 10


def mean_waits(bots: int, load: float, service: float, vip_share: float) -> tuple[float, float]:
    """Return the mean wait of VIP and NORMAL orders in seconds (Cobham 1954, with Erlang C for the delay)."""
    offered = load * bots
    last = offered**bots / math.factorial(bots) / (1 - load)
    delayed = last / (sum(offered**k / math.factorial(k) for k in range(bots)) + last)
    residual = delayed * service / bots
    high = load * vip_share
    return residual / (1 - high), residual / ((1 - high) * (1 - load))


def test_the_formula_is_that_of_m_m_1_for_one_bot():
    vip, normal = mean_waits(1, 0.5, 10.0, 0.4)
    assert vip == pytest.approx(0.5 * 10 / (1 - 0.2))
    assert normal == pytest.approx(0.5 * 10 / (1 - 0.2) / (1 - 0.5))


@pytest.mark.usefixtures("compiled_engine")
@pytest.mark.parametrize("load", some([0.7, 0.5, 0.87], 1))
def test_mean_waits_agree_with_theory(scenario, load):
    rate = load * BOTS / SERVICE
    kitchen = scenario(f"""
        seed: 1954
        service: {{exponential: {{mean: {SERVICE}s}}}}
        bots: {{initial: {BOTS}}}
        arrivals:
          - {{class: {{VIP: {VIP_SHARE:.0%}, NORMAL: {1 - VIP_SHARE:.0%}}}, poisson: {{rate: {rate}/s}}, limit: 22000}}
    """)
    waits = {"VIP": [], "NORMAL": []}
    for replication in range(1, REPLICATIONS + 1):
        orders = run(kitchen, replication=replication, engine="compiled").measures.orders
        settled = orders.number >= orders.number[0] + 2_000  # the kitchen starts empty
        for code, name in enumerate(("VIP", "NORMAL")):
            waits[name].append(orders.wait[settled & (orders.order_class == code)].mean() / 1e6)
    for name, expected in zip(("VIP", "NORMAL"), mean_waits(BOTS, load, SERVICE, VIP_SHARE), strict=True):
        sample = waits[name]
        half_width = stats.t.ppf(0.995, REPLICATIONS - 1) * stats.sem(sample)
        mean = sum(sample) / REPLICATIONS
        assert abs(mean - expected) < half_width, f"{name}: {mean} ± {half_width}, theory {expected}"
        assert half_width < 0.2 * expected, "an interval too wide to find anything"
