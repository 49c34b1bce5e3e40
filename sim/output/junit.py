"""JUnit XML: a test suite for each scenario file, a test case for each thing that it asks."""

import re
from collections.abc import Sequence
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from sim.output.findings import Checked, Finding, Outcome, unique
from sim.output.folder import whole

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(files: Sequence[Checked], path: Path) -> None:
    """Write what was found of scenario files as JUnit XML, in the form that Jenkins' schema describes.

    What failed is a failure; what is wrong or INCONCLUSIVE is an error; what only warns passes and says so.

    Raises:
        OSError: the file cannot be written.

    """
    document = JUnitXml("sim check")
    for checked in files:
        suite = TestSuite(_shown(checked.file))
        names = unique(finding.asked for finding in checked.findings)
        suite.add_testcases([_case(name, checked.file, one) for name, one in zip(names, checked.findings, strict=True)])
        if checked.faults:
            suite.add_testcase(_wrong(checked))
        elif not checked.findings:
            suite.add_testcase(TestCase("runs", _shown(checked.file)))
        document.add_testsuite(suite)
    suites = list(document)
    document.tests = sum(suite.tests for suite in suites)
    document.failures = sum(suite.failures for suite in suites)
    document.errors = sum(suite.errors for suite in suites)
    with whole(path) as partial:
        document.write(str(partial), pretty=True)


def _wrong(checked: Checked) -> TestCase:
    case = TestCase("is a scenario that runs", _shown(checked.file))
    lines = [str(fault) for fault in checked.faults]
    return _with(case, Error(_shown(lines[0]), "WRONG"), lines)


def _case(name: str, file: str, finding: Finding) -> TestCase:
    case = TestCase(_shown(name), _shown(file))
    lines = (str(finding), *finding.diff)
    if finding.is_warning:
        case.system_out = _shown("\n".join(lines))
    elif finding.outcome is not Outcome.PASS:
        kind = Error if finding.outcome is Outcome.INCONCLUSIVE else Failure
        _with(case, kind(_shown(finding.came), str(finding.judgement)), lines)
    return case


def _with(case: TestCase, result: Error | Failure, lines: Sequence[str]) -> TestCase:
    result.text = _shown("\n".join(lines))
    case.result = [result]
    return case


def _shown(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
