//! The newest checkpoint of the transparency log as pages show it, and inclusion proofs as
//! downloads.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;

use super::PageError;
use super::days::format_instant;
use crate::http::AppState;
use crate::transparency::proof::Proof;
use crate::transparency::prover::Prover;

/// The newest checkpoint, as pages show it.
pub(super) struct CheckpointView {
    pub size: i64,
    pub through: String,
    pub root: String,
    pub key: String,
    pub stopped: Option<String>,
    pub checked_size: Option<i64>,
    pub checked_at: Option<String>,
}

impl CheckpointView {
    /// The first and last characters of the root, to compare it by eye.
    pub fn short_root(&self) -> String {
        shortened(&self.root)
    }

    /// The first and last characters of the key, without the log's name before it.
    pub fn short_key(&self) -> String {
        shortened(self.key.splitn(3, '+').last().unwrap_or_default())
    }
}

/// The first eight characters of a code, and its last four.
fn shortened(code: &str) -> String {
    let letters: Vec<char> = code.trim_end_matches('=').chars().collect();
    if letters.len() <= 16 {
        return code.to_owned();
    }
    let part = |letters: &[char]| letters.iter().collect::<String>();
    let last = part(&letters[letters.len() - 4..]);
    format!("{} {} … {last}", part(&letters[..4]), part(&letters[4..8]))
}

/// The newest checkpoint, if there is one.
pub(super) async fn newest_checkpoint(app: &AppState) -> Result<Option<CheckpointView>, PageError> {
    let sealed = Prover::new(app.commands.log().clone())
        .newest_checkpoint()
        .await?;
    Ok(sealed.map(|sealed| CheckpointView {
        size: sealed.size,
        through: format_instant(sealed.through),
        root: sealed.root,
        key: sealed.log.newest_key().to_owned(),
        stopped: sealed.log.stopped,
        checked_size: sealed.log.checked_size,
        checked_at: sealed.log.checked_at.map(format_instant),
    }))
}

/// An inclusion proof as a download.
pub(super) fn proof_file(proof: Option<Proof>, position: i64) -> Result<HttpResponse, PageError> {
    let proof = proof.ok_or_else(PageError::not_found)?;
    let name = (
        CONTENT_DISPOSITION,
        format!("attachment; filename=\"proof-{position}.json\""),
    );
    Ok(HttpResponse::Ok().insert_header(name).json(proof))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_code_is_shown_by_its_ends() {
        assert_eq!(
            shortened("9a162829c0ffee00c0ffee00acf0"),
            "9a16 2829 … acf0"
        );
        assert_eq!(shortened("9a162829"), "9a162829");
    }
}
