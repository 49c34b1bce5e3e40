"""Scenarios for `sim replicate` and `sim check`, and what is stored of them."""

from tests.helpers.commands import write
from tests.helpers.server import read_file

KITCHEN = """scenario: 1
name: kitchen
params: {crew: 3}
seed: 7
clock: {until: 10m}
service: {exponential: {mean: 10s}}
bots: {initial: $crew}
arrivals: [{class: {NORMAL: 80%, VIP: 20%}, poisson: {rate: 12/m}}]
"""
VERDICTS = """thresholds:
  wait.VIP.p95: "< 2m"
  wait.VIP.max: {check: "< 1h", severity: warn}
  utilisation: ["between 50% and 80%", "> 66%"]
  throughput: "> 900/h"
  bots: "== 3"
  orders.pending: "== 0"
  service.NORMAL: {check: "< 8s", severity: warn}
  orders.abandoned.rate: "<= 20%"
expect:
  - {order: 1001, attempts: 1}
  - {bot: 3, at: 0s, status: IDLE}
"""
CERTAIN = """scenario: 1
name: certain
bots: {initial: 1}
timeline: [{at: 0s, order: NORMAL, count: 4}, {at: 5s, order: VIP}]
thresholds:
  wait.VIP.max: "< 10s"
  wait.max: "between 20s and 30s"
"""
GROWING = """scenario: 1
name: growing
service: {exponential: {mean: 10s}}
bots: {initial: 1}
arrivals: [{class: NORMAL, poisson: {rate: 20/m}, limit: 200}]
warmup: mser5
"""
LONG = KITCHEN.replace("10m", "SPAN").replace("12/m", "120/m").replace("crew: 3", "crew: 30")


def stored(sql: str = "SELECT replication FROM runs ORDER BY 1") -> list:
    return [row[0] for row in read_file("sim.db", sql)]


def judged(*conditions: str, expect: str) -> str:
    """A scenario with these conditions; its first bot is IDLE at 0 s."""
    keys = KITCHEN + f"thresholds: {{{', '.join(conditions)}}}\nexpect: [{{bot: 1, at: 0s, status: {expect}}}]\n"
    return write("judged.yaml", keys)
