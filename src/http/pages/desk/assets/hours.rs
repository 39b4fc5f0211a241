//! The page on which staff record the time that one party gave another. The parties are those who
//! hold the entry, and the groups and people that a search finds.

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use super::{PartyNames, name_of, path_of};
use crate::domain::asset::{Party, RecordExchange};
use crate::domain::{AssetCommand, AssetId, Command, GroupId, PersonId};
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::{Action, ActionSpec, Choices};
use crate::http::pages::desk::find_people::find_people;
use crate::http::pages::desk::notices::Done;
use crate::http::pages::form::FieldType;
use crate::http::pages::layout::url_encoded;
use crate::http::pages::{Form, PageContext, PageError, ownership, see_other};
use crate::projections::AssetRow;

/// The most groups, and the most people, that a search shows.
const FOUND_MAX: usize = 20;
/// The fields of the search: one for each side of an exchange.
const SEARCHES: [&str; 2] = ["q", "q2"];

#[derive(Template)]
#[template(path = "desk/assets/hours.html")]
struct HoursPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    id: Uuid,
    name: String,
    search: Form,
    searched: bool,
    /// The form, if at least two parties are known.
    action: Option<Action>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    if !super::keeps_directory(request) {
        return Err(PageError::forbidden());
    }
    let row: AssetRow = request.row(ownership::parse_uuid(id)?).await?;
    let done = request.text("done");
    if Done::parse(done).is_some_and(|done| done.name == "record-exchange") {
        let done = url_encoded(done);
        return Ok(see_other(&format!("{}?done={done}", path_of(row.id))));
    }
    let forms = request.forms();
    let parties = parties(request, &row).await?;
    let action = if parties.len() < 2 {
        None
    } else {
        let spec = exchange_form(request, row.id, parties);
        Some(request.action(&forms, spec).await?)
    };
    let search = SEARCHES.iter().fold(forms.form("search"), |form, name| {
        form.prefill(name, request.text(name))
    });
    let page = HoursPage {
        page: request.page_context("Record time that was given").await?,
        wrong: forms.error_summary(),
        id: row.id,
        name: name_of(&row),
        search,
        searched: SEARCHES.iter().any(|name| !request.text(name).is_empty()),
        action,
    };
    request.render(&page)
}

/// The form of an exchange. It is not tried before, as there is no sample of its parties.
fn exchange_form(request: &DeskRequest<'_>, asset: Uuid, parties: Choices) -> ActionSpec {
    let nobody = Party::Group(GroupId(Uuid::nil()));
    let sample = AssetCommand::RecordExchange(RecordExchange {
        giver: nobody,
        receiver: nobody,
        minutes: 1,
        on: request.today(),
    });
    ActionSpec::new("Record it", Command::Asset(AssetId(asset), sample))
        .unchecked()
        .expanded()
        .select_as(
            FieldType::Json,
            "giver",
            "Who gave the time?",
            parties.clone(),
        )
        .select_as(FieldType::Json, "receiver", "Who received it?", parties)
        .number("minutes", "Minutes")
        .hint("An hour and a half is 90.")
        .day("on", "Day")
        .prefill(request.today())
}

/// Who may have given or received the time, by the JSON that names them: the holder of the entry
/// first, then those who were found.
async fn parties(request: &DeskRequest<'_>, row: &AssetRow) -> Result<Choices, PageError> {
    let holder = row.holder();
    let names = PartyNames::load(request, holder.into_iter()).await?;
    let mut found: Vec<(Party, String)> = holder
        .map(|party| (party, names.of(party)))
        .into_iter()
        .collect();
    for name in SEARCHES {
        let text = request.text(name);
        for (group, name) in groups_named(request, text, FOUND_MAX).await? {
            found.push((Party::Group(group), name));
        }
        for (person, name) in people_named(request, text, FOUND_MAX).await? {
            found.push((Party::Person(person), name));
        }
    }
    let mut choices = Choices::new();
    for (party, name) in found {
        let key = serde_json::json!(party).to_string();
        if choices.iter().all(|(known, _)| *known != key) {
            choices.push((key, name));
        }
    }
    Ok(choices)
}

/// The groups with a text in their name.
pub(super) async fn groups_named(
    request: &DeskRequest<'_>,
    text: &str,
    most: usize,
) -> Result<Vec<(GroupId, String)>, PageError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let groups = request.app.views.find_groups_by_name(text, most).await?;
    let named = groups.into_iter().map(|row| (GroupId(row.id), row.name));
    Ok(named.collect())
}

/// The people whom a text finds, for a reader who may look for people.
pub(super) async fn people_named(
    request: &DeskRequest<'_>,
    text: &str,
    most: usize,
) -> Result<Vec<(PersonId, String)>, PageError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let people = find_people(request, text, most).await?;
    let named = people
        .into_iter()
        .filter_map(|person| Some((PersonId(person.id), person.name?)));
    Ok(named.collect())
}
