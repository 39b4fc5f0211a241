//! The list of erasures, a file outside the database: one a line, only ever added to. It names ids, and nobody.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An erasure, as the list remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    pub organisation: String,
    /// `person` or `group`.
    pub kind: String,
    pub subject: Uuid,
    /// The position of its event in the log.
    pub position: i64,
}

/// Where the list lies.
#[derive(Clone, Debug)]
pub struct ErasureList(PathBuf);

impl ErasureList {
    #[must_use]
    pub fn at(file: &Path) -> Self {
        Self(file.to_owned())
    }

    /// Every erasure of an organisation that was ever listed.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is none.
    pub fn of(&self, organisation: &str) -> io::Result<Vec<Erased>> {
        let text = match std::fs::read_to_string(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let all: Vec<Erased> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(all.into_iter().filter(|erased| erased.organisation == organisation).collect())
    }

    /// Remembers an erasure, unless it is there already.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn add(&self, erased: &Erased) -> io::Result<()> {
        if self.of(&erased.organisation)?.contains(erased) {
            return Ok(());
        }
        if let Some(folder) = self.0.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.0)?;
        writeln!(file, "{}", serde_json::to_string(erased)?)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erasure_is_listed_once_and_for_its_organisation() {
        let folder = tempfile::TempDir::new().unwrap();
        let list = ErasureList::at(&folder.path().join("new/erasures.jsonl"));
        let erased = |number: u128, organisation: &str| Erased {
            organisation: organisation.into(),
            kind: "person".into(),
            subject: Uuid::from_u128(number),
            position: 3,
        };
        assert_eq!(list.of("main").unwrap(), []);
        for _ in 0..2 {
            list.add(&erased(1, "main")).unwrap();
            list.add(&erased(2, "other")).unwrap();
        }
        assert_eq!((list.of("main").unwrap(), list.of("other").unwrap()), (vec![erased(1, "main")], vec![erased(2, "other")]));
    }
}
