"""Faults that once were: each stays mended."""


def test_an_expectation_on_an_order_that_another_seed_never_creates_fails(story):
    one = story(
        """
        seed: 1
        clock: {until: 1h}
        arrivals: [{class: VIP, poisson: {rate: 5/h}}]
        expect: [{order: 1004, attempts: 0}]
        """,
        seed=2,
    )
    assert [verdict.got for verdict in one.verdicts] == ["attempts of an order that was never created"]
