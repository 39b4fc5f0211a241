"""Rules about bank details and payments."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from .checks import Command, check, check_command
from .rules_funds import pounds
from .state import Event, Grant, LogState, Payment, total

# The person whose act each event is, for those that an interest or a membership excludes.
ACTS = {
    "group.PayeeVerified": "verified_by",
    "grant.PaymentPrepared": "prepared_by",
    "grant.PaymentApproved": "approved_by",
    "grant.EarlyPaymentConfirmed": "by",
    "grant.EntrySettled": "by",
    "grant.ReturnWaived": "by",
    "grant.CheckWaived": "by",
}
ASSESSES = (
    "application.EligibilityConfirmed", "application.EligibilityRefused",
    "application.ScoreGiven", "application.ScoreRevised", "application.ReviewDecided",
)
DECIDES = (
    "application.Awarded", "application.Declined", "application.Deferred",
    "application.Reserved", "application.DecisionTakenBack", "grant.VariationApproved",
    "grant.RevocationProposed",
)
# One person decides on a change, or confirms that they were present.
CONFIRMS = (
    "application.AttendanceConfirmed", "grant.AttendanceConfirmed", "grant.RevocationConfirmed",
    "grant.VariationRefused",
)
# The states of a payment before each of its events.
BEFORE = {
    "PaymentApproved": ("prepared",),
    "PaymentRejected": ("prepared",),
    "PaymentCancelled": ("prepared",),
    "PaymentSent": ("prepared",),
    "PaymentConfirmed": ("sent",),
    "PaymentFailed": ("sent",),
    "PaymentReversed": ("confirmed",),
    "PaymentCorrected": ("confirmed",),
}


def payment_of(event: Event, state: LogState) -> tuple[Grant | None, Payment | None]:
    """The grant and the payment of an event."""
    grant = state.grants.get(event.id)
    return grant, grant.payments.get(event.p["payment"]) if grant else None


@check("payee-by-two", "group.PayeeVerified")
def bank_details_are_verified_by_another(event: Event, state: LogState) -> Iterator[str]:
    """Another person verifies bank details than those who entered them."""
    group = state.groups[event.id]
    payee = group.payees.get(event.p["payee"])
    if payee is None or event.p["payee"] != group.newest_payee:
        yield "these are not the newest bank details"
    elif event.p["verified_by"] in payee.keyers:
        yield "the person who verified the bank details entered them, or let in who did"


@check("payee-by-two", "group.PayeeProvided")
def those_behind_are_named(event: Event, state: LogState) -> Iterator[str]:
    """Everyone is named on whose word the person who entered them is known."""
    p = event.p
    # Earlier programs named neither the day nor those people.
    if p["provided_on"] is None:
        return
    missing = state.behind(p["keyed_by"], event.id) - set(p["behind"] or ())
    for person in sorted(missing):
        yield f"{person} let in the person who entered the bank details, and is not named"


@check("payee-verified", "grant.PaymentPrepared", "grant.PaymentApproved")
def the_payee_is_verified(event: Event, state: LogState) -> Iterator[str]:
    """A payment is for the newest bank details of the group, and these are verified."""
    grant, payment = payment_of(event, state)
    number = event.p["payee"] if event.name == "PaymentPrepared" else payment and payment.payee
    if not grant or number is None:
        return
    group = state.groups[grant.group]
    if number != group.newest_payee:
        yield "the payment is not for the newest bank details of the group"
    elif group.payees[number].verified_by is None:
        yield "the bank details were not verified"
    # Earlier programs did not keep this.
    if (state.asks_again or event.p.get("waits_until")) and any(
        one.payee == number and one.state in ("failed", "reversed")
        for one in grant.payments.values()
    ):
        yield "the bank had returned a payment from these bank details"


@check("payment-by-two", "grant.PaymentPrepared")
def as_many_act_as_the_offer_says(event: Event, state: LogState) -> Iterator[str]:
    """A payment needs as many people as the offer says."""
    grant = state.grants.get(event.id)
    if grant and event.p["eyes"] != grant.eyes:
        yield f"the payment asks for {event.p['eyes']} people, and the offer for {grant.eyes}"


@check("payment-by-two", "grant.GrantOffered")
def the_offer_asks_for_as_many(event: Event, state: LogState) -> Iterator[str]:
    """An offer asks for as many people for each payment as the rules of its fund."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    fund = state.funds.get(event.p["fund"])
    if fund and event.p["eyes"] != fund.rules["eyes"]:
        yield f"the offer asks for {event.p['eyes']} people, and the fund for {fund.rules['eyes']}"


@check("payment-by-two", "grant.PaymentApproved")
def another_person_approves(event: Event, state: LogState) -> Iterator[str]:
    """Others approve a payment than the one who prepared it and those who entered the payee."""
    grant, payment = payment_of(event, state)
    by = event.p["approved_by"]
    if not grant or not payment:
        return
    if by == payment.prepared_by:
        yield "one person prepared and approved a payment"
    if by in payment.approved_by:
        yield "one person approved a payment twice"
    payee = state.groups[grant.group].payees.get(payment.payee)
    if payee and by in payee.keyers:
        yield "the person who approved the payment entered the bank details, or let in who did"


