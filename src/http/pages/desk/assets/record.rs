//! The page of one entry: what is next, what the directory says of it and what was proposed, who
//! holds it and who looks after it, the entries that know it, the hours, and its history.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::actions::AssetActions;
use super::tie::how_name;
use super::{
    HistoryEntry, PartyNames, history, kind_name, name_of, path_of, sees_people, way_name,
};
use crate::domain::AssetId;
use crate::domain::asset::{AssetState, reminder_due_on};
use crate::domain::language::{Language, day_text};
use crate::domain::text::Slug;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::list::{Neighbours, neighbours};
use crate::http::pages::desk::next_step::{ABOUT, NextStep};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tag, Tagged as _, place_name};
use crate::http::pages::{PageContext, PageError, PageForms, ownership};
use crate::projections::{AssetRow, ExchangeRow, FundRow, TieRow};
use crate::views::{Filter, HoursSummary};

/// An entry is checked again so many months after it was confirmed.
const CHECK_AFTER_MONTHS: u8 = 10;

#[derive(Template)]
#[template(path = "desk/assets/record.html")]
struct AssetRecordPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    row: AssetRow,
    name: String,
    tag: Tag,
    kind: &'static str,
    way: &'static str,
    area: String,
    themes: Vec<String>,
    /// Who holds it, with the address of their page if the reader may open it.
    holder: Option<(Option<String>, String)>,
    /// Who looks after it; absent if nobody does any more.
    keeper: Option<String>,
    proposed: Option<String>,
    is_stale: bool,
    ties: Vec<ShownTie>,
    exchanges: Vec<ShownExchange>,
    balances: Vec<ShownBalance>,
    keeps_directory: bool,
    next: NextStep,
    neighbours: Option<Neighbours>,
    history: Vec<HistoryEntry>,
}

/// An entry that knows this one.
struct ShownTie {
    path: String,
    name: String,
    how: &'static str,
}

/// Time that one party gave another.
struct ShownExchange {
    giver: String,
    receiver: String,
    minutes: u32,
    on: Date,
    reason: Option<String>,
    /// The address that opens the form for a correction.
    correct: Option<String>,
}

/// What a party gave and received with this entry, in minutes.
struct ShownBalance {
    name: String,
    given: i64,
    received: i64,
}

/// An entry with what its page shows of it.
struct LoadedEntry {
    row: AssetRow,
    proposed: Option<String>,
    has_keeper: bool,
    ties: Vec<TieRow>,
    /// The names of the entries to which it is tied.
    tied: BTreeMap<Uuid, String>,
    exchanges: Vec<ExchangeRow>,
    names: PartyNames,
    themes: ThemeNames,
    funds: Arc<Vec<FundRow>>,
}

impl LoadedEntry {
    async fn load(request: &DeskRequest<'_>, id: &str) -> Result<Self, PageError> {
        let row: AssetRow = request.row(ownership::parse_uuid(id)?).await?;
        let views = &request.app.views;
        let may_read = sees_people(request);
        let seen = views
            .decrypt_assets(|_| may_read, vec![row])
            .await?
            .pop()
            .ok_or_else(PageError::not_found)?;
        let row = seen.row;
        let ties = views.ties_of(row.id, None).await?;
        let of_entry = vec![Filter::equals("asset", row.id)];
        let exchanges: Vec<ExchangeRow> = views.all_rows(None, of_entry).await?;
        let sides = exchanges
            .iter()
            .flat_map(|exchange| [exchange.giver, exchange.receiver]);
        Ok(Self {
            names: PartyNames::load(request, sides.chain(row.holder())).await?,
            tied: names_of_ties(request, &ties, row.id).await?,
            themes: ThemeNames::load(request.app).await?,
            funds: views.cached_funds().await?,
            has_keeper: views.keeps_directory_now(row.keeper).await?,
            proposed: seen.proposed_words,
            ties,
            exchanges,
            row,
        })
    }

    /// What is next, and all that the reader can do.
    async fn next_step(
        &self,
        request: &DeskRequest<'_>,
        forms: &PageForms,
    ) -> Result<NextStep, PageError> {
        let own_ties: Vec<(AssetId, String)> = self
            .ties
            .iter()
            .filter(|tie| tie.asset.0 == self.row.id)
            .filter_map(|tie| Some((tie.other, self.tied.get(&tie.other.0)?.clone())))
            .collect();
        let about: Option<u32> = request.text(ABOUT).parse().ok();
        let mut exchanges = self.exchanges.iter();
        let actions = AssetActions {
            request,
            forms,
            row: &self.row,
            themes: &self.themes,
            funds: &self.funds,
            proposed: self.proposed.as_deref(),
            ties: &own_ties,
            exchange: exchanges.find(|exchange| Some(exchange.exchange) == about),
            names: &self.names,
        };
        let (title, why, form) = self.next_words(request);
        let actions = actions.all().await?;
        Ok(request.next_step(title, &why, form, actions))
    }

