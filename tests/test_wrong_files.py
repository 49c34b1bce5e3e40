"""Every wrong file gets one line a fault: where it is, what is wrong, and what to write instead."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

import pytest

from sim import ScenarioError, load_scenario
from sim.scenario import parse_value, restore_scenario
from tests.conftest import with_service

LINE = re.compile(r"[^\n]+:\d+:\d+: .+; .+")
HEAD = "scenario: 1\nname: wrong\n"
ONE = "timeline: [{at: 0s, order: VIP}]\n"
PARAMS = "params: {peak: 7, cook: 3m, mode: fast}\n"
SWEEP = PARAMS + "sweep: {peak: [5, 6]}\n"

WHOLE = {  # the whole file
    "empty": "",
    "only comments": "# nothing\n\n# yet\n",
    "an empty document": "---\n",
    "a word": "hello\n",
    "a list": "- scenario: 1\n",
    "several documents": "scenario: 1\nname: a\n---\nscenario: 1\nname: b\n",
    "no version": "name: wrong\n",
    "no name": "scenario: 1\n",
    "neither": "seed: 1\n",
    "a version to come": "scenario: 2\nname: wrong\n",
    "the version in quotes": "scenario: '1'\nname: wrong\n",
    "the version as a truth": "scenario: true\nname: wrong\n",
    "the version as a decimal": "scenario: 1.0\nname: wrong\n",
    "a name with a slash": "scenario: 1\nname: a/b\n",
    "a name that is a number": "scenario: 1\nname: 12\n",
    "a name of 101 letters": f"scenario: 1\nname: {'x' * 101}\n",
    "an empty name": "scenario: 1\nname: ''\n",
    "a tab": "scenario: 1\nclock:\n\tstart: '11:00'\n",
    "a NUL": "scenario: 1\nname: ü\0\n",
    "an unclosed bracket": "scenario: 1\nname: wrong\narrivals: [{class: VIP,\n",
    "an unclosed quote": "scenario: 1\nname: 'wrong\nseed: 1\n",
    "bad indentation": "scenario: 1\n name: wrong\n",
    "a colon in plain text": "scenario: 1\nname: wrong\ndescription: note: this\n",
    "a Python tag": "scenario: 1\nname: !!python/object/apply:os.system ['true']\n",
    "a tag of its own": "scenario: 1\nname: !foo wrong\n",
    "a standard tag": "scenario: 1\nname: !!str wrong\n",
    "a tag nobody declared": "scenario: 1\nname: !x!y wrong\n",
    "an alias without anchor": "scenario: 1\nname: *other\n",
    "a cyclic alias": "scenario: 1\nname: wrong\nparams: &p {again: *p}\n",
    "an alias bomb": HEAD + "params:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"  {b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "a parameter bomb": HEAD + f"params: {{a: [{'1,' * 100_000}]}}\ntimeline: [{'$a,' * 100_000}]\n",
    "deep nesting": HEAD + "params: " + "[" * 500_000,
    "deep nesting of dashes": HEAD + "params:\n  " + "- " * 65 + "1\n",
    "deep nesting by aliases": HEAD + "params:\n  a: &a " + "[" * 40 + "]" * 40
    + "\n  b: &b " + "[" * 40 + "*a" + "]" * 40 + "\n",
    "a duplicate key": HEAD + "seed: 1\nname: other\n",
    "a duplicate key inside": HEAD + "bots: {initial: 1, initial: 2}\n",
    "a duplicate merge key": HEAD + "bots: {<<: {initial: 1}, <<: {dispatch: oldest}}\n",
    "a merge of a number": HEAD + "bots: {<<: 1}\n",
    "a merge of a list of numbers": HEAD + "bots: {<<: [1, {initial: 2}]}\n",
    "a list as a key": HEAD + "[a, b]: 1\n",
    "a mapping as a key": HEAD + "? {a: b}\n: 1\n",
    "everything at once": "scenario: 1\nnmae: x\nseed: -1\nbots: {intial: 2, dispatch: newest}\nservice: 10\n",
}  # fmt: skip

KEYS = {  # what follows `scenario` and `name`
    # unknown, missing and clashing keys, at every level
    "an unknown key": "sevice: 10s\n",
    "an unknown key like no other": "xyzzy: 1\n",
    "a number as a key": "12: 1\n",
    "an unknown key of clock": "clock: {begin: '11:00'}\n",
    "an unknown key of orders": "orders: {first: 1}\n",
    "an unknown key of queue": "queue: {return_to: front}\n",
    "an unknown key of bots": "bots: {on_removal: resume}\n",
    "an unknown key of a step": "bots: {schedule: [{at: 1s, count: 1, order: VIP}]}\n",
    "a step without keys": "bots: {schedule: [{}]}\n",
    "an unknown action": "timeline: [{at: 0s, oder: VIP}]\n",
    "an action without instant": "timeline:\n  - {order: VIP}\n  - {at: 1s, add_bots: 1}\n",
    "no action": "timeline: [{at: 0s}]\n",
    "two actions in one": "timeline: [{at: 0s, order: VIP, add_bots: 1}]\n",
    "a service time for bots": "timeline: [{at: 0s, add_bots: 1, service: 10s}]\n",
    "an unknown key of a stream": "arrivals: [{class: VIP, every: 1s, limt: 3}]\n",
    "a stream without class": "arrivals: [{every: 1s, limit: 3}]\n",
    "a stream without process": "arrivals: [{class: VIP, limit: 3}]\n",
    "two processes in one stream": "arrivals: [{class: VIP, every: 1s, poisson: {rate: 1/s}, limit: 3}]\n",
    "a class for a trace": "arrivals: [{class: VIP, trace: good.csv}]\n",
    "a poisson without rate": "arrivals: [{class: VIP, poisson: {}, limit: 3}]\n",
    "an unknown distribution": "service: {exponentail: {mean: 10s}}\n",
    "an empty distribution": "service: {}\n",
    "two distributions in one": "service: {normal: {mean: 10s, sd: 1s}, gamma: {mean: 10s, cv: 1}}\n",
    "constant is no key": "service: {constant: 10s}\n",
    "one class is missing": "service: {VIP: 10s}\n",
    "a third class": "service: {VIP: 10s, NORMAL: 10s, GOLD: 1s}\n",
    "a gamma by shape": "service: {gamma: {mean: 10s, shape: 2}}\n",
    "a normal without sd": "service: {normal: {mean: 10s}}\n",
    "an expectation of nobody": "expect: [{at: 1s, status: PENDING}]\n",
    "an expectation of nothing": ONE + "expect: [{order: 1001}]\n",
    "an expectation with a typo": ONE + "expect: [{order: 1001, piked_up: 1s}]\n",
    "faults in several items": "timeline: [{at: 0s, order: VPI}, {at: 1, add_bots: 1}, {att: 2s, remove_bots: -1}]\n",
    # demand that changes, and customers who give up
    "rate and phases at once": "arrivals: [{class: VIP, poisson: {rate: 1/h, phases: [{for: 1h, rate: 1/h}]}}]\n",
    "a poisson without phases": "arrivals: [{class: VIP, poisson: {phases: []}}]\n",
    "phases that are a mapping": "arrivals: [{class: VIP, poisson: {phases: {for: 1h, rate: 1/h}}}]\n",
    "a phase with a typo": "arrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 1/h, rampto: 2/h}]}}]\n",
    "a phase of nothing": "arrivals: [{class: VIP, poisson: {phases: [{}, {for: 0s, rate: -1/h, ramp_to: 3}]}}]\n",
    "a phase that is a rate": "arrivals: [{class: VIP, poisson: {phases: [30/h]}}]\n",
    "phases that bring too many": "arrivals:\n"
    "  - {class: VIP, poisson: {phases: [{for: 1h, rate: 0/s, ramp_to: 9999/s}]}}\n",
    "phases of an absurd rate": "arrivals:\n"
    "  - {class: VIP, poisson: {phases: [{for: 36525d, rate: 999999999999999999/s}]}}\n",
    "phases longer than history": "arrivals: [{class: VIP, poisson: {phases: ["
    + "{for: 36525d, rate: 1/d}, " * 800 + "]}}]\n",
    "a renewal without unit": "arrivals: [{class: VIP, renewal: 10, limit: 3}]\n",
    "a renewal by rate": "arrivals: [{class: VIP, renewal: {rate: 10/h}, limit: 3}]\n",
    "a renewal of nothing": "arrivals: [{class: VIP, renewal: {}, limit: 3}]\n",
    "gaps of 0s": "arrivals: [{class: VIP, renewal: 0s, limit: 3}]\n",
    "gaps of 0s on average": "arrivals: [{class: VIP, renewal: {choice: {0s: 70%, 1us: 30%}}, limit: 3}]\n",
    "gaps of 1us": "clock: {until: 1h}\narrivals: [{class: VIP, renewal: 1us}]\n",
    "gaps of 1us on average": "clock: {until: 1h}\narrivals:\n"
    "  - {class: VIP, renewal: {erlang: {mean: 1us, shape: 1000000}}}\n",
    "an endless renewal": "arrivals: [{class: VIP, renewal: {exponential: {mean: 1m}}}]\n",
    "a renewal longer than history": "arrivals:\n"
    "  - {class: VIP, renewal: {gamma: {mean: 9999d, cv: 9}}, limit: 9999999}\n",
    "no states": "arrivals: [{class: VIP, mmpp: {states: []}, limit: 3}]\n",
    "no key of states": "arrivals: [{class: VIP, mmpp: {rates: [1/h]}, limit: 3}]\n",
    "a state without stay": "arrivals: [{class: VIP, mmpp: {states: [{rate: 1/h}, {rate: 9, stay: 0s}]}, limit: 3}]\n",
    "no state with a rate": "arrivals: [{class: VIP, mmpp: {states: [{rate: 0/h, stay: 1h}]}, limit: 3}]\n",
    "an endless mmpp": "arrivals: [{class: VIP, mmpp: {states: [{rate: 1/h, stay: 1h}]}}]\n",
    "an mmpp longer than history": "arrivals:\n"
    "  - {class: VIP, mmpp: {states: [{rate: 0.000000000000000001/d, stay: 36525d}]}, limit: 1}\n",
    "an mmpp that never rests": "clock: {until: 1h}\narrivals:\n"
    "  - {class: VIP, mmpp: {states: [{rate: 1/h, stay: 1us}]}}\n",
    "an mmpp that never rests until its limit": "arrivals:\n"
    "  - {class: VIP, mmpp: {states: [{rate: 1/h, stay: 1us}, {rate: 3/h, stay: 2us}]}, limit: 9}\n",
    "two mmpps that together never rest": "clock: {until: 6s}\narrivals:\n"
    + "  - {class: VIP, mmpp: {states: [{rate: 1/h, stay: 1us}]}}\n" * 2,
    "an mmpp that brings too many": "clock: {until: 1h}\n"
    "arrivals: [{class: VIP, mmpp: {states: [{rate: 999999999999999999/s, stay: 1m}]}}]\n",
    "patience for both": "patience: 5m\n",
    "patience of a distribution for both": "patience: {exponential: {mean: 5m}}\n",
    "patience of an unknown class": "patience: {NORML: 5m}\n",
    "patience without unit": "patience: {NORMAL: 5, VIP: {exponential: {mean: 5}}}\n",
    "negative patience": "patience: {NORMAL: -5m}\n",
    "patience of nothing": "patience:\n  NORMAL:\n",
    "an age without unit": "queue: {promote_after: 20}\n",
    "an age for each class": "queue: {promote_after: {NORMAL: 20m}}\n",
    "an age that is a word": "queue: {promote_after: nevr}\n",
    # replications, warm-up, thresholds
    "no replications": "replications: 0\n",
    "replications with a fraction": "replications: 2.5\n",
    "replications in text": "replications: '30'\n",
    "replications that are true": "replications: true\n",
    "too many replications": "replications: 1000001\n",
    "replications that are a list": "replications: [30]\n",
    "replications of nothing": "replications: {}\n",
    "replications without an end": "replications: {until: {metric: wait, half_width: 10%}}\n",
    "replications with times": "replications: {times: 30}\n",
    "min above max, and both too small": "replications: {min: 50, max: 40, until: {metric: wait, half_width: 10%}}\n",
    "fewer than 20": "replications: {min: 2, max: 5, until: {metric: wait, half_width: 10%}}\n",
    "until of an unknown metric": "replications: {max: 50, until: {metric: wait.VPI, half_width: 10%}}\n",
    "until without half_width": "replications: {max: 50, until: {metric: wait}}\n",
    "until that is a word": "replications: {max: 50, until: precise}\n",
    "a half-width of nothing": "replications: {max: 50, until: {metric: wait, half_width: 0%}}\n",
    "a half-width without unit": "replications: {max: 50, until: {metric: wait, half_width: 5}}\n",
    "a half-width of another unit": "replications: {max: 50, until: {metric: queue, half_width: 5s}}\n",
    "a half-width that is a word": "replications: {max: 50, until: {metric: wait, half_width: small}}\n",
    "a confidence of everything": "replications: {max: 50, until: {metric: flow, half_width: 5s, confidence: 100%}}\n",
    "a confidence of little": "replications: {max: 50, until: {metric: wait, half_width: 5s, confidence: 10%}}\n",
    "a confidence without percent": "replications: {max: 50, until: {metric: wait, half_width: 5s, confidence: 0.9}}\n",
    "a warm-up without unit": "warmup: 30\n",
    "a warm-up that is a word": "warmup: mser\n",
    "a warm-up of none": "warmup: none\n",
    "a warm-up that is a list": "warmup: [30m]\n",
    "a warm-up as long as the run": "clock: {until: 1h30m}\nwarmup: 90m\n",
    "mser5 with phases": "warmup: mser5\narrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 1/h}]}}]\n",
    "mser5 with a schedule": "bots: {schedule: [{at: 1h, count: 3}]}\nwarmup: mser5\n",
    "mser5 and an endless stream": "warmup: mser5\narrivals: [{class: VIP, every: 1s, from: 1s}]\n",
    "thresholds that are a list": "thresholds: [wait]\n",
    "thresholds that are text": "thresholds: wait < 2m\n",
    "an unknown metric": "thresholds: {wait.VPI.p95: '< 2m'}\n",
    "a metric like no other": "thresholds: {happiness: '< 2m'}\n",
    "an unknown statistic": "thresholds: {wait.VIP.p96: '< 2m'}\n",
    "a class where there is none": "thresholds: {utilisation.VIP: '< 85%'}\n",
    "a number as a metric": "thresholds: {12: '< 2m'}\n",
    "a threshold without quotes": "thresholds:\n  wait: < 2m\n  flow: > 2m\n",
    "a threshold that is a number": "thresholds: {orders.completed: 40}\n",
    "a threshold without operator": "thresholds: {wait: 2m}\n",
    "a threshold of two operators": "thresholds: {wait: '=< 2m', flow: '< < 2m', service: '1m < 2m'}\n",
    "a threshold without limit": "thresholds: {wait: '<'}\n",
    "a threshold of nothing": "thresholds:\n  wait:\n",
    "an empty list of conditions": "thresholds: {wait: []}\n",
    "limits in the wrong unit": "thresholds: {wait: '< 2', queue: '< 2m', utilisation: '< 0.85', throughput: '> 40', "
    "orders.completed: '> 40%', orders.completed.rate: '> 40', wait.n: '> 2s', bots: '> 1/h', queue.max: '< -1'}\n",
    "limits in the wrong order": "thresholds: {utilisation: between 85% and 60%}\n",
    "between one": "thresholds: {utilisation: between 60%}\n",
    "a fault in a list of conditions": "thresholds: {utilisation: ['> 60%', '< 85', 3]}\n",
    "an unknown key of a threshold": "thresholds: {wait: {check: '< 2m', severty: warn}}\n",
    "a threshold without check": "thresholds: {wait: {severity: warn}}\n",
    "an unknown severity": "thresholds: {wait: {check: '< 2m', severity: mild}}\n",
    "several faults of thresholds": "thresholds: {wiat: '< 2m', wait: '< 2', flow: {check: 2}}\n",
    # other versions of the same scenario
    "a sweep that is a list": PARAMS + "sweep: [5, 6, 7]\n",
    "a sweep of an unknown parameter": PARAMS + "sweep: {paek: [5, 6]}\n",
    "a sweep of a parameter like no other": PARAMS + "sweep: {xyzzy: [5, 6]}\n",
    "a sweep without params": "sweep: {peak: [5, 6]}\n",
    "a sweep of nothing": PARAMS + "sweep: {}\n",
    "a sweep without value": PARAMS + "sweep:\n",
    "a sweep of a condition alone": PARAMS + "sweep: {where: peak == 5}\n",
    "a sweep of no values": PARAMS + "sweep: {peak: []}\n",
    "a sweep of single values": PARAMS + "sweep:\n  peak: 5\n  cook: 3m\n  mode:\n",
    "a value twice": PARAMS + "sweep: {peak: [5, 6, 5], cook: [3m, 2m, 180s, 0.05h], mode: [a, a, 'a']}\n",
    "values within values": PARAMS + "sweep: {peak: [[5, 6], {a: 1}], cook: [3m, ~]}\n",
    "too many combinations": PARAMS + f"sweep: {{peak: {list(range(101))}, mode: {list(range(100))}}}\n",
    "several faults of a sweep": PARAMS + "sweep: {paek: [5], cook: [3m, 180s], peak: [], where: 'cook =='}\n",
    "a condition that ends too early": PARAMS + "sweep: {peak: [5, 6], where: 'peak =='}\n",
    "a condition that is empty": PARAMS + "sweep: {peak: [5, 6], where: ''}\n",
    "a condition without value": PARAMS + "sweep: {peak: [5, 6], where: }\n",
    "a condition of one value": PARAMS + "sweep: {peak: [5, 6], where: peak}\n",
    "a condition of three": PARAMS + "sweep: {peak: [5, 6], where: 5 <= peak <= 6}\n",
    "a condition with one =": PARAMS + "sweep: {peak: [5, 6], where: peak = 5}\n",
    "a condition with an open bracket": PARAMS + "sweep: {peak: [5, 6], where: (peak == 5}\n",
    "a condition with a bracket too many": PARAMS + "sweep: {peak: [5, 6], where: peak == 5)}\n",
    "a condition with an open quote": PARAMS + "sweep: {peak: [5, 6], where: peak == '5}\n",
    "a condition in the signs of C": PARAMS + "sweep: {peak: [5, 6], where: 'peak == 5 && cook == 3m'}\n",
    "a condition without and": PARAMS + "sweep: {peak: [5, 6], where: 'peak == 5 cook == 3m'}\n",
    "a condition that is code": PARAMS + "sweep: {peak: [5, 6], where: \"__import__('os').system('true') == 0\"}\n",
    "a condition that is a number": PARAMS + "sweep: {peak: [5, 6], where: 3}\n",
    "a condition that is a list": PARAMS + "sweep: {peak: [5, 6], where: [peak == 5]}\n",
    "a condition that is too long": PARAMS + f"sweep: {{peak: [5, 6], where: peak == {'5' * 993}}}\n",
    "a condition on an unknown parameter": PARAMS + "sweep: {peak: [5, 6], where: paek == 5}\n",
    "a condition on two values": PARAMS + "sweep: {peak: [5, 6], where: 5 < 6}\n",
    "a condition on nobody behind one that decides": PARAMS + "sweep: {peak: [5, 6], where: peak == 5 or paek == 6}\n",
    "a number beside a duration": PARAMS + "sweep: {peak: [5, 6], where: peak < 3m}\n",
    "a duration beside a number": PARAMS + "sweep: {cook: [2m, 3m], where: cook < 3}\n",
    "two parameters that are unlike": PARAMS + "sweep: {cook: [2m, 3m], where: cook < peak}\n",
    "a duration beside a word": PARAMS + "sweep: {cook: [2m, 3m], where: cook == long}\n",
    "an order of words": PARAMS + "sweep: {mode: [fast, slow], where: mode < slow}\n",
    "an order of truths": PARAMS + "sweep: {mode: [true, false], where: mode <= true}\n",
    "a condition that never holds": PARAMS + "sweep: {peak: [5, 6], where: peak > 6}\n",
    "compare that is a list": "compare: [wait]\n",
    "compare with a typo": "compare: {metric: [wait]}\n",
    "a baseline of an unknown parameter": SWEEP + "compare: {baseline: {paek: 7}}\n",
    "a baseline without params": "compare: {baseline: {peak: 7}}\n",
    "a baseline that is a number": SWEEP + "compare: {baseline: 7}\n",
    "a baseline without a sweep": PARAMS + "compare: {baseline: {peak: 7}}\n",
    "compare by unknown metrics": "compare: {metrics: [wait.VPI.p95, 3, wait]}\n",
    "compare by no metrics": "compare: {metrics: []}\n",
    "compare by one metric": "compare: {metrics: wait}\n",
    "compare with another adjustment": "compare: {adjust: bonferroni}\n",
    "select that is a word": SWEEP + "select: peak\n",
    "select with a typo": SWEEP + "select: {minimize: wait}\n",
    "select without an objective": SWEEP + "select: {confidence: 95%}\n",
    "select with two objectives": SWEEP + "select: {minimise: peak, maximise: wait}\n",
    "select without a sweep": PARAMS + "select: {minimise: peak}\n",
    "select by an unknown parameter": SWEEP + "select: {minimise: paek}\n",
    "select by an unknown metric": SWEEP + "select: {maximise: wait.VPI.p95}\n",
    "select by something like no other": SWEEP + "select: {maximise: happiness}\n",
    "select by a parameter that the sweep leaves alone": SWEEP + "select: {minimise: cook}\n",
    "select by a number": SWEEP + "select: {minimise: 5}\n",
    "select without thresholds": SWEEP + "select: {minimise: peak}\n",
    "select with thresholds that only warn": SWEEP + "select: {minimise: peak}\n"
    "thresholds: {wait: {check: '< 2m', severity: warn}}\n",
    "select by words": PARAMS + "sweep: {mode: [slow, fast]}\nselect: {minimise: mode}\nthresholds: {wait: '< 2m'}\n",
    "select by a duration and a rate": PARAMS + "sweep: {cook: [3m, 12/h]}\nselect: {minimise: cook}\n"
    "thresholds: {wait: '< 2m'}\n",
    "select with a confidence of everything": SWEEP + "select: {minimise: wait, confidence: 100%}\n",
    "select with a confidence without percent": SWEEP + "select: {minimise: wait, confidence: 95}\n",
    "select with a confidence of little": SWEEP + "select: {minimise: wait, confidence: 40%}\n",
    "select subject to facts": SWEEP + "select: {minimise: wait, subject_to: expect}\n",
    "select by what a wrong sweep misses": PARAMS + "sweep: {paek: [5, 6]}\nselect: {minimise: paek}\n",
    "words for all three": PARAMS + "sweep: all\ncompare: all\nselect: all\n",
    # values without, with wrong, and with too much of a unit
    "a duration without unit": "service: 10\n",
    "a duration in text without unit": "service: '10'\n",
    "a decimal without unit": "service: 1.5\n",
    "a negative number": "service: -10\n",
    "a negative duration": "service: -10s\n",
    "a wrong unit": "service: 10 minutes\n",
    "units out of order": "service: 30s1m\n",
    "a space before the unit": "service: 10 s\n",
    "not a number": "service: .nan\n",
    "infinity": "service: .inf\n",
    "an exponent": "service: 1e3\n",
    "a duration that is true": "service: true\n",
    "an endless duration": "service: 99999999d\n",
    "a duration of 5000 digits": f"service: {'9' * 5000}s\n",
    "digits of another script": "service: \u0661\u0660s\n",
    "text over several lines": "service: |\n  10s\n  20s\n",
    "a mean of nothing": "service: {exponential: {mean: 0s}}\n",
    "a shape that is no whole number": "service: {erlang: {mean: 10s, shape: 1.5}}\n",
    "a shape of zero": "service: {erlang: {mean: 10s, shape: 0}}\n",
    "a cv of zero": "service: {gamma: {mean: 10s, cv: 0}}\n",
    "a cv below all sense": "service: {gamma: {mean: 10s, cv: 1e-200}}\n",
    "a negative cv": "service: {lognormal: {mean: 10s, cv: -1}}\n",
    "a cv that is not a number": "service: {lognormal: {mean: 10s, cv: .nan}}\n",
    "a cv without end": "service: {lognormal: {mean: 10s, cv: .inf}}\n",
    "a cv that is true": "service: {gamma: {mean: 10s, cv: true}}\n",
    "a cv in text": "service: {gamma: {mean: 10s, cv: '0.5'}}\n",
    "a huge shape": "service: {weibull: {scale: 10s, shape: 1000001}}\n",
    "low above high": "service: {uniform: {low: 10s, high: 5s}}\n",
    "a mode out of range": "service: {triangular: {low: 5s, mode: 4s, high: 20s}}\n",
    "a distribution that is a word": "service: {exponential: 10s}\n",
    "a distribution that is a list": "service: [10s]\n",
    "shares that do not add up": "service: {choice: {8s: 70%, 20s: 20%}}\n",
    "no shares": "service: {choice: {}}\n",
    "the same share twice": "service: {choice: {60s: 50%, 1m: 50%}}\n",
    "a choice without unit": "service: {choice: {8: 70%, 20s: 30%}}\n",
    "a share without percent": "arrivals: [{class: {VIP: 0.15, NORMAL: 0.85}, every: 1s, limit: 1}]\n",
    "a share in text": "arrivals: [{class: {VIP: some, NORMAL: most}, every: 1s, limit: 1}]\n",
    "a share above 100%": "arrivals: [{class: {VIP: 150%}, every: 1s, limit: 1}]\n",
    "shares of an unknown class": "arrivals: [{class: {VIP: 50%, NORML: 50%}, every: 1s, limit: 1}]\n",
    "an unknown class": "arrivals: [{class: GOLD, every: 1s, limit: 1}]\n",
    "a class in small letters": "timeline: [{at: 0s, order: vip}]\n",
    "a class that is a list": "arrivals: [{class: [VIP], every: 1s, limit: 1}]\n",
    "a rate without unit": "arrivals: [{class: VIP, poisson: {rate: 30}, limit: 1}]\n",
    "a rate in a wrong unit": "arrivals: [{class: VIP, poisson: {rate: 30/hour}, limit: 1}]\n",
    "a rate of zero": "arrivals: [{class: VIP, poisson: {rate: 0/h}, limit: 1}]\n",
    "a negative rate": "arrivals: [{class: VIP, poisson: {rate: -3/h}, limit: 1}]\n",
    "a rate that is a list": "arrivals: [{class: VIP, poisson: {rate: [1/h]}, limit: 1}]\n",
    "every nothing": "arrivals: [{class: VIP, every: 0s, limit: 1}]\n",
    "a batch of none": "arrivals: [{class: VIP, every: 1s, limit: 1, batch: 0}]\n",
    "a batch of a word": "arrivals: [{class: VIP, every: 1s, limit: 1, batch: {two: 100%}}]\n",
    "a batch that is true": "arrivals: [{class: VIP, every: 1s, limit: 1, batch: true}]\n",
    "a batch of half an order": "arrivals: [{class: VIP, every: 1s, limit: 1, batch: 1.5}]\n",
    "a batch beyond all": f"arrivals: [{{class: VIP, every: 1s, limit: 1, batch: {{{'0' * 9}{'1' * 30}: 100%}}}}]\n",
    "a negative limit": "arrivals: [{class: VIP, every: 1s, limit: -1}]\n",
    "a limit with a unit": "arrivals: [{class: VIP, every: 1s, limit: 3s}]\n",
    "until before from": "arrivals: [{class: VIP, every: 1s, from: 2m, until: 1m}]\n",
    "a clock without quotes or colons": "clock: {start: 1100}\n",
    "hour 24": "clock: {start: '24:00:00'}\n",
    "a day that is none": "clock: {start: '2026-02-30T11:00:00'}\n",
    "a date before the start": "clock: {start: '2026-03-02T11:00:00'}\ntimeline: [{at: '2026-03-01', order: VIP}]\n",
    "a date-time before the start": "clock: {start: '2026-03-02T11:00:00', until: '2026-03-01T11:00:00'}\n",
    "a date too far": "clock: {start: '2026-03-02T11:00:00', until: '2926-03-01T11:00:00'}\n",
    "a date without a dated start": "timeline: [{at: '2026-03-01T11:00:00', order: VIP}]\n",
    "an instant without unit": "timeline: [{at: 5, order: VIP}]\n",
    "an instant that is no clock time": "timeline: [{at: '11:75', order: VIP}]\n",
    "a horizon that is a word": "clock: {until: drainde}\n",
    "a clock that is text": "clock: '11:00:00'\n",
    # numbers, words, lists and mappings in the wrong place
    "a negative seed": "seed: -1\n",
    "a seed too large": "seed: 9223372036854775808\n",
    "a seed of 39 digits": f"seed: {'9' * 39}\n",
    "a seed of 5000 digits": f"seed: {'9' * 5000}\n",
    "a seed with a fraction": "seed: 1.0\n",
    "a seed that is a truth": "seed: false\n",
    "a seed in text": "seed: '1'\n",
    "a description that is a list": "description: [a]\n",
    "a description that is a number": "description: 3\n",
    "keys without values": "seed:\nservice: ~\nbots: {initial: }\n",
    "a list without values": "timeline: [~]\narrivals:\n  -\n",
    "a timeline that is a mapping": "timeline: {at: 0s, order: VIP}\n",
    "an action that is a word": "timeline: [order]\n",
    "bots that are a number": "bots: 3\n",
    "too many initial bots": "bots: {initial: 10001}\n",
    "half a bot": "bots: {initial: 2.5}\n",
    "an unknown rule": "bots: {on_remove: resum, dispatch: 3}\nqueue: {returned_to: [front]}\n",
    "a first number too large": "orders: {first_number: 2000000001}\n",
    "an order number too large": ONE + "expect: [{order: 2010000000, attempts: 1}]\n",
    "a cv just too small": "service: {gamma: {mean: 10s, cv: 0.0009}}\n",
    "a bot number of zero": "expect: [{bot: 0, status: IDLE}]\n",
    "an unknown status": ONE + "expect: [{order: 1001, status: DONE}]\n",
    "the status of a bot for an order": ONE + "expect: [{order: 1001, status: IDLE}]\n",
    "the status of an order for a bot": "bots: {initial: 1}\nexpect: [{bot: 1, status: COMPLETE}]\n",
    "an order's fact of a bot": "bots: {initial: 1}\nexpect: [{bot: 1, status: IDLE, attempts: 1}]\n",
    "a fact with an instant": ONE + "expect: [{order: 1001, at: 1s, completed: 10s}]\n",
    # what is meant is told
    "a crew that is a number": "bots: 6\n",
    "a crew that is no number": "bots: true\nclock: [1]\npatience: " + "x" * 99 + "\n",
    "many unknown keys": "bots: {" + ", ".join(f"x{number}zzz: 1" for number in range(9)) + ", intial: 2}\n",
    "other mappings of one value": "orders: 1\nclock: '11:00'\narrivals: [{class: VIP, poisson: 30/h, limit: 1}]\n",
    "a range": "service: 2m to 4m\npatience: {VIP: 1m-5m, NORMAL: 1m..2m}\n",
    "limits without a unit": "thresholds: {wait.p95: '< 20', orders.abandoned.rate: '== 0', throughput: 40, flow: 2m, "
    "utilisation: between 60 and 0.85}\n",
    "numbers in quotes": "seed: '2'\nbots: {initial: '2'}\nservice: {gamma: {mean: 1s, cv: '2'}}\n",
    "a colon without a blank": "service:10s\nseed: 1\n",
    "a colon without a blank at the end": "seed: 1\nservice:10s\n",
    "a colon without a blank in a list": "timeline:\n  - at:0s\n    order: VIP\n",
    "a colon without a blank in brackets": "timeline: [{at:0s, order: VIP}]\narrivals: [{class:VIP, every: 1s}]\n",
    "a colon without a blank for a mapping": "bots:\n  initial:2\n",
    "a no-break space": "service:\u00a010s\nseed: 1\n",
    "a no-break space before a bracket": "bots:\u00a0{initial: 1}\n",
    "phases until": "arrivals: [{class: VIP, poisson: {phases: [{until: 11:30, rate: 40/h}]}}]\n",
    "spelt units": "service: 10 Minutes\npatience: {VIP: 3 hrs, NORMAL: 250 ms}\n"
    "arrivals: [{class: VIP, poisson: {rate: 30 per hour}, limit: 1}]\n",
    "a decimal comma": "service: 2,5m\npatience: {VIP: '1,5 min', NORMAL: '1,000s'}\n"
    "arrivals: [{class: {VIP: '12,5%', NORMAL: '87,5%'}, poisson: {rate: '2,5/h'}, limit: 1}]\n"
    "thresholds: {wait.p95: '< 2,5m'}\n",
    "other signs of comparison": "thresholds: {wait.p95: '≤ 5m', flow: '“< 20s”', queue: '=> 2', "
    "service: \"'< 3m'\", wait: '≥ 20'}\n",
    "hours of a clock of 12": "clock: {start: 11am, until: 2 pm}\ntimeline: [{at: 12 a.m., order: VIP}]\n",
    "classes in a list": "arrivals: [{class: [VIP, NORMAL], every: 1m, limit: 1}]\n",
    # instants that the run does not have
    "instants behind the horizon": "clock: {until: 1h}\nbots: {schedule: [{at: 61m, count: 1}, {at: 1h, count: 2}]}\n"
    "timeline: [{at: 2h, order: VIP}, {at: '00:30', order: VIP}, {at: '01:00:01', order: VIP}]\n"
    "arrivals: [{class: VIP, every: 1m, from: 2h, until: 3h}]\n",
    "instants before the start": "clock: {start: '17:00'}\nbots: {schedule: [{at: '16:59', count: 1}]}\n"
    "timeline: [{at: '05:00:01', order: VIP}, {at: '05:00', order: VIP}]\n"
    "arrivals: [{class: VIP, every: 1m, from: '16:00', until: '16:30'}]\n",
    "instants before the start, which are not before the horizon": "clock: {start: '09:00', until: '20:00'}\n"
    "arrivals:\n  - {class: VIP, every: 1m, from: '08:30'}\n  - {class: VIP, every: 1m, until: '20:30'}\n",
    "a date behind the horizon": "clock: {start: '2026-03-02T11:00', until: '2026-03-03T11:00'}\n"
    "timeline: [{at: '2026-03-03T11:01', order: VIP}, {at: '10:59', order: VIP}]\n",
    "facts behind the horizon": "clock: {until: 1m}\n" + ONE + "expect:\n"
    "  - {order: 1001, at: 2m, status: PENDING}\n  - {order: 1001, completed: 61s}\n",
    "a horizon at the start": "clock: {start: '11:00', until: '11:00:00'}\n",
    "a clock of 12 hours": "clock: {start: 1:00:00 PM}\n"
    "timeline: [{at: '12:05 am', order: VIP}, {at: '9:05', order: VIP}]\n",
    # orders for which nobody says how long they take
    "orders without a service time": "arrivals: [{class: VIP, every: 1m, limit: 3}]\n",
    "orders without a service time, and a trace": "arrivals: [{class: VIP, every: 1m}, {trace: good.csv}]\n",
    # places
    "plain times in brackets": "timeline: [{at: 11:00:00, oder: VIP}, {at: 12:00:00, order: !x VIP}]\n",
    "an open bracket after plain times": "timeline: [{at: 11:00:00, order: VIP}\n",
    "a fault after wide letters": "bots: {dispatch: 'ü😀', initial: -1}\n",
    "a fault in a merged mapping": "params: {one: &one {initial: -1, dispach: x}}\nbots: {<<: *one}\n",
    "a fault in an alias": "params: {one: &one {at: 0, order: VIP}}\ntimeline: [*one, *one]\n",
    "a fault in a parameter used twice": "params: {t: 5}\nservice: $t\nclock: {until: $t}\n",
    # what fits the schema and cannot be run
    "an endless stream": "arrivals: [{name: walk-in, class: VIP, poisson: {rate: 1/h}}]\n",
    "a stream longer than history": "arrivals: [{class: VIP, every: 36500d, limit: 10000000}]\n",
    "the same name twice": "arrivals: [{name: a, class: VIP, every: 1s, limit: 1}, {name: a, trace: good.csv}]\n",
    "the name of a place": "arrivals: [{name: stream-2, class: VIP, every: 1s, limit: 1}, {trace: good.csv}]\n",
    "a reserved name": "arrivals: [{name: timeline, class: VIP, every: 1s, limit: 1}]\n",
    "a name with a dot": "arrivals: [{name: a.b, class: VIP, every: 1s, limit: 1}]\n",
    "too many orders of the timeline": "timeline: [{at: 0s, order: VIP, count: 10000000}, {at: 0s, order: VIP}]\n",
    "too many orders of streams": "clock: {until: 1h}\narrivals:\n  - {class: VIP, every: 1ms}\n"
    "  - {class: VIP, poisson: {rate: 2000/s}}\n",
    "too large a count": "timeline: [{at: 0s, order: VIP, count: 10000001}]\n",
    "too many bots": "bots: {initial: 10000}\ntimeline: [{at: 0s, add_bots: 1}]\n",
    "too many bots to come and go": "timeline: [{at: 0s, remove_bots: 10000, count: 101}]\n",
    "a schedule that never rests": "bots: {schedule: ["
    + "".join(f"{{at: {second}s, count: {second % 2 * 10000}}}, " for second in range(102)) + "]}\n",
    "an order that is never created": ONE + "expect:\n  - {order: 1002, completed: 1s}\n  - {order: 7, attempts: 1}\n",
    "an order where there are none": "expect: [{order: 1001, completed: 1s}]\n",
    "a bot that is never added": "bots: {initial: 2}\nexpect: [{bot: 3, status: IDLE}]\n",
    "a bot where there are none": ONE + "expect: [{order: 1001, bot: 1}]\n",
    "service times without end": "timeline: [{at: 0s, order: VIP, count: 10000, service: 36525d}]\n"
    "expect: [{order: 1001, attempts: 0}]\n",
    # parameters
    "an unknown parameter": "params: {cook: 3m}\nservice: {VIP: $cok, NORMAL: {gamma: {mean: $kitchen, cv: 1}}}\n",
    "a parameter without params": "service: $cook\n",
    "a wrong value of a parameter": "params: {cook: 3}\nservice: $cook\n",
    "a parameter for another": "params: {a: 1, b: $a}\nseed: $b\n",
    "a parameter's bad name": 'params: {a-b: 1, "x\\ny": 2}\nseed: $a-b\n',
    "params that are a list": "params: [cook]\n",
    "params that are nothing": "params:\n",
    "part of a value": "params: {n: 3}\nservice: ${n}s\n",
    "a parameter as a key": "params: {size: 2}\nbots: {$size: 2}\n",
    "a line break in a parameter": 'params: {n: 3}\nseed: "$n\\n"\n',
    "a key with a line break": '"seed\\nof": 1\n',
    # files that a file names
    "extends nothing": "extends:\n",
    "extends a number": "extends: 3\n",
    "extends itself": "extends: wrong.yaml\n",
    "extends in a circle": "extends: circle.yaml\n",
    "extends a file that is not there": "extends: no-such.yaml\n",
    "extends a folder": "extends: sub\n",
    "extends a file above": "extends: ../base.yaml\n",
    "extends a wrong file": "extends: sub/base.yaml\n",
    "extends broken YAML": "extends: sub/broken.yaml\n",
    "a trace above": "arrivals: [{trace: ../../etc/passwd}]\n",
    "an absolute trace": "arrivals: [{trace: /etc/passwd}]\n",
    "a link out of the folder": "arrivals: [{trace: link.csv}]\nservice: {empirical: link.csv}\n",
    "a trace that is not there": "arrivals: [{trace: no-such.csv}]\n",
    "a trace that is a number": "arrivals: [{trace: 3}]\n",
    "a trace with a NUL": 'arrivals: [{trace: "a\\0b"}]\n',
    "a trace with a long name": f"arrivals: [{{trace: {'x' * 300}}}]\n",
    "a trace that is a folder": "arrivals: [{trace: sub}]\n",
    "a trace that is a device": "arrivals: [{trace: pipe}]\n",
}  # fmt: skip

BARE = {  # what is about service times that nobody states
    "orders without a service time",
    "orders without a service time, and a trace",
    "a trace without service times",
    "a trace with blank service times",
}

CSV = {  # traces, and measured durations where the name says so
    "an empty trace": b"",
    "a trace without header": b"0s,VIP\n1s,NORMAL\n",
    "a trace with another column": b"time,class,name\n0s,VIP,x\n",
    "a trace with a column twice": b"time,time,class\n",
    "a trace with faults": b"time,class,service\n0,VIP,\n1s,VPI,10\n-2s,,3 s\n11:75,NORMAL,\xc3\xbc\n",
    "a trace with short and long rows": b"time,class\n0s\n\n1s,VIP,10s\n",
    "a trace that is not UTF-8": b"time,class\n0s,VIP\n1s,N\xd6RMAL\n",
    "a trace with a NUL": b"time,class\n0s,VIP\x00\n",
    "a trace with an open quote": b'time,class\n"0s,VIP\n',
    "a trace with text after a quote": b'time,class\n"0s"x,VIP\n',
    "a trace without service times": b"time,class\n0s,VIP\n",
    "a trace with blank service times": b"time,class,service\n0s,VIP,\n1s,VIP,2s\n2s,VIP, \n",
    "a trace of 12 hours": b"time,class\n" + b"".join(b"1:%02d:00 PM,VIP\n" % minute for minute in range(60)),
    "durations of one kind": b"".join(b"%d\n" % number for number in range(20)),
    "durations with faults": b"seconds\n10s\n10\n-1s\n\nx\n",
    "durations in two columns": b"10s,12s\n",
    "no durations": b"",
    "only a header of durations": b"seconds\n",
    "durations that are not UTF-8": b"10s\n\xff\n",
}


def faults_of(file: Path | str, /, **parameters) -> list[str]:
    """Return the lines that a wrong file gets; anything else than a ScenarioError fails the test."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(file, **parameters)
    lines = str(caught.value).split("\n")
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert lines == [str(fault) for fault in caught.value.faults]
    return lines


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the cases name, as the working directory."""
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    monkeypatch.chdir(home)
    Path("circle.yaml").write_text("extends: wrong.yaml\n", encoding="utf-8")
    Path("good.csv").write_text("time,class\n0s,VIP\n", encoding="utf-8")
    Path("sub/base.yaml").write_text("scenario: 1\nseed: many\narrivals: [{trace: x.csv}]\n", encoding="utf-8")
    Path("sub/broken.yaml").write_text("scenario: 1\nbots: [\n", encoding="utf-8")
    Path("../outside.csv").write_text("time,class\n0s,VIP\n", encoding="utf-8")
    Path("link.csv").symlink_to("../outside.csv")
    os.mkfifo("pipe")
    return home


@pytest.mark.usefixtures("folder")
def test_each_wrong_file_gets_its_lines(golden):
    cases = {name: text.encode() for name, text in WHOLE.items()}
    cases |= {name: (HEAD + (text if name in BARE else with_service(text))).encode() for name, text in KEYS.items()}
    cases["Latin-1"] = "scenario: 1\nname: wrong\ndescription: Küche\n".encode("latin-1")
    cases["UTF-16"] = HEAD.encode("utf-16")
    told = []
    for name, data in cases.items():
        Path("wrong.yaml").write_bytes(data)
        told += [f"# {name}", *faults_of("wrong.yaml"), ""]
    for name, data in CSV.items():
        kind = "service: {empirical: table.csv}\n" if "durations" in name else "arrivals: [{trace: table.csv}]\n"
        Path("wrong.yaml").write_text(HEAD + (kind if name in BARE else with_service(kind)), encoding="utf-8")
        Path("table.csv").write_bytes(data)
        told += [f"# {name}", *faults_of("wrong.yaml"), ""]
    Path("table.csv").write_bytes(b"time,class\n0,VIP\n")
    Path("wrong.yaml").write_text(
        HEAD + "seed: -1\nservice: {empirical: link.csv}\narrivals: [{trace: table.csv}]\n", encoding="utf-8"
    )
    told += ["# a file and what it names", *faults_of("wrong.yaml"), ""]
    assert len(cases) + len(CSV) > 200
    golden("faults.txt", "\n".join(told))


@pytest.mark.usefixtures("folder")
def test_what_stands_in_the_way_of_reading():
    with Path("huge.yaml").open("wb") as file:
        file.truncate(50 * 2**20)
    assert faults_of("huge.yaml") == [
        "huge.yaml:1:1: has 52428800 bytes; a scenario has at most 1048576, larger demand comes as a trace"
    ]
    for name in ("/dev/zero", "pipe"):
        assert faults_of(name) == [f"{name}:1:1: is not a regular file; name one on disk"]
    assert faults_of("sub") == ["sub:1:1: is a folder; name a file"]
    assert faults_of(Path("none.yaml")) == ["none.yaml:1:1: no such file; name one that exists"]
    assert faults_of("a\0b")[0].endswith("name a file that exists and is readable")


@pytest.mark.usefixtures("folder")
def test_a_link_to_a_scenario_is_that_scenario_and_one_may_not_lead_out():
    Path("real.yaml").write_text(HEAD, encoding="utf-8")
    Path("linked.yaml").symlink_to("real.yaml")
    assert load_scenario("linked.yaml").name == "wrong"
    Path("../base.yaml").write_text(HEAD, encoding="utf-8")
    Path("base.yaml").symlink_to("../base.yaml")
    Path("wrong.yaml").write_text("extends: base.yaml\n", encoding="utf-8")
    assert faults_of("wrong.yaml") == [
        "wrong.yaml:1:10: extends: 'base.yaml' leaves the scenario's folder; put the file beside the scenario"
    ]


@pytest.mark.usefixtures("folder")
def test_a_chain_of_extends_has_an_end():
    for number in range(20):
        Path(f"{number}.yaml").write_text(f"extends: {number + 1}.yaml\n", encoding="utf-8")
    Path("20.yaml").write_text(HEAD, encoding="utf-8")
    assert load_scenario("4.yaml").name == "wrong"
    assert faults_of("3.yaml") == [
        "19.yaml:1:10: extends: '20.yaml' is one too many; let at most 16 files stand below a scenario"
    ]


@pytest.mark.usefixtures("folder")
def test_wrong_settings_of_parameters():
    Path("s.yaml").write_text(HEAD + "params: {cook: 3m, bots: 2}\nservice: $cook\nbots: {initial: $bots}\n", "utf-8")
    assert faults_of("s.yaml", cok="3m") == ["s.yaml:3:9: params: no parameter 'cok' to set; did you mean 'cook'?"]
    assert faults_of("s.yaml", cook=3) == ["s.yaml:3:16: service: 3 has no unit; write 3s, 3m or 3ms"]
    assert faults_of("s.yaml", bots="2") == [
        "s.yaml:3:26: bots.initial: '2' is not a whole number; write 2 without quotes"
    ]
    assert faults_of("s.yaml", cook=None) == ["s.yaml:3:16: service: has no value; write one, or leave the key out"]
    assert faults_of("s.yaml", cook=["3m"]) == [
        "s.yaml:3:16: service: a list is not a duration; write 10s, 1m30s, 250ms or 2h (units d, h, m, s, ms, us)"
    ]
    assert faults_of("s.yaml", path=1, self=2) == [
        f"s.yaml:3:9: params: no parameter '{name}' to set; write one of cook, bots" for name in ("path", "self")
    ]
    with pytest.raises(ScenarioError, match="no parameter 'self' to set; write one of cook, bots"):
        load_scenario("s.yaml").set(self=1)
    Path("s.yaml").write_text(HEAD, encoding="utf-8")
    assert faults_of("s.yaml", cook="3m") == [
        "s.yaml:1:1: params: no parameter 'cook' to set; write params: {…} with its value"
    ]


@pytest.mark.parametrize("text", ["[", "*x", "!t 1", "a: b", "1\nb: 2", "\udcff", "'", "[" * 100])
def test_a_setting_that_is_no_value(text):
    with pytest.raises(ScenarioError):
        parse_value(text)


@pytest.mark.usefixtures("folder")
def test_of_one_kind_come_ten_faults_in_order_and_a_count():
    entries = "".join(f"  - {{at: {number}, order: VIP}}\n" for number in range(1500))
    Path("many.yaml").write_text(f"{HEAD}seed: -1\ntimeline:\n{entries}service: 10\n", encoding="utf-8")
    lines = faults_of("many.yaml")
    assert [line.split(" ")[0] for line in lines] == [
        *("many.yaml:3:7:", *(f"many.yaml:{line}:10:" for line in range(5, 16)), "many.yaml:1505:10:")
    ]
    assert lines[-2] == "many.yaml:15:10: timeline: 1,490 more like the 10 above; mend them in the same way"


MANY = {
    "parameters": f"params: {{{', '.join(f'p{number}: 1' for number in range(2000))}}}\n"
    f"timeline: [{', '.join(f'$q{number}' for number in range(2000))}]\n",
    "keys": "timeline:\n" + "".join(f"  - {{at: 0s, oder{number}: VIP}}\n" for number in range(2000)),
    "metrics": f"thresholds: {{{', '.join(f'wait.VPI.q{number}: 1' for number in range(2000))}}}\n",
    "a sweep": f"params: {{{', '.join(f'p{number}: 1' for number in range(2000))}}}\n"
    f"sweep: {{{', '.join(f'q{number}: [1]' for number in range(2000))}}}\n",
    "long names": f"params:\n  ? {'p' * 9999}\n  : 1\ntimeline: [{', '.join([f'${chr(112) * 9998}'] * 20)}]\n",
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", MANY)
def test_ten_hints_are_enough_for_faults_of_one_kind(name, monkeypatch):
    compared = []

    def close(word, known, **options):
        compared.append(len(word) * len(known))
        return get_close_matches(word, known, **options)

    monkeypatch.setattr("sim.scenario.hints.get_close_matches", close)
    Path("many.yaml").write_text(HEAD + MANY[name], encoding="utf-8")
    lines = faults_of("many.yaml")
    assert len(lines) == 11
    assert max(map(len, lines)) < 300
    assert len(compared) <= 10
    assert sum(compared) < 200_000


@pytest.mark.usefixtures("folder")
def test_a_long_list_of_what_there_is_ends():
    params = ", ".join(f"p{number}: 1" for number in range(31))
    Path("many.yaml").write_text(f"{HEAD}params: {{{params}}}\nseed: $xyzzy\n", encoding="utf-8")
    assert faults_of("many.yaml")[0].endswith(
        "; write one of " + ", ".join(f"$p{number}" for number in range(30)) + ", …"
    )


def sim(*arguments, cwd) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sim", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


def test_validate_prints_a_line_for_each_fault_of_all_files(folder):
    long = "x" * 300
    Path("long.yaml").write_text(f"{HEAD}{long}: 1\nseed: -1\n", encoding="utf-8")
    Path("good.yaml").write_text(HEAD, encoding="utf-8")
    Path("bad.yaml").write_bytes(b"scenario: 1\nname: \xff\n")
    done = sim("validate", "long.yaml", "good.yaml", "bad.yaml", "none.yaml", "sub", cwd=folder)
    lines = done.stderr.splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        *("long.yaml:3:1:", "long.yaml:4:7:", "bad.yaml:2:7:", "none.yaml:1:1:", "sub:1:1:")
    ]
    assert all(LINE.fullmatch(line) for line in lines)
    assert len(lines[0]) > 150
    assert (done.returncode, done.stdout) == (2, "good.yaml: valid\n")


def test_a_wrong_setting_ends_a_run_with_2_and_no_traceback(folder):
    Path("s.yaml").write_text(HEAD + "params: {cook: 3m}\nservice: $cook\n", encoding="utf-8")
    for setting in ("cok=3m", "cook=3", "path=1", "cook", "=3", "cook=["):
        done = sim("run", "s.yaml", "--no-save", "--set", setting, cwd=folder)
        assert (done.returncode, done.stdout) == (2, ""), setting
        assert done.stderr
        assert "Traceback" not in done.stderr


def test_a_file_too_large_or_without_end_is_refused(folder):
    with Path("huge.yaml").open("wb") as file:
        file.truncate(50 * 2**20)
    assert sim("validate", "huge.yaml", "/dev/zero", "pipe", cwd=folder).returncode == 2


def arrival(process: str) -> str:
    return f"service: 10s\narrivals: [{{class: VIP, {process}}}]\nexpect: [{{order: 1001, status: PENDING}}]\n"


ABSURD = {
    "states of 1us": "clock: {until: 5s}\n" + arrival("mmpp: {states: [{rate: 1/s, stay: 1us}]}"),
    "one state that is never left": arrival("mmpp: {states: [{rate: 1000/s, stay: 36525d}]}, limit: 1000000"),
    "an absurd rate of a state": arrival("mmpp: {states: [{rate: 999999999999999999/s, stay: 1h}]}, limit: 1000000"),
    "an absurd rate of a phase": arrival("poisson: {phases: [{for: 9d, rate: 999999999999999999/s}]}, limit: 1000000"),
    "a ramp from nothing": arrival("poisson: {phases: [{for: 1us, rate: 0/s, ramp_to: 999999999999/s}]}"),
    "a million on a ramp": arrival("poisson: {phases: [{for: 2000s, rate: 1000/s, ramp_to: 0/s}]}"),
    "gaps of 1us": arrival("renewal: {exponential: {mean: 1us}}, limit: 1000000"),
    "gaps that are mostly nothing": arrival("renewal: {gamma: {mean: 1m, cv: 1000}}, limit: 1000000"),
    "gaps without a mean": "clock: {until: 1h}\n" + arrival("renewal: {weibull: {scale: 10s, shape: 0.001}}"),
    "gaps of a mean beyond all": arrival("renewal: {weibull: {scale: 36525d, shape: 0.006}}, limit: 10"),
    "patience without a mean": "patience: {VIP: {weibull: {scale: 1d, shape: 0.001}}}\n"
    + arrival("every: 1s, limit: 9"),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ABSURD)
def test_absurd_demand_is_answered(name):
    Path("absurd.yaml").write_text(HEAD + ABSURD[name], encoding="utf-8")
    with suppress(ScenarioError):
        load_scenario("absurd.yaml")


@pytest.mark.usefixtures("folder")
def test_two_names_of_one_metric_are_one_too_many():
    Path("twice.yaml").write_text(f"{HEAD}thresholds:\n  wait: '< 2m'\n  wait.mean: '> 1s'\n", encoding="utf-8")
    [line] = faults_of("twice.yaml")
    assert line.startswith("twice.yaml:5:3: thresholds: means the same as 'wait'; ")


@pytest.mark.usefixtures("folder")
def test_the_largest_file_loads_and_one_byte_more_is_refused():
    entries = "".join(f"  - {{at: {number}s, order: NORMAL}}\n" for number in range(30_000))
    text = f"{HEAD}timeline:\n{entries}"
    Path("large.yaml").write_text(text + "#" * (2**20 - len(text)), encoding="utf-8")
    assert len(load_scenario("large.yaml").file.timeline) == 30_000
    with Path("large.yaml").open("a", encoding="utf-8") as file:
        file.write("#")
    assert faults_of("large.yaml")[0].startswith("large.yaml:1:1: has 1048577 bytes; ")


TILL = "time,class\n16:21,VIP\n17:18,NORMAL\n18:01,VIP\n03:00,VIP\n1h,VIP\n61m,NORMAL\n"


@pytest.mark.usefixtures("folder")
def test_rows_of_a_trace_outside_the_run_are_faults_that_say_how_to_leave_them_out():
    keys = "clock: {{start: '17:00'{}}}\nservice: 1m\narrivals: [{{trace: {}}}]\n"
    Path("till.csv").write_text(TILL, encoding="utf-8")
    Path("till.yaml").write_text(HEAD + keys.format(", until: 1h", "till.csv"), encoding="utf-8")
    drop = "or trace: {file: till.csv, outside: drop}"
    assert faults_of("till.yaml") == [
        "till.csv:2:1: time: '16:21' is before clock.start 17:00:00 and would mean the next day, 23h21m into the run, "
        f"which ends after 1h; write a later time, {drop}",
        "till.csv:4:1: time: '18:01' would be 1h1m into the run, which ends after 1h; "
        f"write an earlier instant, or a later clock.until, {drop}",
        "till.csv:5:1: time: '03:00' is before clock.start 17:00:00 and would mean the next day, 10h into the run, "
        f"which ends after 1h; write a later time, {drop}",
        "till.csv:7:1: time: '61m' is later than clock.until, 1h; "
        f"write an earlier instant, or a later clock.until, {drop}",
    ]
    Path("till.yaml").write_text(HEAD + keys.format("", "{file: till.csv}"), encoding="utf-8")
    assert faults_of("till.yaml") == [
        "till.csv:2:1: time: '16:21' is before clock.start 17:00:00 and would mean the next day, 23h21m into the run; "
        f"write a later time, or 23h21m, {drop}"
    ]
    for until, times, count in (
        (", until: 1h", [1080, 3600], 4),
        (", until: 24h", [1080, 3600, 3660, 3660, 36000, 84060], 0),
    ):
        Path("till.yaml").write_text(HEAD + keys.format(until, "{file: till.csv, outside: drop}"), encoding="utf-8")
        loaded = load_scenario("till.yaml")
        assert (loaded.workload().action_time // 10**6).tolist() == times
        assert loaded.notes == ((f"till.csv: {count} of 6 rows outside the run are left out",) if count else ())
        restored = restore_scenario(loaded.text, loaded.files, "stored")
        assert (restored.sha256, (restored.workload().action_time // 10**6).tolist()) == (loaded.sha256, times)


@pytest.mark.usefixtures("folder")
def test_rows_that_are_left_out_are_still_checked():
    Path("till.csv").write_text(TILL + "19:00,VPI\n", encoding="utf-8")
    Path("till.yaml").write_text(
        HEAD + "clock: {start: '17:00', until: 1h}\nservice: 1m\narrivals: [{trace: {file: till.csv, outside: drop}}]\n"
    )
    assert faults_of("till.yaml") == ["till.csv:8:7: class: 'VPI' is not known; did you mean 'VIP'?"]


def test_commands_say_what_is_left_out_of_a_file_that_is_right(folder):
    Path("till.csv").write_text("time,class,service\n16:21,VIP,\n17:18,NORMAL,\n17:20,NORMAL,9s\n", encoding="utf-8")
    Path("till.yaml").write_text(
        HEAD + "clock: {start: '17:00', until: '16:00'}\nservice: 1m\nbots: {initial: 1}\n"
        "arrivals: [{trace: {file: till.csv, outside: drop}}]\n"
    )
    notes = (
        "clock.until: '16:00' is the next day, 23h into the run",
        "till.csv: 1 of 3 rows outside the run are left out",
        "till.csv: 1 of 2 rows without a service time take the scenario's",
    )
    assert load_scenario("till.yaml").notes == notes
    for command in (["validate"], ["check", "--no-save"], ["run", "--no-save", "--no-charts"]):
        completed = sim(*command, "till.yaml", cwd=folder)
        assert (completed.returncode, completed.stderr.splitlines()) == (0, [*notes]), command


TOGETHER = {
    "an endless stream": ("service: 10\narrivals: [{class: VIP, every: 5s}]", ["service", "arrivals[0]"]),
    "an order that is never created": (
        "service: 10\ntimeline: [{at: 0s, order: VIP}]\nexpect: [{order: 2000, attempts: 1}]",
        ["service", "expect[0].order"],
    ),
    "an endless stream and an order before the first": (
        "arrivals: [{class: VIP, every: 5s}]\nexpect: [{order: 1, attempts: 1}]",
        ["arrivals[0]", "expect[0].order"],
    ),
    "two streams of one name": (
        "bots: {initial: x}\narrivals: [{every: 1x}, "
        "{name: a, class: VIP, every: 1s, limit: 1}, {name: a, class: VIP, every: 1s, limit: 1}]",
        ["bots.initial", "arrivals[0]", "arrivals[0].every", "arrivals[2].name"],
    ),
    "too many bots": (
        "service: 10\nbots: {initial: 9000}\ntimeline: [{at: 0s, add_bots: 9000}]",
        ["service", "timeline"],
    ),
    "until before from": ("arrivals: [{class: VIP, every: 5s, from: 2h, until: 1h, limit: -1}]", ["until", "limit"]),
    "a duplicate key": ("seed: 1\nseed: 2\nservice: 10", ["duplicate key 'seed'", "service"]),
    "a tag": ("seed: !!int 1\nservice: 10", ["seed: tag", "service"]),
    "a base that is not there": ("extends: nope.yaml\nservice: 10\nseed: $x", ["extends", "service"]),
    "a wrong clock hides no warm-up fault and makes none": (
        "clock: {until: 25}\nwarmup: 30m\nthresholds: {wait: '< 2'}",
        ["clock.until", "thresholds.wait"],
    ),
    "mser5 with a schedule beside another fault": (
        "service: 10\nwarmup: mser5\nbots: {schedule: [{at: 1h, count: 2}]}",
        ["service", "warmup"],
    ),
    "phases that bring too many beside another fault": (
        "warmup: 5\narrivals: [{every: 1s, limit: 1}, {class: VIP, poisson: {phases: [{for: 1h, rate: 9999/s}]}}]",
        ["warmup", "arrivals[0]", "arrivals[1]"],
    ),
    "a study beside other faults": (
        "service: 10\ncompare: {baseline: {peak: 7}}\nselect: {minimise: wait}\nparams: {peak: 7}",
        ["service", "compare.baseline", "select: has no candidates"],
    ),
    "a wrong clock": (
        "clock: {start: 25h}\narrivals: [{class: VIP, every: 5s}]\nservice: 10",
        ["clock.start", "service"],
    ),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_all_faults_come_in_one_go(name, scenario):
    keys, told = TOGETHER[name]
    with pytest.raises(ScenarioError) as error:
        scenario(keys)
    lines = str(error.value).splitlines()
    assert len(lines) == len(told), lines
    for part in told:
        assert any(part in line for line in lines), (part, lines)


def test_a_base_that_is_there_hides_no_missing_key_behind_another_fault(tmp_path):
    (tmp_path / "base.yaml").write_text("scenario: 1\n")
    (tmp_path / "child.yaml").write_text("extends: base.yaml\nseed: 1\nseed: 2\nbots: {initial: $crew}\n")
    with pytest.raises(ScenarioError) as error:
        load_scenario(tmp_path / "child.yaml")
    told = [line.split(": ", 1)[1] for line in str(error.value).splitlines()]
    assert len(told) == 3, told
    for start in ("missing key 'name'", "duplicate key 'seed'", "bots.initial: unknown parameter '$crew'"):
        assert any(line.startswith(start) for line in told), (start, told)
