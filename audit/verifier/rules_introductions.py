"""Rules about introductions and consent: the notice in force, the agreement, and the check."""

from __future__ import annotations

from collections.abc import Iterator

from .checks import check
from .state import Event, LogState


@check("consent-on-notice", "organisation.NoticePublished")
def notices_count_up(event: Event, state: LogState) -> Iterator[str]:
    """The versions of the notices for one purpose count up from 1."""
    if event.p["version"] != state.notices.get(event.p["purpose"], 0) + 1:
        yield "a notice has not the next version for its purpose"


@check("consent-on-notice", "person.ConsentGiven", "introduction.IntroductionAgreed")
def the_notice_is_in_force(event: Event, state: LogState) -> Iterator[str]:
    """Who agrees names the version of the notice that is in force."""
    purpose = event.p.get("purpose", "introductions")
    if event.p["notice"] != state.notices.get(purpose):
        yield "consent was given on a notice that was not in force"


@check("introduction-agreed", "introduction.IntroductionAgreed")
def words_are_read_back(event: Event, _: LogState) -> Iterator[str]:
    """What is said by phone or in person is read back."""
    if event.p["channel"] in ("phone", "in_person") and not event.p["read_back"]:
        yield "an agreement by word was not read back"


@check("introduction-agreed", "introduction.IntroductionMade")
def it_was_agreed_to(event: Event, state: LogState) -> Iterator[str]:
    """An introduction is made only as it was agreed to."""
    introduction = state.introductions[event.id]
    if not introduction.agreed or introduction.to != event.p["to"]:
        yield "an introduction was made that was not agreed to"


@check("introduction-welcomed", "introduction.IntroductionAsked", "introduction.IntroductionMade")
def the_entry_welcomes_people(event: Event, state: LogState) -> Iterator[str]:
    """The entry is listed and welcomes people, and is not of those who are introduced."""
    asset = state.assets[event.p["to"]]
    of = event.p["of"] if event.name == "IntroductionAsked" else state.introductions[event.id].of
    if not asset.listed or not asset.welcomes:
        yield "somebody was introduced to an entry that does not welcome people"
    elif event.name == "IntroductionMade" and event.p["holder"] != state.held_by(event.p["to"], "group"):
        yield "an introduction names another group than the one that holds the entry"
    elif of[0] and state.heir_of(of) == state.heir_of(asset.holder):
        yield "somebody was introduced to an entry of their own"


@check("introduction-checked", "introduction.IntroductionMade")
def the_group_was_checked(event: Event, state: LogState) -> Iterator[str]:
    """People who may be at risk come only to groups whose check is in date."""
    if not (state.introductions[event.id].at_risk or event.p["at_risk"]):
        return
    holder = event.p["holder"]
    # The group, and the one that it was merged into last.
    own = [one for one in state.heirs(holder) if one == holder or not state.groups[one].into]
    checks = [state.groups[one].on_file.get("safeguarding", ("", "")) for one in own]
    if not holder or any(good_until < event.p["made_on"] for _, good_until in checks):
        yield "a person at risk came to a group without a check in date"
