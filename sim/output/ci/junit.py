"""JUnit XML: a test suite for each scenario file, a test case for each thing that it asks."""

from collections.abc import Sequence
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from sim.experiment import CheckedFile
from sim.output.ci.lines import counts_text, unique
from sim.output.files import write_files
from sim.units import printable
from sim.verdicts import Finding, Outcome


def write_junit(files: Sequence[CheckedFile], path: Path) -> None:
    """Write what was found of scenario files as JUnit XML, in the form that Jenkins' schema describes.

    What failed is a failure; what is wrong or INCONCLUSIVE is an error; what only warns passes and says so; a
    scenario with nothing to judge is a case that is skipped.

    Raises:
        OSError: the file cannot be written.

    """
    document = JUnitXml("sim check")
    for checked in files:
        suite = TestSuite(printable(checked.file))
        names = unique(finding.requirement for finding in checked.findings)
        for name, finding in zip(names, checked.findings, strict=True):
            suite.add_testcase(_case(name, checked.file, finding))
        if checked.faults:
            suite.add_testcase(_wrong(checked))
        elif not checked.findings:
            suite.add_testcase(_nothing(checked))
        document.add_testsuite(suite)
    suites = list(document)
    document.tests = sum(suite.tests for suite in suites)
    document.failures = sum(suite.failures for suite in suites)
    document.errors = sum(suite.errors for suite in suites)
    write_files({path: lambda draft: document.write(str(draft), pretty=True)})


def _wrong(checked: CheckedFile) -> TestCase:
    case = TestCase("is a scenario that runs", printable(checked.file))
    lines = [str(fault) for fault in checked.faults]
    return _with(case, Error(lines[0], "WRONG"), lines)


def _nothing(checked: CheckedFile) -> TestCase:
    case = TestCase("runs", printable(checked.file))
    skipped = Skipped()
    skipped.text = counts_text(checked)
    case.result = [skipped]
    return case


def _case(name: str, file: str, finding: Finding) -> TestCase:
    case = TestCase(printable(name), printable(file))
    lines = (str(finding), *finding.diff)
    if finding.is_warning:
        case.system_out = "\n".join(map(printable, lines))
    elif finding.outcome is not Outcome.PASS:
        # A server counts what broke apart from what failed: too early to say is no broken promise.
        kind = Error if finding.outcome is Outcome.INCONCLUSIVE else Failure
        _with(case, kind(printable(finding.got_and_note), str(finding.judgement)), lines)
    return case


def _with(case: TestCase, result: Error | Failure, lines: Sequence[str]) -> TestCase:
    result.text = "\n".join(map(printable, lines))
    case.result = [result]
    return case
