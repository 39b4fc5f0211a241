"""The values of the catalogue (docs/events.md, *Values*): what a text, a number or an object is."""

from __future__ import annotations

import re
from typing import Any, Callable

from .lines import UUID

# A text: the most characters, and its pattern if it has one.
TEXTS = r"""
Accent 7 #[0-9A-Fa-f]{6}
AccountNumbers 17 [0-9]{2}-?[0-9]{2}-?[0-9]{2} [0-9]{8}
CheckpointKey 300 [^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+
ClockTime 5 ([01][0-9]|2[0-3]):[0-5][0-9]
Document 40000
EventKind 80 (person|organisation|fund|group|application|grant|gathering|asset|introduction|barrier)\.[A-Z][A-Za-z]+
FileDigest 64 [0-9a-f]{64}
HelpLine 140
Identifier 15 GB-(CHC-[0-9]{6,7}|SC-SC[0-9]{6}|NIC-1[0-9]{5}|COH-([A-Z0-9]{2}[0-9]{6}|\
[A-Z]{2}[0-9]{5}[A-Z]|[A-Z]{2}[0-9]{4}[A-Z]{2})|MPR-[0-9]{1,6}[A-Z]{0,2})
LessonLink 300 https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?
LanguageTag 35 [a-z]{2,3}(-[A-Za-z0-9]{2,8})*
Line 140
MailHost 253 [A-Za-z0-9-]+([.][A-Za-z0-9-]+)*
OfficeEmail 254 [^@ ]+@[^@ ]+
OfficePhone 40 [+()0-9 -]+
PostalAddress 300
Prose 4000
ServiceAddress 300 https?://[A-Za-z0-9.:\[\]-]+/?
Slug 40 [a-z][a-z0-9-]{0,39}
WebhookAddress 300 https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?
Website 300 https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?
"""

# Control characters other than line ends and tabs: no text has one.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

# A text that is one of some words.
WORDS = """
AssetKind group|organisation|place|thing|skill|interest
AssetWay offer|wish
AimCount sessions|people|groups|handed_over|lessons|stories_chosen
Channel web|phone|paper|in_person
CameTo went|goes_on|did_not_go|stopped
CloseReason done|no_answer|not_reached|found_other|other
ConsentBasis consent|soft_opt_in
ConsentPurpose invitations|skills|time_bank
ComesTo none|planned|made
ContactMethod email|phone|post
Decision award|promote|decline|defer|reserve
DeclineReason full|no_host|not_right|other
EntryKind came_in|went_out
FilePurpose scan|receipt|document|photograph|signed_form|enclosure
GatheringKind call_to_action|circle|workshop|conversation|community|activity|visit|training|research
GroupMaturity existing|new
InterestKind committee|employment|family|friendship|supply|helped_to_word|other
Language en|pl
LessonKind lesson|how_to|victory|finding
LessonVoice staff|group
MailEncryption tls|starttls
MailKind sign_in|colleague_invited|submitted|changes_requested|ineligible|declined|deferred|\
reserved|reviewed|offered|offer_ended|check_requested|paid|update_due|update_queried|\
return_requested|contact_changed|draft_closing|draft_reopened|agreement_accepted|paper_received|\
variation_asked|variation_approved|variation_refused|update_received|update_accepted|\
return_received|grant_stopped|grant_closed|erasure_asked|signed_up|waiting_joined|place_free|\
session_moved|session_cancelled|session_soon|session_after|lead_offered|pledge_due|\
barrier_answered|asset_due|introduction_asks|introduced|\
introduction_answered
NoticePurpose introductions|invitations|skills|time_bank
MediaType image/jpeg|application/pdf
PaymentRoute own_account|holding_body|purchase_for_group
QuestionKind long_text|short_text|one_choice|several_choices|number|yes_no|date|budget|file
PlaceAudience everyone|signed_up
ReminderKind before|overdue
ReturnReason underspend|clawback
RevocationKind withdraw_offer|terminate|demand_clawback
Role administrator|officer|finance|panel|auditor|connector
Shared name|telephone|email|matters
SignUpWay named|counted
Strength none|some|strong
TieKind partner|introduced|grew_from
TallyOccasion baseline|follow_up
ToldHow phone|letter|in_person
WritingDirection ltr|rtl
"""

