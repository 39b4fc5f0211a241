//! Scoring: one application a page, its text next to the form, and on to the next.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::findings::office_findings;
use super::{DeskRequest, PanelLine, PanelRound, answered_questions, load};
use crate::domain::application::{ReviseScore, Score};
use crate::domain::{
    ApplicationCommand, ApplicationEvent, ApplicationId, Command, Event, Money, PersonId, Role,
};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::http::AppState;
use crate::http::pages::apply::sections::Section;
use crate::http::pages::desk::action::Action;
use crate::http::pages::desk::application_actions::{DECLARE_NONE, declarations_on};
use crate::http::pages::desk::{render_page_at, submit_command};
use crate::http::pages::fund_texts::{self, CriterionText};
use crate::http::pages::layout::url_encoded;
use crate::http::pages::words::{Tag, capitalised};
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, ownership, see_other,
};
use crate::projections::{ApplicationRow, FundRow};

/// The largest number of events of an application that are read.
const EVENTS_MAX: i64 = 1000;

#[derive(Template)]
#[template(path = "desk/panel/score.html")]
struct ScorePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    address: String,
    action: String,
    round: String,
    id: String,
    group: String,
    reference: String,
    tag: Tag,
    requested: Option<Money>,
    facts: Vec<String>,
    sections: Vec<Section>,
    /// What the office found out about the group and its application, in sentences.
    found: Vec<String>,
    /// How many applications wait for the reader's score, of how many that they score.
    waiting: usize,
    all: usize,
    /// The largest total of a score.
    points_max: u32,
    /// Whether the reader has declared that there is no conflict of interest, or that there is.
    declared: Option<bool>,
    /// The day on which the reader declared.
    declared_on: Option<Date>,
    open: bool,
    revises: bool,
    declare: Form,
    /// How the reader declares a conflict of interest.
    conflict: Option<Action>,
    form: Form,
    criteria: Vec<CriterionField>,
}

/// One criterion of the form.
struct CriterionField {
    key: String,
    label: String,
    question: String,
    /// What 0, 1, 2, 3, 4 and 5 mean.
    anchors: Vec<String>,
    chosen: String,
    wrong: Option<String>,
}

/// Sends the reader to the next application that waits for their score, after the one in the query,
/// with the notice of a score that was saved. After "Skip for now" there is none.
pub(super) async fn show_next(
    request: &DeskRequest<'_>,
    fund: &str,
    key: &str,
) -> Result<HttpResponse, PageError> {
    let of = load(request, fund, key).await?;
    let address = of.address();
    let next = next_to_score(&of, request.signed.reader.person, request.text("after"));
    let notice = match request.text("done") {
        "" => String::new(),
        done => format!("?done={}", url_encoded(done)),
    };
    Ok(see_other(&match next {
        Some(line) => format!("{address}/score/{}{notice}", line.row.id),
        None => format!("{address}{notice}"),
    }))
}

/// The next application that waits for a person's score, in the order in which they were sent, so
/// that the scores of others do not lead.
fn next_to_score<'a>(of: &'a PanelRound, person: PersonId, after: &str) -> Option<&'a PanelLine> {
    let mut waiting: Vec<_> = of
        .lines
        .iter()
        .filter(|line| line.waits_for_score_of(person) && line.row.id.to_string() != after)
        .collect();
    waiting.sort_by(|a, b| a.reference.cmp(&b.reference));
    let last = of
        .lines
        .iter()
        .find(|line| line.row.id.to_string() == after);
    let later = waiting
        .iter()
        .find(|line| last.is_some_and(|last| line.reference > last.reference));
    later.or(waiting.first()).copied()
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    fund: &str,
    key: &str,
    id: &str,
) -> Result<HttpResponse, PageError> {
    let reader = &request.signed.reader;
    if !reader.roles.contains(&Role::Panel) {
        return Err(PageError::forbidden());
    }
    let of = load(request, fund, key).await?;
    let line = of
        .lines
        .iter()
        .find(|line| line.row.id.to_string() == id)
        .ok_or_else(PageError::not_found)?;
    let is_own = |line: &&PanelLine| {
        let scored = line.open && line.own_score(reader.person).is_some();
        scored || line.waits_for_score_of(reader.person)
    };
    let own_lines: Vec<&PanelLine> = of.lines.iter().filter(is_own).collect();
    let forms = request.forms();
    let own = line.own_score(reader.person);
    let form = forms
        .form("score")
        .prefill("note", own.map_or("", |own| own.note.as_str()));
    let interests = &line.row.interests;
    let declared = interests
        .has_declared(reader.person)
        .then(|| line.takes_no_part(reader.person));
    let [_, conflict] = declarations_on(line.row.id);
    let page = ScorePage {
        page: request
            .page_context(&format!("Score {}", line.group))
            .await?,
        wrong: forms.error_summary(),
        address: of.address(),
        action: format!("/desk/do/score/{}/{}/{id}", of.fund.id, of.key),
        round: of.round.name.clone(),
        id: id.to_owned(),
        group: line.group.clone(),
        reference: line.reference.clone(),
        tag: line.tag(),
        requested: line.row.requested,
        facts: [&line.area, &line.activity]
            .into_iter()
            .filter(|fact| !fact.is_empty())
            .cloned()
            .collect(),
        sections: answered_questions(request.app, &line.row).await?,
        found: office_findings(request, &line.row).await?,
        waiting: own_lines
            .iter()
            .filter(|line| line.waits_for_score_of(reader.person))
            .count(),
        all: own_lines.len(),
        points_max: of.points_max,
        declared_on: declared_on(request, &line.row).await?,
        declared,
        open: own.is_some() || line.waits_for_score_of(reader.person),
        revises: own.is_some(),
        declare: forms.form(DECLARE_NONE),
        conflict: request.actions(&forms, vec![conflict]).await?.pop(),
        criteria: criteria_fields(&of.criteria, &form, line, reader.person),
        form,
    };
    request.render(&page)
}

