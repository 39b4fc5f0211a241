"""Rules about people and roles, and about the settings of the organisation."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from .checks import Command, check, check_command
from .fold import words_of
from .givers import EARLIER, GIVERS
from .lines import UUID
from .state import ADMINISTRATOR, Event, LogState

ACTOR_NAMES = (
    "confirmed_by", "set_by", "by", "approved_by", "prepared_by", "verified_by", "keyed_by",
    "kept_by", "removed_by", "shared_by", "invited_by", "started_by", "registered_by",
    "changed_by", "proposed_by", "merged_by", "read_by",
)
NAMES_OTHERS = frozenset({"MemberAdded", "InterestDeclared", "ScoreSetAside"})
# The earlier program that first wrote invitations.
INVITES = 3
TAKES_TWO = frozenset({"sign_in", "colleague_invited", "contact_changed"})


@check("actor-named")
def the_actor_is_the_one_named(event: Event, _: LogState) -> Iterator[str]:
    """The person whom an event names as the one who acted gave its command."""
    if event.name in NAMES_OTHERS:
        return
    for name in ACTOR_NAMES:
        person = event.p.get(name)
        if isinstance(person, str) and UUID.fullmatch(person):
            if person != event.actor:
                yield f"{name} is {person}, and {event.metadata.get('actor')} gave the command"
            return


@check("actor-named", "person.PersonRegistered")
def who_registers_another_is_named(event: Event, state: LogState) -> Iterator[str]:
    """A person who registers another is named."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    if event.actor not in (None, event.id) and event.p["registered_by"] is None:
        yield f"{event.actor} registered another person, and is not named"


@check("own-key")
def values_are_of_the_record(event: Event, state: LogState) -> Iterator[str]:
    """Personal values are encrypted under the key of the one whom the record is about."""
    if event.stream in ("organisation", "fund"):
        return
    owner: str | None = event.id
    if event.stream in ("application", "grant"):
        application = state.applications.get(event.id)
        owner = application.group if application else None
    owners = {owner}
    if event.stream == "gathering":
        owners = {event.p.get("person"), event.p.get("lead")}
    if event.stream == "asset":
        holder = event.p.get("holder") or state.assets[event.id].holder
        owners = {holder[1]} if holder else set()
    if event.stream == "introduction":
        owners = {state.introductions[event.id].of[1]}
    if event.stream == "barrier":
        owners = {event.p.get("group") or event.p.get("person")}
    if event.name == "BarrierWordsForgotten":
        owners = {state.barriers[event.id].owner}
    if event.name == "HandForgotten":
        owners = state.gatherings[event.id].asked
    if event.name == "NeedsForgotten":
        owners = state.gatherings[event.id].sessions[event.p["session"]].signed_up
    if event.subjects - owners:
        yield "a personal value is encrypted under the key of another person or group"


@check_command("role-held")
def roles_are_held(command: Command, _: LogState) -> Iterator[tuple[Event, str]]:
    """Before the first event of a command its actor held each role in the metadata."""
    for event in command.events:
        if event.metadata != command.events[0].metadata:
            yield event, "the events of one command have different metadata"
        for role in event.roles:
            if role not in command.roles_before:
                actor = event.metadata.get("actor")
                yield event, f"{actor} acted as {role}, and did not hold that role"


@check("actor-allowed")
def the_actor_may_give_it(event: Event, state: LogState) -> Iterator[str]:
    """One of those gives an event whom the catalogue of events names for it."""
    givers = GIVERS[event.kind]
    if not state.roles_by_two:
        givers |= EARLIER[event.kind]
    actor = event.metadata.get("actor")
    found = {actor} if event.actor is None else {"anybody", *state.acting_as}
    if event.actor is not None and event.actor == person_of(event, state):
        found.add("person")
    gathering = event.id if event.stream == "gathering" else event.p.get("gathering")
    if gathering in state.gatherings and event.actor in state.gatherings[gathering].leads:
        found.add("lead")
    if any(
        event.actor in state.groups[own].members
        for group in groups_of(event, state)
        for own in state.heirs(group)
    ):
        found.add("member")
    if givers.isdisjoint(found):
        yield f"{actor} gave the event {event.name}, and may not"


