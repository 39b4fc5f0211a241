"""What each event changes in the state of the log."""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable

from .state import (
    Application,
    Decision,
    Entry,
    Event,
    Fund,
    Grant,
    LogState,
    Payee,
    Payment,
    Proposal,
    Session,
    Variation,
    total,
)

# What happens to an application without disturbing the word about its eligibility.
UNDISTURBING = frozenset(
    {
        "NoInterestDeclared",
        "InterestDeclared",
        "HelpConfirmed",
        "HelpRefused",
        "LanguageChosen",
        "AttendanceConfirmed",
        "PublicSummaryWritten",
    }
)


def apply(event: Event, state: LogState) -> None:
    """Brings the state up to date with an event."""
    if event.name == "TallyGiven":
        p = event.p
        state.tallies[event.id][p["tally"]] = p["version"], p["question"]
    if event.name in ("ThemesAdopted", "GatheringPlanned") or event.p.get("waits_until"):
        state.asks_again = True
    FOLDS[event.stream](event, state)


def fold_person(event: Event, state: LogState) -> None:
    """Contact details, proven addresses and messages by phone or letter."""
    person, p = state.people[event.id], event.p
    match event.name:
        case "PersonRegistered":
            person.registered, person.registered_by = True, p["registered_by"]
            person.registered_on = p["registered_on"]
            person.set_contact(p)
        case "ContactChanged":
            person.set_contact(p)
            person.changed_on = p["changed_on"]
            person.changes += 1
        case "AddressProven":
            person.proven.add(p["email"])
        case "PersonToTell":
            person.waiting[p["mail"]] = p["caused_on"]
            person.passed_on.pop(p["mail"], None)
        case "PersonTold":
            person.passed_on[p["mail"]] = person.waiting.pop(p["mail"], p["told_on"])
        case "TellingTakenBack":
            person.waiting[p["mail"]] = person.passed_on.pop(p["mail"], "")
        case "EmailedInstead":
            person.waiting.pop(p["mail"], None)
        case "PledgeTaken":
            person.pledges.add(p["pledge"])
        case "PledgeKept" | "PledgeDropped":
            person.pledges.discard(p["pledge"])
        case "PersonalDataErased":
            person.erased, person.ways = True, frozenset()
            state.agreed = {one for one in state.agreed if one[0] != event.id}
        case "ConsentGiven":
            state.agreed.add((event.id, p["purpose"]))
        case "ConsentTakenBack":
            state.agreed.discard((event.id, p["purpose"]))


def fold_organisation(event: Event, state: LogState) -> None:
    """Roles, settings, themes, words of emails, webhooks and links to statements."""
    p = event.p
    match event.name:
        case "FounderNamed":
            state.roles[p["person"]].update(p["roles"])
        case "RoleGiven":
            state.roles[p["person"]].add(p["role"])
        case "RoleProposed":
            state.role_proposals[p["person"], p["role"]] = p["proposed_by"], p["contact"]
        case "RoleConfirmed":
            state.role_proposals.pop((p["person"], p["role"]), None)
            state.roles[p["person"]].add(p["role"])
        case "RoleEnded":
            state.role_proposals.pop((p["person"], p["role"]), None)
            state.roles[p["person"]].discard(p["role"])
        case "AgreementPublished":
            version = state.agreement[0] + 1 if state.agreement else 1
            state.agreement = version, p["hash"]
        case "NoticePublished":
            state.notices[p["purpose"]] = p["version"]
        case "ThemesAdopted":
            state.themes = {theme["theme"] for theme in p["themes"]}
        case "PledgesPublished":
            state.pledges_version = p["version"]
            state.pledge_keys = {pledge["pledge"] for pledge in p["pledges"]}
        case "AimsAdopted":
            state.aims.append(options_by_question(p["aims"]))
        case "LessonPublished":
            state.lessons = p["lesson"]
        case "SettingsProposed":
            proposal = Proposal(p["proposed_by"], p["settings"])
            state.settings_proposals = {p["proposal"]: proposal}
        case "SettingsRefused":
            state.settings_proposals.pop(p["proposal"], None)
        case "SettingsSet":
            state.settings, state.settings_proposals = p["settings"], {}
        case "MailTextProposed":
            state.words_by_two = True
            state.words_proposals[p["proposal"]] = Proposal(p["proposed_by"], words_of(p))
        case "MailTextRefused":
            state.words_proposals.pop(p["proposal"], None)
        case "MailTextPublished":
            words = words_of(p)
            state.words_proposals = {
                number: one for number, one in state.words_proposals.items() if one.what != words
            }
        case "WebhookProposed":
            state.webhooks[p["webhook"]] = Proposal(p["proposed_by"], number=p["proposal"])
        case "WebhookConfirmed" | "WebhookEnded":
            state.webhooks.pop(p["webhook"], None)
        case "StatementShared":
            state.statement_links[p["link"]] = True
        case "StatementLinkEnded":
            state.statement_links[p["link"]] = False
    if state.administrators() >= 2:
        state.had_two_administrators = True


