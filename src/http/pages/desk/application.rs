//! The page of one application: answers, group, scores, history, and the actions of the reader.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;

use super::act::{Act, Offered, shown};
use super::confirming::{Meeting, attendance, help};
use super::on_behalf::Case;
use super::{Asked, Happened, Names, choices, history, said};
use crate::domain::application::{
    ApplicationState, Award, DecideReview, Declare, Decline, Defer, Interest, InterestKind,
    Reserve, ReviseScore, Score, Summary,
};
use crate::domain::command::{Because, Nothing};
use crate::domain::language::Language;
use crate::domain::reference::Reference;
use crate::domain::text::{Prose, Slug};
use crate::domain::{ApplicationCommand as C, ApplicationId, Command, PersonId, Role};
use crate::http::pages::apply::sections;
use crate::http::pages::{Failed, Forms, Shell, own};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, FundRow, GroupRow, PersonRow, RoundRow};
use crate::views::{ApplicationSeen, HistoryLine, Page as Wanted};

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
struct Sheet {
    page: Shell,
    wrong: Vec<(String, String)>,
    seen: ApplicationSeen,
    reference: String,
    state: String,
    group: GroupRow,
    fund: FundRow,
    round: RoundRow,
    answers: Vec<sections::Section>,
    before: Vec<HistoryLine>,
    scores: Vec<ScoreSeen>,
    scores_wait: bool,
    keyed_by: Option<String>,
    acts: Vec<Act>,
    history: Vec<Happened>,
    reads: bool,
}

struct ScoreSeen {
    by: String,
    values: Vec<(String, u8)>,
    total: u32,
    note: String,
    set_aside: Option<String>,
}

fn prose(text: &str) -> Prose {
    text.parse().expect("a short text")
}

