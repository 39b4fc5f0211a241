//! People whose data is no longer needed: they only signed up for sessions or were introduced, and
//! their retention period is over.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use uuid::Uuid;

use super::DeskRequest;
use crate::clock::day_of;
use crate::domain::PersonId;
use crate::domain::barrier::BarrierState;
use crate::domain::erasure::SIGNED_UP_MONTHS;
use crate::domain::gathering::GatheringState;
use crate::domain::language::Language;
use crate::http::pages::PageError;
use crate::mail::format_day;
use crate::projections::{
    BarrierRow, GatheringRow, GatheringSessionRow, IntroductionRow, PersonRow, PledgeState,
    SignUpRow, TakenPledgesRow,
};
use crate::views::Filter;

/// The most people that the page proposes. The rest follow once these are erased.
const PEOPLE_MAX: usize = 100;
/// Of how many sessions the sign-ups are read in one go.
const SESSIONS_AT_ONCE: usize = 64;

/// A person whose retention period has ended.
pub(super) struct ErasablePerson {
    pub id: Uuid,
    pub name: String,
    /// The day of their last session or introduction.
    pub since: String,
}

/// People in no group and without a role who lead nothing, have no open pledge and wait for no
/// answer to what they raised, and whose last session or introduction is [`SIGNED_UP_MONTHS`] ago
/// or longer.
///
/// Only sessions and introductions that are so long ago are read, the oldest first, until there are
/// enough people.
pub(super) async fn erasable_people(
    request: &DeskRequest<'_>,
) -> Result<Vec<ErasablePerson>, PageError> {
    let views = &request.app.views;
    let limit = request
        .today()
        .saturating_sub(Span::new().months(SIGNED_UP_MONTHS));
    let long_ago = vec![Filter::at_most("day", limit)];
    let mut sessions: Vec<GatheringSessionRow> = views.all_rows(None, long_ago).await?;
    sessions.sort_by_key(|session| session.day);
    let spared = spared(request).await?;
    let (mut found, mut since, mut seen) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    let batches = sessions.chunks(SESSIONS_AT_ONCE).map(Some).chain([None]);
    for sessions in batches {
        let met = match sessions {
            Some(sessions) => signed_up_for(request, sessions).await?,
            None => introduced(request, limit).await?,
        };
        let new = met.into_iter().filter(|person| seen.insert(*person));
        let of_people = vec![Filter::any_of("id", new)];
        let mut rows: Vec<PersonRow> = views.all_rows(None, of_people).await?;
        rows.retain(|row| is_only_a_guest(row) && !spared.contains(&PersonId(row.id)));
        let last = last_days(request, &rows).await?;
        rows.retain(|row| last.get(&PersonId(row.id)).is_some_and(|day| *day <= limit));
        found.extend(rows);
        since.extend(last);
        if found.len() >= PEOPLE_MAX {
            break;
        }
    }
    found.truncate(PEOPLE_MAX);
    let people = views.decrypt_people(&request.signed.reader, found).await?;
    let shown = people.into_iter().filter_map(|person| {
        Some(ErasablePerson {
            id: person.id,
            since: format_day(*since.get(&PersonId(person.id))?, Language::En),
            name: person.name.unwrap_or_else(|| "A person".to_owned()),
        })
    });
    Ok(shown.collect())
}

/// Those who signed up for some sessions.
async fn signed_up_for(
    request: &DeskRequest<'_>,
    sessions: &[GatheringSessionRow],
) -> Result<Vec<PersonId>, PageError> {
    let ids: Vec<String> = sessions.iter().map(id_of).collect();
    let sign_ups: Vec<SignUpRow> = request.app.views.rows_of("session_id", &ids).await?;
    Ok(sign_ups.into_iter().map(|row| row.person).collect())
}

/// Those whose introduction was asked for on a day or before.
async fn introduced(request: &DeskRequest<'_>, limit: Date) -> Result<Vec<PersonId>, PageError> {
    let long_ago = vec![Filter::at_most("created_at", limit)];
    let rows: Vec<IntroductionRow> = request.app.views.all_rows(None, long_ago).await?;
    Ok(rows.into_iter().filter_map(|row| row.person).collect())
}

fn id_of(session: &GatheringSessionRow) -> String {
    GatheringSessionRow::id_of(session.gathering, session.session)
}

/// Whether a person is in no group, has no role, and was not erased.
fn is_only_a_guest(row: &PersonRow) -> bool {
    row.groups.is_empty()
        && row.invited_to.is_empty()
        && row.roles.is_empty()
        && row.proposed.is_empty()
        && !row.erasure.is_done()
}

/// The day of the last session that each of these people signed up for, whether they came or not,
/// or of the last change of an introduction of theirs.
async fn last_days(
    request: &DeskRequest<'_>,
    people: &[PersonRow],
) -> Result<BTreeMap<PersonId, Date>, PageError> {
    let views = &request.app.views;
    let people_ids: Vec<String> = people.iter().map(|row| row.id.to_string()).collect();
    let sign_ups: Vec<SignUpRow> = views.rows_of("person", &people_ids).await?;
    let ids: BTreeSet<&str> = sign_ups.iter().map(|row| row.session_id.as_str()).collect();
    let of_sign_ups = vec![Filter::any_of("id", ids)];
    let sessions: Vec<GatheringSessionRow> = views.all_rows(None, of_sign_ups).await?;
    let days: BTreeMap<String, Date> = sessions
        .into_iter()
        .map(|row| (id_of(&row), row.day))
        .collect();
    let mut last: BTreeMap<PersonId, Date> = BTreeMap::new();
    for row in sign_ups {
        if let Some(day) = days.get(&row.session_id) {
            let known = last.entry(row.person).or_insert(*day);
            *known = (*known).max(*day);
        }
    }
    let introductions: Vec<IntroductionRow> = views.rows_of("person", &people_ids).await?;
    for row in introductions {
        if let Some(person) = row.person {
            let day = day_of(row.updated_at.timestamp());
            let known = last.entry(person).or_insert(day);
            *known = (*known).max(day);
        }
    }
    Ok(last)
}

/// Those whose data is still needed: they lead something, promised something, or wait to hear
/// what came of what they raised.
async fn spared(request: &DeskRequest<'_>) -> Result<BTreeSet<PersonId>, PageError> {
    let mut spared = leads(request).await?;
    let views = &request.app.views;
    let champions: Vec<TakenPledgesRow> = views.all_rows(None, Vec::new()).await?;
    let has_open = |row: &TakenPledgesRow| row.count(PledgeState::Taken) > 0;
    let champions = champions.iter().filter(|row| has_open(row));
    spared.extend(champions.map(|row| PersonId(row.id)));
    let waiting = vec![Filter::in_state([
        BarrierState::Raised,
        BarrierState::SummedUp,
        BarrierState::PassedOn,
    ])];
    let waiting: Vec<BarrierRow> = views.all_rows(None, waiting).await?;
    spared.extend(waiting.into_iter().flat_map(|row| row.raised_by));
    Ok(spared)
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
