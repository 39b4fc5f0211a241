"""Rules about agreements and checks, and about changes, returns and the end of a grant."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterator

from .catalogue import Split, moment
from .checks import Command, check, check_command
from .fold import settled_by
from .rules_days import decided_day
from .rules_funds import pounds
from .rules_panel import MOMENT_MARGIN, declared
from .state import ENDED, Event, Grant, LogState, london_day, total

REVOKES = {
    "withdraw_offer": "grant.OfferWithdrawn",
    "terminate": "grant.GrantTerminated",
    "demand_clawback": "grant.ClawbackDemanded",
}


@check("agreement-text", "organisation.AgreementPublished")
def the_hash_is_of_the_text(event: Event, state: LogState) -> Iterator[str]:
    """An agreement is published with the next number and the hash of its text."""
    following = state.agreement[0] + 1 if state.agreement else 1
    if event.p["version"] != following:
        yield f"the agreement has the version {event.p['version']}, and the next is {following}"
    if event.p["hash"] != hashlib.sha256(event.p["text"].encode()).hexdigest():
        yield "the hash is not the one of the text"


@check("agreement-text", "grant.AgreementIssued")
def the_text_is_the_one_published(event: Event, state: LogState) -> Iterator[str]:
    """The text that is issued is the one that the organisation published last."""
    if (event.p["version"], event.p["hash"]) != state.agreement:
        yield "this is not the text that the organisation published last"


@check("agreement-text", "grant.AgreementAccepted", "grant.AgreementSigned")
def the_text_is_the_one_issued(event: Event, state: LogState) -> Iterator[str]:
    """A group accepts and signs the text that was issued last."""
    grant = state.grants.get(event.id)
    if not grant or grant.hash != event.p["hash"]:
        yield "this text was not issued for the grant"


@check("agreement-signers", "grant.AgreementAccepted")
def enough_sign(event: Event, state: LogState) -> Iterator[str]:
    """As many people accept as the offer asks for."""
    grant, names = state.grants.get(event.id), len(set(event.p["names"]))
    if grant and event.p["method"] == "web_each":
        names = len(grant.signed)
    if grant and names < grant.signers:
        yield f"{names} accepted, and {grant.signers} are needed"


@check("agreement-signers", "grant.GrantOffered")
def the_offer_asks_for_signers(event: Event, state: LogState) -> Iterator[str]:
    """An offer asks for as many signers as the rules of its fund."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    fund = state.funds.get(event.p["fund"])
    needed = fund.rules["all"].get("signers") if fund else None
    if needed != event.p["signers"]:
        yield f"the offer asks for {event.p['signers']} signers, and the fund for {needed}"


@check("signed-for-self", "grant.AgreementSigned")
def each_signs_once(event: Event, state: LogState) -> Iterator[str]:
    """Each person signs once, and for themselves."""
    grant, by = state.grants.get(event.id), event.p["by"]
    if by != event.actor:
        yield "a person signed for another"
    if not grant:
        return
    if by in grant.signed:
        yield "a person signed twice"
    if not any(by in state.groups[own].members for own in state.heirs(grant.group)):
        yield "a person signed who is not a member of the group"


@check("signed-for-self", "grant.AgreementAccepted")
def the_names_are_those_signed(event: Event, state: LogState) -> Iterator[str]:
    """Where each signs with their own account, the names that accept are the names signed."""
    grant = state.grants.get(event.id)
    if not grant or event.p["method"] != "web_each":
        return
    if sorted(grant.signed.values()) != sorted(event.p["names"]):
        yield "the names that accept are not the names that were signed"


@check("agreement-before-payment", "grant.PaymentPrepared")
def the_agreement_comes_first(event: Event, state: LogState) -> Iterator[str]:
    """A payment is prepared after the agreement was accepted, and before the grant ends."""
    grant = state.grants.get(event.id)
    if not grant or grant.state == "offered":
        yield "the group had not accepted its agreement"
    elif grant.state in ENDED:
        yield "the grant had ended"


@check("checks-passed", "grant.PaymentPrepared")
def the_checks_passed(event: Event, state: LogState) -> Iterator[str]:
    """Each check has passed and is in date, or was waived."""
    grant = state.grants.get(event.id)
    if not grant:
        return
    if grant.from_days.get(event.p["instalment"], "") > event.p["prepared_on"]:
        yield "the instalment was not due yet"
    elsewhere = {
        name for number, name in grant.instalments.items() if number != event.p["instalment"]
    } - {grant.instalments.get(event.p["instalment"])}
    for name in sorted(grant.checks - (grant.loose & elsewhere)):
        if name not in grant.check_valid:
            yield f"{name} had neither passed nor been waived"
        elif (grant.check_valid[name] or "9999") < event.p["prepared_on"]:
            yield f"{name} was out of date"


