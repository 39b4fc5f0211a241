//! The page of one application: answers, group, scores, history, and the actions of the reader.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;

use super::action::{Action, Availability, visible};
use super::confirmations::{DecisionAttendance, attendance_actions, helper_actions};
use super::on_behalf::AssistedChanges;
use super::{DeskRequest, HistoryEntry, PersonNames, choices, history, label_of};
use crate::clock::day_of;
use crate::domain::application::{
    ApplicationState, DecideReview, DeclareInterest, Interest, InterestKind, ReviseScore, Score,
    Summary,
};
use crate::domain::command::{NoBody, WithReason};
use crate::domain::language::Language;
use crate::domain::panel::{Award, Decline, Defer, Reserve};
use crate::domain::reference::Reference;
use crate::domain::text::{Prose, Slug};
use crate::domain::{ApplicationCommand as C, ApplicationId, Command, PersonId, Role};
use crate::http::pages::apply::sections;
use crate::http::pages::{PageContext, PageError, PageForms, ownership};
use crate::projections::{ApplicationRow, FundRow, GroupRow, PersonRow, RoundRow};
use crate::views::{ApplicationView, HistoryLine, PageRequest as Wanted};

/// The criteria of a score, each with its question. Each gets 0 to 5 points.
pub(super) const CRITERIA: [(&str, &str); 3] = [
    (
        "need",
        "Need: would it reach people who are often left out?",
    ),
    ("people", "People: is it led by those it is for?"),
    ("local", "Local: does it build on what is there?"),
];

#[derive(Template)]
#[template(path = "desk/application.html")]
struct ApplicationPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    seen: ApplicationView,
    reference: String,
    state: String,
    group: GroupRow,
    fund: FundRow,
    round: RoundRow,
    answers: Vec<sections::Section>,
    before: Vec<HistoryLine>,
    scores: Vec<ScoreView>,
    scores_wait: bool,
    keyed_by: Option<String>,
    acts: Vec<Action>,
    history: Vec<HistoryEntry>,
    reads: bool,
}

struct ScoreView {
    by: String,
    values: Vec<(String, u8)>,
    total: u32,
    note: String,
    set_aside: Option<String>,
}

fn sample_prose(text: &str) -> Prose {
    text.parse().expect("a short text")
}

