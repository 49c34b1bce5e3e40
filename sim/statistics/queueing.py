"""Queueing theory in closed form: how long arrivals wait for one of several servers, by class, and how many leave.

Arrivals are Poisson. Times are in any one unit, rates are per that unit.
"""

import math
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_POINTS = 4000  # of the integral over a branch cut
_NODES = 20
_FARTHEST = 45.0  # of the exponent of a density below its peak


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
    """Return the share of a class that waits longer than a limit in M/M/c with classes, the highest first, of which
    none is interrupted and each is served in order of arrival.

    That an arrival must wait is the formula of Erlang (1917), and of the highest class, or a single one, the wait is
    then exponential. One of a lower class waits for all orders before it, and for those of higher classes that come
    meanwhile. Source: Davis (1966), Waiting-time distribution of a multi-server, priority queuing system. Where the
    servers cannot take the load, all wait longer.

    Raises:
        ValueError: as in `priority_waits`, but for a load that is too large.

    """
    offered = sum(_offered(rate, service) for rate in rates)
    if offered >= servers:
        return 1.0
    above = sum(rates[:place])
    return erlang_c(servers, offered) * _still_waiting(above, above + rates[place], servers / service, limit)


def _still_waiting(above: float, through: float, drain: float, limit: float) -> float:
    """Return the share of arrivals that must wait and still do after `limit`, where orders leave at the rate `drain`.

    Orders of higher classes come at the rate `above`, and with those of the same class at `through`. The wait is a
    geometric number of busy periods of M/M/1 with the higher classes. Its transform is (1 - r) B / (1 - r B), where B
    is that of a busy period and r = through / drain. It is inverted along its branch cut, with its pole if it has one.
    """
    if above == 0:
        return math.exp(-(drain - through) * limit)
    load, root = through / drain, math.sqrt(drain / above)
    angle = (np.arange(_POINTS) + 0.5) * math.pi / _POINTS
    decay = above + drain - 2 * math.sqrt(above * drain) * np.cos(angle)
    weight = np.sin(angle) ** 2 / (decay * (1 - 2 * load * root * np.cos(angle) + (load * root) ** 2))
    of_cut = 2 * (1 - load) * drain * float((weight * np.exp(-decay * limit)).mean())
    if load * root <= 1:
        return of_cut
    of_pole = (drain * load**2 - above) / (load * (drain * load - above))
    return of_cut + of_pole * math.exp(-(1 - load) * (drain - above / load) * limit)


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
    offered = _offered_with_patience(rate, service, servers, patience)
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


def served_share(rate: float, service: float, servers: int, patience: float, limit: float) -> float:
    """Return the share of arrivals that are served after a wait of at most `limit` in M/M/c+M; with an endless limit
    it is the share that is served at all.

    It is the integral over the wait that an arrival would have with endless patience (Baccelli and Hebuterne 1981, On
    queues with impatient customers; Zeltyn and Mandelbaum 2005, Call centers with impatient customers).

    Raises:
        ValueError: a number is not above 0, or not finite.

    """
    offered = _offered_with_patience(rate, service, servers, patience)
    drain = servers / service

    def exponent(wait: float | Floats) -> Floats:  # of the density, but for a factor
        return np.asarray(-rate * patience * np.expm1(-np.asarray(wait) / patience) - drain * wait)

    likeliest = max(0.0, patience * math.log(rate / drain))
    peak, reach = float(exponent(likeliest)), 1 / drain
    while exponent(likeliest + reach) > peak - _FARTHEST:
        reach *= 2
    # Patience and drain may be of very different sizes: parts are as long as they are far from the peak.
    shortest = min(patience, 1 / drain) / 2
    distances = shortest * 2.0 ** np.arange(math.ceil(math.log2(reach / shortest)) + 1)
    edges = np.concatenate([likeliest - distances[::-1], [likeliest], likeliest + distances]).clip(0)

    def integral(until: float, *, served: bool) -> float:
        parts = edges.clip(None, until)
        half = np.diff(parts)[:, None] / 2
        nodes, weights = _gauss_legendre()
        waits = parts[:-1, None] + half * (1 + nodes)
        density = rate * np.exp(exponent(waits) - peak)
        return float(np.sum(half * weights * (density * np.exp(-waits / patience) if served else density)))

    lost, at_once = _erlang_b(servers - 1, offered), math.exp(-peak)
    return (at_once + lost * integral(limit, served=True)) / (at_once + lost * integral(math.inf, served=False))


@cache
def _gauss_legendre() -> tuple[Floats, Floats]:
    """Return the nodes and the weights of an integral from -1 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def _offered(rate: float, service: float) -> float:
    """Return the mean number of servers that arrivals at this rate would keep busy if there were enough."""
    if not (rate >= 0 and service > 0 and rate * service < math.inf):
        raise ValueError(f"a rate of {rate} with a mean service time of {service} makes no load")
    return rate * service


def _offered_with_patience(rate: float, service: float, servers: int, patience: float) -> float:
    """Return the same where arrivals are patient for so long in the mean."""
    offered = _offered(rate, service)
    if not (rate > 0 and servers >= 1 and 0 < patience < math.inf):
        raise ValueError("the rate, the patience or the number of servers is not above 0, or endless")
    return offered


def _erlang_b(servers: int, offered: float) -> float:
    """Return the share lost where nobody can wait (Erlang 1917), by the recursion over the number of servers."""
    lost = 1.0
    for busy in range(1, servers + 1):
        lost = offered * lost / (busy + offered * lost)
    return lost
