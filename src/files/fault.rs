//! Why an upload is not accepted, as the child process reports it to the service.

use serde::{Deserialize, Serialize};

use super::FileError;

/// Why an upload is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum UploadFault {
    #[error("the picture ends too early")]
    CutOff,
    #[error("the picture has {width} by {height} pixels")]
    TooManyPixels { width: u32, height: u32 },
    #[error("the PDF opens only with a password")]
    Password,
    #[error("the file is damaged")]
    Damaged,
}

/// Separates the result of the child process from a fault that it reports as JSON. No result is
/// JSON: a picture begins with other bytes, and a document has an empty result.
pub fn parse_answer(answer: Vec<u8>) -> Result<Vec<u8>, FileError> {
    match serde_json::from_slice::<UploadFault>(&answer) {
        Ok(fault) => Err(fault.into()),
        Err(_) => Ok(answer),
    }
}

impl From<UploadFault> for FileError {
    fn from(fault: UploadFault) -> Self {
        match fault {
            UploadFault::CutOff => Self::CutOff,
            UploadFault::TooManyPixels { width, height } => Self::TooManyPixels { width, height },
            UploadFault::Password => Self::Password,
            UploadFault::Damaged => Self::Picture,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_result_or_a_fault() {
        let fault = UploadFault::TooManyPixels {
            width: 20_000,
            height: 9000,
        };
        let reported = serde_json::to_vec(&fault).unwrap();
        assert!(matches!(
            parse_answer(reported),
            Err(FileError::TooManyPixels {
                width: 20_000,
                height: 9000
            })
        ));
        for result in [&b""[..], b"\xFF\xD8\xFF\xE0", b"\x89PNG\r\n\x1A\n"] {
            assert_eq!(parse_answer(result.to_vec()).unwrap(), result);
        }
    }
}
