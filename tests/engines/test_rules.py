"""The rules of the kitchen, as stories. Each tells a timeline, and what the kitchen must make of it."""

import pytest

from tests.helpers.stories import picked_up, told


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
        assert run.orders["wait_us"].tolist() == [20_000_000]  # the metric follows it for as long again
        assert run.orders["wait_us"].tolist() == [20_000_000]
