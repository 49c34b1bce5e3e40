"""Faults that once were: each stays mended."""


def test_the_integral_of_a_queue_may_pass_64_bits(story):
    metrics = story("clock: {until: 36525d}\ntimeline: [{at: 0s, order: VIP, count: 5000}]").measures.values
    assert metrics["queue.mean"] == 5000.0
    assert metrics["wait.mean"] == 36525 * 86400.0
