"""The rules of the kitchen, as stories. Each tells a timeline, and what the kitchen must make of it."""

import pytest


def told(run) -> list[str]:
    """Return a run's events as `SECONDS event SUBJECT`, idle bots left out."""
    lines = []
    for event in run.log:
        subject = " ".join(filter(None, (event.order and f"order {event.order}", event.bot and f"bot {event.bot}")))
        if event.kind.label != "bot_idle":
            lines.append(f"{event.time / 1e6:g} {event.kind.label} {subject}".strip())
    return lines


def picked_up(run) -> list[tuple[float, int, int]]:
    """Return (second, order, bot) of each pick-up, orders counted from 1."""
    return [
        (event.time / 1e6, event.order - 1000, event.bot) for event in run.log if event.kind.label == "order_picked_up"
    ]


def test_a_vip_goes_before_every_normal_and_behind_the_vips_before_it(story):
    run = story("""
        timeline:
          - {at: 0s, order: NORMAL}
          - {at: 1s, order: VIP}
          - {at: 2s, order: NORMAL}
          - {at: 3s, order: VIP}
          - {at: 4s, add_bots: 1}
    """)
    assert [order for _, order, _ in picked_up(run)] == [2, 4, 1, 3]


def test_a_bot_with_nothing_to_do_is_idle_until_an_order_comes(story):
    run = story("""
        timeline:
          - {at: 0s, add_bots: 1}
          - {at: 7s, order: NORMAL}
    """)
    assert [event.kind.label for event in run.log] == [
        "bot_added",
        "bot_idle",
        "order_created",
        "order_picked_up",
        "order_completed",
        "bot_idle",
    ]
    assert run.log.end == 17_000_000


def test_service_is_never_preempted_by_a_vip(story):
    run = story("""
        timeline:
          - {at: 0s, add_bots: 1}
          - {at: 0s, order: NORMAL}
          - {at: 1s, order: VIP}
    """)
    assert picked_up(run) == [(0, 1, 1), (10, 2, 1)]


def test_the_oldest_idle_bot_takes_the_order(story):
    run = story("""
        bots: {initial: 3}
        timeline:
          - {at: 1s, order: NORMAL}
          - {at: 3s, order: NORMAL}
          - {at: 20s, order: NORMAL}
    """)
    assert picked_up(run) == [(1, 1, 1), (3, 2, 2), (20, 3, 1)]


def test_with_longest_idle_the_bot_that_waited_longest_takes_it(story):
    run = story("""
        bots: {initial: 3, dispatch: longest-idle}
        timeline:
          - {at: 1s, order: NORMAL}
          - {at: 3s, order: NORMAL}
          - {at: 20s, order: NORMAL, count: 3}
    """)
    assert picked_up(run) == [(1, 1, 1), (3, 2, 2), (20, 3, 3), (20, 4, 1), (20, 5, 2)]


def test_removing_takes_the_newest_bot_even_when_an_older_one_is_idle(story):
    run = story("""
        bots: {initial: 2}
        timeline:
          - {at: 0s, order: NORMAL, service: 3s}
          - {at: 0s, order: NORMAL}
          - {at: 5s, remove_bots: 1}
    """)
    assert told(run)[-5:] == [
        "3 order_completed order 1001 bot 1",
        "5 bot_removed bot 2",
        "5 order_returned order 1002 bot 2",
        "5 order_picked_up order 1002 bot 1",
        "15 order_completed order 1002 bot 1",
    ]


RETURN = """
    bots: {initial: 1, on_remove: MODE}
    timeline:
      - {at: 0s, order: NORMAL}
      - {at: 4s, remove_bots: 1}
      - {at: 6s, add_bots: 1}
"""


@pytest.mark.parametrize(("mode", "completed"), [("restart", 16), ("resume", 12), ("finish", 10)])
def test_what_becomes_of_the_work_of_a_removed_bot(story, mode, completed):
    run = story(RETURN.replace("MODE", mode))
    assert run.measures.orders.completed.tolist() == [completed * 1_000_000]
    assert run.measures.values["wasted"] == (4.0 if mode == "restart" else 0.0)


