//! An entry of the directory for those who hold it: they propose words, confirm that it is right,
//! take it out for a while, put it back, and withdraw it.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::entries::{name_of, path_of, state_tag};
use super::notices;
use crate::domain::asset::{AssetState, Party, ProposeWords};
use crate::domain::command::NoBody;
use crate::domain::language::Language;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{AssetCommand, AssetId, Command, PersonId, Refusal};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::i18n::translate;
use crate::http::pages::words::{Tag, hours_text};
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::{AssetRow, ExchangeRow};
use crate::views::Filter;

#[derive(Template)]
#[template(path = "my/entry.html")]
struct OwnEntryPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    row: AssetRow,
    name: String,
    state: Tag,
    /// The words that those who hold it wrote last.
    proposed: Option<String>,
    hours: Vec<ExchangeLine>,
}

/// Time that was given or received with an entry.
struct ExchangeLine {
    day: Date,
    /// Between whom.
    parties: String,
    time: String,
}

impl ExchangeLine {
    /// The lines of an entry. A person among the parties other than the visitor is not named: a
    /// group does not see who they are.
    async fn of_entry(
        app: &AppState,
        (id, visitor): (Uuid, PersonId),
        language: Language,
    ) -> Result<Vec<Self>, PageError> {
        let of_entry = vec![Filter::equals("asset", id)];
        let rows: Vec<ExchangeRow> = app.views.all_rows(None, of_entry).await?;
        let groups = rows
            .iter()
            .flat_map(|row| [row.giver, row.receiver])
            .filter_map(Party::group)
            .map(|group| group.to_string())
            .collect();
        let names = app.views.names_of_groups(groups).await?;
        let name = |party: Party| match party {
            Party::Group(group) => names.get(&group.to_string()).cloned(),
            Party::Person(person) => {
                (person == visitor).then(|| translate("You", language).to_owned())
            }
        };
        let name =
            |party| name(party).unwrap_or_else(|| translate("Someone nearby", language).to_owned());
        let line = |row: &ExchangeRow| Self {
            day: row.on,
            parties: translate("{} to {}", language)
                .replacen("{}", &name(row.giver), 1)
                .replacen("{}", &name(row.receiver), 1),
            time: hours_text(i64::from(row.minutes)),
        };
        Ok(rows.iter().map(line).collect())
    }
}

impl OwnEntryPage {
    fn is_published(&self) -> bool {
        self.row.state == AssetState::Published
    }

    fn is_paused(&self) -> bool {
        self.row.state == AssetState::Paused
    }

    fn is_withdrawn(&self) -> bool {
        self.row.state == AssetState::Withdrawn
    }

    /// Whether it is of a person, and so is never published.
    fn is_private(&self) -> bool {
        self.row.person.is_some()
    }
}

/// An entry that the visitor holds, or whose group they are a member of.
async fn held(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
) -> Result<AssetRow, PageError> {
    let person = visitor.person()?;
    let id = ownership::parse_uuid(request.match_info().query("id"))?;
    let row: Option<AssetRow> = app.views.find(id, None).await?;
    let row = row.ok_or_else(PageError::not_found)?;
    if let Some(group) = row.group {
        ownership::require_own_group(visitor, app, group.0).await?;
    } else if row.person != Some(person) {
        return Err(PageError::not_found());
    }
    Ok(row)
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = held(&request, &visitor, &app).await?;
    let notice = notices::notice(&request, visitor.language);
    render(&visitor, &app, row, notice, None).await
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = held(&request, &visitor, &app).await?;
    let form = posted.text("form");
    let (field, says) = match parse_command(&posted, visitor.language) {
        Ok((command, done)) => {
            let command = Command::Asset(AssetId(row.id), command);
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                // Who says twice on one day that it is right is thanked twice.
                None | Some(Refusal::NoChange) => {
                    return Ok(see_other(&format!("{}?done={done}", path_of(row.id))));
                }
                Some(refusal) => ("", refusal_text(&refusal, visitor.language)),
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new(form, &posted, vec![(field.to_owned(), says)]);
    render(&visitor, &app, row, None, Some(rejected)).await
}

/// Parses a form into a command and the key of its notice, or returns the field with an error and
/// its text.
fn parse_command(
    posted: &FormData,
    language: Language,
) -> Result<(AssetCommand, &'static str), (&'static str, String)> {
    let miss = |field, says: &str| (field, translate(says, language).to_owned());
    Ok(match posted.text("form") {
        "words" => {
            let words = PersonalInput::try_from(posted.text("words").to_owned());
            let words = words.map_err(|_| miss("words", "Tell us what the entry should say"))?;
            let propose = AssetCommand::Propose(ProposeWords { words });
            (propose, "entry-words")
        }
        "confirm" => (AssetCommand::Confirm(NoBody {}), "entry-confirmed"),
        "pause" => (AssetCommand::Pause(NoBody {}), "entry-paused"),
        "resume" => (AssetCommand::Resume(NoBody {}), "entry-resumed"),
        "withdraw" => (AssetCommand::Withdraw(NoBody {}), "entry-withdrawn"),
        _ => {
            return Err(miss(
                "form",
                "We could not read this form. Please try again",
            ));
        }
    })
}

/// A refusal in the words of those who hold the entry.
fn refusal_text(refusal: &Refusal, language: Language) -> String {
    let says = match refusal {
        Refusal::AssetNotInState(_) => "This has already been changed. Look at the page again.",
        Refusal::ListingWithdrawn => "This has been taken out of the directory for good.",
        other => return refusal_says(other, language),
    };
    translate(says, language).to_owned()
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: AssetRow,
    notice: Option<String>,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let seen = app.views.decrypt_assets(|_| true, vec![row]).await?.pop();
    let seen = seen.ok_or_else(PageError::not_found)?;
    let row = seen.row;
    let name = name_of(&row, visitor.language);
    let mut shell = PageContext::load(visitor, app, &name).await?;
    shell.back = Some("/my".to_owned());
    shell.notice = notice;
    shell.has_errors = !wrong.is_empty();
    let of = (row.id, visitor.person()?);
    let hours = ExchangeLine::of_entry(app, of, visitor.language).await?;
    let page = OwnEntryPage {
        page: shell,
        forms,
        wrong,
        name,
        state: state_tag(row.state, visitor.language),
        proposed: seen.proposed_words,
        hours,
        row,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}
