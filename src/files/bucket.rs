//! Files in a bucket of an S3-compatible store, each under its digest. Requests are presigned URLs
//! that are valid for a few minutes.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use rusty_s3::actions::{DeleteObject, GetObject, PutObject};
use rusty_s3::{Credentials, S3Action as _, UrlStyle};

use super::FileError;
use crate::crypto::file_encryption::EncryptedFile;
use crate::domain::file::FileDigest;

const SIGNATURE_VALID_FOR: Duration = Duration::from_mins(5);
const READ_BUFFER: usize = 64 * 1024;

/// A bucket of an S3-compatible store.
#[derive(Clone, Debug)]
pub struct Bucket {
    remote: rusty_s3::Bucket,
    credentials: Credentials,
    agent: ureq::Agent,
}

/// Why a bucket cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    #[error("the endpoint {0} is not a web address")]
    Endpoint(String),
    #[error("the bucket {0} cannot be named like this")]
    Name(String),
}

impl Bucket {
    /// A bucket at an endpoint, addressed in path style.
    pub fn new(
        endpoint: &str,
        region: &str,
        name: &str,
        key: &str,
        secret: &str,
    ) -> Result<Self, BucketError> {
        let endpoint = endpoint
            .parse()
            .map_err(|_| BucketError::Endpoint(endpoint.to_owned()))?;
        let bucket =
            rusty_s3::Bucket::new(endpoint, UrlStyle::Path, name.to_owned(), region.to_owned());
        let bucket = bucket.map_err(|_| BucketError::Name(name.to_owned()))?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .build();
        Ok(Self {
            remote: bucket,
            credentials: Credentials::new(key, secret),
            agent: config.into(),
        })
    }

    pub(super) async fn put(&self, sealed: &EncryptedFile, file: &FileDigest) -> io::Result<()> {
        let url = PutObject::new(&self.remote, Some(&self.credentials), file.as_str())
            .sign(SIGNATURE_VALID_FOR);
        let (agent, path) = (self.agent.clone(), sealed.path.clone());
        let put = move || -> io::Result<u16> {
            let body = std::fs::File::open(path)?;
            Ok(agent
                .put(url.as_str())
                .send(body)
                .map_err(io::Error::other)?
                .status()
                .as_u16())
        };
        expect_status(
            &[200],
            tokio::task::spawn_blocking(put)
                .await
                .map_err(io::Error::other)??,
        )
    }

    pub(super) async fn get(
        &self,
        file: &FileDigest,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>, FileError> {
        let url = GetObject::new(&self.remote, Some(&self.credentials), file.as_str())
            .sign(SIGNATURE_VALID_FOR);
        let agent = self.agent.clone();
        let get = move || agent.get(url.as_str()).call().map_err(io::Error::other);
        let response = tokio::task::spawn_blocking(get)
            .await
            .map_err(io::Error::other)??;
        match response.status().as_u16() {
            200 => {}
            404 => return Err(FileError::Missing),
            other => expect_status(&[200], other)?,
        }
        let (send, receive) = tokio::sync::mpsc::channel(4);
        let mut body = response.into_body().into_reader();
        tokio::task::spawn_blocking(move || {
            loop {
                let mut bytes = vec![0; READ_BUFFER];
                let part = io::Read::read(&mut body, &mut bytes).map(|read| {
                    bytes.truncate(read);
                    Bytes::from(bytes)
                });
                let over = part.as_ref().is_ok_and(Bytes::is_empty) || part.is_err();
                if part.as_ref().is_ok_and(Bytes::is_empty)
                    || send.blocking_send(part).is_err()
                    || over
                {
                    return;
                }
            }
        });
        Ok(futures::stream::unfold(receive, |mut receive| async move {
            receive.recv().await.map(|part| (part, receive))
        }))
    }

    pub(super) async fn remove(&self, file: &FileDigest) -> io::Result<()> {
        let url = DeleteObject::new(&self.remote, Some(&self.credentials), file.as_str())
            .sign(SIGNATURE_VALID_FOR);
        let agent = self.agent.clone();
        let remove = move || {
            agent
                .delete(url.as_str())
                .call()
                .map(|response| response.status().as_u16())
                .map_err(io::Error::other)
        };
        expect_status(
            &[200, 204, 404],
            tokio::task::spawn_blocking(remove)
                .await
                .map_err(io::Error::other)??,
        )
    }
}

fn expect_status(good: &[u16], status: u16) -> io::Result<()> {
    if good.contains(&status) {
        Ok(())
    } else {
        Err(io::Error::other(format!("the bucket answered {status}")))
    }
}