@check("payment-by-two", "grant.PaymentSent")
def enough_people_acted(event: Event, state: LogState) -> Iterator[str]:
    """As many people as the payment needs acted on it."""
    _, payment = payment_of(event, state)
    if payment and not payment.enough_approved:
        yield "fewer people acted on the payment than it needs"


@check("payment-by-finance", "grant.PaymentApproved")
def finance_approves(event: Event, state: LogState) -> Iterator[str]:
    """The person who approves a payment holds the finance role."""
    if not state.holds(event.p["approved_by"], "finance"):
        yield "the person who approved the payment does not hold the finance role"


@check("unconnected", *ACTS)
def nobody_is_connected(event: Event, state: LogState) -> Iterator[str]:
    """The person who acts is not connected with the group."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    people = {event.p[ACTS[event.kind]]}
    grant, application = state.grants.get(event.id), state.applications.get(event.id)
    group = event.id if event.stream == "group" else grant and grant.group
    since = application.started_at if application else state.newest_application_of(group)
    if event.name in ("PaymentPrepared", "PaymentApproved"):
        payment = payment_of(event, state)[1]
        if event.name == "PaymentApproved" and payment:
            people.add(payment.prepared_by)
        number = event.p["payee"] if event.name == "PaymentPrepared" else payment and payment.payee
        payee = state.groups[group].payees.get(number) if group else None
        if payee and payee.verified_by:
            people.add(payee.verified_by)
    for person in sorted(people):
        if group and state.is_connected(person, group, since):
            yield f"{person} is or was a member of the group"
        if application and person in application.interested:
            yield f"{person} had declared an interest"


@check("unconnected", *ASSESSES, *DECIDES, *CONFIRMS)
def nobody_decides_who_is_connected(event: Event, state: LogState) -> Iterator[str]:
    """Those who assess an application, and who are present at a decision, are not connected."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    if event.kind in CONFIRMS:
        people = {event.p.get("person", event.p["by"])}
    elif event.kind in ASSESSES:
        people = {event.p["by"]}
    else:
        people = set(event.p["sitting"]["present"] if event.p["sitting"] else ())
    if event.name == "VariationApproved":
        people.add(event.p["by"])
    grant, application = state.grants.get(event.id), state.applications.get(event.id)
    if not application:
        return
    group = grant.group if grant else application.group
    for person in sorted(people):
        if state.is_connected(person, group, application.started_at):
            yield f"{person} is or was a member of the group"
        if person in application.interested:
            yield f"{person} had declared an interest"


@check_command("payment-amount")
def a_batch_is_what_was_sent(command: Command, _: LogState) -> Iterator[tuple[Event, str]]:
    """A batch says how many payments were sent in its command, and how much money."""
    batches: dict[str, list[Event]] = {}
    for event in command.of("fund.BatchSent", "grant.PaymentSent"):
        if event.p["batch"] is not None:
            batches.setdefault(event.p["batch"], []).append(event)
    for events in batches.values():
        said = [one for one in events if one.name == "BatchSent"]
        sent = [total(one.p["sources"]) for one in events if one.name == "PaymentSent"]
        if [(one.p["payments"], one.p["total"]) for one in said] != [(len(sent), sum(sent))]:
            yield events[0], "the batch has other payments than were sent with it"


@check("not-on-hold", "grant.PaymentPrepared", "grant.PaymentApproved", "grant.PaymentSent")
def the_grant_is_not_on_hold(event: Event, state: LogState) -> Iterator[str]:
    """No payment is made while its grant is on hold. What was sent before can be recorded."""
    grant = state.grants.get(event.id)
    if not grant or grant.held_on is None:
        return
    if event.name != "PaymentSent":
        yield "the grant was on hold"
    elif event.p["batch"] is not None or event.p["sent_on"] >= grant.held_on:
        yield "the payment was sent while the grant was on hold"


@check("payment-order", "grant.PaymentPrepared")
def a_payment_is_new(event: Event, state: LogState) -> Iterator[str]:
    """A payment is prepared with a new number."""
    grant = state.grants.get(event.id)
    if not grant:
        yield "there is no such grant"
    elif event.p["payment"] != max(grant.payments, default=0) + 1:
        yield "the payment has not the next number"


