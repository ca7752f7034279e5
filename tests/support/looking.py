"""What the shipped tables say of one request, and what a test expects of that."""

from approvals.chains.tables import SHIPPED
from approvals.findings import Passed, Refused, Unverified
from approvals.inspect import inspect


def seen(changed):
    return inspect(changed.request, SHIPPED)


def passed(changed):
    """Nothing is left to say; returns the findings."""
    findings = seen(changed)
    assert findings.integrity == Passed(), findings.integrity
    assert findings.complete
    return findings


def refused(changed, *checks, cause="contradiction"):
    """These checks, and no other, refuse."""
    integrity = seen(changed).integrity
    assert isinstance(integrity, Refused), integrity
    assert integrity.cause == cause
    assert {reason.check for reason in integrity.reasons} == set(checks), integrity
    return True


def unverified(changed, *checks):
    """These checks, and no other, cannot be made; returns the findings."""
    findings = seen(changed)
    assert isinstance(findings.integrity, Unverified), findings.integrity
    assert {reason.check for reason in findings.integrity.reasons} == set(checks), findings
    return findings


def note(findings, label):
    """The one note with a label, None if there is none."""
    found = [each for each in findings.notes if each.label == label]
    assert len(found) <= 1
    return found[0] if found else None
