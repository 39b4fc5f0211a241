//! The mails that groups get, and the words that staff may give them.
//!
//! A text is a template: what stands in double braces is filled in when the mail is written. Which names a text may use
//! depends on what the mail is about, and is held against the text before it is published.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Environment;
use serde::{Deserialize, Serialize};

use super::Refusal;
use super::id::FundId;
use super::language::Language;
use super::text::{Line, Prose};

/// What a mail is about.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MailKind {
    /// A link and a code to sign in with.
    SignIn,
    /// The application was handed in.
    Submitted,
    /// Something in the application should be changed.
    ChangesRequested,
    /// The application does not fit the fund.
    Ineligible,
    /// The application was declined.
    Declined,
    /// The decision was put off.
    Deferred,
    /// The application is on the reserve list.
    Reserved,
    /// A review was decided.
    Reviewed,
    /// A grant is offered.
    Offered,
    /// An offer ran out or was taken back.
    OfferEnded,
    /// A check needs something.
    CheckRequested,
    /// A payment is on its way.
    Paid,
    /// An update is due soon, or overdue.
    UpdateDue,
    /// Staff ask something about an update.
    UpdateQueried,
    /// Money is to be given back.
    ReturnRequested,
    /// A person's contact details were changed: this goes to the address before.
    ContactChanged,
    /// The round of an application that was not handed in closes soon.
    DraftClosing,
    /// The round's deadline moved, and an application that had lapsed can be handed in.
    DraftReopened,
}

impl MailKind {
    /// What the text may say beside the names that every mail has.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::SignIn => &["code", "minutes"],
            Self::Submitted | Self::DraftClosing | Self::DraftReopened => &["reference", "round", "closes_on"],
            Self::ChangesRequested => &["reference", "note", "due_on"],
            Self::Ineligible | Self::Declined | Self::Deferred | Self::Reserved | Self::Reviewed => &["reference", "note"],
            Self::Offered => &["amount", "due_on", "title"],
            Self::OfferEnded => &["title"],
            Self::CheckRequested | Self::UpdateQueried => &["title", "note"],
            Self::Paid => &["amount", "title"],
            Self::UpdateDue | Self::ReturnRequested => &["title", "due_on"],
            Self::ContactChanged => &["changed_on"],
        }
    }
}

/// The names that every mail can say.
pub const EVERY: [&str; 4] = ["name", "group", "organisation", "link"];

/// How much a template may work.
const FUEL: u64 = 20_000;

/// Staff's own words for one mail: for one fund, or for every fund that has none of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishMailText {
    pub mail: MailKind,
    #[serde(default)]
    pub fund: Option<FundId>,
    pub language: Language,
    pub subject: Line,
    /// Plain text; an empty line begins a new paragraph. `{{ link }}` on a line of its own becomes a button.
    pub body: Prose,
}

impl PublishMailText {
    /// Refuses a text that cannot be written out, or that says a name which this mail does not know.
    ///
    /// # Errors
    /// [`Refusal::TextBroken`], [`Refusal::NameUnknown`].
    pub fn can_be_written(&self) -> Result<(), Refusal> {
        for text in [self.subject.as_str(), self.body.as_str()] {
            let known: BTreeSet<&str> = self.mail.names().iter().chain(&EVERY).copied().collect();
            let environment = Environment::new();
            let template = environment.template_from_str(text).map_err(|error| Refusal::TextBroken(error.to_string()))?;
            if let Some(name) = template.undeclared_variables(false).iter().find(|name| !known.contains(name.as_str())) {
                return Err(Refusal::NameUnknown(name.clone()));
            }
            let trial = known.iter().map(|name| (*name, *name)).collect::<BTreeMap<_, _>>();
            write(text, &trial).map_err(Refusal::TextBroken)?;
        }
        Ok(())
    }
}

/// Writes a text with what is known.
///
/// # Errors
/// When the text says a name that is not there, or works for too long; the message says which.
pub fn write(text: &str, said: &BTreeMap<&str, impl AsRef<str>>) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
        .render_str(text, minijinja::Value::from_pairs(said.iter().map(|(name, value)| (*name, value.as_ref()))))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> PublishMailText {
        PublishMailText {
            mail: MailKind::Declined,
            fund: None,
            language: Language::En,
            subject: "About {{ group }}".parse().unwrap(),
            body: body.parse().unwrap(),
        }
    }

    #[test]
    fn a_text_may_say_what_its_mail_knows() {
        assert_eq!(text("Dear {{ name }}, {{ note }}").can_be_written(), Ok(()));
        assert_eq!(text("Call {{ telephone }}").can_be_written(), Err(Refusal::NameUnknown("telephone".into())));
        assert!(matches!(text("Dear {{ name").can_be_written(), Err(Refusal::TextBroken(_))));
        assert!(matches!(
            text("{% for a in range(9999999) %}{{ a }}{% endfor %}").can_be_written(),
            Err(Refusal::NameUnknown(_) | Refusal::TextBroken(_))
        ));
    }

    #[test]
    fn what_is_filled_in_is_not_read_as_a_text() {
        let said = BTreeMap::from([("name", "{{ link }}")]);
        assert_eq!(write("Dear {{ name }}", &said), Ok("Dear {{ link }}".to_owned()));
    }
}