def test_a_finishing_bot_leaves_right_after_its_order_and_takes_no_other(story):
    run = story("""
        bots: {initial: 1, on_remove: finish}
        timeline:
          - {at: 0s, order: NORMAL, count: 2}
          - {at: 4s, remove_bots: 1}
          - {at: 5s, remove_bots: 1}
    """)
    assert told(run)[-3:] == [
        "5 remove_ignored",
        "10 order_completed order 1001 bot 1",
        "10 bot_removed bot 1",
    ]
    assert run.measures.values["bots.end"] == 0
    assert run.measures.values["utilisation"] == 1.0
    assert run.measures.values["orders.pending"] == 1


def test_a_finishing_bot_no_longer_counts_for_the_schedule(story):
    run = story("""
        bots: {initial: 1, on_remove: finish, schedule: [{at: 4s, count: 0}, {at: 5s, count: 1}]}
        timeline: [{at: 0s, order: NORMAL}]
    """)
    assert "5 bot_added bot 2" in told(run)


@pytest.mark.parametrize(("returned_to", "then"), [("place", [2, 3]), ("front", [2, 3]), ("back", [3, 2])])
def test_where_a_returned_order_stands_in_its_class(story, returned_to, then):
    run = story(f"""
        queue: {{returned_to: {returned_to}}}
        bots: {{initial: 1}}
        timeline:
          - {{at: 0s, order: NORMAL}}
          - {{at: 0s, order: VIP, count: 2}}
          - {{at: 12s, remove_bots: 1}}
          - {{at: 20s, add_bots: 1}}
    """)
    assert picked_up(run)[:2] == [(0, 1, 1), (10, 2, 1)]
    assert [order for second, order, _ in picked_up(run) if second >= 20] == then


def test_orders_sent_to_the_front_stand_before_all_and_the_last_one_first(story):
    run = story("""
        bots: {initial: 2}
        queue: {returned_to: front}
        timeline:
          - {at: 0s, order: NORMAL, count: 3}
          - {at: 1s, remove_bots: 2}
          - {at: 2s, add_bots: 1}
    """)
    assert [order for second, order, _ in picked_up(run) if second >= 2] == [1, 2, 3]


def test_later_arrivals_queue_behind_an_order_sent_to_the_back(story):
    run = story("""
        bots: {initial: 1}
        queue: {returned_to: back}
        timeline:
          - {at: 0s, order: NORMAL, count: 2}
          - {at: 1s, remove_bots: 1}
          - {at: 2s, order: NORMAL}
          - {at: 3s, add_bots: 1}
    """)
    assert [order for second, order, _ in picked_up(run) if second >= 3] == [2, 1, 3]


def test_removing_with_no_bot_left_writes_one_line_and_is_counted(story):
    run = story("timeline: [{at: 1s, remove_bots: 2}]")
    assert told(run) == ["1 remove_ignored", "1 remove_ignored"]


def test_bot_numbers_are_never_reused(story):
    run = story("""
        timeline:
          - {at: 0s, add_bots: 2}
          - {at: 1s, remove_bots: 2}
          - {at: 2s, add_bots: 1}
    """)
    assert told(run)[-1] == "2 bot_added bot 3"


def test_initial_bots_come_before_every_other_action_at_0(story):
    run = story("""
        timeline: [{at: 0s, order: NORMAL}]
        bots: {initial: 2}
    """)
    assert [line.split()[1] for line in told(run)][:3] == ["bot_added", "bot_added", "order_created"]