def options_by_question(aims: list[dict]) -> dict[str, set[str]]:
    """The options of each question of some aims."""
    questions = [question for aim in aims for question in aim.get("questions") or []]
    return {
        question["question"]: {option["option"] for option in question["options"]}
        for question in questions
    }


def words_of(p: dict) -> tuple:
    """The words of an email, and what they are for."""
    return tuple(p[name] for name in ("mail", "fund", "language", "subject", "body"))


def fold_fund(event: Event, state: LogState) -> None:
    """Rules, openings and money of a fund."""
    p = event.p
    if event.name == "FundCreated":
        state.funds[event.id] = Fund(p["rules"])
        return
    fund = state.funds.get(event.id)
    if fund is None:
        return
    match event.name:
        case "RulesSet" | "RulesConfirmed":
            fund.rules, fund.proposal = p["rules"], None
        case "RulesProposed":
            fund.proposal = Proposal(p["proposed_by"], p["rules"]["all"])
        case "RulesRefused":
            fund.proposal = None
        case "FundOpened":
            fund.opened = fund.is_open = True
        case "FundResumed":
            fund.is_open = True
        case "RoundPlanned" | "RoundOpened" | "RoundExtended" | "RoundClosed" | "RoundCompleted":
            fold_round(event, fund)
        case "FundPaused" | "FundClosed" | "FundArchived":
            fund.is_open = False
        case "FundingAllocated":
            fund.given[p["source"]] += p["amount"]
        case "FundingWithdrawn":
            fund.given[p["source"]] = max(0, fund.given[p["source"]] - p["amount"])
        case "Committed" | "CommitmentIncreased":
            fund.commit(p["grant"], p["sources"], 1)
        case "CommitmentReduced" | "CommitmentReleased" | "CommitmentTakenBack":
            fund.commit(p["grant"], p["sources"], -1)


def fold_round(event: Event, fund: Fund) -> None:
    """The state and the days of a round."""
    p, own = event.p, event.p["round"]
    match event.name:
        case "RoundPlanned":
            fund.rounds.setdefault(own, False)
            fund.round_days[own] = p["opens_on"], p["closes_on"]
        case "RoundOpened":
            fund.rounds[own] = True
            fund.open_rounds.add(own)
        case "RoundExtended":
            if own in fund.round_days:
                fund.round_days[own] = fund.round_days[own][0], p["closes_on"]
        case "RoundClosed" | "RoundCompleted":
            fund.open_rounds.discard(own)
            if event.name == "RoundCompleted":
                fund.rounds[own] = False


def fold_group(event: Event, state: LogState) -> None:
    """Members and bank details of a group."""
    group, p = state.groups[event.id], event.p
    match event.name:
        case "GroupRegistered" | "GroupCorrected":
            group.name = p["name"]
            if event.name == "GroupRegistered":
                group.registered_in = event.command_id
        case "MemberInvited":
            group.invited[p["person"]] = p["invited_by"]
        case "InvitationRefused":
            group.invited.pop(p["person"], None)
        case "MemberAdded":
            group.members.add(p["person"])
            group.invited.pop(p["person"], None)
            group.invited_by[p["person"]] = p["added_by"] or group.merged_by
            if p["added_by"]:
                group.note_change(p["added_on"])
        case "MemberRemoved":
            group.invited_by.pop(p["person"], None)
            if p["person"] in group.members:
                group.members.remove(p["person"])
                group.left_at[p["person"]] = event.position
                group.note_change(p["removed_on"])
        case "PayeeProvided":
            if group.newest_payee is not None:
                group.note_change(p["provided_on"])
            group.payees[p["payee"]] = Payee(p["keyed_by"], frozenset(p["behind"] or ()))
            group.newest_payee = p["payee"]
        case "PayeeVerified":
            if p["payee"] in group.payees:
                group.payees[p["payee"]].verified_by = p["verified_by"]
        case "CheckFiled":
            group.on_file[p["check"]] = p["grant"], p["good_until"]
        case "GroupMerged":
            group.into, group.merged_by = p["into"], p["merged_by"]
            group.note_change(p["merged_on"])
            group.merged.add(p["into"])
            state.groups[p["into"]].merged.add(event.id)
        case "GroupTakenIn":
            group.merged.add(p["group"])
            state.groups[p["group"]].merged.add(event.id)


