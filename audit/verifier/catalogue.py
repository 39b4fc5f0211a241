"""The events of the catalogue (docs/events.md): their fields, and the types of these.

A field is written `name:type`, or `name:type?` if it can be null or absent. Fields that a later
program adds are let through.
"""

from __future__ import annotations

import datetime
import re
from typing import Any, Callable

from .lines import LARGEST, MOMENT, UUID

PERSON = """
PersonRegistered name:secret email:secret? telephone:secret? postal_address:secret? \
    typed_email:secret? registered_by:id? registered_on:day? unproven:bool?
GroupBegun group:id
DraftBegun application:id
SignUpBegun gathering:id session:int
ContactChangeProposed proposal:int name:secret email:secret? telephone:secret? \
    postal_address:secret? proposed_by:id
ContactChangeRefused reason:text by:id
ContactChanged name:secret email:secret? telephone:secret? postal_address:secret? \
    typed_email:secret? changed_by:id? confirmed_by:id? replaced:secret? changed_on:day?
MailLanguageChosen language:text?
AddressProven email:secret
AccessEnded reason:text
PersonToTell mail:id about:int kind:text caused_on:day
PersonTold mail:id about:int kind:text how:text told_on:day by:id
TellingTakenBack mail:id by:id
EmailedInstead mail:id by:id
ErasureRequested
ErasureRefused reason:text
PersonalDataErased reason:text
"""

ORGANISATION = """
OrganisationFounded name:text simulated:day?
FounderNamed person:id roles:texts
LogRestored origin:text sealed:int known:int? reason:text
CheckpointKeyRotated key:text
RoleGiven person:id role:text
RoleProposed person:id role:text proposed_by:id proposal:int? contact:int?
RoleConfirmed person:id role:text confirmed_by:id
RoleEnded person:id role:text ended_on:day?
SignsAdopted version:int signs:list
ThemesAdopted version:int themes:themes
FormPublished version:int questions:list name:text?
AgreementPublished version:int text:text hash:text
ReportPublished version:int area:text context:text hard:text lessons:text other_languages:object?
MailTextPublished version:int mail:text fund:id? language:text subject:text body:text \
    proposed_by:id? confirmed_by:id?
MailTextProposed proposal:int mail:text fund:id? language:text subject:text body:text proposed_by:id
MailTextRefused proposal:int reason:text by:id
SettingsProposed proposal:int settings:object proposed_by:id
SettingsSet version:int settings:object proposed_by:id? set_by:id
SettingsRefused proposal:int reason:text by:id
WebhookProposed webhook:int proposal:int address:text events:texts proposed_by:id
WebhookConfirmed webhook:int proposal:int confirmed_by:id
WebhookEnded webhook:int
WebhookSecretMade webhook:int secret:int
StatementShared link:int funder:text from:day until:day expires_on:day shared_by:id
StatementLinkEnded link:int
"""

FUND = """
FundCreated name:text purpose:text areas:texts rules:rules
RulesSet rules:rules
RulesProposed rules:rules proposed_by:id
RulesConfirmed rules:rules confirmed_by:id
RulesRefused reason:text by:id
FundOpened
FundPaused reason:text
FundResumed
FundClosed
FundArchived
FundingAllocated source:source amount:money reference:text received_on:day
FundingWithdrawn source:source amount:money reason:text withdrawn_on:day
RoundPlanned round:text name:text opens_on:day closes_on:day panel_meets_on:day? hear_by:day? \
    form:int
RoundOpened round:text
RoundExtended round:text closes_on:day panel_meets_on:day? hear_by:day?
RoundClosed round:text
DecidingStarted round:text
RoundCompleted round:text
PanelMet round:text met_on:day applications:ids letters_on:day?
LettersMoved round:text met_on:day letters_on:day applications:ids
LettersReleased round:text met_on:day applications:ids
BatchSent batch:text sent_on:day payments:int total:money
BankFileMade batch:text number:int payments:int total:money digest:text reason:text? by:id \
    lines:list?
ReserveListed application:id round:text rank:int
ReserveUnlisted application:id round:text rank:int
CommitmentIncreased grant:id area:text round:text sources:split
Committed grant:id area:text round:text sources:split
CommitmentReduced grant:id sources:split effective_on:day?
CommitmentReleased grant:id sources:split
CommitmentTakenBack grant:id sources:split
"""

