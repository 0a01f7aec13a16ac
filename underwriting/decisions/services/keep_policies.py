"""The policy's versions as commands, interface and console use them: one transaction each (rule D11)."""

from dataclasses import dataclass
from datetime import datetime

from underwriting.decisions.comparison import Tally
from underwriting.decisions.policies import load_policy
from underwriting.decisions.policy import Policy
from underwriting.decisions.services import change_policy, compare_policies, find_policy
from underwriting.decisions.services.compare_policies import Told
from underwriting.decisions.services.find_policy import VersionView
from underwriting.kernel.vocabulary import CASE_READERS, Role
from underwriting.platform.authentication import Caller
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

POLICY_WRITERS = (Role.SENIOR_UNDERWRITER,)
"""Who drafts, approves and publishes policies; an administrator may too."""


@dataclass(frozen=True)
class Policies:
    """Every version of the policy, and what may be done with one."""

    runtime: Runtime

    def list(self, caller: Caller) -> tuple[VersionView, ...]:
        """Every version, the newest draft first."""
        caller.require(*CASE_READERS)
        return self.versions()

    def versions(self) -> tuple[VersionView, ...]:
        """The same for who has the settings of the service."""
        with self.runtime.database.transaction() as session:
            return find_policy.list_versions(session)

    def read(self, name: str, caller: Caller) -> tuple[VersionView, Policy]:
        """One version, by its name or the beginning of its hash, with the policy it is; PolicyUnknown."""
        caller.require(*CASE_READERS)
        return self.open(name)

    def open(self, name: str) -> tuple[VersionView, Policy]:
        """The same for who has the settings of the service."""
        with self.runtime.database.transaction() as session:
            view = find_policy.find_version(session, name)
            return view, find_policy.by_hash(session, view.sha256)

    def document(self, name: str) -> str:
        """The document of a version, to the byte; PolicyUnknown."""
        with self.runtime.database.transaction() as session:
            return find_policy.document_of(session, find_policy.find_version(session, name).sha256)

    def in_force(self) -> Policy:
        """The policy by which a decision would be taken now."""
        with self.runtime.database.transaction() as session:
            return find_policy.in_force(session, at=self.runtime.clock.now())

    def check(self, document: str | bytes, caller: Caller, *, sha256: str | None = None) -> Policy:
        """Read and prove a document, and keep nothing; PolicyInvalid says where it breaks what."""
        caller.require(*CASE_READERS)
        return load_policy(document, sha256=sha256)

    def draft(self, document: str | bytes, caller: Caller, *, sha256: str | None = None) -> VersionView:
        """Keep a document as a draft; see `change_policy.draft`."""
        caller.require(*POLICY_WRITERS)
        with self.runtime.database.transaction() as session:
            return change_policy.draft(session, self.runtime, document, caller, sha256=sha256)

    def approve(self, name: str, caller: Caller) -> VersionView:
        """Approve a draft as its second person; see `change_policy.approve`."""
        caller.require(*POLICY_WRITERS)
        with self.runtime.database.transaction() as session:
            return change_policy.approve(session, self.runtime, find_policy.find_version(session, name), caller)

    def publish(self, name: str, caller: Caller, *, from_: datetime | None = None) -> VersionView:
        """Put an approved version in force; see `change_policy.publish`."""
        caller.require(*POLICY_WRITERS)
        with self.runtime.database.transaction() as session:
            view = find_policy.find_version(session, name)
            return change_policy.publish(session, self.runtime, view, caller, from_=from_)

    def compare(
        self, before: Policy, after: Policy, *, processes: int, tell: Told, progress: Progress = unheard
    ) -> Tally:
        """Both policies over all stored applications; see `compare_policies.compare`."""
        return compare_policies.compare(self.runtime, before, after, processes=processes, tell=tell, progress=progress)

    def compare_newest(self, after: Policy, caller: Caller, *, most: int) -> Tally:
        """The policy in force and another one over the newest decisions alone."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            before = find_policy.in_force(session, at=self.runtime.clock.now())
            return compare_policies.compare_newest(session, self.runtime, before, after, most=most)
