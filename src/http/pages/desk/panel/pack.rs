//! The reading pack of a round: the applications in the order of their scores, where the money runs
//! out, and the text of each on a sheet of its own.

use actix_web::HttpResponse;
use askama::Template;

use super::{DeskRequest, HiddenScores, PanelLine, PanelRound, answered_questions, load};
use crate::domain::{Money, PersonId, Role};
use crate::http::pages::apply::sections::Section;
use crate::http::pages::desk::PersonNames;
use crate::http::pages::fund_texts::CriterionText;
use crate::http::pages::{PageContext, PageError};

#[derive(Template)]
#[template(path = "desk/panel/pack.html")]
struct PanelPackPage {
    page: PageContext,
    of: PanelRound,
    ranked: Vec<RankedLine>,
    sheets: Vec<PackSheet>,
    decided: Vec<usize>,
    requested: Money,
    to_decide: usize,
    scored: usize,
    to_score: usize,
    held: usize,
    records: bool,
}

/// The heading of a criterion: its first word or words, before a colon.
fn heading(criterion: &CriterionText) -> &str {
    criterion.label.split(':').next().unwrap_or_default()
}

/// An application in the ranking, by its index in the round.
struct RankedLine {
    at: usize,
    running: Money,
    /// What would be left before it, if the money runs out at it.
    cut: Option<Money>,
}

/// The text of an application, with its scores.
struct PackSheet {
    at: usize,
    answers: Vec<Section>,
    scores: Vec<PackScore>,
}

struct PackScore {
    by: String,
    values: Vec<u8>,
    total: u32,
    note: String,
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    fund: &str,
    key: &str,
) -> Result<HttpResponse, PageError> {
    let of = load(request, fund, key).await?;
    let reader = &request.signed.reader;
    let on_panel = reader.roles.contains(&Role::Panel);
    let sheets = sheets(request, &of).await?;
    let to_score = of
        .lines
        .iter()
        .filter(|line| on_panel && line.waits_for_score_of(reader.person))
        .count();
    let page = PanelPackPage {
        page: request
            .page_context(&format!("Panel pack: {}", of.round.name))
            .await?,
        ranked: ranked(&of),
        sheets,
        decided: (0..of.lines.len())
            .filter(|at| !of.lines[*at].open)
            .collect(),
        requested: of.requested(),
        to_decide: of.to_decide().count(),
        scored: of.to_decide().filter(|line| line.given > 0).count(),
        to_score,
        held: of.held(),
        records: on_panel && of.open().next().is_some(),
        of,
    };
    request.render(&page)
}

/// The applications to be decided, with the running total and the line at which the money runs out.
fn ranked(of: &PanelRound) -> Vec<RankedLine> {
    let (mut running, mut is_cut) = (Money::ZERO, false);
    let mut ranked = Vec::new();
    for (at, line) in of.lines.iter().enumerate().filter(|(_, line)| line.open) {
        let before = running;
        running = running.plus(line.row.requested.unwrap_or_default());
        let cut = (!is_cut && running > of.available)
            .then(|| of.available.minus(before).unwrap_or_default());
        is_cut |= cut.is_some();
        ranked.push(RankedLine { at, running, cut });
    }
    ranked
}

async fn sheets(request: &DeskRequest<'_>, of: &PanelRound) -> Result<Vec<PackSheet>, PageError> {
    if !request.signed.reader.may_read_words() {
        return Ok(Vec::new());
    }
    let by: std::collections::BTreeSet<PersonId> = of
        .open()
        .flat_map(|line| line.row.scores.iter().map(|score| score.by))
        .collect();
    let names = request.names_of_colleagues(by).await?;
    let mut sheets = Vec::new();
    for (at, line) in of.lines.iter().enumerate().filter(|(_, line)| line.open) {
        sheets.push(PackSheet {
            at,
            answers: answered_questions(request.app, &line.row).await?,
            scores: scores(line, &of.criteria, &names),
        });
    }
    Ok(sheets)
}

fn scores(line: &PanelLine, criteria: &[CriterionText], names: &PersonNames) -> Vec<PackScore> {
    let counts = line
        .row
        .scores
        .iter()
        .filter(|score| score.set_aside.is_none());
    counts
        .map(|score| PackScore {
            by: names.of(&score.by),
            values: criteria
                .iter()
                .map(|one| {
                    let given = score.criteria.iter().find(|(of, _)| of.as_str() == one.key);
                    given.map_or(0, |(_, points)| *points)
                })
                .collect(),
            total: score
                .criteria
                .values()
                .map(|points| u32::from(*points))
                .sum(),
            note: score.note.clone(),
        })
        .collect()
}