pub(super) async fn show(asked: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let desk = asked.desk;
    let row: ApplicationRow = desk
        .views
        .find(&ownership::parse_uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let given = row.scores.len();
    let seen = crate::http::api::applications::application_views(desk, asked.signed, vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let row = seen.row.clone();
    let group: GroupRow = desk
        .views
        .find(&row.group.to_string(), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let (fund, round) =
        ownership::fund_and_round(desk, &row.fund.to_string(), row.round.as_str()).await?;
    let reads = asked.signed.reader.may_read_words();
    let answers = if reads {
        sections::all_sections(desk, &row, Language::En).await?
    } else {
        Vec::new()
    };
    let before = desk
        .views
        .history(row.group.0, None)
        .await?
        .into_iter()
        .filter(|line| line.id != row.id)
        .collect();
    let forms = asked.forms();
    let panel = panel_members(asked).await?;
    let mut people: BTreeSet<PersonId> = row.scores.iter().map(|score| score.by).collect();
    people.extend(row.help.iter().map(|help| help.by));
    let names = asked.names_of_people(people).await?;
    let page = ApplicationPage {
        page: asked
            .page_context(&format!("{}: {}", group.name, round.name))
            .await?,
        wrong: forms.error_summary(),
        reference: Reference::parse(&row.reference)
            .map(|reference| reference.to_string())
            .unwrap_or_default(),
        state: label_of(row.state),
        scores_wait: row.scores.len() < given,
        scores: scores(&row, &names),
        keyed_by: row
            .help
            .as_ref()
            .filter(|help| row.interests.named_helpers().all(|named| named != help.by))
            .map(|help| names.of(&help.by)),
        acts: actions(asked, &forms, &row, &fund, &round, &panel).await?,
        history: history(asked, row.id).await?,
        seen,
        group,
        fund,
        round,
        answers,
        before,
        reads,
    };
    asked.render(&page)
}

fn scores(row: &ApplicationRow, names: &PersonNames) -> Vec<ScoreView> {
    let seen = |score: &crate::projections::ScoreRow| ScoreView {
        by: names.of(&score.by),
        values: score
            .criteria
            .iter()
            .map(|(criterion, value)| (criterion.to_string(), *value))
            .collect(),
        total: score.criteria.values().map(|value| u32::from(*value)).sum(),
        note: score.note.clone(),
        set_aside: score.set_aside.clone(),
    };
    row.scores.iter().map(seen).collect()
}

/// The people with the panel role except the reader, by id and name, to be chosen as present.
pub(super) async fn panel_members(
    asked: &DeskRequest<'_>,
) -> Result<Vec<(String, String)>, PageError> {
    let rows = asked
        .desk
        .views
        .list::<PersonRow>(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                limit: 500,
            },
        )
        .await?
        .items;
    let own = asked.signed.reader.person.0;
    let rows: Vec<_> = rows
        .into_iter()
        .filter(|row| row.roles.contains(&Role::Panel) && row.id != own)
        .collect();
    let seen = asked
        .desk
        .views
        .decrypt_people(&crate::views::Reader::service(), rows)
        .await?;
    Ok(seen
        .into_iter()
        .map(|seen| {
            (
                seen.id.to_string(),
                seen.name.unwrap_or_else(|| "somebody".to_owned()),
            )
        })
        .collect())
}

/// The panel members who may decide on the application, because they have no connection to it. They
/// are the sample values with which decisions are tried.
pub(super) async fn unconflicted(
    asked: &DeskRequest<'_>,
    application: uuid::Uuid,
    panel: &[(String, String)],
) -> Result<BTreeSet<PersonId>, PageError> {
    let connected = asked
        .desk
        .commands
        .connected_streams(application)
        .await
        .map_err(crate::views::ViewError::from)?;
    let ids = panel
        .iter()
        .filter_map(|(id, _)| id.parse().ok().map(PersonId));
    let may = |id: &PersonId| {
        connected.as_ref().is_some_and(|streams| {
            streams
                .connections()
                .permit(*id, crate::domain::RestrictedAction::Decide)
                .is_ok()
        })
    };
    Ok(ids.filter(may).collect())
}

async fn actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    row: &ApplicationRow,
    fund: &FundRow,
    round: &RoundRow,
    panel: &[(String, String)],
) -> Result<Vec<Action>, PageError> {
    let path = |name: &str| format!("/desk/do/applications/{}/{name}", row.id);
    let offered = async |command: C| {
        Availability::check(
            asked.desk,
            asked.visitor,
            Command::Application(ApplicationId(row.id), command),
        )
        .await
    };
    let case = AssistedChanges {
        asked,
        forms,
        row,
        fund,
        round,
    };
    let because = || WithReason {
        reason: sample_prose("why"),
    };
    let meeting = DecisionAttendance {
        noun: "applications",
        id: row.id,
        decision: row.decision,
        unconfirmed: &row.unconfirmed,
        when: "when it was decided",
    };
    let confirm =
        |person| Command::Application(ApplicationId(row.id), C::ConfirmAttendance(person));
    let mut acts = attendance_actions(asked, forms, meeting, &confirm).await?;
    acts.extend(helper_actions(asked, forms, row).await?);
    let eligible = offered(C::ConfirmEligibility(NoBody {})).await?;
    acts.push(
        Action::new(
            forms,
            "confirm-eligibility",
            "It is eligible",
            &path("confirm-eligibility"),
            eligible,
        )
        .expanded(),
    );
    let refuse = offered(C::RefuseEligibility(because())).await?;
    acts.push(
        Action::new(
            forms,
            "refuse-eligibility",
            "It is not eligible",
            &path("refuse-eligibility"),
            refuse,
        )
        .text_area_with_hint("reason", "Why", "The group reads this."),
    );
    acts.push(case.request_changes().await?);
    acts.extend(assessment_actions(asked, forms, row).await?);
    let summary = Summary {
        title: "title".parse().expect("a line"),
        description: sample_prose("description"),
    };
    let summary = offered(C::WriteSummary(summary)).await?;
    let (title, description) = row
        .summary
        .as_ref()
        .map(|summary| (summary.title.to_string(), summary.description.to_string()))
        .unwrap_or_default();
    acts.push(
        Action::new(
            forms,
            "write-summary",
            "Write the public title and description",
            &path("write-summary"),
            summary,
        )
        .text("title", "Title")
        .text_area_with_hint(
            "description",
            "Description",
            "The public reads this. Names of people do not belong here.",
        )
        .prefill("title", title)
        .prefill("description", description),
    );
    acts.extend(decision_actions(asked, forms, row, fund, panel).await?);
    let review = offered(C::DecideReview(DecideReview {
        upheld: true,
        reason: sample_prose("why"),
    }))
    .await?;
    acts.push(
        Action::new(
            forms,
            "decide-review",
            "Decide the review",
            &path("decide-review"),
            review,
        )
        .select(
            "upheld:b",
            "The group is right, and it is looked at again",
            choices(["yes", "no"]),
        )
        .text_area_with_hint("reason", "Why", "The group reads this."),
    );
    acts.extend(case.answer_actions().await?);
    let withdraw = offered(C::Withdraw(NoBody {})).await?;
    acts.push(
        Action::new(
            forms,
            "withdraw",
            "Withdraw it for the group",
            &path("withdraw"),
            withdraw,
        )
        .destructive(),
    );
    Ok(visible(acts))
}

/// The actions of assessors: declaring an interest or none, scoring, and revising a score.
async fn assessment_actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    row: &ApplicationRow,
) -> Result<Vec<Action>, PageError> {
    let path = |name: &str| format!("/desk/do/applications/{}/{name}", row.id);
    let offered = async |command: C| {
        Availability::check(
            asked.desk,
            asked.visitor,
            Command::Application(ApplicationId(row.id), command),
        )
        .await
    };
    let mut acts = Vec::new();
    let none = offered(C::Declare(DeclareInterest { interest: None })).await?;
    acts.push(
        Action::new(
            forms,
            "declare-none",
            "I have no interest in this application",
            &path("declare"),
            none,
        )
        .expanded(),
    );
    let interest = Interest {
        kind: InterestKind::Other,
        note: sample_prose("note"),
    };
    let some = offered(C::Declare(DeclareInterest {
        interest: Some(interest),
    }))
    .await?;
    let kinds = choices([
        "committee",
        "employment",
        "family",
        "friendship",
        "supply",
        "helped_to_word",
        "other",
    ]);
    acts.push(
        Action::new(
            forms,
            "declare",
            "I have an interest in it",
            &path("declare"),
            some,
        )
        .select("interest.kind", "What kind", kinds)
        .text_area_with_hint(
            "interest.note",
            "For the record",
            "Names of people do not belong here.",
        )
        .destructive(),
    );
    let criteria: BTreeMap<Slug, u8> = CRITERIA
        .iter()
        .map(|(key, _)| (key.parse().expect("a slug"), 3))
        .collect();
    let values = choices(["0", "1", "2", "3", "4", "5"]);
    let own = row
        .scores
        .iter()
        .find(|score| score.by == asked.signed.reader.person && score.set_aside.is_none());
    let score = offered(C::Score(Score {
        criteria: criteria.clone(),
        note: sample_prose("note"),
    }))
    .await?;
    let mut act = Action::new(forms, "score", "Score it", &path("score"), score).expanded();
    for (key, says) in CRITERIA {
        act = act.select(&format!("criteria.{key}:n"), says, values.clone());
    }
    if own.is_none() {
        acts.push(act.text_area("note", "Why"));
    }
    let revise = offered(C::ReviseScore(ReviseScore {
        criteria,
        note: sample_prose("note"),
        reason: sample_prose("why"),
    }))
    .await?;
    if let Some(own) = own {
        let mut act = Action::new(
            forms,
            "revise-score",
            "Revise your score",
            &path("revise-score"),
            revise,
        );
        for (key, says) in CRITERIA {
            let known = own
                .criteria
                .iter()
                .find(|(criterion, _)| criterion.as_str() == key)
                .map(|(_, value)| value.to_string());
            act = act
                .select(&format!("criteria.{key}:n"), says, values.clone())
                .prefill(&format!("criteria.{key}:n"), known.unwrap_or_default());
        }
        acts.push(
            act.text_area("note", "Why")
                .prefill("note", &own.note)
                .text_area("reason", "Why it is revised"),
        );
    }
    Ok(acts)
}

