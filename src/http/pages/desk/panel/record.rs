//! Recording the decisions of a meeting: one form, a running total, and every problem by the name
//! of the group. Nothing is recorded before the review page.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::posted_meeting::{
    CHOICES, MeetingSums, PostedMeeting, award_or_promote, people_present, refused,
};
use super::{DeskRequest, HiddenScores, PanelLine, PanelRound, answered_questions, load};
use crate::clock::day_of;
use crate::commands::CommandRequest;
use crate::domain::application::ApplicationState;
use crate::domain::panel::Decision;
use crate::domain::working_days::next_working_day;
use crate::domain::{Command, FundCommand, Role};
use crate::http::AppState;
use crate::http::pages::apply::parse_amount;
use crate::http::pages::days::time_in_words;
use crate::http::pages::desk::application::panel_members;
use crate::http::pages::desk::application_actions::foreign_language;
use crate::http::pages::desk::render_page_at;
use crate::http::pages::words::capitalised;
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, PostedForm, ownership, see_other,
};

/// The days from today to the letters, the end of the activities and the final updates that the
/// form suggests.
const LETTER_DAYS: i64 = 5;
const ACTIVITY_DAYS: i64 = 180;
const FINAL_UPDATE_DAYS: i64 = 194;
/// The fields of a decision that can be wrong.
const DECISION_FIELDS: [&str; 6] = [
    "verdict",
    "amount",
    "title",
    "description",
    "reason",
    "message",
];
/// The longest suggested title, in characters.
const TITLE_CHARS: usize = 80;

#[derive(Template)]
#[template(path = "desk/panel/record.html")]
struct RecordPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    of: PanelRound,
    form: Form,
    fields: Vec<DecisionFields>,
    present: Vec<(String, String)>,
    sums: MeetingSums,
    /// The time of day at which the totals were added up.
    counted_at: String,
}

/// The fields of one application, by its index in the round.
struct DecisionFields {
    at: usize,
    choice: String,
    choices: Vec<(&'static str, &'static str)>,
    amount: String,
    title: String,
    description: String,
    rank: String,
    reason: String,
    message: String,
    /// The language that the group reads, if it is not English.
    reads: Option<&'static str>,
    /// What is wrong, by the name of the field.
    wrong: Vec<(&'static str, String)>,
}

impl DecisionFields {
    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.iter().any(|(name, _)| *name == field)
    }
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    fund: &str,
    key: &str,
) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.roles.contains(&Role::Panel) {
        return Err(PageError::forbidden());
    }
    let of = load(request, fund, key).await?;
    let forms = request.forms();
    let form = with_usual_days(forms.form("meeting"), day_of(request.app.commands.now()));
    let mut fields = Vec::new();
    for (at, line) in of.lines.iter().enumerate().filter(|(_, line)| line.open) {
        fields.push(decision_fields(request, &form, at, line).await?);
    }
    let chosen = fields
        .iter()
        .map(|fields| (fields.choice.as_str(), parse_amount(&fields.amount)));
    let page = RecordPage {
        page: request
            .page_context(&format!("Record decisions: {}", of.round.name))
            .await?,
        wrong: forms.error_summary(),
        sums: MeetingSums::of(chosen, of.available),
        counted_at: time_in_words(request.app.commands.now().as_microsecond()),
        present: panel_members(request).await?,
        fields,
        form,
        of,
    };
    request.render(&page)
}

fn with_usual_days(form: Form, today: Date) -> Form {
    let in_days = |days: i64| today.saturating_add(jiff::Span::new().days(days));
    form.prefill("met_on", &today.to_string())
        .prefill(
            "letters_on",
            &next_working_day(in_days(LETTER_DAYS)).to_string(),
        )
        .prefill("ends_on", &in_days(ACTIVITY_DAYS).to_string())
        .prefill("update_due_on", &in_days(FINAL_UPDATE_DAYS).to_string())
}

/// The fields of one application: as entered, or with what was asked for and a suggested title.
async fn decision_fields(
    request: &DeskRequest<'_>,
    form: &Form,
    at: usize,
    line: &PanelLine,
) -> Result<DecisionFields, PageError> {
    let id = line.row.id;
    let typed = |name: &str| form.value(&format!("{name}-{id}")).to_owned();
    // The heading above the fields names the group already.
    let group = format!("{}: ", line.group);
    let own_error = &|says: String| match says.strip_prefix(&group) {
        Some(rest) => capitalised(rest),
        None => says,
    };
    let mut fields = DecisionFields {
        at,
        choice: typed("verdict"),
        choices: choices_in(line.row.state),
        amount: typed("amount"),
        title: typed("title"),
        description: typed("description"),
        rank: typed("rank"),
        reason: typed("reason"),
        message: typed("message"),
        reads: foreign_language(line.row.language),
        wrong: DECISION_FIELDS
            .iter()
            .flat_map(|name| {
                let errors = form.errors_of(&format!("{name}-{id}"));
                errors.into_iter().map(move |says| (*name, own_error(says)))
            })
            .collect(),
    };
    if request.rejected.is_none() {
        fields.amount = line.row.requested.map(String::from).unwrap_or_default();
        (fields.title, fields.description) = suggested_summary(request, line).await?;
    }
    Ok(fields)
}