@check("checks-passed", "grant.GrantOffered")
def the_offer_has_the_checks(event: Event, state: LogState) -> Iterator[str]:
    """An offer has each check of the rules of its fund."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    fund = state.funds.get(event.p["fund"])
    needed = fund.rules["all"].get("checks") if fund else None
    for name in needed if isinstance(needed, list) else ():
        if name not in event.p["checks"]:
            yield f"the offer leaves out the check {name}"


@check("checks-passed", "grant.CheckReused")
def a_check_is_on_file(event: Event, state: LogState) -> Iterator[str]:
    """A check that is used again is on the file of the group."""
    p, grant = event.p, state.grants.get(event.id)
    groups = state.same_groups(grant.group) if grant else ()
    filed = [state.groups[own].on_file.get(p["check"]) for own in groups]
    if (p["from"], p["good_until"]) not in filed:
        yield "no such check is on the file of the group"


@check("checks-passed", "group.CheckFiled")
def a_filed_check_passed(event: Event, state: LogState) -> Iterator[str]:
    """A check on file comes from a grant that passed it."""
    p, grant = event.p, state.grants.get(event.p["grant"])
    if not grant or grant.check_valid.get(p["check"]) != p["good_until"]:
        yield "the grant had not passed this check"
    if grant and grant.group != event.id:
        yield "the grant is of another group"


@check("check-waived-by-two", "grant.CheckWaived")
def a_check_is_waived_by_two(event: Event, state: LogState) -> Iterator[str]:
    """Another person waives the check than the one who proposed it."""
    grant = state.grants.get(event.id)
    proposer = grant.waivers.get(event.p["check"]) if grant else None
    if proposer is None:
        yield "nobody had proposed to go without the check"
    elif proposer == event.p["by"]:
        yield "one person proposed and confirmed to go without a check"
    elif not state.still_holds(proposer, "officer"):
        yield "the person who proposed to go without the check is not an officer any more"


@check("change-by-two", "grant.VariationApproved")
def a_change_is_approved_by_another(event: Event, state: LogState) -> Iterator[str]:
    """Another person approves the change that was asked for, and its amounts add up."""
    p, grant = event.p, state.grants.get(event.id)
    asked = grant.variations.get(p["variation"]) if grant else None
    if not asked or asked.decided:
        yield "nobody had asked for this change"
        return
    if asked.by == p["by"]:
        yield "one person asked for the change and approved it"
    if asked.change != p["change"]:
        yield "this is not the change that was asked for"
    only_days = p["change"]["amount"] is None and p["change"]["purpose"] is None
    if not state.holds(p["by"], "panel", *(["officer"] if only_days else [])):
        yield "a person who may not decide on it approved a change"
    award = total(grant.award)
    amount = award if p["change"]["amount"] is None else p["change"]["amount"]
    if award + p["more"] != amount + total(p["released"]):
        yield f"an award of {pounds(award)} does not become {pounds(amount)} by this change"


@check_command("change-by-two")
def an_award_grows_by_a_change(command: Command, _: LogState) -> Iterator[tuple[Event, str]]:
    """An award grows by what a change in the same command says, and in no other way."""
    more: Counter[str] = Counter()
    last: dict[str, Event] = {}
    for event in command.of("grant.VariationApproved", "grant.AwardGrown"):
        last.setdefault(event.id, event)
        if event.name == "VariationApproved":
            more[event.id] += event.p["more"]
        else:
            more[event.id] -= total(event.p["sources"])
    for own, event in last.items():
        if more[own]:
            yield event, "the award did not grow by what was approved"


@check("revocation-by-panel", "grant.RevocationProposed")
def a_revocation_is_proposed(event: Event, state: LogState) -> Iterator[str]:
    """A panel member records it, and names enough people who sit and have no interest."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    sitting, needed = event.p["sitting"], state.quorum_of(event.id)
    present = set(sitting["present"])
    if sitting["recorded_by"] != event.actor or event.actor not in present:
        yield "the person who recorded the revocation is not named as present"
    for person in sorted(present):
        if not state.holds(person, "panel"):
            yield f"{person} is named as present, and does not sit on the panel"
    yield from declared(event.id, sorted(present), state)
    if len(present) < needed:
        yield f"{len(present)} are named as present, and {needed} are needed"
    if sitting["quorum"] != needed:
        yield f"the revocation says that {sitting['quorum']} are needed, and {needed} are"


@check("revocation-by-panel", "grant.RevocationConfirmed")
def a_revocation_is_confirmed(event: Event, state: LogState) -> Iterator[str]:
    """Each of the others who were present confirms the newest proposal for themselves."""
    p, grant = event.p, state.grants.get(event.id)
    newest = grant.revocation if grant else None
    if newest is None or newest["revocation"] != p["revocation"]:
        yield "this is not the newest proposal"
    elif grant.revoked[p["revocation"]]:
        yield "the proposal had taken effect"
    elif p["by"] != event.actor:
        yield "a person confirmed the revocation for another"
    elif p["by"] not in newest["sitting"]["present"]:
        yield "a person who was not named as present confirmed the revocation"
    elif p["by"] == newest["sitting"]["recorded_by"] or p["by"] in grant.revoked_by:
        yield "a person confirmed the revocation twice"


