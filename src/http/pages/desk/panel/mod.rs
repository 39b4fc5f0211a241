//! The panel's pages: what is to do in each round, the reading pack, scoring, recording the
//! decisions of a meeting, and the letters about them.

mod findings;
mod letters;
mod pack;
mod posted_meeting;
mod record;
mod review;
mod rounds;
mod score;

use std::collections::BTreeMap;

use actix_web::HttpResponse;

use super::DeskRequest;
use super::application::is_undecided;
use crate::domain::application::ApplicationState;
use crate::domain::language::Language;
use crate::domain::reference::Reference;
use crate::domain::text::Slug;
use crate::domain::{Money, PersonId, Role};
use crate::http::AppState;
use crate::http::pages::apply::sections;
use crate::http::pages::charts::{DaySelection, totals_query};
use crate::http::pages::fund_texts::{self, CriterionText};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tag, Tagged as _, place_name};
use crate::http::pages::{PageError, ownership, see_other};
use crate::projections::{ApplicationRow, FundRow, RoundRow, ScoreRow};
use crate::views::{Filter, GroupBy, Reader};

pub(super) use record::{go_back, record_meeting};
pub(super) use review::check;
pub(super) use score::submit_score;

/// A page of the panel, by the steps of its address after `panel`.
pub(super) async fn show(
    request: &DeskRequest<'_>,
    steps: &[&str],
) -> Result<HttpResponse, PageError> {
    match steps {
        [] => rounds::show(request).await,
        [fund, round] => pack::show(request, fund, round).await,
        [fund, round, "score"] => score::show_next(request, fund, round).await,
        [fund, round, "score", application] => score::show(request, fund, round, application).await,
        [fund, round, "record"] => record::show(request, fund, round).await,
        // What was checked is in the form, so a bare address has nothing to check.
        [fund, round, "check"] => Ok(see_other(&format!("/desk/panel/{fund}/{round}/record"))),
        [fund, round, "letters"] => letters::show(request, fund, round).await,
        _ => Err(PageError::not_found()),
    }
}

/// A round with its applications, as the reader may see them.
struct PanelRound {
    fund: FundRow,
    key: String,
    round: RoundRow,
    /// The money of the fund that is not committed.
    available: Money,
    /// The criteria of the fund, and the largest total of a score.
    criteria: Vec<CriterionText>,
    points_max: u32,
    /// Applications to be decided first, the best scores first.
    lines: Vec<PanelLine>,
}

/// One application of a round.
struct PanelLine {
    row: ApplicationRow,
    reference: String,
    group: String,
    area: String,
    activity: String,
    /// How many have scored it, counting scores that the reader may not see.
    given: usize,
    /// The mean of the totals of the scores that the reader may see and that count, in tenths.
    tenths: Option<u32>,
    /// Why the reader does not see the scores of others; none if they are shown.
    hidden: Option<HiddenScores>,
    /// The panel can decide on it.
    open: bool,
    /// The members of the panel who take no part, by name.
    apart: Vec<String>,
    /// The members of the panel who have not said if they have a conflict of interest.
    undeclared: Vec<(PersonId, String)>,
}

/// Why a reader does not see the scores of others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HiddenScores {
    /// A conflict of interest excludes the reader.
    TakesNoPart,
    /// A panel member gives their own first.
    AfterOwn,
    /// Someone who gives no score says first that they have no conflict of interest.
    AfterDeclaring,
}

impl PanelRound {
    fn address(&self) -> String {
        format!("/desk/panel/{}/{}", self.fund.id, self.key)
    }

    fn open(&self) -> impl Iterator<Item = &PanelLine> {
        self.lines.iter().filter(|line| line.open)
    }

    /// Those without a decision. One on the reserve list has its decision, and can be promoted.
    fn to_decide(&self) -> impl Iterator<Item = &PanelLine> {
        self.open().filter(|line| !line.is_reserve())
    }

    fn requested(&self) -> Money {
        self.open().filter_map(|line| line.row.requested).sum()
    }

    fn held(&self) -> usize {
        let held = |line: &&PanelLine| line.row.letter.is_some();
        self.lines.iter().filter(held).count()
    }
}

impl PanelLine {
    /// How many scores the mean is of.
    fn counted(&self) -> usize {
        let counts = |score: &&ScoreRow| score.set_aside.is_none();
        self.row.scores.iter().filter(counts).count()
    }

    fn mean(&self) -> Option<String> {
        self.tenths
            .map(|tenths| format!("{}.{}", tenths / 10, tenths % 10))
    }

    /// The mean as a part of the largest total, in percent.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a template passes references"
    )]
    fn percent(&self, points_max: &u32) -> u32 {
        let tenths = self.tenths.unwrap_or_default() * 10;
        tenths.checked_div(*points_max).unwrap_or_default()
    }

    fn tag(&self) -> Tag {
        self.row.state.tag()
    }

    fn is_reserve(&self) -> bool {
        self.row.state == ApplicationState::ReserveList
    }

    /// Whether the person can score it and has not.
    fn waits_for_score_of(&self, person: PersonId) -> bool {
        matches!(
            self.row.state,
            ApplicationState::Eligible | ApplicationState::InAssessment
        ) && !self.takes_no_part(person)
            && self.own_score(person).is_none()
    }

    fn why_hidden(&self, reader: &Reader) -> Option<HiddenScores> {
        if self.row.scores.len() >= self.given {
            None
        } else if self.takes_no_part(reader.person) {
            Some(HiddenScores::TakesNoPart)
        } else if reader.roles.contains(&Role::Panel) {
            Some(HiddenScores::AfterOwn)
        } else {
            Some(HiddenScores::AfterDeclaring)
        }
    }

    fn takes_no_part(&self, person: PersonId) -> bool {
        let interests = &self.row.interests;
        interests.has_declared_interest(person) || interests.helped_to_word(person)
    }

    fn own_score(&self, person: PersonId) -> Option<&ScoreRow> {
        let own = |score: &&ScoreRow| score.by == person && score.set_aside.is_none();
        self.row.scores.iter().find(own)
    }
}

