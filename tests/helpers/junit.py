"""JUnit files as Jenkins reads them."""

from functools import cache
from pathlib import Path

from junitparser import Error, Failure, JUnitXml


@cache
def schema():
    import xmlschema  # here, or each worker of xdist would load it for nothing

    return xmlschema.XMLSchema(Path(__file__).parents[1] / "data" / "jenkins-junit.xsd")


def suites(file: str) -> dict[str, dict[str, tuple]]:
    """Return for each scenario and each thing that it asks what became of it, from a JUnit file."""
    schema().validate(file)
    found, read = {}, JUnitXml.fromfile(file)
    cases = [case for suite in read for case in suite]
    kinds = [type(one) for case in cases for one in case.result]
    assert (read.tests, read.failures, read.errors) == (len(cases), kinds.count(Failure), kinds.count(Error))
    for suite in read:
        results = [type(one) for case in suite for one in case.result]
        assert suite.tests == len(list(suite))
        assert (suite.failures, suite.errors) == (results.count(Failure), results.count(Error))
        assert {case.classname for case in suite} == {suite.name}
        found[suite.name] = {
            case.name: tuple((type(one), one.type, one.message, one.text) for one in case.result) for case in suite
        }
        assert len(found[suite.name]) == len(list(suite)), "no name twice"
    assert len(found) == len(list(read))
    return found
