//! The import of a bank statement: the page shows what each entry seems to pay, and records the
//! entries that a person ticks.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::list::counted;
use super::super::notices::done_parameter_of_several;
use super::super::{DeskRequest, render_page_at};
use super::entry_lines::{line_request, parse_line};
use super::entry_rows::{MatchKind, StatementRow, statement_rows};
use super::require_finance;
use crate::bank::{
    self, Direction, SkippedLine, SkippedReason, Statement, StatementEntry, StatementError,
};
use crate::commands::CommandError;
use crate::domain::Money;
use crate::http::AppState;
use crate::http::pages::words::{capitalised, names_in_words};
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, Visitor, kept_form, multipart,
    ownership, see_other,
};
use crate::projections::GrantRow;

/// Prefix of the names of the fields in which a person chooses what an entry is.
const WAY_FIELD: &str = "way-";

#[derive(Template)]
#[template(path = "desk/bank_statement.html")]
struct StatementPreviewPage {
    page: PageContext,
    form: Form,
    /// "12 lines: £3,050 out, £100 in".
    facts: String,
    /// "3 matched, 2 to look at, 1 money back, 1 not about our payments".
    counts: String,
    parts: Vec<StatementPart>,
    /// "Line 12: a balance or a total": the lines that are not movements.
    skipped: Vec<String>,
    can_record: bool,
}

/// Entries of one kind.
struct StatementPart {
    id: &'static str,
    title: &'static str,
    why: &'static str,
    rows: Vec<StatementRow>,
}

impl StatementPart {
    /// Whether a row can be ticked. The column of ticks is left out if not.
    fn has_ticks(&self) -> bool {
        self.rows.iter().any(|row| row.tick.is_some())
    }
}

/// Reads an uploaded statement, and shows its entries. Nothing is recorded.
pub(in crate::http::pages::desk) async fn preview_statement(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let body = kept_form::require_signed_in(&request, &app, &visitor, body).await?;
    require_finance(&visitor)?;
    let sent = multipart::read(&request, body, &visitor, &app).await?;
    let is_empty = sent.bytes.is_empty();
    let Statement { entries, skipped } = match read_statement(&app, sent.bytes).await? {
        Ok(statement) => statement,
        Err(error) => {
            let says = if is_empty {
                "Choose the file of the bank statement".to_owned()
            } else {
                capitalised(&error.to_string())
            };
            let rejected =
                FormErrors::new("statement", &sent.posted, vec![("file".to_owned(), says)]);
            return render_page_at(&app, &visitor, "/desk/bank", Some(rejected)).await;
        }
    };
    let request = DeskRequest::new(&app, &visitor, "/desk/bank", None)?;
    let facts = facts_of(&entries);
    let rows = statement_rows(&request, entries).await?;
    let can_record = rows
        .iter()
        .any(|row| row.tick.is_some() || !row.ways.is_empty());
    request.render(&StatementPreviewPage {
        page: request.page_context("What the statement says").await?,
        form: request.forms().form("entries"),
        facts,
        counts: counts_of(&rows),
        parts: parts_of(rows),
        skipped: skipped_texts(&skipped),
        can_record,
    })
}

/// Reads a statement on a thread for long work, since a large one takes seconds.
async fn read_statement(
    app: &AppState,
    bytes: Vec<u8>,
) -> Result<Result<Statement, StatementError>, PageError> {
    let layout = app.site.bank_layout.statement.clone();
    web::block(move || bank::read_statement_with(&bytes, layout.as_ref()))
        .await
        .map_err(|error| PageError::internal(&error))
}

/// "12 lines: £3,050 out, £100 in", and the sum of those without a direction.
fn facts_of(entries: &[StatementEntry]) -> String {
    let sum = |direction: Option<Direction>| -> Money {
        let of_direction = entries.iter().filter(|entry| entry.direction == direction);
        of_direction
            .map(|entry| Money::from_pence(entry.pence))
            .sum()
    };
    let lines = match entries.len() {
        1 => "1 line".to_owned(),
        count => format!("{count} lines"),
    };
    let (out, into) = (sum(Some(Direction::Out)), sum(Some(Direction::In)));
    let unknown = sum(None);
    let unknown = if unknown.is_zero() {
        String::new()
    } else {
        format!(", {unknown} out or in")
    };
    format!("{lines}: {out} out, {into} in{unknown}")
}

/// "Lines 1 and 12: a balance or a total.": the lines that are not movements, by the reason.
fn skipped_texts(skipped: &[SkippedLine]) -> Vec<String> {
    let reasons = [
        (SkippedReason::Balance, "a balance or a total"),
        (SkippedReason::Pending, "the bank has not finished it yet"),
        (SkippedReason::NotBooked, "the bank has cancelled it"),
        (SkippedReason::NotALine, "a heading, a note or nothing paid"),
    ];
    let text = |(why, says): (SkippedReason, &str)| {
        let lines = skipped.iter().filter(|skipped| skipped.why == why);
        let lines: Vec<String> = lines.map(|skipped| skipped.line.to_string()).collect();
        let numbers = names_in_words(&lines, "and");
        match lines.len() {
            0 => None,
            1 => Some(format!("Line {numbers}: {says}.")),
            _ => Some(format!("Lines {numbers}: {says}.")),
        }
    };
    reasons.into_iter().filter_map(text).collect()
}

