"""The audit: a hash-chained JSON-lines log, on disk before an answer leaves, and its readers."""

from approvals.audit.form import VERSION, AuditUnreadable
from approvals.audit.lines import KEPT
from approvals.audit.writing import Audit, AuditDown

__all__ = ["KEPT", "VERSION", "Audit", "AuditDown", "AuditUnreadable"]