def fold_application(event: Event, state: LogState) -> None:
    """Eligibility, declarations and decisions of an application."""
    p = event.p
    if event.name == "ApplicationStarted":
        state.applications[event.id] = Application(
            p["fund"], p["group"], p["round"], event.position
        )
        return
    own = state.applications.get(event.id)
    if own is None:
        return
    if event.name not in UNDISTURBING:
        own.undisturbed = False
    match event.name:
        case "ChangesRequested":
            own.changes_due = p["due_on"]
        case "AnswersSaved":
            own.theme = p["activity"] or own.theme
        case "ApplicationSubmitted" | "ApplicationResubmitted":
            own.submitted = True
            state.ways_named = state.ways_named or bool(p["reached_by"])
        case "EligibilityConfirmed" | "EligibilityRefused":
            own.eligible = event.name == "EligibilityConfirmed"
            own.eligible_until, own.undisturbed = p["take_back_until"], True
            own.refused = event.name == "EligibilityRefused"
            if own.refused:
                own.adverse.append({p["by"]})
        case "EligibilityTakenBack":
            own.eligible, own.eligible_until = False, None
            if own.refused and own.adverse:
                own.adverse.pop()
            own.refused = False
        case "NoInterestDeclared":
            own.declared[p["by"]] = False
        case "InterestDeclared":
            own.declared[p["by"]] = True
            own.interested.add(p["by"])
        case "ScoreGiven" | "ScoreRevised":
            own.scored.add(p["by"])
        case "ScoreSetAside":
            own.scored.discard(p["of"])
        case "Awarded" | "Declined" | "Deferred" | "Reserved":
            own.numbered += 1
            held, until = p["letter"] is not None, p.get("take_back_until")
            own.decisions.append(
                Decision(event.name, own.numbered, p["sitting"], held, until, own.final)
            )
            if event.name in ("Awarded", "Declined"):
                own.final = event.name.lower()
            if event.name == "Declined":
                own.adverse.append(set(p["sitting"]["present"]))
        case "LetterReleased":
            for decision in own.decisions:
                decision.letter_held = False
        case "DecisionTakenBack":
            if own.decisions:
                own.final = own.decisions.pop().final_before
            if p["decision"] == "decline" and own.adverse:
                own.adverse.pop()
        case "AttendanceConfirmed":
            if p["by"] == p["person"]:
                own.confirmed[p["decision"]].add(p["person"])
        case "ReviewDecided":
            if p["upheld"]:
                own.final = None
        case "PublicSummaryWritten":
            title = p["summary"].get("title")
            state.summaries[event.id] = title if isinstance(title, str) else ""
        case "ApplicationWithdrawn":
            own.final = "withdrawn"


def fold_grant(event: Event, state: LogState) -> None:
    """The offer, its agreement and checks, and the end of a grant."""
    p = event.p
    if event.name == "GrantOffered":
        state.grants[event.id] = Grant(
            p["fund"], p["group"], p["round"], p["area"], event.day, Counter(p["sources"]),
            {*p["checks"], *p["conditions"]},
            {key for key, one in p["conditions"].items() if one["one_instalment"]},
            p["signers"], p["eyes"],
        )
    grant = state.grants.get(event.id)
    if grant is None:
        return
    grant.last_position = event.position
    if event.name in ("OfferSent", "LetterReleased") and event.id in state.applications:
        for decision in state.applications[event.id].decisions:
            decision.letter_held = False
    fold_agreement(event, grant)
    fold_checks(event, grant)
    fold_payment(event, grant, state)
    fold_money(event, grant)


