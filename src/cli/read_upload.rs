//! Task of the sandbox: parses one upload under resource limits, in a child process of the service.

use std::io::{self, Read as _, Write as _};

use super::TaskError;
use crate::files::{self, UploadFault};
use crate::import;
use crate::sandbox::{self, Upload};

/// Reads an upload from standard input, and writes the parsed table, the re-encoded picture or the
/// reason for refusing it to standard output.
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
        Upload::Picture => answer(files::reencode_picture(&bytes))?,
        Upload::Document => answer(files::check_document(&bytes).map(|()| Vec::new()))?,
        Upload::Logo => answer(files::reencode_logo(&bytes))?,
    };
    io::stdout()
        .lock()
        .write_all(&read)
        .map_err(TaskError::Upload)
}

/// The result, or the reason for refusing the upload as JSON. There is nothing to say about a
/// damaged file: the process fails, as it does when a library fails.
fn answer(read: Result<Vec<u8>, UploadFault>) -> Result<Vec<u8>, TaskError> {
    match read {
        Err(fault @ UploadFault::Damaged) => Err(TaskError::Upload(io::Error::other(fault))),
        Err(fault) => serde_json::to_vec(&fault)
            .map_err(io::Error::other)
            .map_err(TaskError::Upload),
        Ok(result) => Ok(result),
    }
}
