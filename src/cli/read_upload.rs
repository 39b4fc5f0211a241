//! Task of the sandbox: parses one upload under resource limits, in a child process of the service.

use std::io::{self, Read as _, Write as _};

use super::TaskError;
use crate::sandbox::{self, Upload};
use crate::{files, import};

/// Reads an upload from standard input, and writes the parsed table or re-encoded picture to
/// standard output.
pub fn read_upload(upload: Upload) -> Result<(), TaskError> {
    sandbox::confine().map_err(TaskError::Upload)?;
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(upload.input_max() + 1)
        .read_to_end(&mut bytes)
        .map_err(TaskError::Upload)?;
    if bytes.len() as u64 > upload.input_max() {
        return Err(TaskError::Upload(io::ErrorKind::FileTooLarge.into()));
    }
    let read = match upload {
        Upload::Table => import::read_table_to_json(&bytes),
        Upload::Picture => files::reencode_picture(&bytes)
            .map_err(io::Error::other)
            .map_err(TaskError::Upload)?,
        Upload::Logo => files::reencode_logo(&bytes)
            .map_err(io::Error::other)
            .map_err(TaskError::Upload)?,
    };
    io::stdout()
        .lock()
        .write_all(&read)
        .map_err(TaskError::Upload)
}