def fold_agreement(event: Event, grant: Grant) -> None:
    """The agreement, changes, updates and states of a grant."""
    p = event.p
    match event.name:
        case "GrantOffered" | "OfferSent" | "LetterMoved":
            grant.expires_on = p["expires_on"]
            grant.letter_held = p.get("letters_on") is not None
            grant.waits = event.name == "LetterMoved" or bool(p.get("waits"))
        case "LetterReleased":
            grant.letter_held = False
        case "AgreementIssued":
            grant.hash, grant.signed = p["hash"], {}
        case "AgreementSigned":
            grant.signed.setdefault(p["by"], p["name"])
        case "AgreementAccepted":
            grant.state = "accepted"
        case "OfferDeclined" | "OfferLapsed" | "OfferWithdrawn" | "AwardTakenBack":
            grant.award = Counter()
            grant.state = {
                "OfferDeclined": "offer_declined",
                "OfferLapsed": "offer_lapsed",
                "OfferWithdrawn": "offer_withdrawn",
            }.get(event.name, "taken_back")
        case "VariationRequested":
            grant.variations[p["variation"]] = Variation(p["by"], p["change"])
        case "VariationRefused" | "VariationApproved":
            if p["variation"] in grant.variations:
                grant.variations[p["variation"]].decided = True
            if event.name == "VariationApproved":
                if p["sitting"] is not None:
                    grant.raised = p["variation"], p["sitting"]
                if p["change"]["amount"] is not None:
                    used = {payment.instalment for payment in grant.payments.values()}
                    grant.instalments = {
                        key: one for key, one in grant.instalments.items() if key in used
                    }
        case "PaymentsScheduled":
            grant.instalments = {
                key: one for key, one in grant.instalments.items() if key < p["first"]
            }
            grant.from_days = {
                key: one for key, one in grant.from_days.items() if key < p["first"]
            }
            for number, instalment in enumerate(p["instalments"], p["first"]):
                grant.instalments[number] = tied_check(instalment)
                if (released := instalment["released"]) != "at_once" and "from_day" in released:
                    grant.from_days[number] = released["from_day"]["day"]
        case "AttendanceConfirmed":
            if p["by"] == p["person"]:
                grant.confirmed[p["decision"]].add(p["person"])
        case "RevocationProposed":
            grant.revocation, grant.revoked_by = p, set()
        case "RevocationConfirmed":
            grant.revoked_by.add(p["by"])
        case "GrantHeld" | "GrantResumed":
            held = event.name == "GrantHeld"
            grant.held_on = (p["held_on"] or event.day) if held else None
        case "UpdateRequested":
            if p["last"]:
                grant.final_update = p["update"]
                grant.final_updates.add(p["update"])
        case "UpdateReceived" | "UpdateExcused":
            if event.name == "UpdateExcused":
                grant.updates_done.add(p["update"])
            else:
                grant.updates_done.discard(p["update"])
            if p["update"] in grant.final_updates and grant.state != "terminated":
                grant.state = "reported"
        case "UpdateQueried":
            grant.updates_done.discard(p["update"])
        case "UpdateAccepted":
            grant.updates_done.add(p["update"])
        case "GrantTerminated":
            grant.state, grant.held_on = "terminated", None
        case "GrantClosed":
            grant.state = "closed"
    if event.name in ("OfferWithdrawn", "GrantTerminated", "ClawbackDemanded") and grant.revocation:
        grant.revoked[grant.revocation["revocation"]] += 1


def fold_checks(event: Event, grant: Grant) -> None:
    """The checks and conditions of a grant."""
    p = event.p
    match event.name:
        case "CheckPassed" | "CheckReused":
            grant.check_valid[p["check"]] = p["good_until"]
            grant.waivers.pop(p["check"], None)
        case "CheckFailed" | "CheckRequested":
            if p["check"] not in grant.checks:
                grant.checks.add(p["check"])
                grant.loose.add(p["check"])
            grant.check_valid.pop(p["check"], None)
            grant.waivers.pop(p["check"], None)
        case "WaiverProposed":
            grant.waivers[p["check"]] = p["by"]
        case "CheckWaived":
            grant.check_valid[p["check"]] = None
            grant.waivers.pop(p["check"], None)


def tied_check(instalment: object) -> str | None:
    """The check that an instalment is tied to, if it is."""
    released = instalment.get("released") if isinstance(instalment, dict) else None
    after = released.get("after_check") if isinstance(released, dict) else None
    check = after.get("check") if isinstance(after, dict) else None
    return check if isinstance(check, str) else None


