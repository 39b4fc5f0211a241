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

/// The newest checkpoint, if there is one.
pub(super) async fn newest_checkpoint(app: &AppState) -> Result<Option<CheckpointView>, PageError> {
    let sealed = Prover::new(app.commands.log().clone())
        .newest_checkpoint()
        .await?;
    Ok(sealed.map(|sealed| CheckpointView {
        size: sealed.size,
        through: format_instant(sealed.through),
        root: sealed.root,
        key: sealed.log.verifier,
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
