//! The home page, and the page with help.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::impact::{ImpactTotals, StoryView, impact_totals, stories_for_home};
use crate::domain::language::Language;
use crate::http::AppState;
use crate::http::pages::apply::sections::with_two;
use crate::http::pages::apply::{OpenRound, open_rounds};
use crate::http::pages::charts::DaySelection;
use crate::http::pages::i18n::translate;
use crate::http::pages::words::{names_in_words, place_name};
use crate::http::pages::{PageContext, PageError, PageWidth, Visitor, render_page};

/// How many stories the home page shows.
const STORIES_MAX: usize = 3;

#[derive(Template)]
#[template(path = "open/home.html")]
struct HomePage {
    page: PageContext,
    rounds: Vec<OpenRound>,
    totals: ImpactTotals,
    stories: Vec<StoryView>,
}

impl HomePage {
    /// The last day of the round that closes first.
    fn open_until(&self) -> Option<jiff::civil::Date> {
        self.rounds.iter().map(|open| open.round.closes_on).min()
    }

    /// What the fund is for, and the language of the text, while only one fund is open.
    fn purpose(&self) -> Option<(&str, Language)> {
        let (first, rest) = self.rounds.split_first()?;
        let is_only = rest.iter().all(|open| open.fund.id == first.fund.id);
        is_only.then(|| first.fund.purpose_in(self.page.language))
    }

    /// How much the open funds give, and where; `None` while no round is open.
    fn offer(&self) -> Option<String> {
        let rules = || self.rounds.iter().map(|open| &open.fund.rules);
        let minimum = rules().map(|rules| rules.minimum).min()?;
        let maximum = rules().map(|rules| rules.maximum).max()?;
        let areas: BTreeSet<String> = self
            .rounds
            .iter()
            .flat_map(|open| open.fund.areas.iter())
            .map(|area| place_name(area.as_str()))
            .collect();
        let areas = names_in_words(&Vec::from_iter(areas), self.page.t("and"));
        let language = self.page.language;
        let text = translate("We give {} to {} to groups in {}.", language);
        Some(with_two(text, minimum, maximum, language).replacen("{}", &areas, 1))
    }
}

#[derive(Template)]
#[template(path = "open/help.html")]
struct HelpPage {
    page: PageContext,
    rounds: Vec<OpenRound>,
}

pub(super) async fn show(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let rounds = open_rounds(&app).await?;
    let days = DaySelection::from_query(&app, "", "").await?;
    let title = translate("Small grants for good ideas near home", visitor.language);
    let mut page = PageContext::load(&visitor, &app, title).await?;
    page.width = PageWidth::Full;
    render_page(&HomePage {
        page,
        rounds,
        totals: impact_totals(&app, &days).await?,
        stories: stories_for_home(&app, STORIES_MAX).await?,
    })
}

pub(super) async fn help(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let rounds = open_rounds(&app).await?;
    render_page(&HelpPage {
        page: PageContext::load(
            &visitor,
            &app,
            translate("Help by phone or on paper", visitor.language),
        )
        .await?,
        rounds,
    })
}
