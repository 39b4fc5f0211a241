"""The events of the catalogue (docs/events.md): their fields, and the types of these.

A field is written `name:type`, `name:type?` if it can be null or absent, or `name:type~` if it can
be absent. Fields that a later program adds are let through. Types in capitals are those of the
documents, of which `values.py` has the forms.
"""

from __future__ import annotations

import datetime
import re
from typing import Any, Callable

from . import values
from .lines import LARGEST, UUID, moment_or_none

PERSON = """
PersonRegistered name:secret email:secret? postal_address:secret? registered_by:id? \
    registered_on:day? telephone:secret? typed_email:secret? unproven:bool~
GroupBegun group:id
DraftBegun application:id
SignUpBegun gathering:id session:int16
ContactChangeProposed proposal:int32 name:secret proposed_by:id email:secret? \
    postal_address:secret? telephone:secret?
ContactChangeRefused reason:Prose by:id
ContactChanged name:secret changed_by:id? changed_on:day? confirmed_by:id? email:secret? \
    postal_address:secret? replaced:secret? telephone:secret? typed_email:secret?
MailLanguageChosen language:Language?
ConsentGiven purpose:ConsentPurpose basis:ConsentBasis notice:int32 channel:Channel keyed_by:id? \
    given_on:day
ConsentTakenBack purpose:ConsentPurpose channel:Channel keyed_by:id? taken_back_on:day
AddressProven email:secret
AccessEnded reason:Prose
PersonToTell mail:id about:int53 kind:Line caused_on:day
PersonTold mail:id about:int53 kind:Line how:ToldHow told_on:day by:id
TellingTakenBack mail:id by:id
EmailedInstead mail:id by:id
ErasureRequested
ErasureRefused reason:Prose
PersonalDataErased reason:Prose
PledgeTaken pledge:Slug version:int32 taken_on:day due_on:day
PledgeKept pledge:Slug kept_on:day
PledgeDropped pledge:Slug
PledgesReminded
"""

ORGANISATION = """
OrganisationFounded name:Line simulated:day?
FounderNamed person:id roles:[Role]
LogRestored origin:Line sealed:int53 reason:Prose known:int53?
CheckpointKeyRotated key:CheckpointKey
RoleGiven person:id role:Role
RoleProposed person:id role:Role proposed_by:id contact:int32? proposal:int32?
RoleConfirmed person:id role:Role confirmed_by:id
RoleEnded person:id role:Role ended_on:day?
SignsAdopted version:int32 signs:[Sign]
ThemesAdopted version:int32 themes:[Theme]
AimsAdopted version:int32 aims:[Aim]
PledgesPublished version:int32 pledges:[Pledge] co_designed_at:id?
FormPublished version:int32 questions:[Question] name:Line?
NoticePublished version:int32 purpose:NoticePurpose hash:text text:Prose \
    other_languages:{en,pl=Prose}~
AgreementPublished version:int32 text:Document hash:text
ReportPublished version:int32 area:Slug context:Prose hard:Prose lessons:Prose \
    other_languages:{en,pl=AreaReportTranslation}~
LessonPublished lesson:int32 title:Line words:Prose kind:LessonKind voice:LessonVoice \
    themes:[Slug] signs:[Slug] published_on:day area:Slug? consent:LessonConsent? \
    grew_from:LessonOrigin? link:LessonLink?
LessonWithdrawn lesson:int32
MailTextPublished version:int32 mail:MailKind language:Language subject:Line body:Prose \
    confirmed_by:id? fund:id? proposed_by:id?
MailTextProposed proposal:int32 mail:MailKind language:Language subject:Line body:Prose \
    proposed_by:id fund:id?
MailTextRefused proposal:int32 reason:Prose by:id
SettingsProposed proposal:int32 settings:Settings proposed_by:id
SettingsSet version:int32 settings:Settings set_by:id proposed_by:id?
SettingsRefused proposal:int32 reason:Prose by:id
WebhookProposed webhook:int32 proposal:int32 address:WebhookAddress events:[EventKind] \
    proposed_by:id
WebhookConfirmed webhook:int32 proposal:int32 confirmed_by:id
WebhookEnded webhook:int32
WebhookSecretMade webhook:int32 secret:int32
StatementShared link:int32 funder:Slug from:day until:day expires_on:day shared_by:id
StatementLinkEnded link:int32
"""

