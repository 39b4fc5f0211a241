"""What the events say about the programs that wrote them: earlier ones did not write all fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .state import Event


class LaterField(NamedTuple):
    """A field that earlier programs did not write."""

    name: str
    # The program that wrote it first. Each program wrote what those before it wrote.
    program: int
    # A rule that cannot be checked without it.
    rule: str


LATER_FIELDS = {
    "person.PersonRegistered": [LaterField("registered_on", 1, "days-of-the-clock")],
    "person.ContactChanged": [LaterField("changed_on", 3, "payment-waits")],
    "organisation.RoleEnded": [LaterField("ended_on", 1, "days-of-the-clock")],
    "organisation.RoleProposed": [
        LaterField("proposal", 3, "role-by-two"),
        LaterField("contact", 3, "role-by-two"),
    ],
    "group.MemberAdded": [LaterField("added_on", 3, "payment-waits")],
    "group.MemberRemoved": [LaterField("removed_on", 1, "payment-waits")],
    "group.PayeeProvided": [LaterField("provided_on", 2, "payee-by-two")],
    "group.GroupMerged": [
        LaterField("merged_by", 2, "actor-named"),
        LaterField("merged_on", 4, "payment-waits"),
    ],
    "application.ApplicationStarted": [LaterField("started_on", 1, "days-of-the-clock")],
    "application.EligibilityConfirmed": [LaterField("take_back_until", 5, "taken-back-in-time")],
    "application.EligibilityRefused": [LaterField("take_back_until", 5, "taken-back-in-time")],
    "grant.PaymentPrepared": [LaterField("sources", 1, "payment-amount")],
    "grant.PaymentApproved": [LaterField("approved_on", 1, "payment-order")],
    "grant.GrantHeld": [LaterField("held_on", 1, "not-on-hold")],
    "grant.ReturnReceived": [LaterField("satisfied", 1, "return-covered")],
}
# The program that first wrote events of each name.
LATER_EVENTS = {
    "application.AttendanceConfirmed": 1,
    "grant.AttendanceConfirmed": 1,
    "person.AddressProven": 2,
    "group.MemberInvited": 3,
    "grant.OfferSent": 3,
    "grant.RevocationConfirmed": 3,
    "organisation.SettingsSet": 4,
    "person.PersonToTell": 4,
    "application.DecisionTakenBack": 4,
    "application.LetterReleased": 4,
    "grant.LetterReleased": 4,
    "grant.NewsSent": 4,
    "organisation.StatementShared": 5,
    "organisation.CheckpointKeyRotated": 5,
    "person.MailLanguageChosen": 5,
    "group.FileRemoved": 5,
    "grant.AgreementSigned": 5,
    "gathering.GatheringPlanned": 5,
}
# The rules about people, which the first programs did not keep, and the events that they are about.
ABOUT_PEOPLE = (
    "role-by-two", "contact-by-two", "decision-by-panel", "quorum", "quorum-confirmed",
    "agreement-signers", "checks-passed", "payment-by-two", "unconnected", "payment-waits",
    "revocation-by-panel", "return-covered",
)
CONCERN_PEOPLE = frozenset({
    "organisation.RoleGiven", "person.ContactChanged", "group.PayeeVerified",
    "application.Awarded", "application.Declined", "application.Deferred",
    "application.Reserved", "application.DecisionTakenBack", "grant.GrantOffered",
    "grant.PaymentPrepared", "grant.PaymentApproved", "grant.PaymentSent",
    "grant.EarlyPaymentConfirmed", "grant.CheckWaived", "grant.EntrySettled",
    "grant.ReturnWaived", "grant.VariationApproved", "grant.OfferWithdrawn",
    "grant.GrantTerminated", "grant.UnderspendDeclared", "grant.ClawbackDemanded",
})


@dataclass
class NotChecked:
    """Events for which something was not checked."""

    events: int = 0
    last: int = 0

    def count(self, position: int) -> None:
        """Counts an event."""
        self.events += 1
        self.last = position

    def counted(self) -> str:
        """How many they are."""
        return "one event" if self.events == 1 else f"{self.events} events"


def later_fields(event: Event) -> Iterator[tuple[LaterField, bool]]:
    """The fields of an event that earlier programs did not write, and whether each is there."""
    for field in LATER_FIELDS.get(event.kind, ()):
        # A payment without sources is one of earlier programs; a return may settle nothing.
        value = event.p[field.name]
        is_there = bool(value) if field.name == "sources" else value is not None
        # Who registers themselves, or is registered by the operator, has no such day.
        by_staff = field.name != "registered_on" or event.p["registered_by"] is not None
        if is_there or by_staff:
            yield field, is_there


class EarlierPrograms:
    """The programs that wrote the events so far."""

    def __init__(self) -> None:
        self.newest = 0
        self._people = NotChecked()
        self._left_out: dict[str, tuple[str, NotChecked]] = {}

    def take(self, event: Event) -> None:
        """Notes an event before it is checked: rules hold for the first one of a program, too."""
        fields = list(later_fields(event))
        shown = [field.program for field, is_there in fields if is_there]
        self.newest = max(self.newest, LATER_EVENTS.get(event.kind, 0), *shown)
        if not self.people_rules and event.kind in CONCERN_PEOPLE:
            self._people.count(event.position)
        for field, is_there in fields:
            if not is_there and field.program > self.newest:
                name = f"{event.name}.{field.name}"
                self._left_out.setdefault(name, (field.rule, NotChecked()))[1].count(event.position)

    @property
    def people_rules(self) -> bool:
        """Whether an event is not of the first programs, which did not keep rules about people."""
        return self.newest > 0

    def left_out_of(self, event: Event) -> Iterator[str]:
        """The fields that an event must have by now, and has not."""
        for field, is_there in later_fields(event):
            if not is_there and field.program <= self.newest:
                yield f"{event.name}.{field.name}"

    def not_checked(self) -> Iterator[str]:
        """What was not checked, because the log was judged as one of an earlier program."""
        people = self._people
        if people.events:
            yield (
                f"{', '.join(ABOUT_PEOPLE)} in full, for {people.counted()} up to position "
                f"{people.last}: the log was judged as one of an earlier program, because no event "
                "until then has what only later programs write. If the log is not as old as that, "
                "it was changed"
            )
        for name, (rule, events) in sorted(self._left_out.items()):
            yield (
                f"{rule} in full, for {events.counted()} up to position {events.last}, with no "
                f"{name}: they were judged as those of an earlier program. If the log is not as "
                "old as that, they were changed"
            )
