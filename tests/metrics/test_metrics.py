"""The metrics of a run, by hand."""

import pytest

from sim import load_scenario, run


class TestMetrics:
    def test_percentiles_are_observations(self, story):
        metrics = story("""
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL, count: 20}]
        """).measures.values
        # waits are 0, 10, ... 190 s: the 19th of 20 is the smallest that 95% do not exceed
        assert (metrics["wait.p50"], metrics["wait.p95"], metrics["wait.p99"]) == (90.0, 180.0, 190.0)
        assert (metrics["wait.min"], metrics["wait.max"], metrics["wait.n"]) == (0.0, 190.0, 20)
        assert metrics["wait.mean"] == 95.0
        assert metrics["wait.sd"] == pytest.approx(59.16079783)

    def test_levels_are_weighted_by_time(self, story):
        metrics = story("""
            clock: {until: 40s}
            timeline:
              - {at: 0s, order: VIP}
              - {at: 10s, add_bots: 1}
              - {at: 20s, add_bots: 1}
        """).measures.values
        assert (metrics["queue.mean"], metrics["queue.max"], metrics["queue.end"]) == (0.25, 1, 0)
        assert metrics["queue.VIP.mean"] == 0.25
        assert (metrics["bots.mean"], metrics["bots.max"], metrics["bots.end"]) == (50 / 40, 2, 2)
        assert metrics["utilisation"] == 10 / 50
        assert metrics["throughput"] == 90.0

    def test_a_queue_that_forms_for_no_time_is_no_queue(self, story):
        metrics = story("bots: {initial: 1}\ntimeline: [{at: 0s, order: VIP}]").measures.values
        assert metrics["queue.max"] == 0

    def test_an_order_waits_in_all_its_stays_and_is_served_in_all_its_attempts(self, story):
        one = story("""
            timeline:
              - {at: 0s, order: NORMAL}
              - {at: 3s, add_bots: 1}
              - {at: 7s, remove_bots: 1}
              - {at: 9s, add_bots: 1}
        """)
        metrics = one.measures.values
        assert (metrics["wait.mean"], metrics["service.mean"], metrics["flow.mean"]) == (5.0, 14.0, 19.0)
        assert (metrics["wasted"], metrics["orders.returned"], metrics["orders.returned.rate"]) == (4.0, 1, 1.0)
        assert one.attempts["outcome"].tolist() == ["returned", "completed"]

    def test_what_was_never_seen_has_no_value(self, story):
        metrics = story("timeline: []").measures.values
        assert metrics["wait.mean"] is None
        assert metrics["wait.n"] == 0
        assert metrics["utilisation"] is None
        assert metrics["throughput"] is None
        assert metrics["orders.completed.rate"] is None

    def test_the_integral_of_the_queue_is_the_sum_of_all_waits(self, pytestconfig):
        one = run(load_scenario(pytestconfig.rootpath / "scenarios/lunch_rush.yaml"))
        area = one.measures.values["queue.mean"] * one.log.end
        assert area == pytest.approx(one.measures.orders.wait.sum(), rel=1e-12)
