"""What the log says so far: people, roles, funds, groups, applications, grants, gatherings,
entries of the directory, barriers."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from .catalogue import Source, Split
from .programs import EarlierPrograms

ADMINISTRATOR = "administrator"
# The states of a grant in which it is over.
ENDED = frozenset(
    {"offer_declined", "offer_lapsed", "offer_withdrawn", "taken_back", "terminated", "closed"}
)
DECISIONS = frozenset({"Awarded", "Declined", "Deferred", "Reserved"})


def london_day(micros: int) -> str:
    """The day in Europe/London of a moment. Summer time begins and ends at 1:00 UTC."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)

    def last_sunday(month: int) -> datetime.datetime:
        last = datetime.datetime(moment.year, month, 31, 1)
        return last - datetime.timedelta(days=(last.weekday() + 1) % 7)

    if last_sunday(3) <= moment < last_sunday(10):
        moment += datetime.timedelta(hours=1)
    return moment.date().isoformat()


@dataclass(frozen=True)
class Event:
    """An event of the log. `p` has its fields."""

    position: int
    stream: str
    id: str
    name: str
    p: dict[str, Any]
    metadata: dict[str, str]
    recorded_at: int
    command_id: str
    # Whose keys encrypt its personal values.
    subjects: frozenset[str]

    @property
    def kind(self) -> str:
        """The event's name in the table of rules."""
        return f"{self.stream}.{self.name}"

    @property
    def actor(self) -> str | None:
        """The person who acted, or None if the operator or the service did."""
        actor = self.metadata.get("actor")
        return None if actor in ("operator", "job") else actor

    @property
    def roles(self) -> list[str]:
        """The roles in which the actor acted."""
        return self.metadata.get("roles", "").split()

    @property
    def day(self) -> str:
        """The day on which it was recorded."""
        return london_day(self.recorded_at)


@dataclass
class Person:
    """A person and their contact details, as digests."""

    registered: bool = False
    registered_by: str | None = None
    registered_on: str | None = None
    # How often the contact details changed since the registration.
    changes: int = 0
    # The day of the last of these changes.
    changed_on: str | None = None
    email: str | None = None
    ways: frozenset[str] = frozenset()
    proven: set[str] = field(default_factory=set)
    erased: bool = False
    waiting: dict[str, str] = field(default_factory=dict)
    passed_on: dict[str, str] = field(default_factory=dict)
    # The pledges that they took, and neither kept nor dropped.
    pledges: set[str] = field(default_factory=set)

    def set_contact(self, p: dict[str, Any]) -> None:
        """Takes the details of an event."""
        self.email = p["email"]
        ways = {
            "email": p["email"] or p["typed_email"],
            "phone": p["telephone"],
            "post": p["postal_address"],
        }
        self.ways = frozenset(way for way, given in ways.items() if given)


@dataclass
class Proposal:
    """What one person proposed and another has to confirm."""

    by: str
    what: Any = None
    number: int | None = None


@dataclass
class Session:
    """A session of a gathering: who has a place, and who waits for one in which order."""

    places: int | None = None
    taken: set[str] = field(default_factory=set)
    waiting: list[str] = field(default_factory=list)
    # Those who signed up, whose needs are deleted after it.
    signed_up: set[str] = field(default_factory=set)

    def is_full(self) -> bool:
        """Whether no place is free."""
        return self.places is not None and len(self.taken) >= self.places


@dataclass
class Gathering:
    """A gathering, its leads and its sessions."""

    counted: bool = False
    asks_for_check: bool = False
    checked_until: str = ""
    is_open: bool = False
    leads: set[str] = field(default_factory=set)
    offered_to: str | None = None
    # The leads who asked for a hand, whose words are deleted later.
    asked: set[str] = field(default_factory=set)
    # The stories that were chosen there: grant and number.
    chosen: set[tuple[str, int]] = field(default_factory=set)
    sessions: defaultdict[int, Session] = field(default_factory=lambda: defaultdict(Session))