@check_command("revocation-by-panel")
def a_grant_is_taken_away_by_the_panel(
    command: Command, state: LogState
) -> Iterator[tuple[Event, str]]:
    """An offer is withdrawn, a grant ended or money demanded back as enough people confirmed."""
    # In earlier programs one panel member did it.
    if not state.roles_by_two:
        return
    for event in command.of(*REVOKES.values()):
        needed, grant = state.quorum_of(event.id), state.grants.get(event.id)
        if needed <= 1 or grant is None:
            if not state.holds(event.actor, "panel"):
                yield event, "a person who does not sit on the panel took the grant away"
            continue
        newest = grant.revocation
        if newest is None or REVOKES.get(newest["kind"]) != event.kind:
            yield event, "the panel had not proposed it"
            continue
        if not any(one.id == event.id for one in command.of("grant.RevocationConfirmed")):
            yield event, "no confirmation of the proposal is in the same command"
        if grant.revoked[newest["revocation"]] > 1:
            yield event, "one proposal took effect more than once"
        sitting = newest["sitting"]
        have = set(sitting["present"]) & (grant.revoked_by | {sitting["recorded_by"]})
        if len(have) < needed:
            yield event, f"{len(have)} have confirmed it, and {needed} are needed"
        if event.p.get("reason") != newest["reason"] or (
            event.name == "ClawbackDemanded" and event.p["amount"] != newest["amount"]
        ):
            yield event, "it is not what was proposed"


def covered(grant: Grant | None, sources: Split, settles: dict[str, int]) -> Iterator[str]:
    """What comes back was paid, and what is settled came back and was due."""
    for source, amount in sources.items():
        if not grant or grant.confirmed_paid[source] < amount:
            yield f"more of the money of {source[0]} came back than the bank confirmed as paid"
    for reason, amount in settles.items():
        if not grant or grant.due[reason] < amount:
            yield f"{pounds(amount)} settles more than was due for {reason}"
    if total(settles) > total(sources):
        yield "more is settled than came back"


