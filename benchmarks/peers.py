"""The queue of mm3.py in other tools, as their own documentation would write it, and by hand in C."""

import json
import subprocess
from functools import cache
from pathlib import Path
from random import expovariate, random, seed
from statistics import fmean
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.mm3 import ARRIVALS, BOTS, SERVICES, VIP_SHARE


def ciw(orders: int, number: int) -> tuple[float, list[float]]:
    """Run the queue in Ciw, a library for queueing networks; it ends with the last of ORDERS departures."""
    import ciw

    began = perf_counter()
    ciw.seed(number)
    rates = {"VIP": ARRIVALS * VIP_SHARE, "NORMAL": ARRIVALS * (1 - VIP_SHARE)}
    network = ciw.create_network(
        arrival_distributions={name: [ciw.dists.Exponential(rate)] for name, rate in rates.items()},
        service_distributions={name: [ciw.dists.Exponential(SERVICES)] for name in rates},
        priority_classes={"VIP": 0, "NORMAL": 1},
        number_of_servers=[BOTS],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(orders)
    seconds = perf_counter() - began
    records = simulation.get_all_records()
    return seconds, [fmean(each.waiting_time for each in records if each.customer_class == name) for name in rates]


def salabim(orders: int, number: int) -> tuple[float, list[float]]:
    """Run the queue in salabim, components with processes of `yield`, without monitors."""
    import salabim as sim

    class Order(sim.Component):
        def setup(self, order_class):
            self.order_class = order_class

    class Source(sim.Component):
        def process(self):
            for _ in range(orders):
                yield self.hold(gap)
                order = Order(order_class=0 if random() < VIP_SHARE else 1)
                yield self.to_store(pending, order, priority=order.order_class)

    class Bot(sim.Component):
        def process(self):
            while True:
                order = yield self.from_store(pending)
                waits[order.order_class].append(env.now() - order.creation_time())
                yield self.hold(service)

    began = perf_counter()
    env = sim.Environment(random_seed=number, yieldless=False)
    gap, service = sim.Exponential(rate=ARRIVALS), sim.Exponential(rate=SERVICES)
    pending = sim.Store("pending", monitor=False)
    waits: tuple[list[float], list[float]] = ([], [])
    Source()
    for _ in range(BOTS):
        Bot()
    env.run()
    return perf_counter() - began, [fmean(of_class) for of_class in waits]


def asimpy(orders: int, number: int) -> tuple[float, list[float]]:
    """Run the queue in asimpy, a SimPy of `async` and `await`."""
    from asimpy import Environment, PriorityQueue, Process

    class Source(Process):
        async def run(self):
            for order in range(orders):
                await self.timeout(expovariate(ARRIVALS))
                order_class = 0 if random() < VIP_SHARE else 1
                await pending.put((order_class, order, self.now))

    class Bot(Process):
        async def run(self):
            while True:
                order_class, _, arrived = await pending.get()
                waits[order_class].append(self.now - arrived)
                await self.timeout(expovariate(SERVICES))

    began = perf_counter()
    seed(number)
    env = Environment()
    pending = PriorityQueue(env)
    waits: tuple[list[float], list[float]] = ([], [])
    Source(env)
    for _ in range(BOTS):
        Bot(env)
    env.run()
    return perf_counter() - began, [fmean(of_class) for of_class in waits]


def simulsi(orders: int, number: int) -> tuple[float, list[float]]:
    """Run the queue in SimulSI, a process for each customer, without what it would keep of each beside."""
    from simulsi import Simulation
    from simulsi.randomness import Exponential

    def source(env):
        for _ in range(orders):
            yield gap.sample(arrivals)
            env.process(customer(env, 0 if classes.random() < VIP_SHARE else 1))

    def customer(env, order_class):
        arrived = env.now
        request = env.request(bots, priority=order_class)
        yield request
        waits[order_class].append(env.now - arrived)
        yield service.sample(services)
        env.release(request)

    began = perf_counter()
    env = Simulation(number, keep_values=False, record_series=False, keep_entity_history=False)
    bots = env.resource("bots", BOTS, discipline="priority")
    arrivals, services, classes = (env.stream(name) for name in ("arrivals", "services", "classes"))
    gap, service = Exponential(rate=ARRIVALS), Exponential(rate=SERVICES)
    waits: tuple[list[float], list[float]] = ([], [])
    env.process(source(env))
    env.run()
    return perf_counter() - began, [fmean(of_class) for of_class in waits]


@cache
def built(source: str) -> TemporaryDirectory:
    """Return the folder with a C program compiled; it goes when this process ends."""
    folder = TemporaryDirectory()
    path, program = Path(__file__).with_name(f"{source}.c"), Path(folder.name) / source
    subprocess.run(["cc", "-O3", "-march=native", path, "-o", program, "-lm"], check=True)
    return folder


def c(source: str, orders: int, number: int) -> tuple[float, list[float]]:
    """Run the queue in mm3.c or mm3_tuned.c; the program measures itself."""
    command = [Path(built(source).name) / source, str(orders), str(number)]
    seconds, waits = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return seconds, waits
