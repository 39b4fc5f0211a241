//! The read of the organisation. People without a role do not see the staff's mail texts, the
//! account for returns, how emails are sent, nor settings that are only proposed.

use actix_web::{HttpRequest, HttpResponse, web};

use super::query::{QueryParams, not_found};
use super::response::record_response;
use crate::auth::SignedIn;
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::projections::{OrganisationRow, SettingsRow};

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    organisation_response(&app, &signed, as_at).await
}

/// The response with the organisation, as far as the reader may see it.
pub(super) async fn organisation_response(
    app: &AppState,
    signed: &SignedIn,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let id = app.commands.organisation();
    let row: OrganisationRow = app.views.find(id, as_at).await?.ok_or_else(not_found)?;
    let version = row.version;
    let row = if signed.reader.sees_all() {
        row
    } else {
        redact_for_group(row)
    };
    record_response(&app.views.with_agreements(row, as_at).await?, version)
}

/// Removes mail texts, proposed settings, the account for returns and how emails are sent. The
/// other settings in force, the form, signs, agreements and reports are public.
fn redact_for_group(row: OrganisationRow) -> OrganisationRow {
    OrganisationRow {
        mail_texts: Vec::new(),
        proposed_mail_texts: Vec::new(),
        proposed_settings: None,
        settings: row.settings.map(|settings| SettingsRow {
            values: settings.values.only_public(),
            ..settings
        }),
        ..row
    }
}