FUND = """
FundCreated name:Line purpose:Prose areas:[Slug] rules:rules
RulesSet rules:rules
RulesProposed rules:rules proposed_by:id
RulesConfirmed rules:rules confirmed_by:id
RulesRefused reason:Prose by:id
FundOpened
FundPaused reason:Prose
FundResumed
FundClosed
FundArchived
FundingAllocated source:source amount:money reference:Line received_on:day
FundingWithdrawn source:source amount:money reason:Prose withdrawn_on:day
RoundPlanned round:Slug name:Line opens_on:day closes_on:day form:int32 hear_by:day? \
    panel_meets_on:day?
RoundOpened round:Slug
RoundExtended round:Slug closes_on:day hear_by:day? panel_meets_on:day?
RoundClosed round:Slug
DecidingStarted round:Slug
RoundCompleted round:Slug
PanelMet round:Slug met_on:day applications:ids letters_on:day?
LettersMoved round:Slug met_on:day letters_on:day applications:ids
LettersReleased round:Slug met_on:day applications:ids
BatchSent batch:Slug sent_on:day payments:int32 total:money
BankFileMade batch:Slug number:int32 payments:int32 total:money digest:FileDigest by:id \
    lines:[BatchLine]~ reason:Prose?
ReserveListed application:id round:Slug rank:int16
ReserveUnlisted application:id round:Slug rank:int16
CommitmentIncreased grant:id area:Slug round:Slug sources:split
Committed grant:id area:Slug round:Slug sources:split
CommitmentReduced grant:id sources:split effective_on:day?
CommitmentReleased grant:id sources:split
CommitmentTakenBack grant:id sources:split
"""

GROUP = """
GroupRegistered name:Line area:Slug standing:GroupMaturity
GroupCorrected name:Line area:Slug reason:secret corrects:int32
GroupCorrectionProposed proposal:int32 name:Line area:Slug reason:secret by:id
GroupCorrectionRefused reason:Prose by:id
ContactSet postcode:secret? telephone:secret?
IdentifierRecorded identifier:Identifier
MemberInvited person:id invited_by:id
InvitationRefused person:id
MemberAdded person:id added_by:id? added_on:day?
MemberRemoved person:id removed_on:day?
PayeeProvided payee:int32 details:EncryptedPayee keyed_by:id behind:ids~ provided_on:day?
PayeeVerified payee:int32 method:Line verified_by:id verified_on:day
FileKept file:FileDigest media:MediaType bytes:int53 purpose:FilePurpose kept_by:id application:id?
FileRemoved file:FileDigest removed_by:id
CheckFiled check:Slug grant:id passed_on:day good_until:day
GroupMerged into:id reason:Prose merged_by:id? merged_on:day?
GroupTakenIn group:id
GrantOpened grant:id
GrantEnded grant:id paid:bool ended_on:day
PastGrantRecorded past:PastGrant
TallyGiven tally:int16 version:int32 question:Slug counts:{int32} asked_on:day occasion:TallyOccasion
TallyCorrected tally:int16 counts:{int32} reason:Prose
ErasureRequested
ErasureRefused reason:Prose
PersonalDataErased reason:Prose
"""