@dataclass
class Asset:
    """An entry of the directory: who holds it, and the time that was given."""

    # The kind of holder, person or group, and its id.
    holder: tuple[str, str] | None = None
    # Giver, receiver and minutes of each exchange, in the order of their numbers.
    exchanges: list[tuple[Any, Any, int]] = field(default_factory=list)
    listed: bool = False
    welcomes: bool = False


@dataclass
class Introduction:
    """An introduction: who is introduced to which entry, and who holds it."""

    # The kind of who is introduced, person or group, and its id.
    of: tuple[str, str] = ("", "")
    to: str = ""
    holder: str | None = None
    at_risk: bool = False
    agreed: bool = False

    def groups_for(self, event: str) -> list[str]:
        """The groups whose members may give an event."""
        groups: list[str | None] = []
        if event in ("IntroductionAgreed", "IntroductionTakenBack", "IntroductionCameTo"):
            groups.append(self.of[1] if self.of[0] == "group" else None)
        if event in ("IntroductionWelcomed", "IntroductionDeclined", "IntroductionCameTo"):
            groups.append(self.holder)
        return [group for group in groups if group]


@dataclass
class Barrier:
    """A barrier: who raised it, and how far it was carried."""

    # The group or the person who raised it.
    owner: str | None = None
    raised_by: set[str] = field(default_factory=set)
    passed_on: bool = False
    comes_to: str | None = None


@dataclass
class Fund:
    """A fund, its rules and its money in pence by source."""

    rules: dict[str, Any]
    proposal: Proposal | None = None
    opened: bool = False
    is_open: bool = False
    # By key of a round: whether it has opened and is not completed.
    rounds: dict[str, bool] = field(default_factory=dict)
    # Those that have not closed, and by key of each round its first and its last day.
    open_rounds: set[str] = field(default_factory=set)
    round_days: dict[str, tuple[str, str]] = field(default_factory=dict)
    given: Counter[Source] = field(default_factory=Counter)
    committed: defaultdict[str, Counter[Source]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    total_committed: Counter[Source] = field(default_factory=Counter)

    def commit(self, grant: str, sources: Split, sign: int) -> None:
        """Commits more for a grant, or less. It never falls below zero."""
        own = self.committed[grant]
        for source, amount in sources.items():
            moved = amount if sign > 0 else -min(amount, own[source])
            own[source] += moved
            self.total_committed[source] += moved

    def free(self, source: Source) -> int:
        """What is neither committed nor given back."""
        return self.given[source] - self.total_committed[source]


@dataclass
class Payee:
    """Bank details of a group."""

    keyed_by: str
    behind: frozenset[str]
    verified_by: str | None = None

    @property
    def keyers(self) -> set[str]:
        """The person who entered them, and those on whose word that person is known."""
        return {self.keyed_by, *self.behind}


@dataclass
class Group:
    """A group, its members and its bank details."""

    name: str = ""
    members: set[str] = field(default_factory=set)
    # The command that registered it.
    registered_in: str = ""
    # Those who were asked to join and have not answered, each with the person who asked them last.
    invited: dict[str, str] = field(default_factory=dict)
    left_at: dict[str, int] = field(default_factory=dict)
    # By member: whose invitation they accepted, or who had merged the group.
    invited_by: dict[str, str | None] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)
    into: str | None = None
    merged_by: str | None = None
    on_file: dict[str, tuple[str, str]] = field(default_factory=dict)
    # How often bank details or members changed, and the last day of such a change.
    changes: int = 0
    changed_on: str | None = None
    payees: dict[int, Payee] = field(default_factory=dict)
    newest_payee: int | None = None

    def note_change(self, day: str | None) -> None:
        """Counts a change that delays payments."""
        self.changes += 1
        self.changed_on = max(self.changed_on or "", day or "") or None


@dataclass
class Decision:
    """A decision of the panel on an application."""

    name: str
    number: int
    sitting: dict[str, Any]
    letter_held: bool
    until: int | None
    final_before: str | None


