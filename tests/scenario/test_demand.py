"""Demand and behaviour, measured: what is drawn follows the law that was asked for. All seeds are fixed."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from sim import replicate, run
from sim.errors import SimulationError
from sim.experiment import replication_of
from sim.model import Action, OrderClass
from sim.scenario.redrawing import _scaled
from sim.verdicts import Judgement
from tests.helpers.campaigns import some

SECOND, HOUR = 10**6, 3600 * 10**6
UNLIKELY = 0.001  # a p-value below this one fails


def arrivals(workload, stream=None):
    """Return when orders come, in seconds; those of one stream if it is named."""
    times = workload.action_time[workload.action == Action.CREATE_ORDER]
    if stream is not None:
        times = times[workload.stream == workload.stream_names.index(stream)]
    return times / SECOND


def draw(distribution, n, seed=1):
    return distribution.durations(np.random.Philox(key=seed).random_raw(n)) / SECOND


# Distributions: mean and coefficient of variation as asked, and scipy's law with them, in seconds

TRUNCATED = NormalDist().pdf(1) / NormalDist().cdf(1)  # how far the mean of N(1, 1) without its part below 0 lies above
TRUNCATED_CV = math.sqrt(1 - TRUNCATED - TRUNCATED**2) / (1 + TRUNCATED)
WEIBULL_MEAN = 10 * math.gamma(1.5)
LAWS = {
    "{exponential: {mean: 10s}}": (10, 1, stats.expon(scale=10)),
    "{erlang: {mean: 10s, shape: 4}}": (10, 0.5, stats.erlang(4, scale=2.5)),
    "{gamma: {mean: 10s, cv: 0.5}}": (10, 0.5, stats.gamma(4, scale=2.5)),
    "{gamma: {mean: 10s, cv: 1.5}}": (10, 1.5, stats.gamma(1 / 2.25, scale=22.5)),
    "{lognormal: {mean: 10s, cv: 0.5}}": (10, 0.5, stats.lognorm(math.sqrt(math.log(1.25)), scale=10 / 1.25**0.5)),
    "{lognormal: {mean: 10s, cv: 1.2}}": (10, 1.2, stats.lognorm(math.sqrt(math.log(2.44)), scale=10 / 2.44**0.5)),
    "{weibull: {scale: 10s, shape: 2}}": (WEIBULL_MEAN, (4 / math.pi - 1) ** 0.5, stats.weibull_min(2, scale=10)),
    "{weibull: {scale: 10s, shape: 0.8}}": (10 * math.gamma(2.25), 1.2605, stats.weibull_min(0.8, scale=10)),
    "{uniform: {low: 5s, high: 15s}}": (10, 1 / math.sqrt(12), stats.uniform(5, 10)),
    "{triangular: {low: 5s, mode: 8s, high: 20s}}": (11, math.sqrt(189 / 18) / 11, stats.triang(0.2, 5, 15)),
    "{pert: {low: 5s, mode: 8s, high: 20s}}": (9.5, math.sqrt(4.5 * 10.5 / 7) / 9.5, stats.beta(1.8, 4.2, 5, 15)),
    "{pert: {low: 5s, mode: 5s, high: 20s}}": (7.5, math.sqrt(2.5 * 12.5 / 7) / 7.5, stats.beta(1, 5, 5, 15)),
    "{normal: {mean: 10s, sd: 2s}}": (10, 0.2, stats.truncnorm(-5, math.inf, 10, 2)),
    "{normal: {mean: 10s, sd: 10s}}": (10 + 10 * TRUNCATED, TRUNCATED_CV, stats.truncnorm(-1, math.inf, 10, 10)),
}
STEPS = {  # the durations that are drawn, and their shares
    "{choice: {8s: 70%, 20s: 30%}}": {8: 0.7, 20: 0.3},
    "{choice: {1ms: 33.3%, 1h: 33.3%, 2h: 33.4%}}": {0.001: 0.333, 3600: 0.333, 7200: 0.334},
    "{empirical: times.csv}": {8: 0.5, 10: 0.25, 60: 0.25},
    "10s": {10: 1},
}


@pytest.fixture
def distribution(scenario, tmp_path):
    (tmp_path / "times.csv").write_text("seconds\n8s\n10s\n8s\n\n1m\n", encoding="utf-8")
    return lambda text: scenario(f"service: {text}\n").file.service.VIP


def check_mean_and_spread(drawn, mean, cv):
    spread = (drawn - mean) ** 2
    assert abs(drawn.mean() - mean) < 4 * stats.sem(drawn)
    assert abs(spread.mean() - (mean * cv) ** 2) < 4 * stats.sem(spread)


@pytest.mark.parametrize("text", LAWS)
def test_a_distribution_has_the_mean_and_spread_asked_for_and_follows_its_law(distribution, text):
    mean, cv, law = LAWS[text]
    drawn = draw(distribution(text), 200_000)
    assert drawn.min() >= 0
    check_mean_and_spread(drawn, mean, cv)
    assert stats.kstest(drawn[:50_000], law.cdf).pvalue > UNLIKELY


@pytest.mark.parametrize("text", STEPS)
def test_durations_of_a_list_have_their_shares(distribution, text):
    shares = STEPS[text]
    values, counts = np.unique(draw(distribution(text), 100_000), return_counts=True)
    assert values.tolist() == list(shares)
    assert len(shares) == 1 or stats.chisquare(counts, np.array(list(shares.values())) * 100_000).pvalue > UNLIKELY


@pytest.mark.parametrize("text", [*LAWS, *STEPS])
def test_the_mean_that_limits_are_judged_by_is_the_mean_of_what_is_drawn(distribution, text):
    one = distribution(text)
    drawn = draw(one, 200_000, seed=2)
    assert abs(one.mean / SECOND - drawn.mean()) <= 4 * stats.sem(drawn)


@pytest.mark.parametrize("text", [*LAWS, *STEPS])
def test_a_distribution_that_is_fitted_to_longer_days_has_a_longer_mean_and_the_same_spread(distribution, text):
    law = distribution(text)
    longer = _scaled(law, 2)
    assert longer.mean == pytest.approx(2 * law.mean, abs=2)
    assert longer.mean_square == pytest.approx(4 * law.mean_square, rel=1e-6)


@pytest.mark.parametrize("text", [*LAWS, *STEPS])
def test_the_mean_square_that_theory_goes_by_is_that_of_what_is_drawn(distribution, text):
    one = distribution(text)
    squares = draw(one, 200_000, seed=3) ** 2
    assert abs(one.mean_square / SECOND**2 - squares.mean()) <= 4 * stats.sem(squares)
    assert one.mean_square >= one.mean**2 * (1 - 1e-12)


@pytest.mark.parametrize("text", [*LAWS, *STEPS])
def test_the_nth_draw_is_the_same_however_many_are_drawn(distribution, text):
    few, many = (draw(distribution(text), n, seed=7) for n in (1000, 5000))
    assert np.array_equal(few, many[:1000])


@pytest.mark.parametrize(
    "text",
    [
        "{gamma: {mean: 10s, cv: 0.001}}",
        "{gamma: {mean: 36525d, cv: 1000000}}",
        "{lognormal: {mean: 36525d, cv: 1000000}}",
        "{weibull: {scale: 1d, shape: 0.001}}",
        "{weibull: {scale: 36525d, shape: 0.006}}",
        "{normal: {mean: 0s, sd: 36525d}}",
        "{erlang: {mean: 1us, shape: 1000000}}",
    ],
)
def test_extreme_shapes_stay_durations(distribution, text):
    one = distribution(text)
    drawn = draw(one, 1000)
    assert drawn.min() >= 0
    assert drawn.max() <= 36525 * 24 * 3600
    assert 0 <= one.mean <= 36525 * 24 * HOUR


# A Poisson process with a rate that changes

PHASES = """[
      {for: 45m, rate: 30/h, ramp_to: 90/h},
      {for: 30m, rate: 90/h},
      {for: 30m, rate: 0/h},
      {for: 45m, rate: 120/h, ramp_to: 0/h},
      {for: 30m, rate: 0/h, ramp_to: 60/h}]"""
QUARTERS = [10, 15, 20, 22.5, 22.5, 0, 0, 25, 15, 5, 3.75, 11.25]  # the integral of that rate
LUNCH = f"{{name: lunch, class: NORMAL, poisson: {{phases: {PHASES}}}"
TIMES = 400


@pytest.fixture
def lunches(scenario):
    loaded = scenario(f"seed: 3\narrivals:\n  - {LUNCH}}}\n")
    return [arrivals(loaded.workload(replication=number)) for number in range(1, TIMES + 1)]


def test_counts_in_quarters_of_an_hour_are_the_integral_of_the_rate(lunches):
    counts = np.array([np.histogram(times, np.arange(13) * 900)[0] for times in lunches])
    expected = np.array(QUARTERS)
    some = expected > 0
    assert counts[:, ~some].sum() == 0
    observed, asked = counts[:, some].sum(axis=0), expected[some] * TIMES
    assert stats.chi2.sf(((observed - asked) ** 2 / asked).sum(), some.sum()) > UNLIKELY
    spread = ((counts[:, some] - expected[some]) ** 2 / expected[some]).sum()  # of single runs: that of Poisson counts
    freedom = TIMES * some.sum()
    assert abs(spread - freedom) < 4 * math.sqrt(freedom * (2 + (1 / expected[some]).mean()))


def test_arrivals_on_a_ramp_lie_as_densely_as_its_rate(lunches):
    times = np.concatenate(lunches)
    down = times[(times > 105 * 60) & (times < 150 * 60)]
    assert stats.kstest(down, stats.triang(0, 105 * 60, 45 * 60).cdf).pvalue > UNLIKELY
    up = times[times > 150 * 60]
    assert stats.kstest(up, stats.triang(1, 150 * 60, 30 * 60).cdf).pvalue > UNLIKELY


def test_nothing_comes_after_the_last_phase(scenario, lunches):
    assert 170 * 60 < max(times[-1] for times in lunches) < 180 * 60
    for until in ("drained", "10h"):
        workload = scenario(f"seed: 3\nclock: {{until: {until}}}\narrivals:\n  - {LUNCH}}}\n").workload()
        assert arrivals(workload).tolist() == lunches[0].tolist()


def test_phases_begin_at_from_and_until_and_limit_cut_them(scenario, lunches):
    def lunch(keys):
        return arrivals(scenario(f"seed: 3\narrivals:\n  - {LUNCH}, {keys}}}\n").workload()).tolist()

    whole = lunches[0].tolist()
    assert lunch("from: 2h") == pytest.approx([time + 7200 for time in whole], abs=1e-9)
    assert lunch("until: 50m") == [time for time in whole if time < 3000]
    assert lunch("from: 1h, until: 1h50m") == pytest.approx([time + 3600 for time in whole if time < 3000], abs=1e-9)
    assert lunch("limit: 7") == whole[:7]
    assert lunch("limit: 9999") == whole


def test_a_phase_of_one_rate_is_a_poisson_process(scenario):
    times = arrivals(scenario("arrivals: [{class: VIP, poisson: {phases: [{for: 100h, rate: 90/h}]}}]\n").workload())
    assert stats.kstest(np.diff(times), stats.expon(scale=40).cdf).pvalue > UNLIKELY
    assert stats.kstest(times, stats.uniform(0, 360_000).cdf).pvalue > UNLIKELY


# Renewal and modulated processes, batches and classes


@pytest.mark.parametrize("text", LAWS)
def test_gaps_of_a_renewal_process_have_the_mean_and_spread_asked_for_and_follow_their_law(scenario, text):
    mean, cv, law = LAWS[text]
    times = arrivals(scenario(f"seed: 5\narrivals: [{{class: VIP, renewal: {text}, limit: 40000}}]\n").workload())
    gaps = np.diff(times, prepend=0)
    check_mean_and_spread(gaps, mean, cv)
    assert stats.kstest(gaps, law.cdf).pvalue > UNLIKELY
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4 / math.sqrt(len(gaps))


def test_the_first_arrival_of_a_renewal_process_comes_after_one_gap(scenario):
    workload = scenario("arrivals: [{class: VIP, renewal: 10s, from: 5s, until: 45s}]\n").workload()
    assert arrivals(workload).tolist() == [15, 25, 35]


MMPP = "{class: NORMAL, mmpp: {states: [{rate: 10/h, stay: 30m}, {rate: 120/h, stay: 5m}]}}"


def test_a_modulated_process_has_its_mean_rate_and_is_as_overdispersed_as_theory_says(scenario):
    hours, times = 100, 300
    loaded = scenario(f"seed: 6\nclock: {{until: {hours}h}}\narrivals: [{MMPP}]\n")
    counts = np.array([len(loaded.workload(replication=number).service) for number in range(1, times + 1)])
    mean = hours * (10 * 30 + 120 * 5) / 35
    assert abs(counts.mean() - mean) < 4 * stats.sem(counts)
    # Fischer and Meier-Hellstern (1993), The Markov-modulated Poisson process cookbook, for two states, in hours
    leave, change = (2, 12), 110
    dispersion = 1 + 2 * change**2 * leave[0] * leave[1] / (sum(leave) ** 2 * (10 * leave[1] + 120 * leave[0]))
    assert dispersion == pytest.approx(9.23, abs=0.01)
    assert abs(counts.var(ddof=1) / counts.mean() / dispersion - 1) < 4 * math.sqrt(2 / times)


def test_a_modulated_process_of_one_state_is_a_poisson_process(scenario):
    times = arrivals(
        scenario("arrivals: [{class: VIP, limit: 20000, mmpp: {states: [{rate: 90/h, stay: 1h}]}}]\n").workload()
    )
    assert stats.kstest(np.diff(times, prepend=0), stats.expon(scale=40).cdf).pvalue > UNLIKELY


def test_states_follow_each_other_from_the_first(scenario):
    loaded = scenario("""
        seed: 8
        arrivals:
          - class: VIP
            limit: 1
            mmpp: {states: [{rate: 0/h, stay: 1h}, {rate: 0/h, stay: 20m}, {rate: 3600/h, stay: 100h}]}
    """)
    firsts = [arrivals(loaded.workload(replication=number))[0] / 3600 for number in range(1, 1001)]

    def reached(hours):  # the sum of exponentials of mean 1 h, 20 min and 1 s
        rates = [1, 3, 3600]
        weights = [math.prod(two / (two - one) for two in rates if two != one) for one in rates]
        return 1 - sum(weight * np.exp(-one * hours) for one, weight in zip(rates, weights, strict=True))

    assert stats.kstest(firsts, reached).pvalue > UNLIKELY


def test_a_modulated_process_keeps_to_from_until_and_limit(scenario):
    def modulated(keys):
        return arrivals(scenario(f"seed: 8\nclock: {{until: 50h}}\narrivals: [{MMPP[:-1]}{keys}}}]\n").workload())

    whole = modulated("")
    assert len(whole) > 500
    assert modulated(", limit: 100").tolist() == whole[:100].tolist()
    assert modulated(", until: 20h").tolist() == whole[whole < 72_000].tolist()
    later = modulated(", from: 10h")
    assert later.tolist() == pytest.approx((whole + 36_000)[whole + 36_000 <= 180_000].tolist(), abs=1e-9)


@pytest.mark.parametrize(
    "process",
    ["poisson: {rate: 1/m}", "renewal: {erlang: {mean: 1m, shape: 2}}", "mmpp: {states: [{rate: 1/m, stay: 1h}]}"],
)
def test_batches_and_classes_have_their_shares(scenario, process):
    workload = scenario(
        f"seed: 9\nclock: {{until: 300h}}\n"
        f"arrivals: [{{class: {{NORMAL: 85%, VIP: 15%}}, {process}, batch: {{1: 60%, 2: 30%, 5: 10%}}}}]\n"
    ).workload()
    vips = int((workload.order_class == OrderClass.VIP).sum())
    assert stats.binomtest(vips, len(workload.order_class), 0.15).pvalue > UNLIKELY
    sizes, counts = np.unique(np.unique(arrivals(workload), return_counts=True)[1], return_counts=True)
    assert sizes.tolist() == [1, 2, 5]
    assert stats.chisquare(counts, np.array([0.6, 0.3, 0.1]) * counts.sum()).pvalue > UNLIKELY


# Customers who give up, and customers who never get a turn


def erlang_a(bots, arrival, service, patience):
    """Return the share that abandons and the mean queue of M/M/c+M (Palm 1957), rates in one unit of time."""
    weights = [1.0]
    for n in range(1, 400):
        weights.append(weights[-1] * arrival / (min(n, bots) * service + max(0, n - bots) * patience))
    queue = sum(weight * max(0, n - bots) for n, weight in enumerate(weights)) / sum(weights)
    return patience * queue / arrival, queue


def test_the_formula_is_that_of_m_m_infinity_when_patience_is_as_long_as_service():
    load, bots = 2.0, 3  # then the number in the system is Poisson
    in_system = stats.poisson(load)
    queue = sum((n - bots) * in_system.pmf(n) for n in range(bots, 100))
    assert erlang_a(bots, load, 1, 1) == pytest.approx((queue / load, queue))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bots", "rate", "patience"), some([(3, "200/h", "1m"), (1, "90/h", "2m"), (1, "48/h", "3m")], 1)
)
def test_as_many_abandon_as_theory_says(scenario, bots, rate, patience):
    times, orders = 10, 6000
    loaded = scenario(f"""
        seed: 1957
        service: {{exponential: {{mean: 1m}}}}
        patience: {{NORMAL: {{exponential: {{mean: {patience}}}}}}}
        bots: {{initial: {bots}}}
        arrivals: [{{class: NORMAL, poisson: {{rate: {rate}}}, limit: {orders}}}]
    """)
    metrics = [run(loaded, replication=number).measures.values for number in range(1, times + 1)]
    expected = erlang_a(bots, int(rate[:-2]) / 60, 1, 1 / int(patience[:-1]))
    for name, value in zip(("orders.NORMAL.abandoned.rate", "queue.NORMAL.mean"), expected, strict=True):
        sample = [one[name] for one in metrics]
        half_width = stats.t.ppf(0.9995, times - 1) * stats.sem(sample)
        assert abs(np.mean(sample) - value) < half_width, (name, np.mean(sample), half_width, value)
        assert half_width < 0.15 * value, "an interval too wide to find anything"


def test_only_classes_that_are_named_lose_patience(scenario):
    done = run(
        scenario("""
        seed: 10
        clock: {until: 4h}
        service: {exponential: {mean: 1m}}
        patience: {NORMAL: {exponential: {mean: 2m}}}
        bots: {initial: 1}
        arrivals: [{class: {VIP: 50%, NORMAL: 50%}, poisson: {rate: 90/h}}]
    """)
    )
    metrics = done.measures.values
    assert metrics["orders.VIP.abandoned"] == 0
    assert metrics["orders.NORMAL.abandoned"] == metrics["orders.abandoned"] > 20
    abandoned = done.orders[done.orders["status"] == "ABANDONED"]
    assert set(abandoned["class"]) == {"NORMAL"}
    patience = done.workload.patience[done.workload.order_class == OrderClass.NORMAL]
    assert abandoned["wait_us"].isin(patience).all()
    at_last = done.orders[done.orders["class"] == "NORMAL"]["final_status"]
    assert metrics["wait.NORMAL.n"] == (at_last != "ABANDONED").sum()


STARVING = """
    seed: 11
    clock: {until: 6h}
    service: {exponential: {mean: 1m}}
    bots: {initial: 1}
    arrivals:
      - {name: vip, class: VIP, poisson: {rate: 60/h}}
      - {name: normal, class: NORMAL, poisson: {rate: 20/h}}
    replications: 20
    thresholds: {wait.NORMAL.p95: "< 4h"}
