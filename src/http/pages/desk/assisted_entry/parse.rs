//! Parsing the form of an assisted entry.

use std::collections::BTreeMap;

use crate::domain::application::{
    ApplicationHelp, Channel, ChooseLanguage, HelpKind, SaveAnswers, Submit,
};
use crate::domain::file::FileDigest;
use crate::domain::group::{GroupMaturity, RegisterGroup};
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::Slug;
use crate::domain::{ApplicationId, FundId, GroupId, PersonId};
use crate::http::pages::FormData;
use crate::http::pages::apply::parse_amount;
use crate::http::pages::form_reader::{FieldErrors, FormReader, text_error, value_of_key};
use crate::http::pages::question_field::entered_answers;

/// The answer that the officer copied the words from a paper form, whose scan is attached.
pub(super) const COPIED: &str = "copied";

/// The parsed form.
pub(super) struct AssistedEntry {
    pub fund: FundId,
    pub round: Slug,
    pub person: EntryPerson,
    pub group: EntryGroup,
    pub answers: SaveAnswers,
    pub language: ChooseLanguage,
    /// The draft that the form continues.
    pub draft: Option<ApplicationId>,
    /// How the application is sent. `None` if the form is saved as a draft.
    pub submit: Option<Submit>,
}

/// Who applies.
pub(super) enum EntryGroup {
    /// A group that is on record.
    Known(GroupId),
    /// A new group, without the person as its member.
    New {
        group: RegisterGroup,
        /// Whether the officer confirmed that the group differs from those with the same name.
        apart: bool,
    },
}

/// Who speaks for the group.
pub(super) enum EntryPerson {
    /// A member who is on record; a draft may have none yet.
    Member,
    New(PersonDetails),
}

/// Whether the form is saved as a draft, which needs only the round, the group and the area.
pub(super) fn saves_draft(posted: &FormData) -> bool {
    posted.text("then") == "later"
}

/// Parses the form. `by` is the officer who keys it in, and `scan` the scan of the paper form.
pub(super) fn parse_entry(
    posted: &FormData,
    by: PersonId,
    scan: Option<&FileDigest>,
) -> Result<AssistedEntry, FieldErrors> {
    let is_draft = saves_draft(posted);
    let mut form = FormReader::new(posted, Language::En);
    let round = form.required("round", parse_round, "Choose a round");
    let (group, area) = parse_group(posted, &mut form).unzip();
    let person = parse_person(posted, &mut form);
    let answers = parse_answers(posted, &mut form, area);
    let language = ChooseLanguage {
        language: posted.text("language").parse().unwrap_or_default(),
        helper: form.optional_text("helper"),
        spoken_language: form.optional(
            "spoken_language",
            |text| PersonalInput::name(text).ok(),
            "Enter the name of a language, such as Urdu",
        ),
    };
    let submit = if is_draft {
        Some(None)
    } else {
        parse_submission(posted, &mut form, by, scan).map(Some)
    };
    let whole = round.zip(person).zip(group).zip(submit).map(
        |((((fund, round), person), group), submit)| AssistedEntry {
            fund,
            round,
            person,
            group,
            answers,
            language,
            draft: posted.text("draft").parse().ok().map(ApplicationId),
            submit,
        },
    );
    form.finish(whole)
}

/// Parses the choice of a round: the fund's id and the round's key.
fn parse_round(text: &str) -> Option<(FundId, Slug)> {
    let (fund, key) = text.split_once('/')?;
    Some((FundId(fund.parse().ok()?), key.parse().ok()?))
}

/// Parses the person who applies, with at least one way to reach them.
fn parse_person(posted: &FormData, form: &mut FormReader<'_>) -> Option<EntryPerson> {
    let is_known = posted.text("found").parse::<uuid::Uuid>().is_ok();
    if is_known && posted.text("member").parse::<uuid::Uuid>().is_ok() {
        return Some(EntryPerson::Member);
    }
    let fields = ["person", "telephone", "email", "postal_address"];
    if saves_draft(posted) && fields.iter().all(|field| posted.text(field).is_empty()) {
        return Some(EntryPerson::Member);
    }
    let email = form.optional_email().map(PersonalInput::Open);
    let telephone = form.optional_phone_words();
    let postal_address = form.optional_text("postal_address");
    form.require_contact(
        "Add a phone number, an email or a postal address, so that we can reach them",
    );
    let name = form.required(
        "person",
        |text| PersonalInput::name(text).ok(),
        "Enter the name of the person who is applying",
    );
    name.map(|name| {
        EntryPerson::New(PersonDetails {
            name,
            email,
            telephone,
            postal_address,
            typed_email: None,
        })
    })
}

