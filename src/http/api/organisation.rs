//! Reading the organisation.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::record;
use super::asked::{Asked, nothing};
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::http::signin::SignedIn;
use crate::projections::OrganisationRow;

pub(super) async fn show(http: HttpRequest, _signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    let id = desk.commands.organisation().to_string();
    let row: OrganisationRow = desk.views.find(&id, as_at).await?.ok_or_else(nothing)?;
    Ok(record(&row, row.version))
}
