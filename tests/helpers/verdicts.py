"""Verdicts by a short name."""

from sim.verdicts import Judgement

PASS, FAIL, OPEN, NONE = Judgement.PASS, Judgement.FAIL, Judgement.INCONCLUSIVE, Judgement.NO_DATA
