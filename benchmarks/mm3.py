"""One queue, M/M/3 with two priority classes, in textbook SimPy and in our engines; what theory says of it.

Each program returns the seconds that it took (imports and the loading of the scenario left out) and the mean wait of
each class in minutes, VIP first.
"""

from pathlib import Path
from random import expovariate, random, seed
from statistics import NormalDist, fmean
from time import perf_counter

import numpy as np

BOTS, ARRIVALS, SERVICES, VIP_SHARE = 3, 2.61, 1.0, 0.3  # per minute, as in mm3.yaml
LOAD = ARRIVALS / (BOTS * SERVICES)
SPREAD = 19.2  # standard deviation of a mean wait NORMAL, relative to it, times the root of orders: 4,000 runs of mm3.c


def textbook(orders: int, number: int) -> tuple[float, list[float]]:
    """Run the queue as the SimPy documentation would write it."""
    from simpy import Environment, PriorityItem, PriorityStore

    def source():
        for order in range(orders):
            yield env.timeout(expovariate(ARRIVALS))
            order_class = 0 if random() < VIP_SHARE else 1
            yield pending.put(PriorityItem((order_class, order), env.now))

    def bot():
        while True:
            order = yield pending.get()
            waits[order.priority[0]].append(env.now - order.item)
            yield env.timeout(expovariate(SERVICES))

    began = perf_counter()
    seed(number)
    env = Environment()
    pending = PriorityStore(env)
    waits: tuple[list[float], list[float]] = ([], [])
    env.process(source())
    for _ in range(BOTS):
        env.process(bot())
    env.run()
    return perf_counter() - began, [fmean(of_class) for of_class in waits]


def full_log(engine, orders: int, number: int) -> tuple[float, list[float]]:
    """Run the queue in one of our engines, the drawing of its workload included."""
    from sim.engines import kernel_of, run_engine
    from sim.metrics import attempts_of, orders_of

    scenario = of_size(orders)
    began = perf_counter()
    workload = scenario.workload(number, kernel=kernel_of(engine))
    log = run_engine(workload, engine)
    seconds = perf_counter() - began
    return seconds, mean_waits(orders_of(workload, log, attempts_of(workload, log)))


def times_only(orders: int, number: int) -> tuple[float, list[float]]:
    """Run the queue in the compiled engine without a log; what is left are the times of each order."""
    from sim.engines import kernel_of
    from sim.engines.compiled import run

    scenario = of_size(orders)
    began = perf_counter()
    _, outcome = run(scenario.workload(number, kernel=kernel_of("compiled")), False, np.zeros(1, np.int64), None)
    seconds = perf_counter() - began
    return seconds, mean_waits(outcome)


def mean_waits(orders) -> list[float]:
    """Return the mean wait of each class in minutes, from columns of orders."""
    return [float(orders.wait[orders.order_class == code].mean()) / 60e6 for code in (0, 1)]


def of_size(orders: int, bots: int = BOTS):
    """Return mm3.yaml with so many orders, and with other bots at the same load of each."""
    from sim.scenario import load_scenario

    rate = f"{ARRIVALS * bots / BOTS:.12g}/m"
    return load_scenario(Path(__file__).with_name("mm3.yaml"), orders=orders, bots=bots, rate=rate)


def theory(load: float = LOAD) -> list[float]:
    """Return the mean wait of each class in minutes: Cobham, A. (1954), Priority assignment in waiting line
    problems, Operations Research 2, 70-76. The share of orders that wait at all is Erlang's C formula.
    """
    blocked = 1.0
    for servers in range(1, BOTS + 1):
        blocked = load * BOTS * blocked / (servers + load * BOTS * blocked)
    waiting = blocked / (1 - load * (1 - blocked))
    first = waiting / (BOTS * SERVICES) / (1 - VIP_SHARE * load)
    return [first, first / (1 - load)]


def tolerance(orders: int, comparisons: int) -> float:
    """Return how far the mean wait of so many orders may be from theory, relative to it, so that of so many right
    comparisons one in a thousand campaigns has a wrong alarm: Bonferroni's inequality and the normal distribution.
    """
    return NormalDist().inv_cdf(1 - 0.001 / (2 * comparisons)) * SPREAD / orders**0.5


def disagreement(waits: list[list[float]], orders: int, programs: int) -> str | None:
    """Return what is wrong with the mean waits of a program's runs of so many orders each, None if that is nothing.

    All runs are judged together: the mean of one is so uncertain that theory would have to be given too much room.
    """
    allowed = tolerance(orders * len(waits), 2 * programs)
    for name, of_class, expected in zip(("VIP", "NORMAL"), zip(*waits, strict=True), theory(), strict=True):
        mean = fmean(of_class)
        if not abs(mean / expected - 1) <= allowed:
            return f"mean wait {name} is {mean:.3f} min, theory says {expected:.3f} min, to within {allowed:.1%}"
    return None
