//! A draft of an assisted entry: an application that the office began to type in, and has not sent.

use std::collections::BTreeMap;

use super::super::DeskRequest;
use super::scans;
use crate::domain::Money;
use crate::domain::application::ApplicationState;
use crate::domain::text::Slug;
use crate::http::api::applications::application_views;
use crate::http::pages::{Form, PageError, ownership};
use crate::projections::{ApplicationRow, FileRow};
use crate::views::ApplicationView;

/// A draft with what was typed so far.
pub(super) struct EntryDraft {
    pub seen: ApplicationView,
    pub answers: BTreeMap<Slug, String>,
    pub scans: Vec<FileRow>,
}

impl EntryDraft {
    /// The draft with an id. `None` if the application was sent, or is written by its group.
    pub async fn load(request: &DeskRequest<'_>, id: &str) -> Result<Option<Self>, PageError> {
        let row: ApplicationRow = request.row(ownership::parse_uuid(id)?).await?;
        if !can_be_continued(&row) {
            return Ok(None);
        }
        let scans = scans::of_draft(request.app, &row).await?;
        let answers = request.app.views.answers(row.id, None).await?;
        let answers = answers
            .into_iter()
            .filter_map(|answer| Some((answer.question, answer.answer?)));
        let seen = application_views(request.app, request.signed, vec![row]).await?;
        Ok(seen.into_iter().next().map(|seen| Self {
            seen,
            answers: answers.collect(),
            scans,
        }))
    }

    /// Fills the form in with what was typed.
    pub fn prefill(&self, form: Form) -> Form {
        let row = &self.seen.row;
        let text = |key: Option<&Slug>| key.map(ToString::to_string).unwrap_or_default();
        let at_risk = row.people_at_risk.map(|yes| if yes { "yes" } else { "no" });
        let requested = row.requested.map(Money::as_typed);
        form.prefill("area", &text(row.area.as_ref()))
            .prefill("activity", &text(row.activity.as_ref()))
            .prefill("at_risk", at_risk.unwrap_or_default())
            .prefill("requested", &requested.unwrap_or_default())
            .prefill("language", row.language.code())
            .prefill("helper", self.seen.helper.as_deref().unwrap_or_default())
            .prefill(
                "spoken_language",
                self.seen.spoken_language.as_deref().unwrap_or_default(),
            )
    }
}

/// Whether an officer can continue to type the application in.
pub(in crate::http::pages::desk) fn can_be_continued(row: &ApplicationRow) -> bool {
    row.state == ApplicationState::Draft && row.interests.was_keyed()
}

/// The address of the form with a draft.
pub(in crate::http::pages::desk) fn draft_path(application: impl std::fmt::Display) -> String {
    format!("/desk/applications/new?draft={application}")
}