@check("return-covered", "grant.UnderspendDeclared", "grant.ClawbackDemanded")
def no_more_is_asked_back(event: Event, state: LogState) -> Iterator[str]:
    """No more is asked back than was confirmed as paid and is not due back already."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    grant = state.grants.get(event.id)
    asked = event.p["due_back" if event.name == "UnderspendDeclared" else "amount"]
    if not grant or asked > total(grant.confirmed_paid) - total(grant.due):
        yield f"{pounds(asked)} is asked back, and less was paid and is not due back already"
    p = event.p
    if event.name == "UnderspendDeclared" and p["amount"] != total(p["released"]) + p["due_back"]:
        yield "the underspend is not what it releases and what is due back"


@check("return-covered", "grant.ReturnWaived")
def no_more_is_given_up(event: Event, state: LogState) -> Iterator[str]:
    """No more is given up than was due."""
    grant = state.grants.get(event.id)
    if not grant or event.p["amount"] > grant.due[event.p["owed"]]:
        yield "more is given up than was due"


@check("return-covered", "grant.ReturnReceived")
def a_return_is_covered(event: Event, state: LogState) -> Iterator[str]:
    """No more comes back, and no more is settled, than was paid and was due."""
    yield from covered(state.grants.get(event.id), event.p["sources"], settled_by(event.p))


@check("return-covered", "grant.EntrySettled", "grant.PaymentReversed")
def an_entry_is_covered(event: Event, state: LogState) -> Iterator[str]:
    """The same for an entry of the bank, and for a payment that the bank took back."""
    grant, settles = state.grants.get(event.id), event.p["satisfied"] or {}
    yield from covered(grant, event.p["sources"], settles)
    entry = grant.entries.get(event.p.get("entry", -1)) if grant else None
    if entry and total(event.p["sources"]) > entry.came_in:
        yield "more of the entry counts than came in"


@check("return-waived-by-two", "grant.ReturnWaived")
def a_return_is_waived_by_two(event: Event, state: LogState) -> Iterator[str]:
    """Another person gives up the amount that one proposed to give up."""
    p, grant = event.p, state.grants.get(event.id)
    proposal = grant.return_waivers.get(p["owed"]) if grant else None
    if proposal is None:
        yield "nobody had proposed to give up the money"
        return
    if proposal.by == p["by"]:
        yield "one person proposed and confirmed to give up money"
    elif not state.still_holds(proposal.by, "officer", "finance"):
        yield "the person who proposed to give up money has lost the role for it"
    if proposal.what != p["amount"]:
        yield "this is not the amount that was proposed"


@check("entry-settled-by-two", "grant.EntrySettled")
def an_entry_is_settled_by_two(event: Event, state: LogState) -> Iterator[str]:
    """Another person settles an entry of the bank, as one proposed."""
    p, grant = event.p, state.grants.get(event.id)
    entry = grant.entries.get(p["entry"]) if grant else None
    proposal = entry and entry.proposal
    if not proposal:
        yield "nobody had proposed how the entry is settled"
        return
    if proposal.by == p["by"]:
        yield "one person proposed and confirmed how an entry is settled"
    elif not state.still_holds(proposal.by, "officer", "finance"):
        yield "the person who proposed how the entry is settled has lost the role for it"
    if proposal.what != total(p["sources"]):
        yield "this is not the amount that was proposed"


@check("letters-in-order", "grant.GrantOffered", "grant.OfferSent", "grant.LetterMoved")
def an_offer_leaves_time_to_answer(event: Event, state: LogState) -> Iterator[str]:
    """A held letter goes out on a later day, and the group has the days of its fund to accept."""
    today = london_day(moment(event.metadata["decided_at"]))
    letters_on = event.p.get("letters_on")
    if letters_on is not None and letters_on <= today:
        yield "the letter was held until a day that had come"
    fund = state.fund_of(event.id)
    days = fund.rules["all"].get("offer_days") if fund else None
    if type(days) is int:
        sent_on = datetime.date.fromisoformat(letters_on or today)
        if event.p["expires_on"] < (sent_on + datetime.timedelta(days=days)).isoformat():
            yield f"the offer can be accepted for less than {days} days"


@check("letters-in-order", "grant.LetterMoved", "grant.LetterReleased")
def a_letter_is_moved_while_it_is_held(event: Event, state: LogState) -> Iterator[str]:
    """A letter is moved and released only while it is held."""
    grant = state.grants.get(event.id)
    if not grant or not grant.letter_held:
        yield "the letter was not held"


@check("letters-in-order", "grant.OfferSent")
def an_offer_is_sent_once(event: Event, state: LogState) -> Iterator[str]:
    """An offer that waits is sent once, when its letter is not held any more."""
    grant = state.grants.get(event.id)
    if not grant or grant.letter_held or not grant.waits:
        yield "the offer was held, or had gone out"


@check(
    "letters-in-order", "grant.AgreementSigned", "grant.AgreementAccepted", "grant.OfferDeclined"
)
def a_group_answers_what_was_sent(event: Event, state: LogState) -> Iterator[str]:
    """A group answers an offer only after it has gone out, and until its last day."""
    grant, today = state.grants.get(event.id), decided_day(event)
    if grant and grant.waits:
        yield "the offer had not gone out"
    elif grant and state.roles_by_two and today is not None and today > grant.expires_on:
        yield "the last day of the offer was over"


@check("lapsed-after-last-day", "grant.OfferLapsed")
def an_offer_lapses_after_its_last_day(event: Event, state: LogState) -> Iterator[str]:
    """An offer lapses once its last day is over."""
    grant = state.grants.get(event.id)
    if not grant or london_day(event.recorded_at + MOMENT_MARGIN) <= grant.expires_on:
        yield "the offer could still be accepted"


@check("closed-in-order", "grant.GrantClosed")
def a_grant_is_closed_in_order(event: Event, state: LogState) -> Iterator[str]:
    """A grant is closed after its final update, with nothing under way and nothing due back."""
    grant = state.grants.get(event.id)
    if not grant:
        yield "there is no such grant"
        return
    if grant.final_update not in grant.updates_done:
        yield "the final update was neither accepted nor excused"
    if any(payment.under_way for payment in grant.payments.values()):
        yield "a payment was under way"
    if total(grant.due):
        yield f"{pounds(total(grant.due))} was due back"


@check("closed-in-order", "grant.GrantTerminated")
def a_grant_is_terminated_with_nothing_under_way(event: Event, state: LogState) -> Iterator[str]:
    """A grant is terminated with no payment under way."""
    # Earlier programs did not keep this.
    grant = state.grants.get(event.id) if state.roles_by_two else None
    if grant and any(payment.under_way for payment in grant.payments.values()):
        yield "a payment was under way"


@check("closed-in-order", "grant.GrantClosed", "grant.GrantTerminated")
def what_was_not_paid_is_released(event: Event, state: LogState) -> Iterator[str]:
    """A grant that ends releases what was awarded and not paid, by source."""
    # Earlier programs did not keep this.
    grant = state.grants.get(event.id) if state.roles_by_two else None
    if grant and Counter(event.p["released"]) != grant.award - grant.paid:
        yield "what was not paid of the award was not released"
