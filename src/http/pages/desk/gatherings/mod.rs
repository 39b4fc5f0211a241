//! Gatherings at the desk: the list, planning one, its page with sessions and leads, who is signed
//! up, and who came.

mod actions;
mod attendance;
mod find_person;
mod plan;
mod record;
mod sessions;
mod sheet;
mod story;
mod table;

use actix_web::HttpResponse;
use strum::VariantArray as _;
use uuid::Uuid;

pub(super) use attendance::record_attendance;
pub(super) use find_person::sign_up;
pub(super) use plan::{or_none, theme_choices};
pub(super) use record::{ends_soon, is_fresh};
pub(super) use table::{LIST, spreadsheet};

use super::{DeskRequest, history, tallies};
use crate::domain::gathering::GatheringKind;
use crate::domain::language::Language;
use crate::http::pages::gatherings::kind_name;
use crate::http::pages::{PageError, ownership};
use crate::projections::{GatheringRow, GatheringSessionRow};

/// The kinds of gathering, by key and name.
fn kind_choices() -> Vec<(String, String)> {
    let choice = |kind: &GatheringKind| (kind.key().to_owned(), name_of_kind(*kind).to_owned());
    GatheringKind::VARIANTS.iter().map(choice).collect()
}

fn name_of_kind(kind: GatheringKind) -> &'static str {
    kind_name(kind, Language::En)
}

/// How somebody reached the office, by key and label.
fn channel_choices() -> Vec<(String, String)> {
    [
        ("phone", "By phone"),
        ("paper", "On paper"),
        ("in_person", "In person"),
    ]
    .map(|(key, label)| (key.to_owned(), label.to_owned()))
    .into()
}

/// A page below `/desk/gatherings`.
pub(super) async fn show_page(
    request: &DeskRequest<'_>,
    steps: &[&str],
) -> Result<HttpResponse, PageError> {
    match steps {
        [] => table::show(request).await,
        ["new"] => plan::show(request).await,
        [id] => record::show(request, id).await,
        [id, "lead"] => find_person::show_lead(request, id).await,
        [id, "story"] => story::show(request, id).await,
        [id, "tallies"] => tallies::show_gathering(request, id).await,
        [id, "slips"] => tallies::gathering_slips(request, id).await,
        [id, number, "sign-up"] => find_person::show_sign_up(request, id, number).await,
        [id, number, "attendance"] => attendance::show(request, id, number).await,
        [id, number, "sheet"] => sheet::show(request, id, number).await,
        _ => Err(PageError::not_found()),
    }
}

/// Whether the reader sees who signed up for a gathering: staff who work with groups, and its
/// leads. Auditors and the panel see numbers.
fn sees_people(request: &DeskRequest<'_>, gathering: &GatheringRow) -> bool {
    let reader = &request.signed.reader;
    reader.works_with_groups() || reader.works_with_people() || gathering.is_led_by(reader.person)
}

/// Whether the reader runs a gathering: officers, connectors and its leads.
fn runs(request: &DeskRequest<'_>, gathering: &GatheringRow) -> bool {
    let reader = &request.signed.reader;
    reader.works_with_people() || gathering.is_led_by(reader.person)
}

/// A gathering and one of its sessions, for a page on which the reader writes about it.
async fn session_to_run(
    request: &DeskRequest<'_>,
    id: &str,
    number: &str,
) -> Result<(GatheringRow, GatheringSessionRow), PageError> {
    let (gathering, session) = session_of(request, id, number).await?;
    if runs(request, &gathering) {
        Ok((gathering, session))
    } else {
        Err(PageError::forbidden())
    }
}

async fn session_of(
    request: &DeskRequest<'_>,
    id: &str,
    number: &str,
) -> Result<(GatheringRow, GatheringSessionRow), PageError> {
    let gathering: GatheringRow = request.row(ownership::parse_uuid(id)?).await?;
    let number = parse_number(number)?;
    let session = GatheringSessionRow::id_of(gathering.id, number);
    let session: GatheringSessionRow = request.row(session).await?;
    Ok((gathering, session))
}

/// The number of a session in an address.
fn parse_number(text: &str) -> Result<u16, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

pub(super) fn path_of(gathering: Uuid) -> String {
    format!("/desk/gatherings/{gathering}")
}

/// The address of a page about one session.
pub(super) fn path_of_session(session: &GatheringSessionRow, page: &str) -> String {
    let GatheringSessionRow {
        gathering, session, ..
    } = session;
    format!("/desk/gatherings/{gathering}/{session}/{page}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_kind_is_the_one_that_commands_read() {
        for kind in GatheringKind::VARIANTS {
            assert_eq!(serde_json::json!(kind), kind.key());
        }
    }
}
