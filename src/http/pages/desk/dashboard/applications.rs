//! Work with applications: to check, to score, to review, and meetings to record.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::super::DeskRequest;
use super::work::{NAMED_MAX, WorkQueue, WorkRow, number_of, oldest_text, one_or_all, queue};
use crate::domain::application::ApplicationState as A;
use crate::domain::fund::RoundState;
use crate::domain::{PersonId, Role};
use crate::http::pages::PageError;
use crate::projections::{ApplicationRow, FundRow, RoundRow};
use crate::views::{ApplicationColumn, Filter};

async fn in_states(
    request: &DeskRequest<'_>,
    states: &[A],
) -> Result<WorkQueue<ApplicationRow>, PageError> {
    let filters = vec![Filter::in_state(states.iter().copied())];
    queue(request, (ApplicationColumn::Urgency.key(), false), filters).await
}

fn path_of(row: &ApplicationRow) -> String {
    format!("/desk/applications/{}", row.id)
}

fn name_of(groups: &BTreeMap<String, String>, row: &ApplicationRow) -> String {
    groups
        .get(&row.group.to_string())
        .cloned()
        .unwrap_or_default()
}

/// "Asks for £950."
fn asks_text(row: &ApplicationRow) -> String {
    row.requested
        .map(|amount| format!("Asks for {amount}."))
        .unwrap_or_default()
}

/// Applications that an officer checks. `answered` are those whose groups answered a question a
/// short time ago.
pub(super) async fn checking(
    request: &DeskRequest<'_>,
    answered: &BTreeSet<Uuid>,
) -> Result<Vec<WorkRow>, PageError> {
    let today = request.today();
    let mut new = in_states(request, &[A::Submitted]).await?;
    let mut back: Vec<ApplicationRow> = new
        .rows
        .iter()
        .filter(|row| answered.contains(&row.id))
        .cloned()
        .collect();
    back.truncate(NAMED_MAX);
    let named: BTreeSet<Uuid> = back.iter().map(|row| row.id).collect();
    new.retain(|row| !named.contains(&row.id));
    let shown = back.iter().chain(new.rows.first());
    let groups = request
        .group_names(shown.map(|row| row.group.to_string()))
        .await?;
    let mut found: Vec<WorkRow> = back
        .iter()
        .map(|row| {
            WorkRow::new("inbox", name_of(&groups, row), path_of(row), "Check")
                .about(format!("Answered our question. {}", asks_text(row)))
                .since(row.submitted_on, today)
        })
        .collect();
    let one = |row: &ApplicationRow| {
        WorkRow::new("inbox", name_of(&groups, row), path_of(row), "Check")
            .about(format!("An application to check. {}", asks_text(row)))
            .since(row.submitted_on, today)
    };
    let all = |queue: &WorkQueue<ApplicationRow>| {
        let oldest = queue.rows.first().and_then(|row| row.submitted_on);
        let title = if named.is_empty() {
            number_of(queue.count, "application to check", "applications to check")
        } else {
            let (one, many) = ("more application to check", "more applications to check");
            number_of(queue.count, one, many)
        };
        WorkRow::new(
            "inbox",
            title,
            "/desk/applications?state=submitted",
            "Check",
        )
        .about(oldest_text(oldest, today))
        .since(oldest, today)
    };
    found.extend(one_or_all(&new, one, all));
    Ok(found)
}

/// Applications that can be scored and decided.
pub(super) async fn before_panel(
    request: &DeskRequest<'_>,
) -> Result<WorkQueue<ApplicationRow>, PageError> {
    in_states(request, &[A::Eligible, A::InAssessment]).await
}

/// Whether the person can score the application and has not.
pub(super) fn waits_for_score_of(row: &ApplicationRow, person: PersonId) -> bool {
    let scored = row
        .scores
        .iter()
        .any(|score| score.by == person && score.set_aside.is_none());
    let apart = row.interests.has_declared_interest(person) || row.interests.helped_to_word(person);
    !scored && !apart
}

