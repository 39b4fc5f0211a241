//! The hours of the time bank: what each party gave and received, over all entries.

use actix_web::HttpResponse;
use askama::Template;

use super::PartyNames;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::words::hours_text;
use crate::http::pages::{PageContext, PageError};
use crate::views::PartyBalance;

#[derive(Template)]
#[template(path = "desk/assets/balances.html")]
struct BalancesPage {
    page: PageContext,
    exchanges: i64,
    total: String,
    rows: Vec<BalanceRow>,
}

/// What one party gave and received.
struct BalanceRow {
    name: String,
    /// The address of the party's page, for a reader who may open it.
    path: Option<String>,
    given: String,
    received: String,
    /// What they gave more than they received, or less.
    balance: String,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let hours = request.app.views.hours(request.as_at().await?).await?;
    let parties = hours.balances.iter().map(|balance| balance.party);
    let names = PartyNames::load(request, parties).await?;
    let row = |balance: &PartyBalance| BalanceRow {
        name: names.of(balance.party),
        path: PartyNames::path_of(request, balance.party),
        given: hours_text(balance.given),
        received: hours_text(balance.received),
        balance: signed(balance.balance),
    };
    let mut rows: Vec<BalanceRow> = hours.balances.iter().map(row).collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    request.render(&BalancesPage {
        page: request.page_context("Hours").await?,
        exchanges: hours.exchanges,
        total: hours_text(hours.minutes),
        rows,
    })
}

fn signed(minutes: i64) -> String {
    let sign = match minutes {
        1.. => "+",
        0 => "",
        _ => "−",
    };
    format!("{sign}{}", hours_text(minutes.saturating_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_has_its_sign() {
        assert_eq!(signed(90), "+1 h 30 min");
        assert_eq!(signed(0), "0 min");
        assert_eq!(signed(-60), "−1 h");
    }
}