/// Loads a round, with all its applications that were sent.
async fn load(request: &DeskRequest<'_>, fund: &str, key: &str) -> Result<PanelRound, PageError> {
    let app = request.app;
    let (fund, round) = ownership::fund_and_round(app, fund, key).await?;
    let filters = vec![
        Filter::equals("fund", fund.id),
        Filter::equals("round", key),
    ];
    let mut rows: Vec<ApplicationRow> = app.views.all_rows(None, filters).await?;
    rows.retain(|row| row.submitted_on.is_some());
    let given: Vec<usize> = rows.iter().map(|row| row.scores.len()).collect();
    let seen = crate::http::api::applications::application_views(app, request.signed, rows).await?;
    let groups = request
        .group_names(seen.iter().map(|seen| seen.row.group.to_string()))
        .await?;
    let panel = panel_names(request).await?;
    let themes = ThemeNames::load(app).await?;
    let criteria = fund_texts::criteria(&fund.rules.texts);
    let mut lines: Vec<_> = seen
        .into_iter()
        .zip(given)
        .map(|(seen, given)| {
            let group = groups.get(&seen.row.group.to_string());
            let group = group.cloned().unwrap_or_default();
            let mut line = panel_line(seen.row, given, group, &panel);
            let activity = line.row.activity.as_ref().map_or("", Slug::as_str);
            line.activity = themes.label(&fund.rules.texts, activity, Language::En);
            line.hidden = line.why_hidden(&request.signed.reader);
            line
        })
        .collect();
    lines.sort_by(|a, b| {
        (b.open, b.tenths)
            .cmp(&(a.open, a.tenths))
            .then_with(|| a.reference.cmp(&b.reference))
    });
    Ok(PanelRound {
        available: uncommitted(app, &fund).await?,
        key: key.to_owned(),
        points_max: u32::try_from(criteria.len()).unwrap_or_default() * 5,
        criteria,
        fund,
        round,
        lines,
    })
}

fn panel_line(
    row: ApplicationRow,
    given: usize,
    group: String,
    panel: &BTreeMap<PersonId, String>,
) -> PanelLine {
    let area = row.area.as_ref().map(|area| place_name(area.as_str()));
    let mut line = PanelLine {
        reference: Reference::parse(&row.reference)
            .map(|reference| reference.to_string())
            .unwrap_or_default(),
        group,
        area: area.unwrap_or_default(),
        activity: String::new(),
        given,
        tenths: mean_in_tenths(&row.scores),
        hidden: None,
        open: is_undecided(row.state) && row.letter.is_none(),
        apart: Vec::new(),
        undeclared: Vec::new(),
        row,
    };
    line.apart = panel
        .iter()
        .filter(|(person, _)| line.takes_no_part(**person))
        .map(|(_, name)| name.clone())
        .collect();
    line.undeclared = panel
        .iter()
        .filter(|(person, _)| !line.row.interests.has_declared(**person))
        .map(|(person, name)| (*person, name.clone()))
        .collect();
    line
}

/// The names of all members of the panel.
async fn panel_names(request: &DeskRequest<'_>) -> Result<BTreeMap<PersonId, String>, PageError> {
    let mut rows = request.people_with_roles().await?;
    rows.retain(|row| row.roles.contains(&Role::Panel));
    let ids: Vec<_> = rows.iter().map(|row| PersonId(row.id)).collect();
    let names = request.names_of_colleagues(ids.iter().copied()).await?;
    Ok(ids.into_iter().map(|id| (id, names.of(&id))).collect())
}

/// The mean of the scores' totals in tenths, rounded down. `None` if no score counts.
fn mean_in_tenths(scores: &[ScoreRow]) -> Option<u32> {
    let totals: Vec<u32> = scores
        .iter()
        .filter(|score| score.set_aside.is_none())
        .map(|score| score.criteria.values().copied().map(u32::from).sum::<u32>())
        .collect();
    let count = u32::try_from(totals.len()).ok()?;
    (totals.iter().sum::<u32>() * 10).checked_div(count)
}

/// The money of the fund that is not committed.
async fn uncommitted(app: &AppState, fund: &FundRow) -> Result<Money, PageError> {
    let days = DaySelection::from_query(app, "", "").await?;
    let id = fund.id.to_string();
    let budget = app
        .views
        .budget(totals_query(GroupBy::Fund, Some(&id), None, &days))
        .await?
        .lines
        .pop();
    Ok(budget
        .and_then(|line| line.uncommitted)
        .unwrap_or(Money::ZERO))
}

/// The answers to the questions of the round's form.
async fn answered_questions(
    app: &AppState,
    row: &ApplicationRow,
) -> Result<Vec<sections::Section>, PageError> {
    let all = sections::all_sections(app, row, Language::En).await?;
    Ok(all
        .into_iter()
        .filter(|section| section.own.is_some() && section.is_answered())
        .map(|section| sections::Section {
            files: section.files.to_desk(row.group),
            ..section
        })
        .collect())
}
