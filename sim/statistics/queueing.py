"""Queueing theory in closed form: how long arrivals wait for one of several servers, by class, and how many leave.

Arrivals are Poisson. Times are in any one unit, rates are per that unit.
"""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np


def erlang_c(servers: int, offered: float) -> float:
    """Return the probability that an arrival must wait in M/M/c (Erlang 1917), offered = rate * mean service.

    Raises:
        ValueError: the offered load is below 0, or the servers cannot take it.

    """
    if not 0 <= offered < servers:
        raise ValueError(f"an offered load of {offered} is not from 0 to below {servers} servers")
    lost = _erlang_b(servers, offered)
    return servers * lost / (servers - offered * (1 - lost))


def priority_waits(
    rates: Sequence[float], services: Sequence[float], second_moments: Sequence[float], servers: int
) -> list[float]:
    """Return the mean wait of each class, the highest first, where a class goes before lower ones and interrupts none.

    One server takes any service times, known by mean and mean square (M/G/1); one class is then the formula of
    Pollaczek (1930) and Khinchine (1932). More servers take exponential ones with the same mean in all classes.
    Source: Cobham (1954), Priority assignment in waiting line problems.

    Raises:
        ValueError: there are no classes or not as many of each number, a rate is below 0, a time is not above 0, a mean
            square is below the squared mean or endless, several servers have other service times, or cannot take the
            load.

    """
    if not rates:
        raise ValueError("no classes")
    moments = list(zip(services, second_moments, strict=True))
    if not all(mean**2 * (1 - 1e-9) <= square < math.inf for mean, square in moments):
        raise ValueError("a mean square is below the squared mean, or endless")
    busy = list(accumulate((_offered(rate, mean) for rate, mean in zip(rates, services, strict=True)), initial=0.0))
    if not busy[-1] < servers:
        raise ValueError(f"{servers} servers cannot take an offered load of {busy[-1]}")
    mean = services[0]
    if servers == 1:
        residual = sum(rate * square for rate, square in zip(rates, second_moments, strict=True)) / 2
    elif all(math.isclose(time, mean) and math.isclose(square, 2 * mean**2) for time, square in moments):
        residual = erlang_c(servers, busy[-1]) * mean / servers
    else:
        raise ValueError("several servers need the same exponential service times in all classes")
    return [residual * servers**2 / ((servers - above) * (servers - through)) for above, through in pairwise(busy)]


def late_share(rates: Sequence[float], service: float, servers: int, place: int, limit: float) -> float:
    """Return the share of a class that waits longer than a limit in M/M/c with classes, the highest first.

    That an arrival must wait is the formula of Erlang (1917). How long it waits then is taken for exponential with the
    mean of Cobham (1954), which is exact of the highest class and of a single one (Davis 1966, Waiting-time
    distribution of a multi-server, priority queuing system), and near it of others. Where the servers cannot take the
    load, all wait longer.

    Raises:
        ValueError: as in `priority_waits`, but for a load that is too large.

    """
    offered = _offered(sum(rates), service)
    if offered >= servers:
        return 1.0
    if offered == 0:
        return 0.0
    must_wait = erlang_c(servers, offered)
    mean = priority_waits(rates, [service] * len(rates), [2 * service**2] * len(rates), servers)[place]
    return must_wait * math.exp(-limit * must_wait / mean) if mean > 0 else 0.0


class ErlangA(NamedTuple):
    """What arrivals with exponential patience meet in M/M/c+M."""

    abandoned: float  # share of arrivals that leave without service
    wait: float  # mean wait of those that are served
    queue: float  # mean number waiting
    utilisation: float  # share of the servers' time that is busy


def erlang_a(rate: float, service: float, servers: int, patience: float) -> ErlangA:
    """Return the abandonment and the waits in M/M/c+M, where the mean patience is in the unit of the service time.

    Source: Garnett, Mandelbaum and Reiman (2002), Designing a call center with impatient customers; Mandelbaum and
    Zeltyn (2005), Service engineering in action: the Palm/Erlang-A queue. Lengths of the queue that are less than 1e-20
    as likely as the likeliest one are left out; time and memory grow with the longest that is not.

    Raises:
        ValueError: a number is not above 0, or not finite.

    """
    offered = _offered(rate, service)
    if not (rate > 0 and servers >= 1 and 0 < patience < math.inf):
        raise ValueError("the rate, the patience or the number of servers is not above 0, or endless")
    drain = servers / service
    likeliest = int(max(0.0, (rate - drain) * patience))
    reach = 20 + 12 * math.sqrt(rate * patience)
    if rate < drain:
        reach = min(reach, 1 + 50 / math.log1p((drain - rate) / rate))
    leaving = drain + np.arange(likeliest + int(reach) + 2) / patience  # the rate at which the queue moves up
    below = np.cumprod(leaving[likeliest:0:-1] / rate)[::-1]
    weight = np.concatenate([below, [1.0], np.cumprod(rate / leaving[likeliest + 1 : -1])])
    lost = _erlang_b(servers, offered)
    total = weight[0] * (1 - lost) + weight.sum() * lost
    state_shares = weight * lost / total  # shares of arrivals that find all servers busy, and 0, 1, ... waiting
    served = state_shares * drain / leaving[1:]
    through = float(weight[0] * (1 - lost) / total + served.sum())
    queue = float((state_shares * np.arange(len(state_shares))).sum())
    wait = float((served * np.cumsum(1 / leaving[1:])).sum()) / through
    return ErlangA(queue / (rate * patience), wait, queue, offered * through / servers)


def _offered(rate: float, service: float) -> float:
    """Return the mean number of servers that arrivals at this rate would keep busy if there were enough."""
    if not (rate >= 0 and service > 0 and rate * service < math.inf):
        raise ValueError(f"a rate of {rate} with a mean service time of {service} makes no load")
    return rate * service


def _erlang_b(servers: int, offered: float) -> float:
    """Return the share lost where nobody can wait (Erlang 1917), by the recursion over the number of servers."""
    lost = 1.0
    for busy in range(1, servers + 1):
        lost = offered * lost / (busy + offered * lost)
    return lost