class TestTiesOfOneInstant:
    def test_an_order_due_when_its_bot_is_removed_completes_first(self, story):
        run = story("""
            timeline:
              - {at: 0s, add_bots: 1}
              - {at: 0s, order: NORMAL, count: 2}
              - {at: 10s, remove_bots: 1}
        """)
        assert told(run)[-4:] == [
            "10 order_completed order 1001 bot 1",
            "10 order_picked_up order 1002 bot 1",
            "10 bot_removed bot 1",
            "10 order_returned order 1002 bot 1",
        ]

    def test_a_vip_that_comes_when_a_bot_frees_itself_misses_that_pick_up(self, story):
        run = story("""
            timeline:
              - {at: 0s, add_bots: 1}
              - {at: 0s, order: NORMAL, count: 2}
              - {at: 10s, order: VIP}
        """)
        assert picked_up(run)[1:] == [(10, 2, 1), (20, 3, 1)]

    def test_remove_then_add_gives_a_new_bot_and_the_order_starts_over(self, story):
        run = story("""
            timeline:
              - {at: 0s, order: NORMAL}
              - {at: 0s, add_bots: 1}
              - {at: 7s, remove_bots: 1}
              - {at: 7s, add_bots: 1}
        """)
        assert picked_up(run) == [(0, 1, 1), (7, 1, 2)]
        assert run.log.end == 17_000_000

    def test_completions_come_in_the_order_in_which_service_began(self, story):
        run = story("""
            bots: {initial: 2}
            timeline:
              - {at: 0s, order: NORMAL, service: 10s}
              - {at: 4s, order: NORMAL, service: 6s}
              - {at: 5s, order: NORMAL, count: 2}
        """)
        assert picked_up(run)[2:] == [(10, 3, 1), (10, 4, 2)]

    def test_service_of_zero_ends_before_the_next_action(self, story):
        run = story("""
            service: 0s
            timeline:
              - {at: 0s, add_bots: 1}
              - {at: 1s, order: NORMAL, count: 2}
              - {at: 1s, order: VIP}
        """)
        assert [event.kind.label for event in run.log if event.order] == [
            "order_created",
            "order_picked_up",
            "order_completed",
        ] * 3

    def test_timeline_then_schedule_then_streams_in_file_order(self, story):
        run = story("""
            bots: {schedule: [{at: 1s, count: 1}]}
            arrivals:
              - {name: second, class: NORMAL, every: 1s, from: 1s, limit: 1}
              - {name: third, class: VIP, every: 1s, from: 1s, limit: 1}
            timeline: [{at: 1s, order: NORMAL}]
        """)
        assert told(run)[:5] == [
            "1 order_created order 1001",
            "1 bot_added bot 1",
            "1 order_picked_up order 1001 bot 1",
            "1 order_created order 1002",
            "1 order_created order 1003",
        ]
        assert run.orders["stream"].tolist() == ["timeline", "second", "third"]


class TestTheHorizon:
    def test_it_is_inclusive(self, story):
        run = story("""
            clock: {until: 10s}
            bots: {initial: 1}
            timeline:
              - {at: 0s, order: NORMAL, count: 2}
              - {at: 10s, order: VIP}
        """)
        assert told(run)[-3:] == [
            "10 order_completed order 1001 bot 1",
            "10 order_picked_up order 1002 bot 1",
            "10 order_created order 1003",
        ]

    def test_a_run_can_end_at_0(self, story):
        run = story("""
            clock: {until: 0s}
            timeline: [{at: 0s, order: NORMAL, service: 1us}, {at: 0s, add_bots: 1}]
        """)
        assert told(run) == ["0 order_created order 1001", "0 bot_added bot 1", "0 order_picked_up order 1001 bot 1"]

    def test_a_drained_run_ends_at_its_last_event_not_at_an_abandoned_timer(self, story):
        run = story("""
            timeline:
              - {at: 0s, add_bots: 1}
              - {at: 0s, order: NORMAL, service: 1h}
              - {at: 5s, remove_bots: 1}
        """)
        assert run.log.end == 5_000_000

    def test_waits_so_far_count_at_the_horizon(self, story):
        run = story("""
            clock: {until: 30s}
            timeline: [{at: 10s, order: NORMAL}]
        """)
        assert run.measures.values["wait.NORMAL.max"] == 20.0
        assert run.orders["wait_us"].tolist() == [20_000_000]


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