    /// What is next, in words, with the form on which it is done.
    fn next_words(&self, request: &DeskRequest<'_>) -> (&'static str, String, &'static str) {
        let row = &self.row;
        let nothing = |why: &str| ("Nothing to do now", why.to_owned(), "");
        if !super::keeps_directory(request) {
            return (
                "This entry",
                "There is nothing for you to do here.".to_owned(),
                "",
            );
        }
        if row.state == AssetState::Withdrawn {
            return nothing("This entry has been withdrawn.");
        }
        if !self.has_keeper {
            let why = "The person who did does not work with the directory any more.";
            return ("Next: look after it", why.to_owned(), "take-over");
        }
        if row.person.is_some() {
            return nothing(
                "What one person has is never published. You can introduce others to them.",
            );
        }
        if row.state == AssetState::Recorded {
            let why = "No one outside sees it yet. Write what the directory says about it.";
            return ("Next: publish it", why.to_owned(), "publish");
        }
        if self.proposed.is_some() && row.words_on > row.confirmed_on {
            let why = "Those who hold it proposed new words.";
            return ("Next: read their words", why.to_owned(), "publish");
        }
        match row.confirmed_on {
            _ if row.state == AssetState::Paused => nothing("It is not shown for now."),
            Some(day) if reminder_due_on(day, CHECK_AFTER_MONTHS) <= request.today() => {
                let why = format!("It was last checked on {}.", day_text(day));
                ("Next: ask if it is still right", why, "confirm")
            }
            Some(day) => nothing(&format!("It was last checked on {}.", day_text(day))),
            None => nothing("It is in the directory."),
        }
    }

    fn shown_ties(&self) -> Vec<ShownTie> {
        let shown = |tie: &TieRow| {
            let other = if tie.asset.0 == self.row.id {
                tie.other.0
            } else {
                tie.asset.0
            };
            Some(ShownTie {
                path: path_of(other),
                name: self.tied.get(&other)?.clone(),
                how: how_name(tie.how),
            })
        };
        self.ties.iter().filter_map(shown).collect()
    }

    fn shown_exchanges(&self, request: &DeskRequest<'_>) -> Vec<ShownExchange> {
        let corrects = super::keeps_directory(request);
        let shown = |exchange: &ExchangeRow| ShownExchange {
            giver: self.names.of(exchange.giver),
            receiver: self.names.of(exchange.receiver),
            minutes: exchange.minutes,
            on: exchange.on,
            reason: exchange.reason.clone(),
            correct: corrects.then(|| {
                let about = exchange.exchange.to_string();
                request.address_of_action("correct-exchange", &about)
            }),
        };
        self.exchanges.iter().rev().map(shown).collect()
    }

    fn balances(&self) -> Vec<ShownBalance> {
        let summary = HoursSummary::of(&self.exchanges);
        let shown = |balance: &crate::views::PartyBalance| ShownBalance {
            name: self.names.of(balance.party),
            given: balance.given,
            received: balance.received,
        };
        summary.balances.iter().map(shown).collect()
    }
}

/// The names of the entries at the other ends of ties.
async fn names_of_ties(
    request: &DeskRequest<'_>,
    ties: &[TieRow],
    own: Uuid,
) -> Result<BTreeMap<Uuid, String>, PageError> {
    let others = ties
        .iter()
        .flat_map(|tie| [tie.asset.0, tie.other.0])
        .filter(|other| *other != own);
    let rows: Vec<AssetRow> = request.list_all(vec![Filter::any_of("id", others)]).await?;
    Ok(rows.iter().map(|row| (row.id, name_of(row))).collect())
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let loaded = LoadedEntry::load(request, id).await?;
    let forms = request.forms();
    let next = loaded.next_step(request, &forms).await?;
    let row = &loaded.row;
    let keeper = match row.keeper.filter(|_| loaded.has_keeper) {
        Some(keeper) => Some(request.names_of_colleagues([keeper]).await?.of(&keeper)),
        None => None,
    };
    let theme = |key: &Slug| loaded.themes.name(key.as_str(), Language::En);
    let area = row.area.as_ref().map(|area| place_name(area.as_str()));
    let names = &loaded.names;
    let page = AssetRecordPage {
        page: request.page_context(&name_of(row)).await?,
        wrong: forms.error_summary(),
        name: name_of(row),
        tag: row.state.tag(),
        kind: kind_name(row.kind),
        way: way_name(row.way),
        area: area.unwrap_or_else(|| "Everywhere".to_owned()),
        themes: row.themes.iter().map(theme).collect(),
        holder: row
            .holder()
            .map(|holder| (PartyNames::path_of(request, holder), names.of(holder))),
        keeper,
        is_stale: row.is_stale(request.today()),
        ties: loaded.shown_ties(),
        exchanges: loaded.shown_exchanges(request),
        balances: loaded.balances(),
        keeps_directory: super::keeps_directory(request),
        next,
        neighbours: neighbours(request, "assets", id).await?,
        history: history(request, row.id).await?,
        proposed: loaded.proposed,
        row: loaded.row,
    };
    request.render(&page)
}
