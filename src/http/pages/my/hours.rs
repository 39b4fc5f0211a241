//! Recording time that the visitor, or a group of theirs, received from the group that holds an
//! entry of the directory.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::introduction::OwnChoices;
use crate::domain::asset::{MINUTES_MAX, Party, RecordExchange};
use crate::domain::language::Language;
use crate::domain::person::ConsentPurpose;
use crate::domain::{AssetCommand, AssetId, Command, GroupId, PersonId, Refusal};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::i18n::translate;
use crate::http::pages::sign_in::query_param;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::{ConsentRow, ConsentState, DirectoryRow};
use crate::views::Filter;

/// The value of the choice that the visitor received the time themselves.
const MYSELF: &str = "myself";

#[derive(Template)]
#[template(path = "my/hours.html")]
struct ReceivedHoursPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    gift: GivenTime,
}

/// Time that a group gave with an entry, and those who can say that they received it.
struct GivenTime {
    entry: DirectoryRow,
    giver: GroupId,
    receivers: OwnChoices,
}

impl GivenTime {
    /// What the entry with an id offers. None is found if no group offers it, if it is not in the
    /// directory, or if the visitor is a member of the group: the office records that.
    async fn load(visitor: &Visitor, app: &AppState, id: &str) -> Result<Self, PageError> {
        let person = visitor.person()?;
        let entry = app
            .views
            .listed_entry(ownership::parse_uuid(id)?, None)
            .await?
            .filter(|entry| !entry.is_wish())
            .ok_or_else(PageError::not_found)?;
        let giver = entry.group.ok_or_else(PageError::not_found)?;
        if app.views.groups_of(person).await?.contains(&giver.0) {
            return Err(PageError::not_found());
        }
        let groups = app.views.active_groups_of(person).await?;
        let groups = groups.into_iter().map(|row| (row.id.to_string(), row.name));
        let myself = translate("Me", visitor.language);
        let myself = is_in_time_bank(app, person)
            .await?
            .then(|| (MYSELF.to_owned(), myself.to_owned()));
        Ok(Self {
            receivers: groups.chain(myself).collect(),
            entry,
            giver,
        })
    }

    /// The exchange that a form describes, or the errors of its fields.
    fn read(
        &self,
        posted: &FormData,
        person: PersonId,
        language: Language,
    ) -> Result<RecordExchange, FieldErrors> {
        let mut form = FormReader::new(posted, language);
        let chosen = |key: &str| match key {
            MYSELF => Some(Party::Person(person)),
            group => group.parse().ok().map(|group| Party::Group(GroupId(group))),
        };
        let is_own = |key: &&str| self.receivers.iter().any(|(known, _)| known == key);
        let receiver = form.required(
            "of",
            |key| Some(key).filter(is_own).and_then(chosen),
            "Choose who received the time",
        );
        let minutes = form.required(
            "minutes",
            |text| {
                let minutes = text.replace(',', "").parse().ok();
                minutes.filter(|minutes| (1..=MINUTES_MAX).contains(minutes))
            },
            "Enter the minutes as a number, such as 90",
        );
        let on: Option<Date> =
            form.required("on", |text| text.parse().ok(), "Enter the day it was on");
        let whole = receiver.zip(minutes).zip(on);
        form.finish(whole.map(|((receiver, minutes), on)| RecordExchange {
            giver: Party::Group(self.giver),
            receiver,
            minutes,
            on,
        }))
    }
}

/// Whether a person agreed that we count the time that they give and receive.
async fn is_in_time_bank(app: &AppState, person: PersonId) -> Result<bool, PageError> {
    let of_person = vec![Filter::equals("person", person)];
    let consents: Vec<ConsentRow> = app.views.all_rows(None, of_person).await?;
    Ok(consents.iter().any(|consent| {
        consent.purpose == ConsentPurpose::TimeBank && consent.state == ConsentState::Given
    }))
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    visitor.require_signed_in()?;
    let gift = GivenTime::load(&visitor, &app, &query_param(&request, "from")).await?;
    render(&visitor, &app, gift, None).await
}

pub(super) async fn submit(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let gift = GivenTime::load(&visitor, &app, posted.text("from")).await?;
    let wrong = match gift.read(&posted, visitor.person()?, visitor.language) {
        Ok(exchange) => {
            let record = AssetCommand::RecordExchange(exchange);
            let command = Command::Asset(AssetId(gift.entry.id), record);
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None => return Ok(see_other("/my?done=hours")),
                Some(refusal) => vec![refusal_at_field(&refusal, visitor.language)],
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new("hours", &posted, wrong);
    render(&visitor, &app, gift, Some(rejected)).await
}

/// A refusal in the words of those who received the time, at the field that it is about.
fn refusal_at_field(refusal: &Refusal, language: Language) -> (String, String) {
    let (field, says) = match refusal {
        Refusal::DateInFuture(_) => ("on", "This day is still to come"),
        Refusal::SameParty | Refusal::NotYours => ("of", "Your group gave this time itself."),
        Refusal::AddressUnproven => (
            "",
            "First open the link in the email that we sent you. If you have no email, phone us.",
        ),
        Refusal::ListingWithdrawn => ("", "This has been taken out of the directory for good."),
        other => return (String::new(), refusal_says(other, language)),
    };
    (field.to_owned(), translate(says, language).to_owned())
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    gift: GivenTime,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let address = format!("/my/hours/new?from={}", gift.entry.id);
    let forms = PageForms::new(visitor, rejected).with_address(&address);
    let wrong = forms.error_summary();
    let title = translate("Time you received", visitor.language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = Some(format!("/directory/{}", gift.entry.id));
    shell.has_errors = !wrong.is_empty();
    let page = ReceivedHoursPage {
        page: shell,
        forms,
        wrong,
        gift,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}