def fold_payment(event: Event, grant: Grant, state: LogState) -> None:
    """The payments of a grant."""
    p = event.p
    if event.name == "PaymentPrepared":
        grant.payments.setdefault(
            p["payment"],
            Payment(
                p["amount"], p["payee"], p["prepared_by"], p["eyes"], p["instalment"],
                p["sources"] or {},
            ),
        )
        return
    payment = grant.payments.get(p.get("payment", -1))
    if payment is None:
        return
    match event.name:
        case "PaymentApproved":
            payment.approved_by.add(p["approved_by"])
            payment.approved_on = p["approved_on"]
        case "EarlyPaymentProposed":
            is_of_change = state.mark_of(grant.group) == p["mark"]
            payment.early = Proposal(p["by"], p["mark"]) if is_of_change else None
        case "EarlyPaymentConfirmed":
            early, payment.early = payment.early, None
            if early and early.what == p["mark"] and early.by != p["by"]:
                payment.leaves_early = p["mark"]
        case "PaymentSent":
            payment.state, payment.sent_on = "sent", p["sent_on"]
            payment.sources = p["sources"]
            grant.paid.update(p["sources"])
            if grant.state == "accepted":
                grant.state = "live"
        case "PaymentRejected" | "PaymentCancelled" | "PaymentConfirmed":
            payment.state = event.name.removeprefix("Payment").lower()
            if event.name == "PaymentConfirmed":
                grant.confirmed_paid.update(payment.sources)
        case "PaymentFailed" | "PaymentReversed":
            payment.state = event.name.removeprefix("Payment").lower()
            grant.take(grant.paid, p["sources"])
            if event.name == "PaymentReversed":
                grant.take(grant.confirmed_paid, p["sources"])
    if event.name in ("PaymentConfirmed", "PaymentCorrected"):
        payment.paid_on = p["paid_on"]
        if p["leaving"] is not None:
            payment.sent_on = p["leaving"]["to"]


def fold_money(event: Event, grant: Grant) -> None:
    """The award of a grant, and money that is due back, comes back or is given up."""
    p = event.p
    match event.name:
        case "VariationApproved" | "GrantTerminated" | "GrantClosed":
            grant.take(grant.award, p["released"])
        case "AwardGrown":
            grant.award.update(p["sources"])
        case "UnderspendDeclared":
            grant.take(grant.award, p["released"])
            grant.due["underspend"] += p["due_back"]
        case "ClawbackDemanded":
            grant.due["clawback"] += p["amount"]
        case "ReturnReceived":
            grant.comes_back(p["sources"])
            grant.settle(settled_by(p))
        case "ReturnWaiverProposed":
            grant.return_waivers[p["owed"]] = Proposal(p["by"], p["amount"])
        case "ReturnWaived":
            grant.settle({p["owed"]: p["amount"]})
        case "EntryUnsettled":
            amount = p["details"]["amount"] if p["kind"] == "came_in" else 0
            grant.entries.setdefault(p["entry"], Entry(amount))
        case "SettlementProposed":
            if p["entry"] in grant.entries:
                grant.entries[p["entry"]].proposal = Proposal(p["by"], p["counts"])
        case "EntrySettled":
            grant.entries.pop(p["entry"], None)
            grant.comes_back(p["sources"])
            grant.settle(p["satisfied"])
        case "PaymentReversed":
            grant.take(grant.award, p["released"] or {})
            grant.settle(p["satisfied"] or {})


def settled_by(p: dict) -> dict[str, int]:
    """What a return settles by reason. Old events settle their whole amount."""
    if p["satisfied"] is not None:
        return p["satisfied"]
    return {p["owed"]: total(p["sources"])}


def fold_gathering(event: Event, state: LogState) -> None:
    """The leads of a gathering, and who has a place at its sessions or waits for one."""
    gathering, p = state.gatherings[event.id], event.p
    match event.name:
        case "GatheringPlanned":
            gathering.leads = set(p["leads"])
            gathering.counted = p["sign_up"] == "counted"
            gathering.asks_for_check = p["risk_check"]
        case "GatheringOpened":
            gathering.is_open = True
        case "GatheringEnded":
            gathering.is_open = False
        case "RiskChecked":
            gathering.checked_until = p["good_until"]
        case "LeadOffered":
            gathering.offered_to = p["person"]
        case "LeadTaken":
            gathering.offered_to = None
            gathering.leads.add(p["person"])
        case "LeadLeft":
            gathering.leads.discard(p["person"])
        case "HandAskedFor":
            gathering.asked.add(p["lead"])
        case "HandForgotten":
            gathering.asked.clear()
        case "StoryChosen":
            gathering.chosen.add((p["grant"], p["story"]))
        case _ if "session" in p:
            fold_session(event, gathering.sessions[p["session"]])
            if event.name == "PlaceGivenUp":
                state.gave_up = p["person"]