@dataclass
class Application:
    """An application, its declarations and its decisions."""

    fund: str
    group: str
    round: str
    started_at: int
    # The last day for the changes that were requested last.
    changes_due: str | None = None
    # The theme that the answers named last.
    theme: str | None = None
    submitted: bool = False
    eligible: bool = False
    # The moment until which the last word about eligibility can be taken back.
    eligible_until: int | None = None
    undisturbed: bool = False
    # Whether each person declared an interest.
    declared: dict[str, bool] = field(default_factory=dict)
    # Everyone who ever declared an interest, and those whose score counts.
    interested: set[str] = field(default_factory=set)
    scored: set[str] = field(default_factory=set)
    decisions: list[Decision] = field(default_factory=list)
    numbered: int = 0
    confirmed: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    # Who took each decision against the group that was not taken back, and whether the last word
    # about eligibility is a refusal.
    adverse: list[set[str]] = field(default_factory=list)
    refused: bool = False
    # Why it cannot be scored or decided any more: awarded, declined or withdrawn.
    final: str | None = None


@dataclass
class Payment:
    """A payment of a grant."""

    amount: int
    payee: int
    prepared_by: str
    eyes: int
    instalment: int | None
    sources: Split
    state: str = "prepared"
    approved_by: set[str] = field(default_factory=set)
    approved_on: str | None = None
    sent_on: str | None = None
    paid_on: str | None = None
    early: Proposal | None = None
    # The mark of the change after which two people let it leave early.
    leaves_early: dict[str, int] | None = None

    @property
    def enough_approved(self) -> bool:
        """Whether as many people acted on it as it needs."""
        return 1 + len(self.approved_by) >= self.eyes

    @property
    def under_way(self) -> bool:
        """Whether it may still reach the group, or has left and is not confirmed."""
        return self.state in ("prepared", "sent")


@dataclass
class Entry:
    """A movement at the bank that is not settled."""

    came_in: int
    proposal: Proposal | None = None


@dataclass
class Variation:
    """A change of a grant that was asked for."""

    by: str
    change: dict[str, Any]
    decided: bool = False


@dataclass
class Grant:
    """A grant, from its offer to its end. Money is in pence by source."""

    fund: str
    group: str
    round: str
    area: str
    offered_on: str
    award: Counter[Source]
    checks: set[str]
    # The conditions and later checks that hold back one instalment only, if tied to one.
    loose: set[str]
    signers: int
    eyes: int
    state: str = "offered"
    held_on: str | None = None
    # The last day on which the offer can be accepted, and whether its letter is held, and whether
    # it has not gone out.
    expires_on: str = ""
    letter_held: bool = False
    waits: bool = False
    hash: str | None = None
    signed: dict[str, str] = field(default_factory=dict)
    check_valid: dict[str, str | None] = field(default_factory=dict)
    waivers: dict[str, str] = field(default_factory=dict)
    payments: dict[int, Payment] = field(default_factory=dict)
    instalments: dict[int, str | None] = field(default_factory=dict)
    # By instalment: the day that releases it.
    from_days: dict[int, str] = field(default_factory=dict)
    paid: Counter[Source] = field(default_factory=Counter)
    # The part of it that the bank has confirmed.
    confirmed_paid: Counter[Source] = field(default_factory=Counter)
    variations: dict[int, Variation] = field(default_factory=dict)
    # The last change that raised the award, and who decided it.
    raised: tuple[int, dict[str, Any]] | None = None
    confirmed: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    revocation: dict[str, Any] | None = None
    revoked_by: set[str] = field(default_factory=set)
    # By number of a revocation: how often it took effect.
    revoked: Counter[int] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    return_waivers: dict[str, Proposal] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    # The final update that was requested last, and all that were.
    final_update: int | None = None
    final_updates: set[int] = field(default_factory=set)
    updates_done: set[int] = field(default_factory=set)
    last_position: int = 0

    def take(self, amounts: Counter[Source], less: Split) -> None:
        """Takes from amounts, never below zero."""
        for source, amount in less.items():
            amounts[source] = max(0, amounts[source] - amount)

    def settle(self, amounts: dict[str, int]) -> None:
        """Settles money that was due back, by reason. What was proposed of it is void."""
        for reason, amount in amounts.items():
            self.due[reason] = max(0, self.due[reason] - amount)
            if amount:
                self.return_waivers.pop(reason, None)

    def comes_back(self, sources: Split) -> None:
        """Money comes back from the group."""
        for amounts in (self.award, self.paid, self.confirmed_paid):
            self.take(amounts, sources)

    def under_way(self) -> Counter[Source]:
        """What was prepared and has not left, by source."""
        total: Counter[Source] = Counter()
        for payment in self.payments.values():
            if payment.state == "prepared":
                total.update(payment.sources)
        return total