pub(super) async fn show(asked: &Asked<'_>, id: &str) -> Result<HttpResponse, Failed> {
    let desk = asked.desk;
    let row: ApplicationRow = desk
        .views
        .find(&own::uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let given = row.scores.len();
    let seen = crate::http::api::applications::seen(desk, asked.signed, vec![row])
        .await?
        .pop()
        .ok_or_else(Failed::nothing)?;
    let row = seen.row.clone();
    let group: GroupRow = desk
        .views
        .find(&row.group.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let (fund, round) = own::round(desk, &row.fund.to_string(), row.round.as_str()).await?;
    let reads = asked.signed.reader.reads_words();
    let answers = if reads {
        sections::all(desk, &row, Language::En).await?
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
    let panel = panel(asked).await?;
    let mut people: BTreeSet<PersonId> = row.scores.iter().map(|score| score.by).collect();
    people.extend(row.help.iter().map(|help| help.by));
    let names = asked.people(people).await?;
    let page = Sheet {
        page: asked
            .shell(&format!("{}: {}", group.name, round.name))
            .await?,
        wrong: forms.wrong(),
        reference: Reference::heard(&row.reference)
            .map(|reference| reference.to_string())
            .unwrap_or_default(),
        state: said(row.state),
        scores_wait: row.scores.len() < given,
        scores: scores(&row, &names),
        keyed_by: row
            .help
            .as_ref()
            .filter(|help| row.interests.named().all(|named| named != help.by))
            .map(|help| names.of(&help.by)),
        acts: acts(asked, &forms, &row, &fund, &round, &panel).await?,
        history: history(asked, row.id).await?,
        seen,
        group,
        fund,
        round,
        answers,
        before,
        reads,
    };
    asked.page(&page)
}

fn scores(row: &ApplicationRow, names: &Names) -> Vec<ScoreSeen> {
    let seen = |score: &crate::projections::ScoreRow| ScoreSeen {
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
pub(super) async fn panel(asked: &Asked<'_>) -> Result<Vec<(String, String)>, Failed> {
    let rows = asked
        .desk
        .views
        .list::<PersonRow>(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                most: 500,
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
        .open_people(&crate::views::Reader::service(), rows)
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
    asked: &Asked<'_>,
    application: uuid::Uuid,
    panel: &[(String, String)],
) -> Result<BTreeSet<PersonId>, Failed> {
    let connected = asked
        .desk
        .commands
        .connected(application)
        .await
        .map_err(crate::views::ViewError::from)?;
    let ids = panel
        .iter()
        .filter_map(|(id, _)| id.parse().ok().map(PersonId));
    let may = |id: &PersonId| {
        connected.as_ref().is_some_and(|streams| {
            streams
                .connections()
                .permit(*id, crate::domain::Act::Decide)
                .is_ok()
        })
    };
    Ok(ids.filter(may).collect())
}

async fn acts(
    asked: &Asked<'_>,
    forms: &Forms,
    row: &ApplicationRow,
    fund: &FundRow,
    round: &RoundRow,
    panel: &[(String, String)],
) -> Result<Vec<Act>, Failed> {
    let path = |name: &str| format!("/desk/do/applications/{}/{name}", row.id);
    let offered = async |command: C| {
        Offered::of(
            asked.desk,
            asked.visitor,
            Command::Application(ApplicationId(row.id), command),
        )
        .await
    };
    let case = Case {
        asked,
        forms,
        row,
        fund,
        round,
    };
    let because = || Because {
        reason: prose("why"),
    };
    let meeting = Meeting {
        noun: "applications",
        id: row.id,
        decision: row.decision,
        unconfirmed: &row.unconfirmed,
        when: "when it was decided",
    };
    let confirm =
        |person| Command::Application(ApplicationId(row.id), C::ConfirmAttendance(person));
    let mut acts = attendance(asked, forms, meeting, &confirm).await?;
    acts.extend(help(asked, forms, row).await?);
    let eligible = offered(C::ConfirmEligibility(Nothing {})).await?;
    acts.push(
        Act::new(
            forms,
            "confirm-eligibility",
            "It is eligible",
            &path("confirm-eligibility"),
            eligible,
        )
        .opened(),
    );
    let refuse = offered(C::RefuseEligibility(because())).await?;
    acts.push(
        Act::new(
            forms,
            "refuse-eligibility",
            "It is not eligible",
            &path("refuse-eligibility"),
            refuse,
        )
        .words_with("reason", "Why", "The group reads this."),
    );
    acts.push(case.request_changes().await?);
    acts.extend(assessment(asked, forms, row).await?);
    let summary = Summary {
        title: "title".parse().expect("a line"),
        description: prose("description"),
    };
    let summary = offered(C::WriteSummary(summary)).await?;
    let (title, description) = row
        .summary
        .as_ref()
        .map(|summary| (summary.title.to_string(), summary.description.to_string()))
        .unwrap_or_default();
    acts.push(
        Act::new(
            forms,
            "write-summary",
            "Write the public title and description",
            &path("write-summary"),
            summary,
        )
        .line("title", "Title")
        .words_with(
            "description",
            "Description",
            "The public reads this. Names of people do not belong here.",
        )
        .known("title", title)
        .known("description", description),
    );
    acts.extend(decisions(asked, forms, row, fund, panel).await?);
    let review = offered(C::DecideReview(DecideReview {
        upheld: true,
        reason: prose("why"),
    }))
    .await?;
    acts.push(
        Act::new(
            forms,
            "decide-review",
            "Decide the review",
            &path("decide-review"),
            review,
        )
        .one(
            "upheld:b",
            "The group is right, and it is looked at again",
            choices(["yes", "no"]),
        )
        .words_with("reason", "Why", "The group reads this."),
    );
    acts.extend(case.answering().await?);
    let withdraw = offered(C::Withdraw(Nothing {})).await?;
    acts.push(
        Act::new(
            forms,
            "withdraw",
            "Withdraw it for the group",
            &path("withdraw"),
            withdraw,
        )
        .grave(),
    );
    Ok(shown(acts))
}

/// The actions of assessors: declaring an interest or none, scoring, and revising a score.
async fn assessment(
    asked: &Asked<'_>,
    forms: &Forms,
    row: &ApplicationRow,
) -> Result<Vec<Act>, Failed> {
    let path = |name: &str| format!("/desk/do/applications/{}/{name}", row.id);
    let offered = async |command: C| {
        Offered::of(
            asked.desk,
            asked.visitor,
            Command::Application(ApplicationId(row.id), command),
        )
        .await
    };
    let mut acts = Vec::new();
    let none = offered(C::Declare(Declare { interest: None })).await?;
    acts.push(
        Act::new(
            forms,
            "declare-none",
            "I have no interest in this application",
            &path("declare"),
            none,
        )
        .opened(),
    );
    let interest = Interest {
        kind: InterestKind::Other,
        note: prose("note"),
    };
    let some = offered(C::Declare(Declare {
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
        Act::new(
            forms,
            "declare",
            "I have an interest in it",
            &path("declare"),
            some,
        )
        .one("interest.kind", "What kind", kinds)
        .words_with(
            "interest.note",
            "For the record",
            "Names of people do not belong here.",
        )
        .grave(),
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
        note: prose("note"),
    }))
    .await?;
    let mut act = Act::new(forms, "score", "Score it", &path("score"), score).opened();
    for (key, says) in CRITERIA {
        act = act.one(&format!("criteria.{key}:n"), says, values.clone());
    }
    if own.is_none() {
        acts.push(act.words("note", "Why"));
    }
    let revise = offered(C::ReviseScore(ReviseScore {
        criteria,
        note: prose("note"),
        reason: prose("why"),
    }))
    .await?;
    if let Some(own) = own {
        let mut act = Act::new(
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
                .one(&format!("criteria.{key}:n"), says, values.clone())
                .known(&format!("criteria.{key}:n"), known.unwrap_or_default());
        }
        acts.push(
            act.words("note", "Why")
                .known("note", &own.note)
                .words("reason", "Why it is revised"),
        );
    }
    Ok(acts)
}

/// The actions of the panel: award, decline, defer, reserve.
async fn decisions(
    asked: &Asked<'_>,
    forms: &Forms,
    row: &ApplicationRow,
    fund: &FundRow,
    panel: &[(String, String)],
) -> Result<Vec<Act>, Failed> {
    let today = day_of(asked.desk.commands.now());
    let in_days = |days: i64| today.saturating_add(jiff::Span::new().days(days));
    let path = |name: &str| format!("/desk/do/applications/{}/{name}", row.id);
    let offered = async |command: C| {
        Offered::of(
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
            Act::new(forms, name, title, &path(name), offered(command).await?)
                .money("amount:m", "How much")
                .words_with(
                    "reason",
                    "Why another sum than was asked for",
                    "Leave it empty if it is the sum that was asked for. The group reads this.",
                )
                .day("ends_on", "Last day of the activity")
                .day("update_due_on", "Last day for the final update")
                .some("present:l", "Who else was present", panel.to_vec())
                .known("amount:m", String::from(amount))
                .known("ends_on", in_days(180))
                .known("update_due_on", in_days(194)),
        );
    }
    let decline = Decline {
        reason: prose("why"),
        feedback: prose("feedback"),
        present: present.clone(),
    };
    acts.push(
        Act::new(
            forms,
            "decline",
            "Decline",
            &path("decline"),
            offered(C::Decline(decline)).await?,
        )
        .words_with("reason", "Why", "For the record.")
        .words_with("feedback", "Feedback", "The group reads this.")
        .some("present:l", "Who else was present", panel.to_vec()),
    );
    let defer = Defer {
        reason: prose("why"),
        present: present.clone(),
    };
    acts.push(
        Act::new(
            forms,
            "defer",
            "Decide later",
            &path("defer"),
            offered(C::Defer(defer)).await?,
        )
        .words_with("reason", "Why", "The group reads this.")
        .some("present:l", "Who else was present", panel.to_vec()),
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
        reason: prose("why"),
        present,
    };
    acts.push(
        Act::new(
            forms,
            "reserve",
            "Put on the reserve list",
            &path("reserve"),
            offered(C::Reserve(reserve)).await?,
        )
        .number("rank:n", "Rank: 1 comes first")
        .words_with("reason", "Why", "The group reads this.")
        .some("present:l", "Who else was present", panel.to_vec())
        .known("rank:n", free),
    );
    Ok(acts)
}

/// Whether the panel can still decide on an application.
pub(super) fn is_open(state: ApplicationState) -> bool {
    use ApplicationState as S;
    matches!(
        state,
        S::Eligible | S::InAssessment | S::ReserveList | S::Deferred
    )
}
