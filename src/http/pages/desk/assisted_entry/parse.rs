//! Parsing the form of an assisted entry.

use std::collections::BTreeMap;

use crate::domain::application::{
    ApplicationHelp, Channel, ChooseLanguage, HelpKind, SaveAnswers, Submit,
};
use crate::domain::group::{GroupMaturity, RegisterGroup};
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::{PersonalInput, parse_email};
use crate::domain::text::Slug;
use crate::domain::{FundId, PersonId};
use crate::http::pages::FormData;
use crate::http::pages::apply::parse_amount;
use crate::http::pages::form_reader::{FieldErrors, FormReader, value_of_key};

/// The parsed form.
pub(super) struct AssistedEntry {
    pub fund: FundId,
    pub round: Slug,
    pub person: Option<PersonDetails>,
    /// The group, without the person as its member.
    pub group: RegisterGroup,
    pub answers: SaveAnswers,
    pub language: ChooseLanguage,
    pub submit: Submit,
}

/// Parses the form. `by` is the officer who keys it in.
pub(super) fn parse_entry(posted: &FormData, by: PersonId) -> Result<AssistedEntry, FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let round = form.required("round", parse_round, "Choose a round");
    let person = parse_person(posted, &mut form);
    let group = parse_group(&mut form);
    let area = group.as_ref().map(|group| group.area.clone());
    let answers = parse_answers(posted, &mut form, area);
    let language = ChooseLanguage {
        language: posted.text("language").parse().unwrap_or_default(),
        helper: form.optional_text("helper"),
    };
    let submit = parse_submission(&mut form, by);
    if posted.text("consent") != "yes" {
        form.error(
            "consent",
            "Ask the group whether it agrees to what you wrote down",
        );
    }
    let whole = round
        .zip(group)
        .zip(submit)
        .map(|(((fund, round), group), submit)| AssistedEntry {
            fund,
            round,
            person,
            group,
            answers,
            language,
            submit,
        });
    form.finish(whole)
}

/// Parses the choice of a round: the fund's id and the round's key.
fn parse_round(text: &str) -> Option<(FundId, Slug)> {
    let (fund, key) = text.split_once('/')?;
    Some((FundId(fund.parse().ok()?), key.parse().ok()?))
}

/// Parses the person who applies. The name is required if an address or telephone number is
/// entered.
fn parse_person(posted: &FormData, form: &mut FormReader<'_>) -> Option<PersonDetails> {
    let email = form.optional(
        "email",
        |text| parse_email(text).ok().map(PersonalInput::Open),
        "This is not an e-mail address",
    );
    let telephone = form.optional_text("telephone");
    let reached = ["email", "telephone"]
        .iter()
        .any(|field| !posted.text(field).is_empty());
    let line = |text: &str| PersonalInput::name(text).ok();
    let says = "Write whose address or number this is";
    let name = if reached {
        form.required("person", line, says)
    } else {
        form.optional("person", line, says)
    };
    name.map(|name| PersonDetails {
        name,
        email,
        telephone,
    })
}

fn parse_group(form: &mut FormReader<'_>) -> Option<RegisterGroup> {
    let name = form.required(
        "group",
        |text| text.parse().ok(),
        "Write the group's name, in at most 100 letters and without the address of a web page",
    );
    let area = form.required("area", |text| text.parse().ok(), "Choose an area");
    let standings = [
        ("existing", GroupMaturity::Existing),
        ("new", GroupMaturity::New),
    ];
    let standing = form.required(
        "standing",
        |text| value_of_key(text, standings),
        "Say whether the group is new",
    );
    Some(RegisterGroup {
        name: name?,
        area: area?,
        standing: standing?,
        member: None,
    })
}

/// Parses what the group asks for, and its answers to the round's questions.
fn parse_answers(posted: &FormData, form: &mut FormReader<'_>, area: Option<Slug>) -> SaveAnswers {
    let requested = form.required("requested", parse_amount, "Write a sum in pounds");
    let people_at_risk = form.required(
        "at_risk",
        |text| value_of_key(text, [("yes", true), ("no", false)]),
        "Say whether children, or adults who need looking after, would take part",
    );
    let mut answers = BTreeMap::new();
    for (field, question) in posted
        .pairs()
        .iter()
        .filter_map(|(field, _)| Some((field, field.strip_prefix("q-")?)))
    {
        if let (Ok(question), Some(answer)) = (question.parse::<Slug>(), form.optional_text(field))
        {
            answers.insert(question, answer);
        }
    }
    SaveAnswers {
        requested,
        area,
        activity: posted.text("activity").parse().ok(),
        people_at_risk,
        answers,
    }
}

/// Parses how the form came, and how the officer helped.
fn parse_submission(form: &mut FormReader<'_>, by: PersonId) -> Option<Submit> {
    let channels = [
        ("paper", Channel::Paper),
        ("phone", Channel::Phone),
        ("in_person", Channel::InPerson),
    ];
    let channel = form.required(
        "channel",
        |text| value_of_key(text, channels),
        "Say how it came",
    );
    let received_on = form.required(
        "received_on",
        |text| text.parse().ok(),
        "Say on which day it came",
    );
    let late_reason = form.optional(
        "late_reason",
        |text| text.parse().ok(),
        "This is too long. Use at most 4,000 letters.",
    );
    let kinds = [
        (
            "read_back",
            HelpKind::KeyedVerbatim {
                read_back: true,
                scan: None,
            },
        ),
        ("helped_to_word", HelpKind::HelpedToWord),
    ];
    let kind = form.required(
        "help",
        |text| value_of_key(text, kinds),
        "Say how you helped: what is keyed in as it was must be read back to the group",
    );
    Some(Submit {
        channel: channel?,
        received_on,
        late_reason,
        help: Some(ApplicationHelp { by, kind: kind? }),
    })
}
