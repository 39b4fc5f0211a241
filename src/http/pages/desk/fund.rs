//! The page of one fund: what it still needs, money, rounds, rules, and the actions on each.

use actix_web::HttpResponse;
use askama::Template;

use super::action::Action;
use super::fund_actions::{FundActions, ProposedRules};
use super::readiness::{Readiness, fund_readiness, ready_count, round_readiness};
use super::texts::require_editor;
use super::{DeskRequest, HistoryEntry, history};
use crate::domain::Role;
use crate::domain::fund::{FundState, RoundState};
use crate::http::pages::charts::{DaySelection, MoneyBar, totals_query};
use crate::http::pages::words::{Tag, Tagged as _, check_name, place_name};
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{FundRow, RoundRow};
use crate::views::GroupBy;

#[derive(Template)]
#[template(path = "desk/fund.html")]
struct FundPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    facts: RuleFacts,
    state: Tag,
    bar: Option<MoneyBar>,
    rounds: Vec<RoundSection>,
    /// Rules that wait for a second administrator.
    proposed: Option<ProposedRules>,
    acts: Vec<Action>,
    history: Vec<HistoryEntry>,
    ready: Vec<Readiness>,
    /// Whether the reader may plan a round, and may change the fund's words.
    plans: bool,
    administers: bool,
    /// Whether the reader may look at the questions of a round as a group sees them.
    previews: bool,
    fund: FundRow,
}

impl FundPage {
    fn ready_count(&self) -> usize {
        ready_count(&self.ready)
    }

    fn is_ready(&self) -> bool {
        self.ready_count() == self.ready.len()
    }
}

struct RoundSection {
    key: String,
    row: RoundRow,
    state: Tag,
    acts: Vec<Action>,
    /// What the round still needs.
    lacks: Vec<Readiness>,
}

/// The rules of a fund in words.
pub(super) struct RuleFacts {
    pub areas: String,
    pub checks: String,
}

impl RuleFacts {
    pub fn of(fund: &FundRow) -> Self {
        let names = |keys: &std::collections::BTreeSet<crate::domain::text::Slug>| {
            let names: Vec<String> = keys.iter().map(|key| place_name(key.as_str())).collect();
            names.join(", ")
        };
        let checks = |keys: &std::collections::BTreeSet<crate::domain::text::Slug>| {
            let names: Vec<String> = keys.iter().map(|key| check_name(key.as_str())).collect();
            names.join(", ")
        };
        let (checks, at_risk) = (
            checks(&fund.rules.checks),
            checks(&fund.rules.checks_at_risk),
        );
        let checks = match (checks.is_empty(), at_risk.is_empty()) {
            (true, true) => "None".to_owned(),
            (false, true) => checks,
            (true, false) => format!("{at_risk}, where children or adults at risk take part"),
            (false, false) => {
                format!("{checks}; {at_risk} where children or adults at risk take part")
            }
        };
        Self {
            areas: names(&fund.areas),
            checks,
        }
    }
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let app = request.app;
    let fund: FundRow = request.row(ownership::parse_uuid(id)?).await?;
    let days = DaySelection::from_query(app, "", "").await?;
    let key = fund.id.to_string();
    let line = app
        .views
        .budget(totals_query(GroupBy::Fund, Some(&key), None, &days))
        .await?
        .lines
        .pop();
    let forms = request.forms();
    let acts = FundActions {
        request,
        forms: &forms,
        fund: &fund,
    };
    let mut rounds = Vec::new();
    for (key, row) in &fund.rounds {
        let mut lacks = Vec::new();
        if row.state == RoundState::Planned {
            lacks = round_readiness(app, &fund, key, row).await?;
            lacks.retain(|item| !item.ready);
        }
        rounds.push(RoundSection {
            acts: acts.round(key, row).await?,
            key: key.to_string(),
            state: row.state.tag(),
            row: row.clone(),
            lacks,
        });
    }
    rounds.sort_by_key(|round| std::cmp::Reverse(round.row.opens_on));
    let roles = &request.signed.reader.roles;
    let is_over = matches!(fund.state, FundState::Closed | FundState::Archived);
    let ready = if is_over {
        Vec::new()
    } else {
        fund_readiness(app, &fund).await?
    };
    let page = FundPage {
        page: request.page_context(&fund.name).await?,
        wrong: forms.error_summary(),
        facts: RuleFacts::of(&fund),
        state: fund.state.tag(),
        bar: line.map(|line| MoneyBar::new(fund.name.clone(), line)),
        rounds,
        proposed: acts.proposed_rules().await?,
        acts: acts.fund(&ready).await?,
        history: history(request, fund.id).await?,
        ready,
        plans: !is_over && (roles.contains(&Role::Officer) || roles.contains(&Role::Administrator)),
        administers: !is_over && roles.contains(&Role::Administrator),
        previews: require_editor(request).is_ok(),
        fund,
    };
    request.render(&page)
}