@check("payment-order", *(f"grant.{name}" for name in BEFORE))
def payments_go_in_order(event: Event, state: LogState) -> Iterator[str]:
    """A payment is prepared, approved, sent, and then confirmed, failed or reversed."""
    _, payment = payment_of(event, state)
    if payment is None:
        yield "there is no such payment"
        return
    if payment.state not in BEFORE[event.name]:
        yield f"the payment was {payment.state}"
    elif event.name in ("PaymentApproved", "PaymentRejected") and payment.enough_approved:
        yield "the payment was approved"
    elif event.name == "PaymentSent":
        if not payment.enough_approved:
            yield "the payment was not approved"
        if event.p["sent_on"] < (payment.approved_on or ""):
            yield "the payment was sent before it was approved"
    elif event.name in ("PaymentConfirmed", "PaymentCorrected"):
        leaving = event.p["leaving"]
        left_on = leaving["to"] if leaving else event.p["paid_on"]
        if min(left_on, event.p["paid_on"]) < (payment.approved_on or ""):
            yield "the payment was paid before it was approved"
    elif event.name == "PaymentFailed" and event.p["failed_on"] < (payment.sent_on or ""):
        yield "the payment failed before it was sent"
    elif event.name == "PaymentReversed" and event.p["reversed_on"] < (payment.paid_on or ""):
        yield "the payment came back before it was paid"


@check("payment-amount", "grant.PaymentPrepared")
def no_more_is_prepared_than_awarded(event: Event, state: LogState) -> Iterator[str]:
    """What is paid and prepared is no more than the award, by source."""
    p, grant = event.p, state.grants.get(event.id)
    if not grant:
        return
    under_way = grant.under_way()
    if p["sources"]:
        if total(p["sources"]) != p["amount"]:
            yield "the sources are not the amount of the payment"
        for source, amount in p["sources"].items():
            if grant.paid[source] + under_way[source] + amount > grant.award[source]:
                yield f"more of the money of {source[0]} is to be paid than was awarded"
    elif total(grant.paid) + total(under_way) + p["amount"] > total(grant.award):
        yield "more is to be paid than was awarded"


@check("payment-amount", "grant.PaymentSent")
def what_is_sent_was_prepared(event: Event, state: LogState) -> Iterator[str]:
    """The amount and the sources that are sent were prepared."""
    _, payment = payment_of(event, state)
    if not payment:
        return
    sources = event.p["sources"]
    if total(sources) != payment.amount or (payment.sources and payment.sources != sources):
        yield f"{pounds(total(sources))} was sent, and {pounds(payment.amount)} was prepared"


@check("payment-amount", "grant.PaymentFailed", "grant.PaymentReversed")
def what_comes_back_was_sent(event: Event, state: LogState) -> Iterator[str]:
    """All of a failed payment comes back, and no more of a reversed one than was sent."""
    _, payment = payment_of(event, state)
    if not payment:
        return
    sources = event.p["sources"]
    if event.name == "PaymentFailed" and payment.sources != sources:
        yield "the amount that came back is not the amount that was sent"
    elif any(payment.sources.get(source, 0) < amount for source, amount in sources.items()):
        yield "more came back than was sent"


@check(
    "payment-amount",
    "grant.UnderspendDeclared",
    "grant.VariationApproved",
    "grant.GrantTerminated",
    "grant.GrantClosed",
)
def no_more_is_released_than_is_left(event: Event, state: LogState) -> Iterator[str]:
    """No more of an award is given up than is neither paid nor reserved for payments."""
    grant = state.grants.get(event.id)
    if not grant:
        return
    under_way = grant.under_way()
    for source, amount in event.p["released"].items():
        if grant.paid[source] + under_way[source] + amount > grant.award[source]:
            yield f"more of the money of {source[0]} is given up than is left"


@check("payment-waits", "grant.PaymentSent")
def a_payment_waits(event: Event, state: LogState) -> Iterator[str]:
    """A payment waits after a change at the group, unless two people let it leave early."""
    grant, payment = payment_of(event, state)
    fund = grant and state.funds.get(grant.fund)
    changed_on = grant and state.changed_on(grant.group)
    if not payment or not fund or not changed_on:
        return
    days = fund.rules["all"].get("payee_wait_days")
    days = days if type(days) is int else 3
    over = datetime.date.fromisoformat(changed_on) + datetime.timedelta(days=days)
    is_early = payment.leaves_early == state.mark_of(grant.group)
    if changed_on <= event.p["sent_on"] < over.isoformat() and not is_early:
        yield f"the payment was to wait until {over}, after a change at the group"


@check("payment-waits", "grant.EarlyPaymentConfirmed")
def two_people_let_it_leave(event: Event, state: LogState) -> Iterator[str]:
    """Another person lets the payment leave early than the one who proposed it."""
    p, (_, payment) = event.p, payment_of(event, state)
    proposal = payment.early if payment else None
    if proposal is None or proposal.what != p["mark"]:
        yield "nobody had proposed that the payment leaves early"
    elif proposal.by == p["by"]:
        yield "one person proposed and confirmed that the payment leaves early"
    elif not state.still_holds(proposal.by, "officer", "finance"):
        yield "the person who proposed that the payment leaves early has lost the role for it"
    if not state.holds(p["by"], "finance"):
        yield "the person who let the payment leave early does not hold the finance role"