"""


def test_starving_orders_fail_their_threshold_although_those_that_were_served_would_not(scenario):
    loaded = scenario(STARVING)
    done = replicate(loaded)
    assert done.estimate("orders.NORMAL.completed.rate").high < 0.5  # at last, 6 hours behind the horizon
    served = []
    for number in range(1, 21):
        orders = run(loaded, replication=number).measures.orders
        waits = np.sort(orders.wait[(orders.order_class == OrderClass.NORMAL) & (orders.attempts > 0)])
        served += [waits[math.ceil(0.95 * len(waits)) - 1] / SECOND] if len(waits) else []
    assert np.mean(served) + 3 * stats.sem(served) < 4 * 3600 < done.estimate("wait.NORMAL.p95").low
    assert done.estimate("wait.VIP.p95").estimate < 3600
    assert [verdict.judgement for verdict in done.verdicts] == [Judgement.FAIL]


# Seeds

RANDOM = """
    seed: 12
    clock: {until: 2h}
    service: {VIP: {gamma: {mean: 3m, cv: 1}}, NORMAL: {exponential: {mean: 4m}}}
    patience: {VIP: {uniform: {low: 5m, high: 1h}}, NORMAL: {exponential: {mean: 10m}}}
    bots: {initial: 5, schedule: [{at: 1h, count: 3}]}
    arrivals:
