//! Asking to be introduced to an entry of the directory: for oneself or for a group, with what one
//! agrees to on the same page.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::introduction::{OwnChoices, agreement, newest_notice, refusal_text, share_choices};
use super::introductions::path_of;
use crate::commands::CommandError;
use crate::domain::asset::Party;
use crate::domain::introduction::{AgreeToIntroduction, AskIntroduction};
use crate::domain::language::Language;
use crate::domain::{
    AssetId, Command, GroupId, IntroductionCommand, IntroductionId, PersonId, Refusal,
};
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::sign_in::query_param;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::DirectoryRow;

/// The value of the choice to come oneself.
const MYSELF: &str = "myself";

#[derive(Template)]
#[template(path = "my/introduction_ask.html")]
struct AskToMeetPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    entry: DirectoryRow,
    /// For whom they ask; empty if they are in no group.
    askers: OwnChoices,
    notice: Option<(u32, String)>,
    shares: OwnChoices,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    visitor.require_signed_in()?;
    let entry = entry_of(&app, &query_param(&request, "to")).await?;
    render(&visitor, &app, entry, None).await
}

pub(super) async fn submit(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let person = visitor.person()?;
    let entry = entry_of(&app, posted.text("to")).await?;
    let language = visitor.language;
    let groups = app.views.groups_of(person).await?;
    let (field, says) = match parse(&posted, person, &groups, language) {
        Ok((of, agreed)) => {
            let ask = AskIntroduction {
                of,
                to: AssetId(entry.id),
                at_risk: false,
            };
            match record(&app, &visitor, &posted, (ask, agreed)).await? {
                Ok(id) => return Ok(see_other(&format!("{}?done=agreed", path_of(id)))),
                Err(refusal) => ("", ask_refusal_text(&refusal, language)),
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new("ask", &posted, vec![(field.to_owned(), says)]);
    render(&visitor, &app, entry, Some(rejected)).await
}

/// An entry that welcomes people, or the page that says that there is none.
async fn entry_of(app: &AppState, id: &str) -> Result<DirectoryRow, PageError> {
    let entry = app
        .views
        .listed_entry(ownership::parse_uuid(id)?, None)
        .await?;
    entry
        .filter(|entry| entry.welcomes)
        .ok_or_else(PageError::not_found)
}

/// Parses who asks and what they agree to, or returns the field with an error and its text.
fn parse(
    posted: &FormData,
    person: PersonId,
    groups: &[Uuid],
    language: Language,
) -> Result<(Party, Option<AgreeToIntroduction>), (&'static str, String)> {
    let of = match posted.text("of") {
        "" | MYSELF => Some(Party::Person(person)),
        group => group
            .parse::<Uuid>()
            .ok()
            .filter(|group| groups.contains(group))
            .map(|group| Party::Group(GroupId(group))),
    };
    let of = of.ok_or_else(|| {
        let says = translate("Choose who would like to come", language);
        ("of", says.to_owned())
    })?;
    let agreed = match posted.text("notice") {
        "" => None,
        _ => Some(agreement(posted, language)?),
    };
    Ok((of, agreed))
}

/// Asks and agrees. Returns the id of the introduction, or why nothing was recorded.
async fn record(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    (ask, agreed): (AskIntroduction, Option<AgreeToIntroduction>),
) -> Result<Result<Uuid, Refusal>, PageError> {
    let name = format!("asks/{}/{}", posted.text("key"), visitor.digest(app));
    let id = Uuid::new_v5(&app.commands.organisation().0, name.as_bytes());
    let command = |command| Command::Introduction(IntroductionId(id), command);
    let ask = command(IntroductionCommand::Ask(ask));
    match ownership::issue(visitor, app, posted, "/ask", ask).await {
        Ok(_) => {}
        Err(PageError::Refused(CommandError::Refused(refusal))) => return Ok(Err(refusal)),
        Err(error) => return Err(error),
    }
    if let Some(agreed) = agreed {
        let agree = command(IntroductionCommand::Agree(agreed));
        match ownership::issue(visitor, app, posted, "/agree", agree).await {
            // What they asked for is saved. Its page asks once more what they agree to.
            Ok(_) | Err(PageError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(id))
}

fn ask_refusal_text(refusal: &Refusal, language: Language) -> String {
    let says = match refusal {
        Refusal::NotWelcoming | Refusal::ListingWithdrawn => {
            "They have no room just now. Phone us, and we’ll help you find somewhere else."
        }
        Refusal::SameParty => "This is run by your own group.",
        other => return refusal_text(other, language),
    };
    translate(says, language).to_owned()
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    entry: DirectoryRow,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let address = format!("/my/introductions/ask?to={}", entry.id);
    let forms = PageForms::new(visitor, rejected).with_address(&address);
    let wrong = forms.error_summary();
    let title = translate("Ask us to introduce you", language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = Some("/my".to_owned());
    shell.has_errors = !wrong.is_empty();
    let page = AskToMeetPage {
        page: shell,
        forms,
        wrong,
        askers: askers(visitor, app, &entry).await?,
        notice: newest_notice(app, language).await?,
        shares: share_choices(false, language),
        entry,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// For whom the visitor can ask: for themselves, or for a group of theirs that does not run it.
async fn askers(
    visitor: &Visitor,
    app: &AppState,
    entry: &DirectoryRow,
) -> Result<OwnChoices, PageError> {
    let mut rows = app.views.active_groups_of(visitor.person()?).await?;
    rows.retain(|row| entry.group != Some(GroupId(row.id)));
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let myself = translate("For myself", visitor.language);
    let myself = (MYSELF.to_owned(), myself.to_owned());
    let groups = rows.into_iter().map(|row| (row.id.to_string(), row.name));
    Ok(std::iter::once(myself).chain(groups).collect())
}
