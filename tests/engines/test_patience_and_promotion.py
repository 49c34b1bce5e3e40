"""The rules of waiting, as stories: who leaves, who is promoted, and who goes first in a tie of both."""

import pytest

from tests.helpers.stories import picked_up, told


class TestPatience:
    def test_an_order_whose_patience_ends_is_abandoned(self, story):
        run = story("""
            patience: {NORMAL: 5s}
            timeline: [{at: 1s, order: NORMAL}, {at: 20s, add_bots: 1}]
        """)
        assert told(run) == ["1 order_created order 1001", "6 order_abandoned order 1001", "20 bot_added bot 1"]
        assert run.orders["status"].tolist() == ["ABANDONED"]
        assert run.orders["wait_us"].tolist() == [5_000_000]

    def test_a_class_that_is_not_named_waits_for_ever(self, story):
        run = story("""
            patience: {NORMAL: 5s}
            clock: {until: 9d}
            timeline: [{at: 0s, order: VIP}, {at: 0s, order: NORMAL}]
        """)
        assert run.orders["status"].tolist() == ["PENDING", "ABANDONED"]

    def test_picked_up_once_it_never_abandons_also_after_a_return(self, story):
        run = story("""
            patience: {NORMAL: 5s}
            clock: {until: 1h}
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL}, {at: 3s, remove_bots: 1}]
        """)
        assert told(run)[-1] == "3 order_returned order 1001 bot 1"
        assert run.orders["status"].tolist() == ["PENDING"]

    def test_it_waits_for_its_first_pick_up_alone_not_for_its_completion(self, story):
        run = story("""
            patience: {NORMAL: 5s}
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL, count: 2}]
        """)
        assert run.orders["status"].tolist() == ["COMPLETE", "ABANDONED"]

    def test_abandoned_orders_leave_the_waits_and_are_counted_beside_them(self, story):
        metrics = story("""
            patience: {NORMAL: 30s}
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL, count: 4, service: 20s}, {at: 0s, order: VIP, service: 20s}]
        """).measures.values  # the first is served at once, the VIP at 20 s; nobody waits until 40 s
        assert metrics["orders.NORMAL.abandoned"] == 3
        assert metrics["orders.NORMAL.abandoned.rate"] == 0.75
        assert metrics["orders.VIP.abandoned.rate"] == 0
        assert metrics["orders.abandoned.rate"] == 0.6
        assert (metrics["wait.NORMAL.n"], metrics["wait.NORMAL.max"], metrics["wait.n"]) == (1, 0, 2)
        assert metrics["queue.NORMAL.mean"] == 3 * 30 / 40

    def test_a_drained_run_does_not_wait_for_patience_that_no_longer_matters(self, story):
        run = story("""
            patience: {NORMAL: 1h}
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL}]
        """)
        assert run.log.end == 10_000_000