# An object with these fields; with an exclamation mark it has no others.
OBJECTS = """
ActivityKind! activity:Slug label:Line other_languages:{en,pl=Line}~
Aim! aim:Slug name:Line level:int8 counts:[AimCount]~ questions:[AimQuestion]~ \
    other_languages:{en,pl=Line}~
AimOption! option:Slug label:Line other_languages:{en,pl=Line}~
AimQuestion! question:Slug words:Line options:[AimOption] source:Prose licence:Line \
    other_languages:{en,pl=Line}~
ApplicationHelp! by:id kind:HelpKind
AreaLanguage! tag:LanguageTag own_name:Line line:HelpLine checked:bool~ direction:WritingDirection~
AreaReportTranslation! context:Prose hard:Prose lessons:Prose
BatchLine! grant:id payment:int16 amount:money
ChangeMark group:int32 addresses:int32
Criterion! criterion:Slug label:Line anchors:[Line]~
EligibilityQuestion! question:Line if_no:Prose other_languages:{en,pl=EligibilityTranslation}~
EligibilityTranslation! question:Line if_no:Prose
EncryptedOutcome sign:Slug strength:Strength words:secret
FundTexts! activities:[ActivityKind]~ criteria:[Criterion]~ eligibility:[EligibilityQuestion]~ \
    other_languages:{en,pl=FundTranslation}~ who:Prose?
FundTranslation! name:Line? purpose:Prose? who:Prose?
HeldLetter! met_on:day letters_on:day
Instalment! amount:money released:ReleaseCondition
Interest! kind:InterestKind note:Prose
LessonConsent! consented_on:day how:Line
MailSender! name:Line email:OfficeEmail
MailServer! host:MailHost port:int16 encryption:MailEncryption~ password:id? user:Line?
PastGrant! reference:Line title:Line description:Prose amount:money awarded_on:day funder:Line \
    funder_id:Line? recipient_id:Line?
Pledge! pledge:Slug words:Line not_before:day? due_after_days:int16 other_languages:{en,pl=Line}~
Question! question:Slug label:Line required:bool help:Prose? kind:QuestionKind~ \
    options:[QuestionOption]~ other_languages:{en,pl=QuestionTranslation}~
QuestionOption! option:Slug label:Line other_languages:{en,pl=Line}~
QuestionTranslation! label:Line help:Prose?
ReturnAccount! holder:Line numbers:AccountNumbers
Rules! minimum:money maximum:money eyes:int8 quorum:int8 checks:[Slug] offer_days:int16 \
    signers:int8 checks_at_risk:[Slug]~ confirm_days:int16? payee_wait_days:int16? \
    remind_days:int16~ texts:FundTexts~ update_every_days:int16?
Sending! address:ServiceAddress? sender:MailSender? server:MailServer?
Settings! name:Line accent:Accent? accessibility:Document? address:PostalAddress? charity:Line? \
    email:OfficeEmail? hours:Line? hours_in:{en,pl=Line}~ languages:[AreaLanguage]~ \
    logo:FileDigest? privacy:Document? return_account:ReturnAccount? sending:Sending? \
    telephone:OfficePhone?
Sign! sign:Slug title:Line meaning:Prose
Summary! title:Line description:Prose
Theme! theme:Slug name:Line other_languages:{en,pl=Line}~
"""


def length(value: str) -> int:
    """How many characters a text has, or fewer: a reader can take up to ten signs as one."""
    signs = len(value.replace("\r\n", "\n"))
    return signs if value.isascii() else signs // 10