GROUP = """
GroupRegistered name:text area:text standing:text
GroupCorrected name:text area:text reason:secret corrects:int
GroupCorrectionProposed proposal:int name:text area:text reason:secret by:id
GroupCorrectionRefused reason:text by:id
ContactSet postcode:secret? telephone:secret?
IdentifierRecorded identifier:any
MemberInvited person:id invited_by:id
InvitationRefused person:id
MemberAdded person:id added_by:id? added_on:day?
MemberRemoved person:id removed_on:day?
PayeeProvided payee:int details:object keyed_by:id behind:ids? provided_on:day?
PayeeVerified payee:int method:text verified_by:id verified_on:day
FileKept file:text media:text bytes:int purpose:text kept_by:id application:id?
FileRemoved file:text removed_by:id
CheckFiled check:text grant:id passed_on:day good_until:day
GroupMerged into:id reason:text merged_by:id? merged_on:day?
GroupTakenIn group:id
GrantOpened grant:id
GrantEnded grant:id paid:bool ended_on:day
PastGrantRecorded past:object
ErasureRequested
ErasureRefused reason:text
PersonalDataErased reason:text
"""

APPLICATION = """
ApplicationStarted fund:id round:text group:id form:int late:bool started_on:day? started_by:id?
AnswersSaved requested:money? area:text? activity:text? people_at_risk:bool? answers:object \
    keyed_by:id? unfinished:texts?
ApplicationSubmitted requested:money area:text channel:text received_on:day late_reason:text? \
    help:object? help_agreed:bool? reached_by:texts?
HelpConfirmed helper:id by:id
HelpRefused helper:id by:id
LanguageChosen language:text helper:secret? spoken_language:secret?
ChangesRequested questions:texts note:text notes:object? due_on:day
ApplicationResubmitted requested:money area:text help:object? help_agreed:bool? reached_by:texts?
EligibilityConfirmed by:id take_back_until:moment?
EligibilityRefused reason:text by:id take_back_until:moment?
EligibilityTakenBack by:id
NoInterestDeclared by:id observes:bool?
InterestDeclared by:id interest:object
ScoreGiven by:id criteria:object note:text
ScoreRevised by:id criteria:object note:text reason:text
ScoreSetAside of:id reason:text by:id
PublicSummaryWritten summary:object
Awarded terms:terms reason:text? sitting:sitting letter:object?
Declined reason:text feedback:text sitting:sitting letter:object? take_back_until:moment?
Deferred reason:text message:text? sitting:sitting letter:object?
Reserved rank:int reason:text message:text? sitting:sitting letter:object?
LetterMoved letters_on:day
LetterReleased decision:text message:text?
DecisionTakenBack decision:text reason:text sitting:sitting
AttendanceConfirmed decision:int person:id by:id
ReviewRequested words:secret requested_on:day
ReviewDecided upheld:bool reason:text by:id
ApplicationWithdrawn
ApplicationLapsed
DraftReopened
DraftReminded closes_on:day
"""

GRANT = """
GrantOffered fund:id round:text group:id area:text theme:text? sources:split title:text \
    description:text checks:texts conditions:conditions signers:int eyes:int \
    update_every_days:int? expires_on:day ends_on:day update_due_on:day waits:bool? letters_on:day?
OfferSent expires_on:day
LetterMoved letters_on:day expires_on:day
LetterReleased
AwardTakenBack
RevocationProposed revocation:int kind:text amount:money? reason:text sitting:sitting
RevocationConfirmed revocation:int by:id
AgreementIssued version:int hash:text
AgreementSigned hash:text name:secret by:id
AgreementAccepted hash:text method:any names:secrets read_by:id?
OfferDeclined
OfferLapsed
OfferWithdrawn reason:text
CheckRequested check:text note:text by:id
CheckPassed check:text note:text by:id good_until:day? evidence:text?
CheckReused check:text from:id good_until:day
CheckFailed check:text note:text by:id
WaiverProposed check:text reason:text by:id
CheckWaived check:text by:id
PaymentsScheduled first:int instalments:list
ScheduleProposed proposal:int instalments:list by:id
PaymentPrepared payment:int instalment:int? amount:money route:text payee:int supplier:text? \
    prepared_by:id eyes:int prepared_on:day sources:split? waits_until:day?
EarlyPaymentProposed payment:int until:day mark:object reason:text by:id
EarlyPaymentConfirmed payment:int until:day mark:object by:id
PaymentApproved payment:int approved_by:id approved_on:day?
PaymentRejected payment:int reason:text
PaymentCancelled payment:int reason:text
PaymentSent payment:int sources:split sent_on:day batch:text?
PaymentConfirmed payment:int paid_on:day receipt:text? leaving:leaving?
PaymentFailed payment:int sources:split reason:text failed_on:day
PaymentReversed payment:int sources:split reason:text reversed_on:day released:split? \
    satisfied:settled?
PaymentCorrected payment:int paid_on:day reason:text corrects:int leaving:leaving?
VariationRequested variation:int change:change words:secret by:id
VariationApproved variation:int change:change released:split more:money by:id sitting:sitting?
VariationRefused variation:int reason:text by:id
AwardGrown sources:split
GrantHeld reason:text held_on:day?
GrantResumed
GrantTerminated reason:text released:split
UpdateRequested update:int due_on:day last:bool
UpdateMoved update:int due_on:day
ReminderSent update:int occasion:text sent_on:day note:text? by:id?
UpdateSaved update:int answers:object strengths:object noticed:object files:texts
UpdateReceived update:int channel:text words:secret learned:secret? people:int volunteers:int \
    spent:money signs:int outcomes:list files:texts pictured:secret? received_on:day
UpdateAccepted update:int
UpdateQueried update:int question:text due_on:day?
UpdateExcused update:int reason:text
UpdateCorrected update:int people:int volunteers:int spent:money reason:text corrects:int
OutcomeJudged update:int sign:text strength:text reason:text by:id
NewsSent news:int channel:text words:secret? pictured:secret? photographs:texts sent_on:day
UnderspendDeclared amount:money released:split due_back:money
ReturnRequested owed:text due_on:day
ClawbackDemanded amount:money reason:text
ReturnReceived owed:text sources:split received_on:day satisfied:settled?
ReturnWaiverProposed owed:text amount:money reason:text by:id
ReturnWaived owed:text amount:money by:id
EntryUnsettled entry:int kind:text details:entry note:text? by:id
SettlementProposed entry:int counts:money reason:text by:id
EntrySettled entry:int sources:split satisfied:settled happened_on:day by:id
AttendanceConfirmed decision:int person:id by:id
StoryPublished story:int words:text consented_on:day consent:text photographs:texts pictured:text?
StoryWithdrawn story:int
GrantClosed released:split
"""