APPLICATION = """
ApplicationStarted fund:id round:Slug group:id form:int32 late:bool started_by:id? started_on:day?
AnswersSaved answers:{secret} activity:Slug? area:Slug? keyed_by:id? people_at_risk:bool? \
    requested:money? unfinished:[Slug]~
ApplicationSubmitted requested:money area:Slug channel:Channel received_on:day \
    help:ApplicationHelp? help_agreed:bool~ late_reason:Prose? reached_by:[ContactMethod]~
HelpConfirmed helper:id by:id
HelpRefused helper:id by:id
LanguageChosen language:Language helper:secret? spoken_language:secret?
ChangesRequested questions:[Slug] note:Prose due_on:day notes:{Prose}~
ApplicationResubmitted requested:money area:Slug help:ApplicationHelp? help_agreed:bool~ \
    reached_by:[ContactMethod]~
EligibilityConfirmed by:id take_back_until:moment?
EligibilityRefused reason:Prose by:id take_back_until:moment?
EligibilityTakenBack by:id
NoInterestDeclared by:id observes:bool?
InterestDeclared by:id interest:Interest
ScoreGiven by:id criteria:{int8} note:Prose
ScoreRevised by:id criteria:{int8} note:Prose reason:Prose
ScoreSetAside of:id reason:Prose by:id
PublicSummaryWritten summary:Summary
Awarded terms:terms sitting:sitting letter:HeldLetter? reason:Prose?
Declined reason:Prose feedback:Prose sitting:sitting letter:HeldLetter? take_back_until:moment?
Deferred reason:Prose sitting:sitting letter:HeldLetter? message:Prose?
Reserved rank:int16 reason:Prose sitting:sitting letter:HeldLetter? message:Prose?
LetterMoved letters_on:day
LetterReleased decision:Decision message:Prose?
DecisionTakenBack decision:Decision reason:Prose sitting:sitting
AttendanceConfirmed decision:int32 person:id by:id
ReviewRequested words:secret requested_on:day
ReviewDecided upheld:bool reason:Prose by:id
ApplicationWithdrawn
ApplicationLapsed
DraftReopened
DraftReminded closes_on:day
"""

GRANT = """
GrantOffered fund:id round:Slug group:id area:Slug sources:split title:Line description:Prose \
    checks:[Slug] conditions:conditions signers:int8 eyes:int8 expires_on:day ends_on:day \
    update_due_on:day letters_on:day? theme:Slug? update_every_days:int16? waits:bool~
OfferSent expires_on:day
LetterMoved letters_on:day expires_on:day
LetterReleased
AwardTakenBack
RevocationProposed revocation:int32 kind:RevocationKind reason:Prose sitting:sitting amount:money?
RevocationConfirmed revocation:int32 by:id
AgreementIssued version:int32 hash:text
AgreementSigned hash:text name:secret by:id
AgreementAccepted hash:text method:AcceptanceMethod names:secrets read_by:id?
OfferDeclined
OfferLapsed
OfferWithdrawn reason:Prose
CheckRequested check:Slug note:Prose by:id
CheckPassed check:Slug note:Prose by:id evidence:FileDigest? good_until:day?
CheckReused check:Slug from:id good_until:day
CheckFailed check:Slug note:Prose by:id
WaiverProposed check:Slug reason:Prose by:id
CheckWaived check:Slug by:id
PaymentsScheduled first:int16 instalments:[Instalment]
ScheduleProposed proposal:int32 instalments:[Instalment] by:id
PaymentPrepared payment:int16 amount:money route:PaymentRoute payee:int32 prepared_by:id eyes:int8 \
    prepared_on:day instalment:int16? sources:split~ supplier:Line? waits_until:day?
EarlyPaymentProposed payment:int16 until:day mark:ChangeMark reason:Prose by:id
EarlyPaymentConfirmed payment:int16 until:day mark:ChangeMark by:id
PaymentApproved payment:int16 approved_by:id approved_on:day?
PaymentRejected payment:int16 reason:Prose
PaymentCancelled payment:int16 reason:Prose
PaymentSent payment:int16 sources:split sent_on:day batch:Slug?
PaymentConfirmed payment:int16 paid_on:day leaving:leaving? receipt:FileDigest?
PaymentFailed payment:int16 sources:split reason:Prose failed_on:day
PaymentReversed payment:int16 sources:split reason:Prose reversed_on:day released:split~ \
    satisfied:settled~
PaymentCorrected payment:int16 paid_on:day reason:Prose corrects:int32 leaving:leaving?
VariationRequested variation:int16 change:change words:secret by:id
VariationApproved variation:int16 change:change released:split more:money by:id sitting:sitting?
VariationRefused variation:int16 reason:Prose by:id
AwardGrown sources:split
GrantHeld reason:Prose held_on:day?
GrantResumed
GrantTerminated reason:Prose released:split
UpdateRequested update:int16 due_on:day last:bool
UpdateMoved update:int16 due_on:day
ReminderSent update:int16 occasion:ReminderKind sent_on:day by:id? note:Prose?
UpdateSaved update:int16 answers:{words,learned,people,volunteers,spent,pictured,agreed=secret} \
    strengths:{Strength} noticed:{secret} files:[FileDigest]
UpdateReceived update:int16 channel:Channel words:secret people:int32 volunteers:int32 spent:money \
    signs:int32 outcomes:[EncryptedOutcome] files:[FileDigest] received_on:day learned:secret? \
    pictured:secret?
UpdateAccepted update:int16
UpdateQueried update:int16 question:Prose due_on:day?
UpdateExcused update:int16 reason:Prose
UpdateCorrected update:int16 people:int32 volunteers:int32 spent:money reason:Prose corrects:int32
OutcomeJudged update:int16 sign:Slug strength:Strength reason:Prose by:id
NewsSent news:int16 channel:Channel photographs:[FileDigest] sent_on:day pictured:secret? \
    words:secret?
UnderspendDeclared amount:money released:split due_back:money
ReturnRequested owed:ReturnReason due_on:day
ClawbackDemanded amount:money reason:Prose
ReturnReceived owed:ReturnReason sources:split received_on:day satisfied:settled?
ReturnWaiverProposed owed:ReturnReason amount:money reason:Prose by:id
ReturnWaived owed:ReturnReason amount:money by:id
EntryUnsettled entry:int16 kind:EntryKind details:entry by:id note:Prose?
SettlementProposed entry:int16 counts:money reason:Prose by:id
EntrySettled entry:int16 sources:split satisfied:settled happened_on:day by:id
AttendanceConfirmed decision:int32 person:id by:id
StoryPublished story:int16 words:Prose consented_on:day consent:Line photographs:[FileDigest] \
    pictured:Line?
StoryWithdrawn story:int16
GrantClosed released:split
"""