def read_text(line: str) -> tuple[str, Callable[[Any], Any]]:
    """The name and the type of a text."""
    name, most, *pattern = line.split(" ", 2)

    def parse(value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or length(value) > int(most):
            raise ValueError(f"{name} is expected")
        if CONTROL.search(value):
            raise ValueError(f"{name} has no control characters")
        if pattern and not re.fullmatch(pattern[0], value, re.ASCII):
            raise ValueError(f"{name} is expected")
        return value

    return name, parse


def read_words(line: str) -> tuple[str, Callable[[Any], Any]]:
    """The name and the type of a text that is one of some words."""
    name, words = line.split(" ")
    known = frozenset(words.split("|"))

    def parse(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"{name} is one of {words}")
        return value

    return name, parse


def one_name(value: Any) -> tuple[Any, Any]:
    """The only name of an object with its value, or a text with nothing."""
    if isinstance(value, dict) and len(value) == 1:
        return next(iter(value.items()))
    return (value, None) if isinstance(value, str) else (None, None)


def is_digest(value: Any) -> bool:
    """Whether a value is the digest of a file."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def acceptance_method(value: Any) -> Any:
    """How an agreement was accepted."""
    match one_name(value):
        case ("web" | "web_each" | "read_over_telephone", None):
            return value
        case ("paper_scan", {"scan": scan}) if is_digest(scan):
            return value
    raise ValueError("AcceptanceMethod is expected")


def help_kind(value: Any) -> Any:
    """What the helper of a group did."""
    match one_name(value):
        case ("helped_to_word", None):
            return value
        case ("keyed_verbatim", dict(how)):
            scan, is_read_back = how.get("scan"), how.get("read_back", False)
            if type(is_read_back) is bool and (scan is None or is_digest(scan)):
                return value
    raise ValueError("HelpKind is expected")


def is_personal(value: Any) -> bool:
    """Whether a value is the reference to an encrypted one."""
    match value:
        case {"digest": digest, "subject": str(subject)}:
            return is_digest(digest) and UUID.fullmatch(subject) is not None
    return False


def payee_details(day: Callable[[Any], Any], line: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The type of bank details."""

    def parse(value: Any) -> Any:
        match value:
            case {"route": "purchase_for_group"}:
                return value
            case {"route": "own_account" | "holding_body" as route, "holder": holder,
                  "numbers": numbers}:
                roll = value.get("roll_number")
                if is_personal(holder) and is_personal(numbers) and (
                    roll is None or is_personal(roll)
                ):
                    if route == "holding_body":
                        line(value.get("body"))
                        day(value.get("consented_on"))
                    return value
        raise ValueError("EncryptedPayee is expected")

    return parse


def lesson_origin(
    identifier: Callable[[Any], Any], slug: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    """The type of what a lesson grew from."""

    def parse(value: Any) -> Any:
        match value:
            case {"from": "grant", "grant": grant}:
                identifier(grant)
                update = value.get("update")
                if update is None or type(update) is int:
                    return value
            case {"from": "gathering" | "barrier" as source}:
                identifier(value.get(source))
                return value
            case {"from": "report", "area": area}:
                slug(area)
                return value
        raise ValueError("LessonOrigin is expected")

    return parse


def release_condition(
    day: Callable[[Any], Any], slug: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    """The type of what releases an instalment."""

    def parse(value: Any) -> Any:
        match one_name(value):
            case ("at_once", None):
                return value
            case ("from_day", {"day": on}):
                day(on)
                return value
            case ("after_check", {"check": check}):
                slug(check)
                return value
        raise ValueError("ReleaseCondition is expected")

    return parse


def read_types() -> dict[str, Callable[[Any], Any]]:
    """The types of all texts, by name."""
    texts = TEXTS.strip().replace("\\\n", "").split("\n")
    return dict([*map(read_text, texts), *map(read_words, WORDS.strip().split("\n"))])
