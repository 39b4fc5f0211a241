//! Applications with personal values decrypted.

use serde::Serialize;
use uuid::Uuid;

use super::{DecryptRequest, decrypted_text};
use crate::domain::text::Slug;
use crate::projections::{AnswersRow, ApplicationRow};
use crate::views::{Names, ViewError, Views};

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
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |mut row: ApplicationRow| {
            let review = row.review_sealed.take();
            let helper = row.helper_sealed.take();
            (row.reviewed, row.before_letter) = (None, None);
            ApplicationView {
                review: decrypted_text(&opened, review.as_ref()),
                helper: decrypted_text(&opened, helper.as_ref()),
                names: None,
                row,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
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
            .collect())
    }
}
