"""A kitchen to replicate, and what replications say."""

from sim import Replications

# Some orders are still PENDING at the end of most replications, and some replications have no VIP at all.
SHIFT = """
seed: 7
clock: {until: 5m}
service: {exponential: {mean: 10s}}
bots: {initial: 2}
arrivals: [{class: {NORMAL: 98%, VIP: 2%}, poisson: {rate: 10/m}}]
"""
PLAN = "replications: {min: 20, max: 200, until: {metric: wait.mean, half_width: 25%}}\n"
CERTAIN = "bots: {initial: 1}\ntimeline: [{at: 0s, order: NORMAL, count: 3}, {at: 5s, order: VIP}]\n"
MINUTE = 60_000_000


def said(replications: Replications) -> list[tuple]:
    """All that replications say, but for wall-clock times."""
    return [
        (
            replication.number,
            replication.values,
            replication.bounds,
            {name: counts.to_bytes() for name, counts in replication.counts.items()},
            replication.fingerprint,
            replication.warmup,
        )
        for replication in replications.results
    ]