fn counts_of(rows: &[StatementRow]) -> String {
    let count = |kind: MatchKind| rows.iter().filter(|row| row.kind == kind).count();
    let kinds = [
        (MatchKind::Matched, "matched"),
        (MatchKind::ToLookAt, "to look at"),
        (MatchKind::MoneyBack, "money back"),
        (MatchKind::NotOurs, "not about our payments"),
        (MatchKind::Recorded, "recorded before"),
    ];
    kinds
        .into_iter()
        .map(|(kind, says)| (count(kind), says))
        .filter(|(count, _)| *count > 0)
        .map(|(count, says)| format!("{count} {says}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn parts_of(rows: Vec<StatementRow>) -> Vec<StatementPart> {
    let mut parts = [
        (
            MatchKind::Matched,
            StatementPart {
                id: "matched",
                title: "Matched",
                why: "Each of these lines matches one of our payments. We record the ones you \
                    tick.",
                rows: Vec::new(),
            },
        ),
        (
            MatchKind::ToLookAt,
            StatementPart {
                id: "look",
                title: "To look at",
                why: "We are not sure about these lines. Choose what a line is, or tick it to save \
                    it with its grant. Two people then agree what a ticked line is.",
                rows: Vec::new(),
            },
        ),
        (
            MatchKind::MoneyBack,
            StatementPart {
                id: "back",
                title: "Money back",
                why: "A group may have sent this back. Tick a line if the money is theirs. We then \
                    email the group that it has arrived.",
                rows: Vec::new(),
            },
        ),
        (
            MatchKind::NotOurs,
            StatementPart {
                id: "others",
                title: "Not about our payments",
                why: "You do not need to do anything. If a line is about a grant, record it on the \
                    page of the grant. We keep nothing of these lines.",
                rows: Vec::new(),
            },
        ),
        (
            MatchKind::Recorded,
            StatementPart {
                id: "recorded",
                title: "Recorded before",
                why: "You do not need to do anything.",
                rows: Vec::new(),
            },
        ),
    ];
    for row in rows {
        if let Some((_, part)) = parts.iter_mut().find(|(kind, _)| *kind == row.kind) {
            part.rows.push(row);
        }
    }
    let parts = parts.into_iter().map(|(_, part)| part);
    parts.filter(|part| !part.rows.is_empty()).collect()
}

/// The chosen answers about entries that may be one of several things. A line that is left for now
/// has none.
fn chosen_ways(posted: &FormData) -> impl Iterator<Item = &str> {
    let ways = posted.pairs().iter();
    ways.filter(|(name, value)| name.starts_with(WAY_FIELD) && !value.trim().is_empty())
        .map(|(_, value)| value.trim())
}

/// Records the chosen entries, each once: recording the same statement again changes nothing.
/// Entries that are refused are listed on the page.
pub(in crate::http::pages::desk) async fn record_entries(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_finance(&visitor)?;
    let (mut wrong, mut recorded) = (Vec::new(), 0);
    let mut events: Option<(i64, i64)> = None;
    let before = app.commands.log().length().await?;
    let mut ticked = ["line", "settle", "back"]
        .map(|name| posted.all(name).collect::<Vec<_>>())
        .concat();
    ticked.extend(chosen_ways(&posted));
    if ticked.is_empty() {
        let says = "Select at least one line. Upload the statement again to see its lines.";
        wrong.push(("file".to_owned(), says.to_owned()));
    }
    for line in ticked {
        let Some(command) = parse_line(line) else {
            return Err(PageError::not_found());
        };
        let caller = visitor.require_signed_in()?.caller.clone();
        let request = line_request(caller, line, command);
        match ownership::execute_and_wait(&app, request).await {
            Ok(made) if made.first_position >= before => {
                recorded += 1;
                let first = events.map_or(made.first_position, |(first, _)| first);
                events = Some((first, made.last_position));
            }
            Ok(_) => {}
            Err(PageError::Refused(CommandError::Refused(refusal))) => {
                let grant: Option<GrantRow> = app
                    .views
                    .find(line.split('/').next().unwrap_or_default(), None)
                    .await?;
                let title = grant.map(|grant| grant.title).unwrap_or_default();
                let says = capitalised(&format!("{refusal}. {}", refusal.advice()));
                wrong.push(("file".to_owned(), format!("{title}: {says}")));
            }
            Err(error) => return Err(error),
        }
    }
    if wrong.is_empty() {
        let done = events.map_or_else(
            || "bank-entries-again".to_owned(),
            |events| done_parameter_of_several("bank-entries", events),
        );
        let next = format!("/desk/payments?state=confirmed&done={done}");
        return Ok(see_other(&next));
    }
    if recorded > 0 {
        let texts = ("1 other line is recorded.", "{} other lines are recorded.");
        wrong.push(("file".to_owned(), counted(recorded, texts)));
    }
    render_page_at(
        &app,
        &visitor,
        "/desk/bank",
        Some(FormErrors::new("statement", &posted, wrong)),
    )
    .await
}
