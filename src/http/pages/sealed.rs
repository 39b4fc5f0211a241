//! What was sealed of the log, as pages show it, and proofs as files to be kept.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;

use super::Failed;
use super::signin::moment;
use crate::http::Desk;
use crate::seal::proof::Proof;
use crate::seal::prover::Prover;

/// The newest signed head, as a page shows it.
pub(super) struct SealedSeen {
    pub size: i64,
    pub through: String,
    pub root: String,
    pub key: String,
    pub stopped: Option<String>,
    pub checked_size: Option<i64>,
    pub checked_at: Option<String>,
}

/// What was sealed last, if anything was.
pub(super) async fn sealed(desk: &Desk) -> Result<Option<SealedSeen>, Failed> {
    let sealed = Prover::new(desk.commands.log().clone()).sealed().await?;
    Ok(sealed.map(|sealed| SealedSeen {
        size: sealed.size,
        through: moment(sealed.through),
        root: sealed.root,
        key: sealed.log.verifier,
        stopped: sealed.log.stopped,
        checked_size: sealed.log.checked_size,
        checked_at: sealed.log.checked_at.map(moment),
    }))
}

/// A proof as a file to be kept.
pub(super) fn proof_file(proof: Option<Proof>, position: i64) -> Result<HttpResponse, Failed> {
    let proof = proof.ok_or_else(Failed::nothing)?;
    let name = (
        CONTENT_DISPOSITION,
        format!("attachment; filename=\"proof-{position}.json\""),
    );
    Ok(HttpResponse::Ok().insert_header(name).json(proof))
}
