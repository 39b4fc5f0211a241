//! Updates with the group's texts decrypted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{DecryptRequest, decrypted_text};
use crate::domain::Money;
use crate::domain::application::Channel;
use crate::domain::file::FileDigest;
use crate::domain::grant::{DraftField, UpdateState};
use crate::domain::outcome::Strength;
use crate::domain::text::Slug;
use crate::projections::{Moment, UpdateDraftRow, UpdateRow};
use crate::views::{Names, ViewError, Views};

/// An update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Update)]
pub struct UpdateView {
    pub grant: Uuid,
    pub update: u16,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub state: UpdateState,
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
    pub last: bool,
    #[schema(value_type = Option<String>, format = "date")]
    pub received_on: Option<Date>,
    pub channel: Option<Channel>,
    pub words: Option<String>,
    pub learned: Option<String>,
    pub people: u32,
    pub volunteers: u32,
    pub spent: Option<Money>,
    pub outcomes: Vec<OutcomeView>,
    pub reason: Option<String>,
    /// The last question from staff.
    pub question: Option<String>,
    /// Receipts and photographs, which are among the group's files.
    pub files: BTreeSet<FileDigest>,
    /// What the photographs show.
    pub pictured: Option<String>,
    #[schema(value_type = Option<String>, format = "date")]
    pub reminded_on: Option<Date>,
    /// What the group has saved of the update and not sent. Members of the group alone see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<UpdateDraftView>,
    /// Names for the ids, if `expand` requests them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
}

/// What a group has saved of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = UpdateDraft)]
pub struct UpdateDraftView {
    /// What was typed, by field.
    pub answers: BTreeMap<DraftField, String>,
    /// How much of each sign the group has seen.
    pub strengths: BTreeMap<Slug, Strength>,
    /// By sign, what was typed about how the group noticed.
    pub noticed: BTreeMap<Slug, String>,
    pub files: BTreeSet<FileDigest>,
    #[schema(value_type = String, format = "date")]
    pub saved_on: Date,
}

/// The strength of a sign as the group reported it, and as staff assessed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OutcomeView {
    pub sign: Slug,
    pub said: Option<Strength>,
    pub words: Option<String>,
    pub judged: Option<Strength>,
    pub judgement: Option<String>,
}

impl Views {
    /// Decrypts the group's texts if `words` is true, and includes the assessments of staff, but no
    /// drafts, if `judgements` is true. The caller decides both by the reader's roles.
    pub async fn decrypt_updates(
        &self,
        words: bool,
        judgements: bool,
        rows: Vec<UpdateRow>,
    ) -> Result<Vec<UpdateView>, ViewError> {
        let mut wanted = DecryptRequest::default();
        for row in rows.iter().filter(|_| words) {
            wanted.add("words", row.words.as_ref());
            wanted.add("learned", row.learned.as_ref());
            wanted.add("pictured", row.pictured.as_ref());
            for outcome in &row.outcomes {
                wanted.add("outcome", outcome.words.as_ref());
            }
            if let Some(draft) = row.draft.as_ref().filter(|_| !judgements) {
                for typed in draft.answers.values().chain(draft.noticed.values()) {
                    wanted.add("draft", Some(typed));
                }
            }
        }
        let opened = wanted.decrypt(self).await?;
        let outcome = |outcome: &crate::projections::OutcomeRow| OutcomeView {
            sign: outcome.sign.clone(),
            said: outcome.said,
            words: decrypted_text(&opened, outcome.words.as_ref()),
            judged: outcome.judged.filter(|_| judgements),
            judgement: outcome.judgement.clone().filter(|_| judgements),
        };
        let seen = |row: UpdateRow| UpdateView {
            words: decrypted_text(&opened, row.words.as_ref()),
            learned: decrypted_text(&opened, row.learned.as_ref()),
            pictured: decrypted_text(&opened, row.pictured.as_ref()),
            outcomes: row
                .outcomes
                .iter()
                .filter(|outcome| judgements || outcome.said.is_some())
                .map(outcome)
                .collect(),
            grant: row.grant,
            update: row.update,
            created_at: row.created_at,
            updated_at: row.updated_at,
            state: row.state,
            due_on: row.due_on,
            last: row.last,
            received_on: row.received_on,
            channel: row.channel,
            people: row.people,
            volunteers: row.volunteers,
            spent: row.spent,
            reason: row.reason,
            question: row.question,
            files: row.files,
            reminded_on: row.reminded_on,
            draft: row
                .draft
                .filter(|_| words && !judgements)
                .map(|draft| draft_view(draft, &opened)),
            names: None,
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}

fn draft_view(draft: UpdateDraftRow, opened: &BTreeMap<String, String>) -> UpdateDraftView {
    let answers = draft.answers.iter();
    let noticed = draft.noticed.iter();
    UpdateDraftView {
        answers: answers
            .filter_map(|(field, typed)| Some((*field, decrypted_text(opened, Some(typed))?)))
            .collect(),
        noticed: noticed
            .filter_map(|(sign, typed)| Some((sign.clone(), decrypted_text(opened, Some(typed))?)))
            .collect(),
        strengths: draft.strengths,
        files: draft.files,
        saved_on: draft.saved_on,
    }
}
