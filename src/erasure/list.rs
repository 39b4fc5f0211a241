//! The list of erasures: a file outside the database, one JSON object a line, append-only. It
//! contains ids, but no personal data.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An erasure in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasureRecord {
    pub organisation: String,
    /// `person` or `group`.
    pub kind: String,
    pub subject: Uuid,
    /// The position of its event.
    pub position: i64,
}

/// The list in a file.
#[derive(Clone, Debug)]
pub struct ErasureList(PathBuf);

impl ErasureList {
    #[must_use]
    pub fn at(file: &Path) -> Self {
        Self(file.to_owned())
    }

    /// Every listed erasure of an organisation. A file that does not exist is an empty list.
    pub fn records_of(&self, organisation: &str) -> io::Result<Vec<ErasureRecord>> {
        let text = match std::fs::read_to_string(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        // A last line without a newline was interrupted by a crash. Its erasure is repeated and
        // listed again.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let all: Vec<ErasureRecord> = whole
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?;
        Ok(all
            .into_iter()
            .filter(|erased| erased.organisation == organisation)
            .collect())
    }

    /// Adds an erasure, unless it is listed already, and syncs it to disk.
    pub fn add(&self, erased: &ErasureRecord) -> io::Result<()> {
        let folder = self
            .0
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&self.0)?;
        // Other processes may write the file too.
        file.lock()?;
        if self.records_of(&erased.organisation)?.contains(erased) {
            return Ok(());
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let end = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(end as u64)?;
        file.seek(SeekFrom::End(0))?;
        file.write_all(format!("{}\n", serde_json::to_string(erased)?).as_bytes())?;
        file.sync_all()?;
        std::fs::File::open(folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erasure_is_listed_once_and_for_its_organisation() {
        let folder = tempfile::TempDir::new().unwrap();
        let list = ErasureList::at(&folder.path().join("new/erasures.jsonl"));
        let erased = |number: u128, organisation: &str| ErasureRecord {
            organisation: organisation.into(),
            kind: "person".into(),
            subject: Uuid::from_u128(number),
            position: 3,
        };
        assert_eq!(list.records_of("main").unwrap(), []);
        for _ in 0..2 {
            list.add(&erased(1, "main")).unwrap();
            list.add(&erased(2, "other")).unwrap();
        }
        assert_eq!(
            (
                list.records_of("main").unwrap(),
                list.records_of("other").unwrap()
            ),
            (vec![erased(1, "main")], vec![erased(2, "other")])
        );
        // An interrupted line is ignored, and overwritten by the next one.
        let file = folder.path().join("new/erasures.jsonl");
        let whole = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{whole}{{\"organisation\":\"ma")).unwrap();
        assert_eq!(list.records_of("main").unwrap(), [erased(1, "main")]);
        list.add(&erased(3, "main")).unwrap();
        assert_eq!(
            list.records_of("main").unwrap(),
            [erased(1, "main"), erased(3, "main")]
        );
    }
}
