//! The newest checkpoint of the transparency log as pages show it, and inclusion proofs as
//! downloads.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;

use super::Failed;
use super::signin::moment;
use crate::http::Desk;
use crate::seal::proof::Proof;
use crate::seal::prover::Prover;

/// The newest checkpoint, as pages show it.
pub(super) struct SealedSeen {
    pub size: i64,
    pub through: String,
    pub root: String,
    pub key: String,
    pub stopped: Option<String>,
    pub checked_size: Option<i64>,
    pub checked_at: Option<String>,
}

/// The newest checkpoint, if there is one.
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

/// An inclusion proof as a download.
pub(super) fn proof_file(proof: Option<Proof>, position: i64) -> Result<HttpResponse, Failed> {
    let proof = proof.ok_or_else(Failed::nothing)?;
    let name = (
        CONTENT_DISPOSITION,
        format!("attachment; filename=\"proof-{position}.json\""),
    );
    Ok(HttpResponse::Ok().insert_header(name).json(proof))
}
