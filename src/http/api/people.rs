//! Reading people. Somebody without a role sees only themselves.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::{Collection, record};
use super::asked::{Asked, id, nothing};
use crate::domain::Roles;
use crate::http::problem::Problem;
use crate::http::signin::SignedIn;
use crate::http::{Desk, accesses};
use crate::projections::PersonRow;
use crate::store::accesses::Looked;

pub(super) async fn list(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &super::PAGE)?;
    let as_at = asked.as_at(&desk).await?;
    let own = (!signed.reader.sees_all()).then(|| ("id", vec![signed.reader.person.to_string()]));
    let listed = desk.views.list::<PersonRow>(as_at, own.into_iter().collect(), &asked.page()?).await?;
    let rows = listed.items.into_iter().map(|row| for_reader(&signed, row)).collect();
    let items = desk.views.open_people(&signed.reader, rows).await?;
    if signed.reader.works_with_groups() {
        accesses::note(&desk, &signed.reader, Looked::Addresses).await?;
    }
    Ok(Collection { items, next: listed.next }.answer())
}

pub(super) async fn show(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    let person = id(&http, "person")?;
    if !signed.reader.sees_all() && signed.reader.person.0 != person {
        return Err(nothing());
    }
    let row: PersonRow = desk.views.find(&person.to_string(), as_at).await?.ok_or_else(nothing)?;
    let row = for_reader(&signed, row);
    let seen = desk.views.open_people(&signed.reader, vec![row]).await?.pop().ok_or_else(nothing)?;
    Ok(record(&seen, seen.version))
}

/// A role that is only proposed is for staff, also where it is proposed for the reader.
fn for_reader(signed: &SignedIn, row: PersonRow) -> PersonRow {
    if signed.reader.sees_all() { row } else { PersonRow { proposed: Roles::new(), proposals: BTreeMap::new(), ..row } }
}