class TestPromotion:
    def test_a_normal_order_of_that_age_is_served_as_a_vip_by_its_number(self, story):
        run = story("""
            queue: {promote_after: 5s}
            timeline:
              - {at: 0s, order: VIP}
              - {at: 1s, order: NORMAL}
              - {at: 2s, order: VIP}
              - {at: 3s, order: NORMAL}
              - {at: 7s, add_bots: 1}
              - {at: 17s, remove_bots: 1}
        """)
        assert "6 order_promoted order 1002" in told(run)
        assert "8 order_promoted order 1004" in told(run)
        assert [order for _, order, _ in picked_up(run)] == [1, 2]

    def test_a_vip_is_never_promoted_nor_an_order_twice(self, story):
        run = story("""
            queue: {promote_after: 5s}
            clock: {until: 1h}
            bots: {initial: 1}
            timeline:
              - {at: 0s, order: NORMAL}
              - {at: 0s, order: VIP}
              - {at: 7s, remove_bots: 1}
              - {at: 8s, add_bots: 1}
              - {at: 9s, remove_bots: 1}
        """)
        assert [line for line in told(run) if "promoted" in line] == ["7 order_promoted order 1001"]

    def test_it_keeps_its_class_in_every_output(self, story):
        run = story("""
            queue: {promote_after: 5s}
            timeline: [{at: 0s, order: NORMAL}, {at: 20s, add_bots: 1}]
        """)
        assert run.orders["class"].tolist() == ["NORMAL"]
        assert set(run.events["class"].dropna()) == {"NORMAL"}
        metrics = run.measures.values
        assert (metrics["wait.NORMAL.mean"], metrics["wait.NORMAL.n"], metrics["wait.VIP.n"]) == (20, 1, 0)
        assert (metrics["orders.NORMAL.completed"], metrics["orders.VIP.created"]) == (1, 0)
        assert (metrics["queue.NORMAL.max"], metrics["queue.VIP.max"]) == (1, 0)

    def test_its_patience_goes_on(self, story):
        run = story("""
            queue: {promote_after: 5s}
            patience: {VIP: 1s, NORMAL: 8s}
            timeline: [{at: 0s, order: NORMAL}]
        """)
        assert told(run)[1:] == ["5 order_promoted order 1001", "8 order_abandoned order 1001"]

    def test_one_that_is_with_a_bot_at_that_age_is_promoted_right_after_its_return(self, story):
        run = story("""
            queue: {promote_after: 5s}
            bots: {initial: 1}
            timeline:
              - {at: 0s, order: NORMAL}
              - {at: 1s, order: VIP}
              - {at: 7s, remove_bots: 1}
              - {at: 7s, order: NORMAL}
        """)
        assert told(run)[4:] == [
            "7 bot_removed bot 1",
            "7 order_returned order 1001 bot 1",
            "7 order_promoted order 1001",
            "7 order_created order 1003",
            "12 order_promoted order 1003",
        ]

    def test_one_that_an_idle_bot_takes_at_its_return_is_not_promoted(self, story):
        run = story("""
            queue: {promote_after: 5s}
            bots: {initial: 2}
            timeline:
              - {at: 0s, order: NORMAL, service: 3s}
              - {at: 0s, order: NORMAL}
              - {at: 7s, remove_bots: 1}
        """)
        assert told(run)[-3:] == [
            "7 order_returned order 1002 bot 2",
            "7 order_picked_up order 1002 bot 1",
            "17 order_completed order 1002 bot 1",
        ]

    @pytest.mark.parametrize(("returned_to", "then"), [("place", [1, 2, 3]), ("front", [2, 1, 3]), ("back", [1, 3, 2])])
    def test_those_sent_to_the_front_stand_before_it_and_those_sent_to_the_back_behind(self, story, returned_to, then):
        run = story(f"""
            queue: {{promote_after: 5s, returned_to: {returned_to}}}
            bots: {{initial: 2}}
            timeline:
              - {{at: 0s, order: NORMAL, service: 1h}}
              - {{at: 0s, order: VIP, service: 1h}}
              - {{at: 0s, order: VIP}}
              - {{at: 10s, remove_bots: 2}}
              - {{at: 20s, add_bots: 3}}
        """)
        assert [order for second, order, _ in picked_up(run) if second >= 20] == then

    def test_one_that_was_promoted_and_returns_stands_where_returned_to_says_among_vips(self, story):
        run = story("""
            queue: {promote_after: 5s, returned_to: back}
            timeline:
              - {at: 0s, order: NORMAL}
              - {at: 1s, order: VIP}
              - {at: 6s, add_bots: 1}
              - {at: 7s, remove_bots: 1}
              - {at: 7s, order: NORMAL}
              - {at: 8s, add_bots: 1}
        """)
        assert [order for _, order, _ in picked_up(run)] == [1, 2, 1, 3]