INTRODUCTION = """
IntroductionAsked of:Party to:id at_risk:bool asked_on:day
IntroductionAgreed notice:int32 channel:Channel read_back:bool keyed_by:id? matters:secret? \
    shares:[Shared] agreed_on:day
IntroductionMade to:id holder:id? at_risk:bool~ made_on:day
IntroductionWelcomed host:id? host_name:secret? channel:Channel keyed_by:id? welcomed_on:day
IntroductionDeclined reason:DeclineReason channel:Channel keyed_by:id? declined_on:day
IntroductionCameTo how:CameTo said_on:day
IntroductionTakenBack channel:Channel keyed_by:id? forgotten:secrets~ taken_back_on:day
IntroductionClosed reason:CloseReason closed_on:day
IntroductionReminded reminded_on:day
MattersForgotten forgotten:secrets
"""

GATHERING = """
GatheringPlanned kind:GatheringKind about:about leads:ids sign_up:SignUpWay risk_check:bool \
    planned_on:day group:id? fund:id? grew_from:id?
GatheringDescribed about:about
GatheringOpened opened_on:day
GatheringEnded ended_on:day
SessionAdded session:int16 plan:plan
SessionMoved session:int16 plan:plan
SessionCancelled session:int16 reason:Prose
PlaceTaken session:int16 person:id group:id? needs:secret? waited:bool
WaitingJoined session:int16 person:id rank:int32 group:id? needs:secret?
PlaceGivenUp session:int16 person:id
WaitingLeft session:int16 person:id
SignUpsCounted session:int16 people:int32
SessionHeld session:int16 came:came
AttendanceCorrected session:int16 came:came reason:Prose
NotesWritten session:int16 learned:Prose ideas:[Line] signs:[Slug]
StoryChosen grant:id story:int16 why:Prose chosen_on:day aim:Slug?
TallyGiven tally:int16 version:int32 question:Slug counts:{int32} asked_on:day occasion:TallyOccasion
TallyCorrected tally:int16 counts:{int32} reason:Prose
LeadOffered person:id
LeadTaken person:id staff:bool
LeadLeft person:id
HandAskedFor lead:id words:secret asked_on:day?
HandForgotten words:secrets
RiskChecked good_until:day
SessionReminded session:int16
NeedsForgotten session:int16 needs:secrets
"""

ASSET = """
AssetRecorded way:AssetWay kind:AssetKind holder:Party? name:Line? words:secret? area:Slug? \
    themes:[Slug]~ keeper:id recorded_on:day
WordsProposed words:secret
AssetPublished listing:listing published_on:day
AssetPaused
AssetResumed resumed_on:day
AssetConfirmed confirmed_on:day
AssetWithdrawn withdrawn_on:day
TieMade to:id how:TieKind tied_on:day
TieEnded to:id
KeeperChanged keeper:id
ExchangeRecorded exchange:int32 giver:Party receiver:Party minutes:int32 on:day
ExchangeCorrected exchange:int32 minutes:int32 reason:Prose
AssetReminded months:int8
WordsForgotten words:secrets
"""

