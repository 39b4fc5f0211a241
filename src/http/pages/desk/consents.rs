//! A card with what a person consented to: the notice, the channel, and the forms with which an
//! officer or a connector records that consent was given or withdrawn.

use askama::Template;
use askama::filters::HtmlSafe;
use strum::VariantArray as _;

use super::action::{Action, ActionSpec};
use super::{DeskRequest, channel_name};
use crate::domain::application::Channel;
use crate::domain::language::{Language, day_text};
use crate::domain::organisation::NoticePurpose;
use crate::domain::person::{AgreeToPurpose, ConsentBasis, ConsentPurpose, TakeBackConsent};
use crate::domain::{Command, PersonCommand, PersonId};
use crate::http::pages::{PageError, PageForms};
use crate::projections::{ConsentRow, ConsentState, NoticeRow};
use crate::views::Filter;

/// What a person agreed to.
#[derive(Template)]
#[template(path = "parts/consents.html")]
pub(super) struct ConsentCard {
    lines: Vec<ConsentLine>,
}

impl HtmlSafe for ConsentCard {}

/// One purpose.
struct ConsentLine {
    title: &'static str,
    says: String,
    /// The words to be read aloud, for a person who does not agree yet.
    notice: Option<String>,
    action: Option<Action>,
}

/// The card of a person. `None` for readers who do not work with people, and as long as nothing can
/// be agreed to.
pub(super) async fn consent_card(
    request: &DeskRequest<'_>,
    forms: &PageForms,
    person: PersonId,
) -> Result<Option<ConsentCard>, PageError> {
    if !request.signed.reader.works_with_people() {
        return Ok(None);
    }
    let views = &request.app.views;
    let of_person = vec![Filter::equals("person", person)];
    let consents: Vec<ConsentRow> = views.all_rows(None, of_person).await?;
    let notices: Vec<NoticeRow> = views.all_rows(None, Vec::new()).await?;
    let mut lines = Vec::new();
    for purpose in ConsentPurpose::VARIANTS {
        let row = consents.iter().find(|row| row.purpose == *purpose);
        let about = NoticePurpose::from(*purpose);
        let newest = notices
            .iter()
            .filter(|row| row.purpose == about)
            .max_by_key(|row| row.version);
        if row.is_none() && newest.is_none() {
            continue;
        }
        let given = row.filter(|row| row.state == ConsentState::Given);
        let spec = match (given, newest) {
            (Some(_), _) => Some(take_back(person, *purpose)),
            (None, Some(newest)) => Some(agree(person, *purpose, newest.version)),
            (None, None) => None,
        };
        let action = match spec {
            Some(spec) => request.actions(forms, vec![spec]).await?.pop(),
            None => None,
        };
        let notice = newest.filter(|_| given.is_none());
        lines.push(ConsentLine {
            title: title_of(*purpose),
            says: row.map_or_else(|| "They have not agreed.".to_owned(), state_text),
            notice: notice.map(|row| row.text_in(Language::En).to_owned()),
            action,
        });
    }
    Ok((!lines.is_empty()).then_some(ConsentCard { lines }))
}

fn title_of(purpose: ConsentPurpose) -> &'static str {
    match purpose {
        ConsentPurpose::Invitations => "Invitations and news",
        ConsentPurpose::Skills => "What they can do or lend",
        ConsentPurpose::TimeBank => "Giving and getting hours",
    }
}

/// "They agreed on 12 May 2027, by phone, on notice 2."
fn state_text(row: &ConsentRow) -> String {
    if let (ConsentState::TakenBack, Some(day)) = (row.state, row.taken_back_on) {
        return format!("They changed their mind on {}.", day_text(day));
    }
    let agreed = match row.basis {
        ConsentBasis::Consent => "They agreed",
        ConsentBasis::SoftOptIn => "They showed interest and did not say no",
    };
    let (day, how) = (day_text(row.given_on), channel_name(&row.channel));
    format!("{agreed} on {day}, {how}, on notice {}.", row.notice)
}

fn agree(person: PersonId, purpose: ConsentPurpose, notice: u32) -> ActionSpec {
    let key: &str = purpose.into();
    let agreed = PersonCommand::Agree(AgreeToPurpose {
        purpose,
        basis: ConsentBasis::Consent,
        notice,
        channel: Some(Channel::Paper),
    });
    let spec = ActionSpec::new("They agree", Command::Person(person, agreed))
        .form(format!("agree-{key}"))
        .button("Save that they agree")
        .hidden("purpose", key)
        .hidden_number("notice", notice);
    let spec = if purpose == ConsentPurpose::Invitations {
        let grounds = [
            ("consent", "They said yes"),
            ("soft_opt_in", "They showed interest and did not say no"),
        ]
        .map(|(key, label)| (key.to_owned(), label.to_owned()));
        spec.select("basis", "Ground", grounds.into())
    } else {
        spec.hidden("basis", "consent")
    };
    spec.select("channel", "How did they tell us?", channels())
}

fn take_back(person: PersonId, purpose: ConsentPurpose) -> ActionSpec {
    let key: &str = purpose.into();
    let taken = PersonCommand::TakeBack(TakeBackConsent {
        purpose,
        channel: Some(Channel::Phone),
    });
    ActionSpec::new(
        "They have changed their mind",
        Command::Person(person, taken),
    )
    .form(format!("take-back-{key}"))
    .button("Save that they no longer agree")
    .hidden("purpose", key)
    .select("channel", "How did they tell us?", channels())
    .destructive()
}

/// How somebody reached the office, by key and label.
fn channels() -> Vec<(String, String)> {
    [
        ("phone", "By phone"),
        ("paper", "On paper"),
        ("in_person", "In person"),
    ]
    .map(|(key, label)| (key.to_owned(), label.to_owned()))
    .into()
}