/// The day on which the reader last declared whether they have a conflict of interest.
async fn declared_on(
    request: &DeskRequest<'_>,
    row: &ApplicationRow,
) -> Result<Option<Date>, PageError> {
    use ApplicationEvent as E;
    let person = request.signed.reader.person;
    let events = request.app.views.events_with_id(row.id, EVENTS_MAX).await?;
    let declared = |event: &RecordedEvent| match &event.event {
        Event::Application(E::NoInterestDeclared { by, .. } | E::InterestDeclared { by, .. }) => {
            (*by == person).then(|| event.recorded_on())
        }
        _ => None,
    };
    Ok(events.iter().filter_map(declared).next_back())
}

fn criteria_fields(
    criteria: &[CriterionText],
    form: &Form,
    line: &PanelLine,
    person: PersonId,
) -> Vec<CriterionField> {
    let known = |key: &str| {
        let own = line.own_score(person)?;
        let given = own.criteria.iter().find(|(of, _)| of.as_str() == key);
        given.map(|(_, points)| points.to_string())
    };
    criteria
        .iter()
        .map(|one| {
            let (label, question) = one.label.split_once(": ").unwrap_or((&one.label, ""));
            let typed = form.value(&one.key).to_owned();
            CriterionField {
                label: label.to_owned(),
                question: capitalised(question),
                anchors: one.anchors.clone(),
                wrong: form.error_of(&one.key).map(str::to_owned),
                chosen: if form.was_rejected() {
                    typed
                } else {
                    known(&one.key).unwrap_or_default()
                },
                key: one.key.clone(),
            }
        })
        .collect()
}

/// Records a score, or a revised one, and goes on to the next application.
pub(in crate::http::pages::desk) async fn submit_score(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let signed = visitor.require_staff()?;
    let part = |name: &str| request.match_info().query(name).to_owned();
    let round = format!("/desk/panel/{}/{}", part("fund"), part("round"));
    let id = ownership::parse_uuid(&part("application"))?;
    let back = format!("{round}/score/{id}");
    let row: ApplicationRow = app
        .views
        .find(id, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let person = signed.reader.person;
    let revises = row
        .scores
        .iter()
        .any(|score| score.by == person && score.set_aside.is_none());
    let fund: FundRow = app
        .views
        .find(row.fund, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let criteria = fund_texts::criteria(&fund.rules.texts);
    let command = match score_command(&posted, &criteria, revises) {
        Ok(command) => command,
        Err(wrong) => {
            let rejected = FormErrors::new("score", &posted, wrong);
            return render_page_at(&app, &visitor, &back, Some(rejected)).await;
        }
    };
    let next = if posted.text("then") == "stay" {
        back.clone()
    } else {
        format!("{round}/score?after={id}")
    };
    let command = Command::Application(ApplicationId(id), command);
    submit_command::execute(&app, &visitor, &posted, command, "score", &back, |_| next).await
}

/// The command of a form, or everything that is missing in it.
fn score_command(
    posted: &FormData,
    wanted: &[CriterionText],
    revises: bool,
) -> Result<ApplicationCommand, Vec<(String, String)>> {
    let (mut criteria, mut wrong) = (BTreeMap::new(), Vec::new());
    for CriterionText { key, label, .. } in wanted {
        let label = label.split(':').next().unwrap_or_default();
        let points = posted
            .text(key)
            .parse::<u8>()
            .ok()
            .filter(|points| *points <= 5);
        match (key.parse(), points) {
            (Ok(slug), Some(points)) => drop(criteria.insert(slug, points)),
            _ => wrong.push((key.clone(), format!("{label}: choose from 0 to 5"))),
        }
    }
    let note = posted.text("note").parse();
    if note.is_err() {
        wrong.push((
            "note".to_owned(),
            "Say why, in a sentence or two".to_owned(),
        ));
    }
    let reason = posted.text("reason").parse();
    if revises && reason.is_err() {
        wrong.push((
            "reason".to_owned(),
            "Say why you changed your score".to_owned(),
        ));
    }
    match (note, reason) {
        (Ok(note), Ok(reason)) if revises && wrong.is_empty() => {
            Ok(ApplicationCommand::ReviseScore(ReviseScore {
                criteria,
                note,
                reason,
            }))
        }
        (Ok(note), _) if wrong.is_empty() => {
            Ok(ApplicationCommand::Score(Score { criteria, note }))
        }
        _ => Err(wrong),
    }
}