BARRIER = """
BarrierRaised person:id group:id? area:Slug? theme:Slug? words:secret gathering:id? raised_on:day
BarrierSummedUp summary:Prose
BarrierJoined into:id
BarrierTakenIn joined:id raised_by:ids
BarrierPassedOn to:Line asked:Prose due_on:day passed_on:day
BarrierAnswered answer:Prose comes_to:ComesTo answered_on:day
BarrierWithdrawn
BarrierClosed reason:Prose
BarrierReminded
BarrierWordsForgotten words:secret
"""

# A source of money: the funder, and the area that it is restricted to or None.
Source = tuple[str, "str | None"]
Split = dict[Source, int]

MONEY = re.compile(r"(0|[1-9][0-9]{0,7})\.[0-9]{2}")
# The largest amount, in pence.
MOST_MONEY = 9_999_999_900
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DIGEST = re.compile(r"[0-9a-f]{64}")


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ValueError("a text is expected")
    return value


def integer(most: int) -> Callable[[Any], int]:
    """The type of a whole number from 0 to this one."""

    def parse(value: Any) -> int:
        if type(value) is not int or not 0 <= value <= most:
            raise ValueError(f"a whole number from 0 to {most} is expected")
        return value

    return parse


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
    pence = int(value.replace(".", ""))
    if pence > MOST_MONEY:
        raise ValueError("an amount of money is at most 99999999.00")
    return pence


def day(value: Any) -> str:
    """A day. As ISO text it sorts by time."""
    if not DAY.fullmatch(text(value)):
        raise ValueError("a day is expected")
    # The calendar of Python begins with the year 1. The years 0 and 2000 have the same days.
    datetime.date.fromisoformat(value if value[:4] != "0000" else "2000" + value[4:])
    return value


def moment(value: Any) -> int:
    """A moment in UTC, as microseconds since 1970."""
    micros = moment_or_none(text(value))
    if micros is None:
        raise ValueError("a moment in UTC is expected")
    return micros


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


def is_secret(value: dict[str, Any]) -> bool:
    """Whether an object with a digest and a subject is an encrypted value."""
    try:
        secret(value)
    except ValueError:
        return False
    return True


def subjects(value: Any) -> set[str]:
    """The people and groups whose keys encrypt the personal values within a value."""
    if isinstance(value, list):
        return {subject for one in value for subject in subjects(one)}
    if not isinstance(value, dict):
        return set()
    if value.keys() == {"digest", "subject"} and is_secret(value):
        return {value["subject"]}
    return {subject for one in value.values() for subject in subjects(one)}


def source(value: Any) -> Source:
    """A source of money."""
    area, slug = json_object(value).get("area"), TYPES["Slug"]
    return slug(value.get("funder")), None if area is None else slug(area)


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
    reason_of = TYPES["ReturnReason"]
    return {reason_of(reason): money(amount) for reason, amount in json_object(value).items()}


def party(value: Any) -> tuple[str, str]:
    """A person or a group, as its kind and its id."""
    match list(json_object(value).items()):
        case [("person" | "group" as kind, own)]:
            return kind, identifier(own)
    raise ValueError("a person or a group is expected")


def of_fields(fields: str, others: bool = True) -> Callable[[Any], dict[str, Any]]:
    """The type of an object with these fields, and perhaps others."""
    parsers = []
    for field in fields.split():
        name, _, kind = field.partition(":")
        parsers.append((name, type_of(kind.rstrip("?~")), kind[-1]))
    names = frozenset(name for name, *_ in parsers)

    def parse(value: Any) -> dict[str, Any]:
        parsed = dict.fromkeys(json_object(value))
        if not others and not parsed.keys() <= names:
            raise ValueError("an object has a name that is not described")
        for name, parser, absent in parsers:
            own = value.get(name)
            if own is not None:
                try:
                    parsed[name] = parser(own)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
            elif absent == "?" or (absent == "~" and name not in value):
                parsed[name] = None
            else:
                raise ValueError(f"{name} is missing")
        return parsed

    return parse