class TestTiesOfPatienceAndPromotion:
    def test_completions_come_before_abandonments(self, story):
        run = story("""
            patience: {NORMAL: 10s}
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL, count: 3}]
        """)
        assert told(run)[-4:] == [
            "10 order_completed order 1001 bot 1",
            "10 order_picked_up order 1002 bot 1",
            "10 order_abandoned order 1003",
            "20 order_completed order 1002 bot 1",
        ]

    def test_completions_come_before_promotions(self, story):
        run = story("""
            queue: {promote_after: 10s}
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL, count: 2}, {at: 1s, order: VIP}]
        """)
        assert told(run)[5:8] == [
            "10 order_completed order 1001 bot 1",
            "10 order_picked_up order 1003 bot 1",
            "10 order_promoted order 1002",
        ]

    def test_abandonments_come_by_number_whatever_the_class(self, story):
        run = story("""
            patience: {VIP: 5s, NORMAL: 10s}
            timeline: [{at: 0s, order: NORMAL}, {at: 5s, order: VIP, count: 2}]
        """)
        assert told(run)[-3:] == [f"10 order_abandoned order {order}" for order in (1001, 1002, 1003)]

    def test_all_abandonments_come_before_all_promotions(self, story):
        run = story("""
            patience: {VIP: 5s}
            queue: {promote_after: 10s}
            timeline: [{at: 0s, order: NORMAL}, {at: 5s, order: VIP, count: 2}]
        """)
        assert told(run)[-3:] == [
            "10 order_abandoned order 1002",
            "10 order_abandoned order 1003",
            "10 order_promoted order 1001",
        ]

    def test_an_order_that_abandons_at_the_age_of_promotion_is_not_promoted(self, story):
        run = story("""
            patience: {NORMAL: 10s}
            queue: {promote_after: 10s}
            timeline: [{at: 0s, order: NORMAL}]
        """)
        assert told(run)[1:] == ["10 order_abandoned order 1001"]

    def test_promotions_come_by_number(self, story):
        run = story("""
            queue: {promote_after: 10s}
            timeline: [{at: 0s, order: NORMAL, count: 3}]
        """)
        assert told(run)[-3:] == [f"10 order_promoted order {order}" for order in (1001, 1002, 1003)]

    def test_both_come_before_actions(self, story):
        run = story("""
            patience: {NORMAL: 10s}
            queue: {promote_after: 6s}
            timeline:
              - {at: 0s, order: NORMAL}
              - {at: 4s, order: NORMAL}
              - {at: 10s, order: VIP}
              - {at: 10s, add_bots: 1}
        """)
        assert told(run)[3:7] == [
            "10 order_abandoned order 1001",
            "10 order_promoted order 1002",
            "10 order_created order 1003",
            "10 bot_added bot 1",
        ]
        assert picked_up(run)[0] == (10, 2, 1)

    def test_an_order_without_patience_is_taken_by_an_idle_bot_or_gone_before_the_next_action(self, story):
        run = story("""
            patience: {NORMAL: 0s}
            bots: {initial: 1}
            timeline: [{at: 0s, order: NORMAL, count: 2}, {at: 0s, add_bots: 1}]
        """)
        assert told(run) == [
            "0 bot_added bot 1",
            "0 order_created order 1001",
            "0 order_picked_up order 1001 bot 1",
            "0 order_created order 1002",
            "0 order_abandoned order 1002",
            "0 bot_added bot 2",
            "10 order_completed order 1001 bot 1",
        ]

    def test_an_age_of_0_makes_every_pending_order_a_vip_before_the_next_action(self, story):
        run = story("""
            queue: {promote_after: 0s}
            timeline: [{at: 0s, order: NORMAL}, {at: 0s, order: VIP}, {at: 0s, add_bots: 1}]
        """)
        assert told(run)[:3] == [
            "0 order_created order 1001",
            "0 order_promoted order 1001",
            "0 order_created order 1002",
        ]
        assert [order for _, order, _ in picked_up(run)] == [1, 2]

    def test_both_happen_at_the_horizon_and_an_expectation_sees_it(self, story):
        run = story("""
            clock: {until: 10s}
            patience: {VIP: 10s}
            queue: {promote_after: 10s}
            timeline: [{at: 0s, order: VIP}, {at: 0s, order: NORMAL}, {at: 1us, order: VIP}]
            expect:
              - {order: 1001, at: 9999ms, status: PENDING}
              - {order: 1001, at: 10s, status: ABANDONED}
              - {order: 1002, status: PENDING}
              - {order: 1003, status: PENDING}
        """)
        assert [verdict for verdict in run.verdicts if not verdict.held] == []
        assert told(run)[-2:] == ["10 order_abandoned order 1001", "10 order_promoted order 1002"]
