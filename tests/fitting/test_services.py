"""How long orders take and customers wait, from exports whose truth is known; and the traps."""

import numpy as np
import pytest

from sim.model import OrderClass
from tests.helpers.campaigns import some
from tests.helpers.tills import Till, days_of, export, poisson, served, with_instants

LAWS = {
    "exponential": lambda generator, n: generator.exponential(120, n),
    "erlang": lambda generator, n: generator.gamma(3, 40, n),
    "lognormal": lambda generator, n: generator.lognormal(4.6, 0.6, n),
    "weibull": lambda generator, n: 120 * generator.weibull(1.8, n),
    "normal": lambda generator, n: generator.normal(120, 20, n),
    "uniform": lambda generator, n: generator.uniform(60, 240, n),
}


@pytest.mark.parametrize("name", LAWS)
def test_the_law_of_service_is_found(fitted, name):
    days = days_of(30, lambda generator, _: poisson(generator, factor=0.6), service=LAWS[name], vip=0)
    (service,) = fitted(export(days), unit="s").services
    assert service.law is not None
    assert service.law.name == name
    truth = np.concatenate([day.services for day in days]).mean()
    assert service.mean.estimate == pytest.approx(truth, rel=0.001)
    assert service.mean.low < 1.02 * truth
    assert service.p > 0.01


def test_classes_have_laws_of_their_own(fitted):
    fit = fitted(export(days_of(31)), unit="s")
    assert [service.order_class for service in fit.services] == [OrderClass.VIP, OrderClass.NORMAL]
    text = fit.files["lunch.yaml"].decode()
    assert "  VIP: {erlang: {mean: " in text or "  VIP: {gamma: {mean: " in text
    assert fit.scenario.file.service.NORMAL.mean / 1e6 == pytest.approx(120, rel=0.05)


def test_what_follows_no_law_is_taken_as_it_was(fitted):
    def mixed(generator, n):
        return np.where(generator.random(n) < 0.5, generator.normal(60, 5, n), generator.normal(300, 9, n))

    fit = fitted(export(days_of(32, service=mixed, vip=0)), unit="s")
    assert fit.services[0].law is None
    text = fit.files["lunch.yaml"].decode()
    assert "service: {empirical: lunch.service.NORMAL.csv} # " in text
    assert "no law fits, " in text
    assert fit.scenario.file.service.NORMAL.mean / 1e6 == pytest.approx(fit.services[0].values.mean())


def test_service_times_that_are_always_the_same_are_a_constant(fitted):
    fit = fitted(export(days_of(33, service=lambda _, n: np.full(n, 90.0), vip=0)), unit="s")
    assert "service: 1m30s # " in fit.files["lunch.yaml"].decode()


@pytest.mark.parametrize("seed", some(range(40, 46), 2))
def test_time_to_completion_that_is_passed_off_as_service_is_refused(fitted, seed):
    days = days_of(seed, service=lambda generator, n: generator.gamma(4, 30, n))
    honest = fitted(export(days), unit="s")
    for day in days:
        day.services = served(day, 4) + day.services - day.times
    fit = fitted(export(days), unit="s")
    assert fit.services == []
    assert "the service times are longer the more orders are in the kitchen (correlation " in fit.problems[0]
    assert len(honest.services) == 2  # and no false alarm


def test_only_the_time_of_completion_is_no_service_time(fitted):
    text = with_instants(days_of(34), lambda day: {"done": served(day, 5) + day.services})
    fit = fitted(text)
    assert fit.services == []
    assert fit.problems == [
        "the time to completion includes the wait, so it is not a service time: name --started or --service"
    ]
    assert "params: {service: 3m} # MADE UP, since the file has no service times: put yours here" in (
        fit.files["lunch.yaml"].decode()
    )


def test_service_lasts_from_the_start_to_the_end_and_the_crew_is_the_most_at_once(fitted):
    text = with_instants(days_of(35), lambda day: {"started": served(day, 5), "done": served(day, 5) + day.services})
    fit = fitted(text)
    assert fit.crew == 5
    assert fit.services[0].mean.estimate == pytest.approx(120, rel=0.05)


def test_orders_that_are_complete_before_they_are_begun_have_no_service_time_and_are_listed(fitted):
    def instants(day):
        started = served(day, 5)
        started[3] += 900  # begun a quarter of an hour after it was complete
        return {"started": started, "done": served(day, 5) + day.services}

    fit = fitted(with_instants(days_of(35), instants))
    assert any("orders were complete before they were begun, and have no service time: line" in p for p in fit.problems)
    assert fit.services[0].mean.estimate == pytest.approx(120, rel=0.05)


def test_far_values_are_listed_and_used(fitted):
    days = days_of(36)
    days[2].services[7] = 50_000
    fit = fitted(export(days), unit="s")
    assert any(
        problem.startswith("1 service times are far above all others and are used as they are: line ")
        and problem.endswith("(13h53m20s)")
        for problem in fit.problems
    )
    assert max(service.values[-1] for service in fit.services) == 50_000


@pytest.mark.parametrize("shape", [1.0, 2.0])
def test_patience_counts_those_who_were_served_as_waits_that_ended_early(fitted, shape):
    generator = np.random.default_rng(37)
    limits = {}

    def columns(day):
        if id(day) not in limits:
            n = len(day.times)
            limits[id(day)] = (
                600 / {1.0: 1, 2.0: 0.8862}[shape] * generator.weibull(shape, n),
                generator.exponential(400, n),
            )
        patience, wait = limits[id(day)]
        leaves = patience < wait
        return {
            "started": np.where(leaves, np.nan, day.times + wait),
            "left": np.where(leaves, day.times + patience, np.nan),
        }

    fit = fitted(with_instants(days_of(38, vip=0), columns))
    (patience,) = fit.patience
    if shape == 1.0:
        assert patience.law.name == "exponential"
        assert patience.mean.low < 600 < patience.mean.high
    else:
        assert patience.law.name == "weibull"
        assert patience.law.parameters["shape"] == pytest.approx(2, rel=0.1)
    assert "patience:\n  NORMAL: {" in fit.files["lunch.yaml"].decode()


def test_who_left_alone_says_nothing_of_patience(fitted):
    text = with_instants(days_of(39), lambda day: {"left": np.where(day.vips, day.times + 60, np.nan)})
    assert "the file says who left, but not how long others waited: name --started" in fitted(text).problems


def test_a_class_that_is_left_out_of_the_file_is_normal(fitted):
    fit = fitted(export(days_of(40), Till(header=("time",))))
    assert "    class: NORMAL\n" in fit.files["lunch.yaml"].decode()
