//! Applications with personal values decrypted.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::{DecryptRequest, decrypted_text};
use crate::domain::text::Slug;
use crate::projections::{AnswersRow, ApplicationRow};
use crate::views::{Filter, Names, Reader, ViewError, Views};

/// Groups per query.
const GROUPS_CHUNK: usize = 500;

/// An application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Application)]
pub struct ApplicationView {
    #[serde(flatten)]
    pub row: ApplicationRow,
    /// Why the group asked for a review. Absent if the reader may not see it.
    pub review: Option<String>,
    /// The person who helps the group with English. Absent if the reader may not see it.
    pub helper: Option<String>,
    /// The language that the applicant speaks, by its name. Absent if it is not on record, or the
    /// reader may not see it.
    pub spoken_language: Option<String>,
    /// Names for the ids, if `expand` requests them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
}

/// The latest answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Answer {
    pub question: Slug,
    /// The answer, as text that follows from the question's kind: see `save-answers`. Absent if it
    /// was erased.
    pub answer: Option<String>,
}

impl Views {
    /// Decrypts the group's texts if `words` is true, which the caller decides by the reader's
    /// roles.
    pub async fn decrypt_applications(
        &self,
        words: bool,
        rows: Vec<ApplicationRow>,
    ) -> Result<Vec<ApplicationView>, ViewError> {
        let mut wanted = DecryptRequest::default();
        for row in rows.iter().filter(|_| words) {
            wanted.add("review", row.review_sealed.as_ref());
            wanted.add("helper", row.helper_sealed.as_ref());
            wanted.add("spoken_language", row.spoken_language_sealed.as_ref());
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |mut row: ApplicationRow| {
            let review = row.review_sealed.take();
            let helper = row.helper_sealed.take();
            let spoken_language = row.spoken_language_sealed.take();
            (row.reviewed, row.before_letter) = (None, None);
            ApplicationView {
                review: decrypted_text(&opened, review.as_ref()),
                helper: decrypted_text(&opened, helper.as_ref()),
                spoken_language: decrypted_text(&opened, spoken_language.as_ref()),
                names: None,
                row,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// The language that the people of each group speak, as their newest application says. A group
    /// without one is left out. Empty for a reader who does not work with groups.
    pub async fn spoken_languages(
        &self,
        reader: &Reader,
        groups: &[Uuid],
    ) -> Result<BTreeMap<Uuid, String>, ViewError> {
        let mut spoken = BTreeMap::new();
        if !reader.works_with_groups() {
            return Ok(spoken);
        }
        for some in groups.chunks(GROUPS_CHUNK) {
            let of_groups = vec![Filter::any_of("group_id", some)];
            let mut rows: Vec<ApplicationRow> = self.all_rows(None, of_groups).await?;
            rows.sort_by_key(|row| row.created_at);
            let sealed = rows
                .iter()
                .filter_map(|row| Some(("spoken_language", row.spoken_language_sealed.as_ref()?)));
            let opened = DecryptRequest(sealed.collect()).decrypt(self).await?;
            spoken.extend(rows.iter().filter_map(|row| {
                let language = decrypted_text(&opened, row.spoken_language_sealed.as_ref())?;
                Some((row.group.0, language))
            }));
        }
        Ok(spoken)
    }

    /// The latest answers of an application, decrypted.
    pub async fn answers(
        &self,
        application: Uuid,
        as_at: Option<i64>,
    ) -> Result<Vec<Answer>, ViewError> {
        let AnswersRow { answers } = self.find(application, as_at).await?.unwrap_or_default();
        let opened = DecryptRequest(answers.values().map(|sealed| ("answer", sealed)).collect())
            .decrypt(self)
            .await?;
        Ok(answers
            .iter()
            .map(|(question, sealed)| Answer {
                question: question.clone(),
                answer: decrypted_text(&opened, Some(sealed)),
            })
            .filter(|answer| answer.answer.as_deref() != Some(""))
            .collect())
    }
}