def person_of(event: Event, state: LogState) -> str | None:
    """The person whom an event is about. A place that was waited for comes free by the person who
    gave it up in the same command."""
    if event.name == "PlaceTaken" and event.p["waited"]:
        return state.gave_up
    if event.stream in ("gathering", "barrier"):
        return event.p.get("person")
    if event.stream == "introduction":
        kind, own = event.p["of"] if "of" in event.p else state.introductions[event.id].of
        return own if kind == "person" else None
    if event.kind in ("group.MemberAdded", "group.InvitationRefused"):
        return event.p["person"]
    if event.stream == "asset":
        return party_of_entry(event, state, "person")
    return event.id if event.stream == "person" else None


def party_of_entry(event: Event, state: LogState, kind: str) -> str | None:
    """The party of a kind that an event of an entry is about: who holds it, or received time."""
    if event.name == "ExchangeRecorded":
        of, party = event.p["receiver"]
        return party if of == kind else None
    return state.held_by(event.id, kind)


def groups_of(event: Event, state: LogState) -> list[str]:
    """The groups that an event is about: an introduction is about two."""
    if event.stream == "introduction":
        if event.name == "IntroductionAsked":
            kind, own = event.p["of"]
            return [own] if kind == "group" else []
        return state.introductions[event.id].groups_for(event.name)
    group = group_of(event, state)
    return [group] if group is not None else []


def group_of(event: Event, state: LogState) -> str | None:
    """The group that an event is about."""
    if event.stream == "group":
        return event.id
    if event.stream == "asset":
        return party_of_entry(event, state, "group")
    if event.name == "ApplicationStarted":
        return event.p["group"]
    own = event.id
    if event.stream == "fund":
        own = event.p.get("grant") or event.p.get("application")
    application = state.applications.get(own) if isinstance(own, str) else None
    return application and application.group


@check("role-by-two", "organisation.RoleProposed")
def a_role_is_proposed(event: Event, state: LogState) -> Iterator[str]:
    """An administrator proposes a role."""
    if not state.holds(event.p["proposed_by"], ADMINISTRATOR):
        yield "a person who is not an administrator proposed a role"
    yield from is_known(event.p["person"], event.p["contact"], state)


def is_known(person: str, contact: int | None, state: LogState) -> Iterator[str]:
    """A person is registered, and their contact details have changed so often."""
    changes = state.contact_changes(person)
    if changes is None:
        yield "the person is not registered, or was erased"
    elif contact not in (None, changes):
        yield "the contact details of the person have changed since the role was proposed"


@check("role-by-two", "organisation.RoleConfirmed")
def a_role_is_confirmed(event: Event, state: LogState) -> Iterator[str]:
    """Another administrator confirms the role that was proposed."""
    p = event.p
    proposer, contact = state.role_proposals.get((p["person"], p["role"]), (None, None))
    yield from is_known(p["person"], contact, state)
    if proposer is None:
        yield f"nobody had proposed {p['role']} for this person"
    elif proposer == p["confirmed_by"]:
        yield f"one person proposed and confirmed {p['role']}"
    elif not state.holds(proposer, ADMINISTRATOR):
        yield "the person who proposed the role is not an administrator any more"
    if not state.holds(p["confirmed_by"], ADMINISTRATOR):
        yield "a person who is not an administrator confirmed a role"


@check("role-by-two", "organisation.FounderNamed")
def the_operator_names_founders(event: Event, state: LogState) -> Iterator[str]:
    """The operator names founders, while there are fewer than two administrators."""
    if event.metadata.get("actor") != "operator":
        yield "somebody other than the operator named a founder"
    if state.administrators() >= 2:
        yield "a founder was named although there were two administrators"