GATHERING = """
GatheringPlanned kind:text about:about leads:ids group:id? fund:id? sign_up:text risk_check:bool \
    grew_from:id? planned_on:day
GatheringDescribed about:about
GatheringOpened opened_on:day
GatheringEnded ended_on:day
SessionAdded session:int plan:plan
SessionMoved session:int plan:plan
SessionCancelled session:int reason:text
PlaceTaken session:int person:id group:id? needs:secret? waited:bool
WaitingJoined session:int person:id rank:int group:id? needs:secret?
PlaceGivenUp session:int person:id
WaitingLeft session:int person:id
SignUpsCounted session:int people:int
SessionHeld session:int came:came
AttendanceCorrected session:int came:came reason:text
NotesWritten session:int learned:text ideas:texts signs:texts
LeadOffered person:id
LeadTaken person:id staff:bool
LeadLeft person:id
HandAskedFor lead:id words:secret
RiskChecked good_until:day
SessionReminded session:int
NeedsForgotten session:int needs:secrets
"""

# A source of money: the funder, and the area that it is restricted to or None.
Source = tuple[str, "str | None"]
Split = dict[Source, int]

MONEY = re.compile(r"(0|[1-9][0-9]{0,12})\.[0-9]{2}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DIGEST = re.compile(r"[0-9a-f]{64}")


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ValueError("a text is expected")
    return value


def integer(value: Any) -> int:
    """A whole number from 0."""
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise ValueError("a whole number is expected")
    return value


def boolean(value: Any) -> bool:
    """A truth value."""
    if type(value) is not bool:
        raise ValueError("true or false is expected")
    return value


def identifier(value: Any) -> str:
    """A UUID."""
    if not UUID.fullmatch(text(value)):
        raise ValueError("a UUID is expected")
    return value


def money(value: Any) -> int:
    """Pounds with two decimals, as pence."""
    if not MONEY.fullmatch(text(value)):
        raise ValueError("an amount of money is expected")
    return int(value.replace(".", ""))


def day(value: Any) -> str:
    """A day. As ISO text it sorts by time."""
    if not DAY.fullmatch(text(value)):
        raise ValueError("a day is expected")
    datetime.date.fromisoformat(value)
    return value


def moment(value: Any) -> int:
    """A moment in UTC, as microseconds since 1970."""
    match = MOMENT.fullmatch(text(value))
    if not match:
        raise ValueError("a moment in UTC is expected")
    whole = datetime.datetime.fromisoformat(match[1] + "+00:00")
    return int(whole.timestamp()) * 1_000_000 + int((match[2] or "").ljust(6, "0")[:6])


def json_object(value: Any) -> dict[str, Any]:
    """Any object."""
    if not isinstance(value, dict):
        raise ValueError("an object is expected")
    return value


def json_list(value: Any) -> list[Any]:
    """Any list."""
    if not isinstance(value, list):
        raise ValueError("a list is expected")
    return value


def secret(value: Any) -> str:
    """An encrypted personal value, as its digest."""
    if json_object(value).keys() != {"digest", "subject"}:
        raise ValueError("an encrypted value is expected")
    identifier(value["subject"])
    if not DIGEST.fullmatch(text(value["digest"])):
        raise ValueError("a digest is expected")
    return value["digest"]


def subjects(value: Any) -> set[str]:
    """The people and groups whose keys encrypt the personal values within a value."""
    if isinstance(value, list):
        return {subject for one in value for subject in subjects(one)}
    if not isinstance(value, dict):
        return set()
    if value.keys() == {"digest", "subject"} and all(isinstance(v, str) for v in value.values()):
        return {value["subject"]}
    return {subject for one in value.values() for subject in subjects(one)}


def source(value: Any) -> Source:
    """A source of money."""
    area = json_object(value).get("area")
    return text(value.get("funder")), None if area is None else text(area)


def split(value: Any) -> Split:
    """An amount by source."""
    amounts: Split = {}
    for share in json_list(value):
        own = source(share)
        if own in amounts:
            raise ValueError("a split has the same source twice")
        amounts[own] = money(share.get("amount"))
    return amounts


def settled(value: Any) -> dict[str, int]:
    """Amounts by the reason for which money was due."""
    return {reason: money(amount) for reason, amount in json_object(value).items()}


def of_fields(fields: str) -> Callable[[Any], dict[str, Any]]:
    """The type of an object with these fields."""
    parsers = []
    for field in fields.split():
        name, _, kind = field.partition(":")
        optional = kind.endswith("?")
        parsers.append((name, TYPES[kind.rstrip("?")], optional))

    def parse(value: Any) -> dict[str, Any]:
        parsed = dict.fromkeys(json_object(value))
        for name, parser, optional in parsers:
            own = value.get(name)
            if own is not None:
                try:
                    parsed[name] = parser(own)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
            elif optional:
                parsed[name] = None
            else:
                raise ValueError(f"{name} is missing")
        return parsed

    return parse


def list_of(parser: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """The type of a list."""
    return lambda value: [parser(one) for one in json_list(value)]


TYPES: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "int": integer,
    "bool": boolean,
    "id": identifier,
    "money": money,
    "day": day,
    "moment": moment,
    "object": json_object,
    "list": json_list,
    "secret": secret,
    "source": source,
    "split": split,
    "settled": settled,
    "any": lambda value: value,
    "texts": list_of(text),
    "ids": list_of(identifier),
    "secrets": list_of(secret),
}
TYPES["sitting"] = of_fields("present:ids withdrew:ids recorded_by:id? quorum:int? confirm_by:day?")
TYPES["themes"] = list_of(of_fields("theme:text name:text other_languages:object?"))
TYPES["leaving"] = of_fields("from:day to:day sources:split")
TYPES["entry"] = of_fields("amount:money happened_on:day payment:int? owed:text?")
TYPES["change"] = of_fields("amount:money? ends_on:day? update_due_on:day? purpose:object?")
TYPES["condition"] = of_fields("text:text one_instalment:bool?")
TYPES["conditions"] = lambda value: {
    key: TYPES["condition"](one) for key, one in json_object(value).items()
}
TYPES["about"] = of_fields("title:text description:text area:text? themes:texts?")
TYPES["plan"] = of_fields(
    "day:day starts_at:text ends_at:text place:text? place_for:text? places:int?"
)
TYPES["turnout"] = of_fields("group:id people:int")
TYPES["turnouts"] = list_of(TYPES["turnout"])
TYPES["came"] = of_fields("people:int named:ids? groups:turnouts?")
TYPES["terms"] = of_fields(
    "amount:money area:text ends_on:day update_due_on:day conditions:conditions"
)
LIMITS = of_fields("minimum:money maximum:money eyes:int quorum:int")
# The rules of a fund are compared as a whole, so they are kept as they are written.
TYPES["rules"] = lambda value: {"all": value, **{
    name: one for name, one in LIMITS(value).items()
    if name in ("minimum", "maximum", "eyes", "quorum")
}}


def read_catalogue() -> dict[tuple[str, str], Callable[[Any], dict[str, Any]]]:
    """The types of all payloads, by kind of record and name of event."""
    payloads = {}
    for stream, events in (
        ("person", PERSON),
        ("organisation", ORGANISATION),
        ("fund", FUND),
        ("group", GROUP),
        ("application", APPLICATION),
        ("grant", GRANT),
        ("gathering", GATHERING),
    ):
        for line in events.strip().split("\n"):
            name, _, fields = line.partition(" ")
            payloads[stream, name] = of_fields(fields)
    return payloads


PAYLOADS = read_catalogue()


def read_payload(event: dict[str, Any]) -> dict[str, Any]:
    """The fields of an event, each as its type. Raises ValueError if they are not as described."""
    parse = PAYLOADS.get((event["stream"], event["event"]))
    if parse is None:
        raise ValueError(f"no record has an event {event['event'][:60]}")
    return parse(event["payload"][event["event"]])