def fold_asset(event: Event, state: LogState) -> None:
    """Who holds an entry of the directory, whether it is listed, and the time that was given."""
    asset, p = state.assets[event.id], event.p
    match event.name:
        case "AssetRecorded":
            asset.holder = p["holder"]
        case "AssetPublished":
            asset.listed, asset.welcomes = True, bool(p["listing"]["welcomes"])
        case "AssetPaused" | "AssetWithdrawn":
            asset.listed = False
        case "AssetResumed":
            asset.listed = True
        case "ExchangeRecorded":
            asset.exchanges.append((p["giver"], p["receiver"], p["minutes"]))
            count_exchange(state, asset.exchanges[-1], 1)
        case "ExchangeCorrected" if 1 <= p["exchange"] <= len(asset.exchanges):
            giver, receiver, before = asset.exchanges[p["exchange"] - 1]
            count_exchange(state, (giver, receiver, before), -1)
            asset.exchanges[p["exchange"] - 1] = (giver, receiver, p["minutes"])
            count_exchange(state, (giver, receiver, p["minutes"]), 1)


def count_exchange(state: LogState, exchange: tuple[Any, Any, int], sign: int) -> None:
    """Counts an exchange for its giver and against its receiver, or takes it back."""
    giver, receiver, minutes = exchange
    state.balances[giver] += sign * minutes
    state.balances[receiver] -= sign * minutes


def fold_introduction(event: Event, state: LogState) -> None:
    """Who is introduced to which entry, whether they agree, and who holds it."""
    introduction, p = state.introductions[event.id], event.p
    match event.name:
        case "IntroductionAsked":
            introduction.of = p["of"]
            introduction.to, introduction.at_risk = p["to"], p["at_risk"]
        case "IntroductionAgreed":
            introduction.agreed = True
        case "IntroductionMade":
            introduction.holder = p["holder"]
        case "IntroductionTakenBack":
            introduction.agreed = False


def fold_session(event: Event, session: Session) -> None:
    """Who has a place at a session, and who waits for one."""
    p = event.p
    match event.name:
        case "SessionAdded" | "SessionMoved":
            session.places = p["plan"]["places"]
        case "PlaceTaken":
            session.taken.add(p["person"])
        case "WaitingJoined":
            session.waiting.append(p["person"])
        case "PlaceGivenUp":
            session.taken.discard(p["person"])
        case "SessionCancelled" | "SessionHeld":
            session.waiting.clear()
        case "NeedsForgotten":
            session.taken.clear()
            session.waiting.clear()
            session.signed_up.clear()
    if event.name in ("PlaceTaken", "WaitingJoined"):
        session.signed_up.add(p["person"])
    if event.name in ("PlaceTaken", "WaitingLeft"):
        session.waiting = [one for one in session.waiting if one != p["person"]]


def fold_barrier(event: Event, state: LogState) -> None:
    """Who raised a barrier, and how far it was carried."""
    barrier, p = state.barriers[event.id], event.p
    match event.name:
        case "BarrierRaised":
            barrier.owner = p["group"] or p["person"]
            barrier.raised_by.add(p["person"])
        case "BarrierPassedOn":
            barrier.passed_on = True
        case "BarrierAnswered":
            barrier.comes_to = p["comes_to"]
        case "BarrierWithdrawn":
            barrier.passed_on, barrier.comes_to = False, None
        case "BarrierJoined":
            state.joining = event.id, p["into"]
        case "BarrierTakenIn":
            barrier.raised_by.update(p["raised_by"])
            state.joining = None


FOLDS: dict[str, Callable[[Event, LogState], None]] = {
    "person": fold_person,
    "organisation": fold_organisation,
    "fund": fold_fund,
    "group": fold_group,
    "application": fold_application,
    "grant": fold_grant,
    "gathering": fold_gathering,
    "asset": fold_asset,
    "introduction": fold_introduction,
    "barrier": fold_barrier,
}