@check("role-by-two", "organisation.RoleGiven")
def no_role_is_given_by_one(event: Event, state: LogState) -> Iterator[str]:
    """One person gives a role in logs of the first programs only."""
    if state.roles_by_two:
        yield f"one person gave {event.p['role']}"


@check("roles-exclude", "organisation.RoleConfirmed", "organisation.FounderNamed")
def an_auditor_is_no_panel_member(event: Event, state: LogState) -> Iterator[str]:
    """No one is auditor and panel member at the same time."""
    p = event.p
    held = state.roles.get(p["person"], set()) | set(p.get("roles") or [p.get("role")])
    if {"auditor", "panel"} <= held:
        yield "this person is auditor and panel member"


@check_command("two-administrators")
def two_administrators_stay(command: Command, state: LogState) -> Iterator[tuple[Event, str]]:
    """The end of a role leaves two administrators, once there were two."""
    for event in command.of("organisation.RoleEnded"):
        if (
            event.p["role"] == ADMINISTRATOR
            and state.had_two_administrators
            and state.administrators() < 2
            and not state.people[event.p["person"]].erased
        ):
            yield event, "the end of this role leaves fewer than two administrators"


@check("contact-by-two", "person.ContactChanged")
def contact_is_changed_by_two(event: Event, state: LogState) -> Iterator[str]:
    """Staff change the contact details of another person with a second person."""
    p, person = event.p, state.people[event.id]
    by = p["changed_by"]
    if not state.roles_by_two:
        return
    if by is None and event.actor not in (None, event.id):
        yield "the person who changed the contact details of another is not named"
    if by is not None and by != event.id:
        is_own_entry = by == person.registered_by and (
            None in (person.registered_on, p["changed_on"])
            or person.registered_on == p["changed_on"]
        )
        if p["confirmed_by"] is None and not is_own_entry:
            yield "one person changed the contact details of another"
        elif p["confirmed_by"] == by:
            yield "the same person proposed and confirmed the contact details of another"
        return
    keeps = person.email is None or person.email not in person.proven or p["email"] == person.email
    if by is None and p["confirmed_by"] is None and state.roles.get(event.id) and not keeps:
        yield "a person who holds a role changed an address that they had proven"


@check("joined-by-invitation", "group.MemberAdded")
def a_member_was_invited(event: Event, state: LogState) -> Iterator[str]:
    """A person registers the group themselves, or was invited and has not answered."""
    # Earlier programs had no invitations.
    if state.programs.newest < INVITES:
        return
    group, p = state.groups[event.id], event.p
    if p["added_by"] is None:
        if group.registered_in != event.command_id or event.actor != p["person"]:
            yield "the person did not register the group, and nobody is named who invited them"
    elif group.invited.get(p["person"]) != p["added_by"]:
        yield f"{p['added_by']} had not invited the person last"


@check("message-passed-on", "person.PersonTold", "person.EmailedInstead")
def a_message_waited(event: Event, state: LogState) -> Iterator[str]:
    """Staff pass on a message that waits, not before the day of its cause."""
    person, p = state.people[event.id], event.p
    if p["mail"] not in person.waiting:
        yield "no such message waited for this person"
    elif event.name == "PersonTold" and p["told_on"] < person.waiting[p["mail"]]:
        yield "the message was passed on before the day of its cause"
    yield from staff_did(event, state)


@check("message-passed-on", "person.TellingTakenBack")
def a_message_was_passed_on(event: Event, state: LogState) -> Iterator[str]:
    """What is taken back was recorded before."""
    if event.p["mail"] not in state.people[event.id].passed_on:
        yield "nobody had recorded that this message was passed on"
    yield from staff_did(event, state)


def staff_did(event: Event, state: LogState) -> Iterator[str]:
    """The person who records it holds a role."""
    if not state.roles.get(event.p["by"]):
        yield "somebody who holds no role recorded it"


