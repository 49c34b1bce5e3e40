"""Faults that once were: each stays mended."""


def test_the_integral_of_a_queue_may_pass_64_bits(story):
    measures = story("clock: {until: 36525d}\ntimeline: [{at: 0s, order: VIP, count: 5000}]").measures
    assert measures.values["queue.mean"] == 5000.0
    # followed for as long again, after which they still wait
    assert measures.values["wait.mean"] == 2 * 36525 * 86400.0
    assert "wait.mean" in measures.bounds