fn choices_in(state: ApplicationState) -> Vec<(&'static str, &'static str)> {
    let is_open = |decision: Decision| {
        let decision = award_or_promote(decision, state);
        decision.allowed_states().contains(&state)
    };
    CHOICES
        .iter()
        .filter(|(.., decision)| is_open(*decision))
        .map(|(value, label, _)| (*value, *label))
        .collect()
}

/// The public title and description: those that were written, or the group's own first words as a
/// suggestion.
async fn suggested_summary(
    request: &DeskRequest<'_>,
    line: &PanelLine,
) -> Result<(String, String), PageError> {
    if let Some(summary) = &line.row.summary {
        return Ok((summary.title.to_string(), summary.description.to_string()));
    }
    if !request.signed.reader.may_read_words() {
        return Ok((String::new(), String::new()));
    }
    let answers = answered_questions(request.app, &line.row).await?;
    let idea = answers
        .first()
        .map(|answer| answer.answer.clone())
        .unwrap_or_default();
    Ok((first_sentence(&idea), idea))
}

/// The first sentence of a text, cut at a word if it is long.
fn first_sentence(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let sentence = line
        .split_inclusive(['.', '!', '?'])
        .next()
        .unwrap_or_default();
    let sentence = sentence.trim().trim_end_matches('.');
    if sentence.chars().count() <= TITLE_CHARS {
        return sentence.to_owned();
    }
    let mut short = String::new();
    for word in sentence.split_whitespace() {
        if short.chars().count() + word.chars().count() >= TITLE_CHARS {
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    short
}

/// The fund and the round in an address.
pub(super) fn round_of(request: &HttpRequest) -> (String, String) {
    let part = |name: &str| request.match_info().query(name).to_owned();
    (part("fund"), part("round"))
}

/// Shows the form again, with the values as they were entered.
pub(super) async fn render_again(
    app: &AppState,
    posted: &PostedForm,
    (fund, round): &(String, String),
    wrong: Vec<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let mut again = FormErrors::new("meeting", &posted.posted, wrong);
    if again.errors.is_empty() {
        again.status = 200;
    }
    let address = format!("/desk/panel/{fund}/{round}/record");
    render_page_at(app, &posted.visitor, &address, Some(again)).await
}

/// Updates the running total, or goes back from the review page. Nothing is recorded.
pub(in crate::http::pages::desk) async fn go_back(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    render_again(&app, &sent, &round_of(&request), Vec::new()).await
}

/// Records a meeting: the decision on each application for which one was chosen.
pub(in crate::http::pages::desk) async fn record_meeting(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let place = round_of(&request);
    let address = format!("/desk/panel/{}/{}", place.0, place.1);
    let page = DeskRequest::new(&app, &sent.visitor, &address, None)?;
    let of = load(&page, &place.0, &place.1).await?;
    let read = PostedMeeting::read(&of, &sent.posted);
    let Some(command) = read.command else {
        return render_again(&app, &sent, &place, read.wrong).await;
    };
    let today = day_of(app.commands.now());
    let held_until = match &command {
        Command::Fund(_, FundCommand::RecordMeeting(meeting)) => {
            meeting.letters_on.filter(|day| *day > today)
        }
        _ => None,
    };
    let request = CommandRequest {
        idempotency_key: Some(sent.posted.idempotency_key(&app, &sent.visitor.path)),
        ..CommandRequest::new(page.signed.caller.clone(), command)
    };
    match ownership::execute_and_wait(&app, request).await {
        Ok(_) => {
            let next = held_until.map_or_else(
                || "?done=record-meeting".to_owned(),
                |day| format!("/letters?done=record-meeting.{day}"),
            );
            Ok(see_other(&format!("{address}{next}")))
        }
        Err(PageError::Refused(error)) => {
            let present = people_present(&sent.posted, page.signed.reader.person);
            match refused(&of, &error, &present) {
                Some(wrong) => render_again(&app, &sent, &place, wrong).await,
                None => Err(PageError::Refused(error)),
            }
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_sentence() {
        assert_eq!(
            first_sentence("Soup on Mondays. And song."),
            "Soup on Mondays"
        );
        let long = first_sentence(&"neighbours ".repeat(20));
        assert!(long.chars().count() <= TITLE_CHARS, "{long}");
        assert!(long.ends_with("neighbours"), "{long}");
    }
}