/// What a member of the panel does: scores, meetings to record, reviews.
pub(super) async fn panel(
    request: &DeskRequest<'_>,
    funds: &[FundRow],
) -> Result<Vec<WorkRow>, PageError> {
    let (person, today) = (request.signed.reader.person, request.today());
    let open = before_panel(request).await?;
    let mut rounds: BTreeMap<(Uuid, String), RoundWork> = BTreeMap::new();
    for row in &open.rows {
        let round = rounds
            .entry((row.fund.0, row.round.to_string()))
            .or_default();
        round.undecided += 1;
        if waits_for_score_of(row, person) {
            round.to_score += 1;
            round.oldest = round.oldest.or(row.submitted_on);
        }
    }
    let mut found = Vec::new();
    for ((fund, key), work) in rounds {
        let path = format!("/desk/panel/{fund}/{key}");
        let Some(round) = find_round(funds, fund, &key) else {
            continue;
        };
        if work.to_score > 0 {
            let title = number_of(
                work.to_score,
                "application to score",
                "applications to score",
            );
            let row = WorkRow::new("star", title, format!("{path}/score"), "Score");
            let oldest = oldest_text(work.oldest, today);
            found.push(
                row.about(format!("{}. {oldest}", round.name))
                    .since(work.oldest, today),
            );
        }
        if round.state == RoundState::Deciding {
            let title = format!("Record the meeting: {}", round.name);
            let about = number_of(
                work.undecided,
                "application to decide",
                "applications to decide",
            );
            found.push(
                WorkRow::new("panel", title, format!("{path}/record"), "Record")
                    .about(format!("{about}."))
                    .today(round.closes_on),
            );
        }
    }
    found.extend(reviews(request).await?);
    Ok(found)
}

/// What there is to do in a round.
#[derive(Default)]
struct RoundWork {
    undecided: i64,
    to_score: i64,
    oldest: Option<Date>,
}

fn find_round<'a>(funds: &'a [FundRow], fund: Uuid, key: &str) -> Option<&'a RoundRow> {
    let fund = funds.iter().find(|row| row.id == fund)?;
    let (_, round) = fund
        .rounds
        .iter()
        .find(|(known, _)| known.as_str() == key)?;
    Some(round)
}

/// Reviews of decisions in which the reader had no part.
async fn reviews(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let reader = request.signed.reader.person;
    let mut asked = in_states(request, &[A::UnderReview]).await?;
    asked.retain(|row| !row.present.contains(&reader) && row.recorded_by != Some(reader));
    let shown = asked.rows.iter().take(NAMED_MAX);
    let groups = request
        .group_names(shown.map(|row| row.group.to_string()))
        .await?;
    if asked.rows.len() <= NAMED_MAX {
        let review = |row: &ApplicationRow| {
            WorkRow::new("flag", name_of(&groups, row), path_of(row), "Review")
                .about("Asked for a review. You took no part in the decision.")
                .since(row.decided_on, request.today())
        };
        return Ok(asked.rows.iter().map(review).collect());
    }
    let title = number_of(asked.count, "review to decide", "reviews to decide");
    let path = "/desk/applications?state=under_review";
    Ok(vec![
        WorkRow::new("flag", title, path, "Review").about("You took no part in these decisions."),
    ])
}

/// Rounds to be closed, or whose deciding can begin.
pub(super) fn rounds(request: &DeskRequest<'_>, funds: &[FundRow]) -> Vec<WorkRow> {
    let may = [Role::Officer, Role::Administrator]
        .iter()
        .any(|role| request.signed.reader.roles.contains(role));
    let today = request.today();
    let work = |fund: &FundRow, round: &RoundRow| {
        let (says, button) = match round.state {
            RoundState::Open if round.closes_on < today => {
                ("The last day to apply has passed.", "Close")
            }
            RoundState::Closed => (
                "The round is closed. The panel can begin.",
                "Start deciding",
            ),
            _ => return None,
        };
        let path = format!("/desk/funds/{}", fund.id);
        let row = WorkRow::new("day", round.name.clone(), path, button);
        Some(row.about(says).since(Some(round.closes_on), today))
    };
    funds
        .iter()
        .filter(|_| may)
        .flat_map(|fund| fund.rounds.values().map(move |round| (fund, round)))
        .filter_map(|(fund, round)| work(fund, round))
        .collect()
}