/// Parses the group and the area of the application.
fn parse_group(posted: &FormData, form: &mut FormReader<'_>) -> Option<(EntryGroup, Slug)> {
    if let Ok(known) = posted.text("found").parse() {
        let area = parse_area(form);
        return Some((EntryGroup::Known(GroupId(known)), area?));
    }
    let name = form.required(
        "group",
        |text| text.parse().ok(),
        "Enter the group's name, in at most 100 letters and without a web address",
    );
    let standings = [
        ("existing", GroupMaturity::Existing),
        ("new", GroupMaturity::New),
    ];
    let standing = form.required(
        "standing",
        |text| value_of_key(text, standings),
        "Say if the group is new",
    );
    let area = parse_area(form)?;
    let group = RegisterGroup {
        name: name?,
        area: area.clone(),
        standing: standing?,
        member: None,
    };
    let apart = posted.text("found") == "another";
    Some((EntryGroup::New { group, apart }, area))
}

fn parse_area(form: &mut FormReader<'_>) -> Option<Slug> {
    form.required("area", |text| text.parse().ok(), "Choose an area")
}

/// Parses a field that a draft may leave empty.
fn unless_draft<T>(
    posted: &FormData,
    form: &mut FormReader<'_>,
    field: &str,
    read: impl FnOnce(&str) -> Option<T>,
    says: &str,
) -> Option<T> {
    if saves_draft(posted) {
        form.optional(field, read, says)
    } else {
        form.required(field, read, says)
    }
}

/// Parses what the group asks for, and its answers to the round's questions.
fn parse_answers(posted: &FormData, form: &mut FormReader<'_>, area: Option<Slug>) -> SaveAnswers {
    let requested = unless_draft(
        posted,
        form,
        "requested",
        parse_amount,
        "Enter an amount in pounds, such as 850",
    );
    let people_at_risk = unless_draft(
        posted,
        form,
        "at_risk",
        |text| value_of_key(text, [("yes", true), ("no", false)]),
        "Say if children, or adults who need support, would take part",
    );
    let mut answers = BTreeMap::new();
    for (question, typed) in entered_answers(posted, "q-") {
        match PersonalInput::try_from(typed) {
            Ok(answer) => {
                answers.insert(question, answer);
            }
            Err(error) => form.error(&format!("q-{question}"), text_error(&error)),
        }
    }
    SaveAnswers {
        requested,
        area,
        activity: posted.text("activity").parse().ok(),
        people_at_risk,
        answers,
        ..SaveAnswers::default()
    }
}

/// Parses how the form came, how the officer helped, and the group's consent.
fn parse_submission(
    posted: &FormData,
    form: &mut FormReader<'_>,
    by: PersonId,
    scan: Option<&FileDigest>,
) -> Option<Submit> {
    let channels = [
        ("paper", Channel::Paper),
        ("phone", Channel::Phone),
        ("in_person", Channel::InPerson),
    ];
    let channel = form.required(
        "channel",
        |text| value_of_key(text, channels),
        "Say how the application reached us",
    );
    let received_on = form.required(
        "received_on",
        |text| text.parse().ok(),
        "Enter the day it reached us",
    );
    let late_reason = form.optional(
        "late_reason",
        |text| text.parse().ok(),
        "This is too long. Use at most 4,000 letters.",
    );
    let verbatim = |read_back: bool| HelpKind::KeyedVerbatim {
        read_back,
        scan: scan.cloned(),
    };
    let kinds = [
        ("read_back", verbatim(true)),
        (COPIED, verbatim(false)),
        ("helped_to_word", HelpKind::HelpedToWord),
    ];
    let kind = form.required(
        "help",
        |text| value_of_key(text, kinds),
        "Say how you helped. If you typed in their own words, read them back to the group first",
    );
    if posted.text("help") == COPIED && scan.is_none() {
        form.error(
            "help",
            "Add the scan of the paper first, or read the words back to the group",
        );
    }
    if posted.text("consent") != "yes" {
        form.error(
            "consent",
            "Ask the group if they agree to what you wrote down, then tick the box",
        );
    }
    Some(Submit {
        channel: channel?,
        received_on,
        late_reason,
        help: Some(ApplicationHelp { by, kind: kind? }),
    })
}