class LogState:
    """Everything that the rules need to know of the events so far."""

    def __init__(self) -> None:
        self.roles: defaultdict[str, set[str]] = defaultdict(set)
        # The roles of the actor of the command of now, before its first event.
        self.acting_as: frozenset[str] = frozenset()
        # The person who gave up a place at a session last in the command of now.
        self.gave_up: str | None = None
        # By person and role: who proposed it, and how often the person's contact details had
        # changed then, which old events do not say.
        self.role_proposals: dict[tuple[str, str], tuple[str, int | None]] = {}
        self.had_two_administrators = False
        self.programs = EarlierPrograms()
        # Whether an event shows a program that asks for bank details again after a payment came
        # back: earlier ones did not.
        self.asks_again = False
        # The version and the hash of the text that was published last.
        self.agreement: tuple[int, str] | None = None
        # The keys of the themes that were adopted last.
        self.themes: set[str] = set()
        # By version of the aims: the options of each question.
        self.aims: list[dict[str, set[str]]] = []
        # The number of the lesson that was published last.
        self.lessons = 0
        # By group or gathering, and number of the tally: its version of the aims and its question.
        self.tallies: defaultdict[str, dict[int, tuple[int, str]]] = defaultdict(dict)
        self.summaries: dict[str, str] = {}
        self.settings: dict[str, Any] = {}
        self.settings_proposals: dict[int, Proposal] = {}
        self.words_proposals: dict[int, Proposal] = {}
        self.words_by_two = False
        self.webhooks: dict[int, Proposal] = {}
        self.statement_links: dict[int, bool] = {}
        self.ways_named = False
        self.people: defaultdict[str, Person] = defaultdict(Person)
        self.funds: dict[str, Fund] = {}
        self.groups: defaultdict[str, Group] = defaultdict(Group)
        self.applications: dict[str, Application] = {}
        self.grants: dict[str, Grant] = {}
        self.gatherings: defaultdict[str, Gathering] = defaultdict(Gathering)
        self.assets: defaultdict[str, Asset] = defaultdict(Asset)
        # What each party of the time bank gave less what it received.
        self.balances: Counter[Any] = Counter()
        # The people and the purposes to which they agree.
        self.agreed: set[tuple[str, str]] = set()
        self.introductions: defaultdict[str, Introduction] = defaultdict(Introduction)
        # By purpose: the version of the notice in force.
        self.notices: dict[str, int] = {}
        self.barriers: defaultdict[str, Barrier] = defaultdict(Barrier)
        # A barrier that was joined to another in this command, which has not taken it in yet.
        self.joining: tuple[str, str] | None = None
        self.pledges_version = 0
        self.pledge_keys: set[str] = set()
        # The states of records and of their parts, and those of applications before a step that can
        # be undone.
        self.steps: dict[tuple[str, str, Any], str] = {}
        self.before_step: dict[str, str] = {}

    @property
    def roles_by_two(self) -> bool:
        """Whether there was an event that the first programs did not write. Since then roles are
        given by two people, and some rules are checked that those programs did not keep."""
        return self.programs.people_rules

    def held_by(self, asset: str, kind: str) -> str | None:
        """The holder of an entry of the directory, if it is of this kind."""
        holder = self.assets[asset].holder
        return holder[1] if holder is not None and holder[0] == kind else None

    def holds(self, person: str | None, *roles: str) -> bool:
        """Whether a person holds one of the roles."""
        return person in self.roles and not self.roles[person].isdisjoint(roles)

    def still_holds(self, proposer: str, *roles: str) -> bool:
        """Whether a person still holds one of the roles in which they proposed something. Earlier
        programs did not keep this."""
        return self.holds(proposer, *roles) or not self.roles_by_two

    def contact_changes(self, person: str) -> int | None:
        """How often a person's details changed. None if they are not registered, or erased."""
        own = self.people[person]
        return own.changes if own.registered and not own.erased else None

    def options_of(self, version: int, question: str) -> set[str] | None:
        """The options that a question has in a version of the aims. None if it is not in them."""
        if not 1 <= version <= len(self.aims):
            return None
        return self.aims[version - 1].get(question)

    def administrators(self) -> int:
        """How many people are administrators."""
        return sum(ADMINISTRATOR in roles for roles in self.roles.values())

    def fund_of(self, application: str) -> Fund | None:
        """The fund of an application."""
        own = self.applications.get(application)
        return own and self.funds.get(own.fund)

    def newest_application_of(self, group: str | None) -> int:
        """Where the newest application of a group began, or before the log if it has none."""
        own = (one.started_at for one in self.applications.values() if one.group == group)
        return max(own, default=-1)

    def same_groups(self, group: str) -> set[str]:
        """The group, and all with which it was merged."""
        found, left = set(), [group]
        while left:
            own = left.pop()
            if own not in found:
                found.add(own)
                left.extend(self.groups[own].merged if own in self.groups else ())
        return found

    def is_connected(self, person: str, group: str, since: int) -> bool:
        """Whether a person is a member, or was one since this position."""
        for own in self.same_groups(group):
            members = self.groups.get(own, Group())
            if person in members.members:
                return True
            if members.left_at.get(person, -1) > since:
                return True
        return False

    def behind(self, person: str, group: str) -> set[str]:
        """Everyone on whose word a person is known, up to people with a role."""
        found, left = {person}, [person]
        while left:
            own = left.pop()
            if self.roles.get(own):
                continue
            members = self.groups[group]
            invited_by = members.invited_by.get(own, members.merged_by)
            for one in (self.people[own].registered_by, invited_by):
                if one is not None and one not in found:
                    found.add(one)
                    left.append(one)
        return found - {person}

    def heirs(self, group: str) -> set[str]:
        """The group, and those that it was merged into."""
        found: set[str] = set()
        own: str | None = group
        while own is not None and own not in found:
            found.add(own)
            own = self.groups[own].into if own in self.groups else None
        return found

    def heir_of(self, party: tuple[str, str] | None) -> tuple[str, str] | None:
        """The party, or the group that it is part of now, after all merges."""
        if party is None or party[0] != "group":
            return party
        group, met = party[1], set()
        while group in self.groups and self.groups[group].into and group not in met:
            met.add(group)
            group = self.groups[group].into
        return ("group", group)

    def mark_of(self, group: str) -> dict[str, int]:
        """How often the group, its heirs, and the contact details of their members changed."""
        own = [self.groups[one] for one in self.heirs(group) if one in self.groups]
        members = [self.people[member] for one in own for member in one.members]
        return {
            "group": sum(one.changes for one in own),
            "addresses": sum(member.changes for member in members),
        }

    def changed_on(self, group: str) -> str | None:
        """The day of the last change at a group and its heirs that delays payments."""
        own = [self.groups[one] for one in self.heirs(group) if one in self.groups]
        days = [one.changed_on for one in own]
        days += [self.people[member].changed_on for one in own for member in one.members]
        return max((day for day in days if day), default=None)

    def quorum_of(self, application: str) -> int:
        """How many people the last decision on an application needed."""
        own = self.applications.get(application)
        if own and own.decisions and own.decisions[-1].sitting["quorum"] is not None:
            return own.decisions[-1].sitting["quorum"]
        fund = self.fund_of(application)
        return fund.rules["quorum"] if fund else 1


def total(amounts: Any) -> int:
    """The sum of amounts by source or reason."""
    return sum(amounts.values())
