"""Expectations: facts about one run."""


class TestExpectations:
    def test_each_entry_says_what_came(self, story):
        one = story("""
            timeline: [{at: 0s, add_bots: 1}, {at: 1s, order: VIP}, {at: 30s, remove_bots: 1}]
            expect:
              - {order: 1001, picked_up: 1s, completed: 12s, bot: 1, attempts: 1}
              - {order: 1001, at: 0s, status: PENDING}
              - {order: 1001, at: 5s, status: PROCESSING, bot: 1}
              - {order: 1001, status: COMPLETE}
              - {bot: 1, at: 5s, status: PROCESSING}
              - {bot: 1, at: 11s, status: IDLE}
              - {bot: 1, status: REMOVED}
        """)
        assert [verdict.held for verdict in one.verdicts] == [False, False, True, True, True, True, True]
        assert [verdict.got for verdict in one.verdicts[:2]] == ["completed 11s", "status not created yet"]
        assert one.verdicts[0].expected == "order 1001: picked_up 1s, completed 12s, bot 1, attempts 1"
        assert one.verdicts[0].place.line == 6
