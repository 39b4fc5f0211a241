//! The read of the organisation. People without a role do not see the staff's mail texts.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::record;
use super::asked::{Asked, nothing};
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::http::signin::SignedIn;
use crate::projections::OrganisationRow;

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    one(&desk, &signed, as_at).await
}

/// The response with the organisation, as far as the reader may see it.
pub(super) async fn one(
    desk: &Desk,
    signed: &SignedIn,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let id = desk.commands.organisation().to_string();
    let row: OrganisationRow = desk.views.find(&id, as_at).await?.ok_or_else(nothing)?;
    let version = row.version;
    let row = if signed.reader.sees_all() {
        row
    } else {
        for_group(row)
    };
    record(&desk.views.with_agreements(row, as_at).await?, version)
}

/// Removes mail texts. The form, signs, agreements and reports are public.
fn for_group(row: OrganisationRow) -> OrganisationRow {
    OrganisationRow {
        mail_texts: Vec::new(),
        proposed_mail_texts: Vec::new(),
        ..row
    }
}
