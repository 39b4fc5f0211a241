//! People whose data is not needed any more: they only signed up for sessions, and the last one is
//! long over.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use uuid::Uuid;

use super::DeskRequest;
use crate::domain::PersonId;
use crate::domain::erasure::SIGNED_UP_MONTHS;
use crate::domain::gathering::GatheringState;
use crate::domain::language::Language;
use crate::http::pages::PageError;
use crate::mail::format_day;
use crate::projections::{GatheringRow, GatheringSessionRow, PersonRow, SignUpRow};
use crate::views::Filter;

/// The most people that the page proposes. The rest follow once these are erased.
const PEOPLE_MAX: usize = 100;

/// A person whose retention period has ended.
pub(super) struct ErasablePerson {
    pub id: Uuid,
    pub name: String,
    /// The day of their last session.
    pub since: String,
}

/// People in no group and without a role who lead nothing, and whose last session, of all that
/// they signed up for, is [`SIGNED_UP_MONTHS`] ago or longer.
pub(super) async fn erasable_people(
    request: &DeskRequest<'_>,
) -> Result<Vec<ErasablePerson>, PageError> {
    let views = &request.app.views;
    let limit = request
        .today()
        .saturating_sub(Span::new().months(SIGNED_UP_MONTHS));
    let last_days = last_days(request).await?;
    let long_ago = last_days.iter().filter(|(_, last)| **last <= limit);
    let ids: Vec<PersonId> = long_ago.map(|(person, _)| *person).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let leads = leads(request).await?;
    let mut rows: Vec<PersonRow> = views
        .all_rows(None, vec![Filter::any_of("id", ids)])
        .await?;
    rows.retain(|row| {
        row.groups.is_empty()
            && row.invited_to.is_empty()
            && row.roles.is_empty()
            && row.proposed.is_empty()
            && !row.erasure.is_done()
            && !leads.contains(&PersonId(row.id))
    });
    rows.truncate(PEOPLE_MAX);
    let people = views.decrypt_people(&request.signed.reader, rows).await?;
    let shown = people.into_iter().filter_map(|person| {
        Some(ErasablePerson {
            id: person.id,
            since: format_day(*last_days.get(&PersonId(person.id))?, Language::En),
            name: person.name.unwrap_or_else(|| "A person".to_owned()),
        })
    });
    Ok(shown.collect())
}

/// The day of the last session that each person signed up for, whether they came or not.
async fn last_days(request: &DeskRequest<'_>) -> Result<BTreeMap<PersonId, Date>, PageError> {
    let views = &request.app.views;
    let sessions: Vec<GatheringSessionRow> = views.all_rows(None, Vec::new()).await?;
    let days: BTreeMap<String, Date> = sessions
        .into_iter()
        .map(|row| {
            let id = GatheringSessionRow::id_of(row.gathering, row.session);
            (id, row.day)
        })
        .collect();
    let sign_ups: Vec<SignUpRow> = views.all_rows(None, Vec::new()).await?;
    let mut last: BTreeMap<PersonId, Date> = BTreeMap::new();
    for row in sign_ups {
        if let Some(day) = days.get(&row.session_id) {
            let known = last.entry(row.person).or_insert(*day);
            *known = (*known).max(*day);
        }
    }
    Ok(last)
}

/// Those who lead a gathering that has not ended, or are asked to.
async fn leads(request: &DeskRequest<'_>) -> Result<BTreeSet<PersonId>, PageError> {
    let kept = vec![Filter::in_state([
        GatheringState::Draft,
        GatheringState::Open,
    ])];
    let rows: Vec<GatheringRow> = request.app.views.all_rows(None, kept).await?;
    let of_row = |row: GatheringRow| row.leads.into_keys().chain(row.offered_to);
    Ok(rows.into_iter().flat_map(of_row).collect())
}