@check("settings-by-two", "organisation.SettingsSet")
def settings_are_set_by_two(event: Event, state: LogState) -> Iterator[str]:
    """One administrator proposes settings, and another confirms the same."""
    p = event.p
    if not state.holds(p["set_by"], ADMINISTRATOR):
        yield "a person who is not an administrator set the settings"
    if p["proposed_by"] is None:
        if state.had_two_administrators:
            yield "one person set the settings, although there were two administrators"
        elif p["settings"].get("return_account") != state.settings.get("return_account"):
            yield "one person set the account for returns"
        return
    if p["proposed_by"] == p["set_by"]:
        yield "one person proposed and confirmed the settings"
    for proposal in state.settings_proposals.values():
        if proposal.by == p["proposed_by"] and proposal.what == p["settings"]:
            if not state.holds(proposal.by, ADMINISTRATOR):
                yield "the person who proposed the settings is not an administrator"
            return
    yield "these settings were not the ones that were proposed"


@check("words-by-two", "organisation.MailTextPublished")
def words_are_published_by_two(event: Event, state: LogState) -> Iterator[str]:
    """Another person confirms the words that one proposed."""
    p = event.p
    if p["proposed_by"] is None:
        if state.words_by_two and p["mail"] in TAKES_TWO:
            yield f"one person published the words of {p['mail']}"
        return
    if p["confirmed_by"] is None or p["confirmed_by"] == p["proposed_by"]:
        yield "one person proposed and confirmed the words of an email"
    words = words_of(p)
    if not any(
        one.by == p["proposed_by"] and one.what == words for one in state.words_proposals.values()
    ):
        yield "these words were not the ones that were proposed"
    for person in (p["proposed_by"], p["confirmed_by"]):
        if not state.holds(person, ADMINISTRATOR):
            yield "a person who is not an administrator agreed to the words of an email"


@check("webhook-by-two", "organisation.WebhookConfirmed")
def a_webhook_is_made_by_two(event: Event, state: LogState) -> Iterator[str]:
    """Another administrator confirms the newest proposal of a webhook."""
    p = event.p
    proposal = state.webhooks.get(p["webhook"])
    if proposal is None or proposal.number != p["proposal"]:
        yield "this was not the newest proposal for the webhook"
    elif proposal.by == p["confirmed_by"]:
        yield "one person proposed and confirmed a webhook"
    elif not state.holds(proposal.by, ADMINISTRATOR):
        yield "the person who proposed the webhook is not an administrator"
    if not state.holds(p["confirmed_by"], ADMINISTRATOR):
        yield "a person who is not an administrator confirmed a webhook"


@check("statement-shared", "organisation.StatementShared")
def a_statement_is_shared_by_staff(event: Event, state: LogState) -> Iterator[str]:
    """Staff share a statement in their own name, for at most 90 days, and one as clocks differ."""
    p = event.p
    if not any(source[0] == p["funder"] for fund in state.funds.values() for source in fund.given):
        yield "the funder has given no money"
    if p["from"] > p["until"]:
        yield "the statement ends before it begins"
    if p["shared_by"] != event.actor:
        yield "a statement was shared in the name of another person"
    if not state.holds(p["shared_by"], ADMINISTRATOR, "officer", "finance"):
        yield "a person without such a role shared a statement"
    if p["link"] != max(state.statement_links, default=0) + 1:
        yield "the link has not the next number"
    last = datetime.date.fromisoformat(event.day) + datetime.timedelta(days=91)
    if p["expires_on"] > last.isoformat():
        yield "the link opens for more than 90 days"


@check("statement-shared", "organisation.StatementLinkEnded")
def a_link_is_ended_once(event: Event, state: LogState) -> Iterator[str]:
    """Staff end a link that was shared."""
    if not state.statement_links.get(event.p["link"]):
        yield "there is no such link"
    if not state.holds(event.actor, ADMINISTRATOR, "officer", "finance"):
        yield "a person without such a role ended a link"