def list_of(parser: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """The type of a list."""
    return lambda value: [parser(one) for one in json_list(value)]


def map_of(parser: Callable[[Any], Any], names: frozenset[str]) -> Callable[[Any], dict[str, Any]]:
    """The type of an object whose names are keys: any, or these."""

    def parse(value: Any) -> dict[str, Any]:
        if names and not json_object(value).keys() <= names:
            raise ValueError("an object has a key that is not described")
        return {name: parser(one) for name, one in json_object(value).items()}

    return parse


def as_written(parser: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The type of a value that is kept as it is written."""

    def parse(value: Any) -> Any:
        parser(value)
        return value

    return parse


def type_of(kind: str) -> Callable[[Any], Any]:
    """The type with a name; `[name]` is a list, and `{name}` or `{key,key=name}` a map."""
    if kind.startswith("["):
        return list_of(type_of(kind[1:-1]))
    if kind.startswith("{"):
        keys, _, of = kind[1:-1].rpartition("=")
        return map_of(type_of(of), frozenset(filter(None, keys.split(","))))
    if kind not in TYPES:
        TYPES[kind] = as_written(of_fields(OBJECTS[kind][1], OBJECTS[kind][0]))
    return TYPES[kind]


def read_objects() -> dict[str, tuple[bool, str]]:
    """By name of an object: whether it can have other names than its fields, and these."""
    objects = {}
    for line in values.OBJECTS.strip().split("\n"):
        name, _, fields = line.partition(" ")
        objects[name.rstrip("!")] = not name.endswith("!"), fields
    return objects


OBJECTS = read_objects()
TYPES: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "int8": integer(2**8 - 1),
    "int16": integer(2**16 - 1),
    "int32": integer(2**32 - 1),
    "int53": integer(LARGEST),
    "bool": boolean,
    "id": identifier,
    "money": money,
    "day": day,
    "moment": moment,
    "secret": secret,
    "source": source,
    "split": split,
    "settled": settled,
    "ids": list_of(identifier),
    "secrets": list_of(secret),
    "Party": party,
    "AcceptanceMethod": values.acceptance_method,
    "HelpKind": values.help_kind,
    **values.read_types(),
}
TYPES["EncryptedPayee"] = values.payee_details(day, TYPES["Line"])
TYPES["LessonOrigin"] = values.lesson_origin(identifier, TYPES["Slug"])
TYPES["ReleaseCondition"] = values.release_condition(day, TYPES["Slug"])
TYPES["sitting"] = of_fields(
    "present:ids withdrew:ids recorded_by:id? quorum:int8? confirm_by:day?"
)
TYPES["leaving"] = of_fields("from:day to:day sources:split")
TYPES["entry"] = of_fields("amount:money happened_on:day payment:int16? owed:ReturnReason~")
TYPES["change"] = of_fields(
    "amount:money? ends_on:day? update_due_on:day? purpose:Summary?", others=False
)
TYPES["condition"] = of_fields("text:Prose one_instalment:bool~", others=False)
TYPES["conditions"] = map_of(TYPES["condition"], frozenset())
TYPES["about"] = of_fields("title:Line description:Prose area:Slug? themes:[Slug]~", others=False)
TYPES["plan"] = of_fields(
    "day:day starts_at:ClockTime ends_at:ClockTime place:Line? place_for:PlaceAudience~ "
    "places:int32?",
    others=False,
)
TYPES["turnout"] = of_fields("group:id people:int32", others=False)
TYPES["came"] = of_fields("people:int32 named:ids~ groups:[turnout]~", others=False)
TYPES["listing"] = of_fields(
    "name:Line description:Prose area:Slug? themes:[Slug]~ when:Line? access:Prose? "
    "website:Website? welcomes:bool~",
    others=False,
)
TYPES["terms"] = of_fields(
    "amount:money area:Slug ends_on:day update_due_on:day conditions:conditions people_at_risk:bool"
)
LIMITS = of_fields("minimum:money maximum:money eyes:int8 quorum:int8")
RULES = type_of("Rules")
# The rules of a fund are compared as a whole, so they are kept as they are written.
TYPES["rules"] = lambda value: {"all": RULES(value), **{
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
        ("asset", ASSET),
        ("introduction", INTRODUCTION),
        ("barrier", BARRIER),
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