/// The actions of the panel: award, decline, defer, reserve.
async fn decision_actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    row: &ApplicationRow,
    fund: &FundRow,
    panel: &[(String, String)],
) -> Result<Vec<Action>, PageError> {
    let today = day_of(asked.desk.commands.now());
    let in_days = |days: i64| today.saturating_add(jiff::Span::new().days(days));
    let path = |name: &str| format!("/desk/do/applications/{}/{name}", row.id);
    let offered = async |command: C| {
        Availability::check(
            asked.desk,
            asked.visitor,
            Command::Application(ApplicationId(row.id), command),
        )
        .await
    };
    let present = unconflicted(asked, row.id, panel).await?;
    let amount = row.requested.unwrap_or(fund.rules.minimum);
    let award = Award {
        amount,
        reason: None,
        ends_on: in_days(180),
        update_due_on: in_days(194),
        conditions: BTreeMap::new(),
        present: present.clone(),
    };
    let mut acts = Vec::new();
    for (name, title, command) in [
        ("award", "Award", C::Award(award.clone())),
        ("promote", "Award from the reserve list", C::Promote(award)),
    ] {
        acts.push(
            Action::new(forms, name, title, &path(name), offered(command).await?)
                .money("amount:m", "How much")
                .text_area_with_hint(
                    "reason",
                    "Why another sum than was asked for",
                    "Leave it empty if it is the sum that was asked for. The group reads this.",
                )
                .day("ends_on", "Last day of the activity")
                .day("update_due_on", "Last day for the final update")
                .checkboxes("present:l", "Who else was present", panel.to_vec())
                .prefill("amount:m", String::from(amount))
                .prefill("ends_on", in_days(180))
                .prefill("update_due_on", in_days(194)),
        );
    }
    let decline = Decline {
        reason: sample_prose("why"),
        feedback: sample_prose("feedback"),
        present: present.clone(),
    };
    acts.push(
        Action::new(
            forms,
            "decline",
            "Decline",
            &path("decline"),
            offered(C::Decline(decline)).await?,
        )
        .text_area_with_hint("reason", "Why", "For the record.")
        .text_area_with_hint("feedback", "Feedback", "The group reads this.")
        .checkboxes("present:l", "Who else was present", panel.to_vec()),
    );
    let defer = Defer {
        reason: sample_prose("why"),
        present: present.clone(),
    };
    acts.push(
        Action::new(
            forms,
            "defer",
            "Decide later",
            &path("defer"),
            offered(C::Defer(defer)).await?,
        )
        .text_area_with_hint("reason", "Why", "The group reads this.")
        .checkboxes("present:l", "Who else was present", panel.to_vec()),
    );
    let free = (1..=u16::MAX)
        .find(|rank| {
            !fund
                .rounds
                .get(&row.round)
                .is_some_and(|round| round.reserves.contains_key(rank))
        })
        .unwrap_or(1);
    let reserve = Reserve {
        rank: free,
        reason: sample_prose("why"),
        present,
    };
    acts.push(
        Action::new(
            forms,
            "reserve",
            "Put on the reserve list",
            &path("reserve"),
            offered(C::Reserve(reserve)).await?,
        )
        .number("rank:n", "Rank: 1 comes first")
        .text_area_with_hint("reason", "Why", "The group reads this.")
        .checkboxes("present:l", "Who else was present", panel.to_vec())
        .prefill("rank:n", free),
    );
    Ok(acts)
}

/// Whether the panel can still decide on an application.
pub(super) fn is_undecided(state: ApplicationState) -> bool {
    use ApplicationState as S;
    matches!(
        state,
        S::Eligible | S::InAssessment | S::ReserveList | S::Deferred
    )
}