"""
STREAMS = """
      - {name: guests, class: {NORMAL: 70%, VIP: 30%}, poisson: {phases: [{for: 2h, rate: 20/h, ramp_to: 60/h}]}}
      - {name: app, class: {NORMAL: 50%, VIP: 50%}, renewal: {lognormal: {mean: 3m, cv: 2}}, batch: {1: 50%, 2: 50%}}
      - {name: bus, class: NORMAL, mmpp: {states: [{rate: 2/h, stay: 20m}, {rate: 100/h, stay: 5m}]}}
"""


def same(one, other):
    return (one.number, one.fingerprint, one.values) == (other.number, other.fingerprint, other.values)


@pytest.mark.slow
@pytest.mark.usefixtures("forked_workers")
def test_a_replication_is_the_same_alone_among_others_with_two_workers_and_in_any_order(scenario):
    loaded = scenario(RANDOM + STREAMS)
    alone = replication_of(run(loaded, replication=7))
    hundred = replicate(loaded, 100).results
    assert [one.number for one in hundred] == list(range(1, 101))
    assert same(hundred[6], alone)
    assert len({one.fingerprint for one in hundred}) == 100
    backwards = [replication_of(run(loaded, replication=number)) for number in range(12, 0, -1)]
    assert all(map(same, reversed(backwards), hundred))
    shared = replicate(loaded, 12, jobs=2).results
    assert len(shared) == 12
    assert all(map(same, shared, hundred))


def of_stream(workload, name):
    mine = workload.stream == workload.stream_names.index(name)
    columns = (workload.order_class, workload.service, workload.patience)
    return [arrivals(workload, name).tolist(), *(column[mine].tolist() for column in columns)]


def test_adding_streams_actions_or_bots_leaves_the_draws_of_the_others_alone(scenario):
    few = scenario(RANDOM + STREAMS).workload(replication=3)
    more = scenario(
        "    timeline: [{at: 1s, order: VIP, count: 9}, {at: 2s, add_bots: 3}]\n"
        + RANDOM.lstrip("\n")
        + "      - {name: before, class: {NORMAL: 50%, VIP: 50%}, poisson: {rate: 60/h}, batch: 2}\n"
        + STREAMS
        + "      - {name: behind, class: VIP, mmpp: {states: [{rate: 60/h, stay: 5m}]}}\n"
    ).workload(replication=3)
    assert len(more.service) > len(few.service) + 100
    for name in ("guests", "app", "bus"):
        assert len(of_stream(few, name)[0]) > 5
        assert of_stream(few, name) == of_stream(more, name)


def test_the_nth_order_of_a_stream_is_the_same_customer_with_five_and_with_six_bots(scenario):
    five, six = (run(scenario((RANDOM + STREAMS).replace("initial: 5", f"initial: {bots}"))) for bots in (5, 6))
    assert five.fingerprint != six.fingerprint
    for name in ("guests", "app", "bus"):
        assert of_stream(five.workload, name) == of_stream(six.workload, name)
    worked = [one.attempts.merge(one.orders[["order", "stream"]]) for one in (five, six)]
    first, second = (one[(one["outcome"] == "completed")].set_index("order") for one in worked)
    both = first.index.intersection(second.index)
    assert len(both) > 50
    took = [(one["ended_us"] - one["picked_up_us"])[both].tolist() for one in (first, second)]
    assert took[0] == took[1]


def test_only_orders_of_the_run_count_to_the_most_that_it_may_have(scenario, monkeypatch):
    monkeypatch.setattr("sim.scenario.workload.MOST_ORDERS", 100)
    late = "bots: {initial: 1}\nservice: 1s\nclock: {until: %s}\narrivals: [{class: VIP, every: 1s}]\n"
    assert len(scenario(late % "99s").workload(beyond=50_000_000).service) == 150
    with pytest.raises(SimulationError, match="made more than 100 orders"):
        scenario(late % "100s").workload()
