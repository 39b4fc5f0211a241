//! The files of a group by name, as a part of a record's page: pictures with a small view, and
//! everything else as a link.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::civil::Date;
use uuid::Uuid;

use crate::domain::file::{FilePurpose, MediaType};
use crate::http::pages::days::short_day;
use crate::http::pages::form::size_text;
use crate::projections::FileRow;
use crate::views::Reader;

/// What a file can be, with its name, in the order of the form.
const NAMES: [(FilePurpose, &str); 6] = [
    (FilePurpose::Document, "Document"),
    (FilePurpose::Receipt, "Receipt"),
    (FilePurpose::Photograph, "Photograph"),
    (FilePurpose::Scan, "Scan of a paper form"),
    (FilePurpose::SignedForm, "Signed agreement"),
    (FilePurpose::Enclosure, "Paper or picture of an application"),
];

/// The name of a purpose, as the office says it.
pub(super) fn purpose_name(purpose: FilePurpose) -> &'static str {
    NAMES
        .iter()
        .find(|(known, _)| *known == purpose)
        .map_or("File", |(_, name)| name)
}

/// What a new file can be, for a field to choose from.
pub(super) fn purpose_choices() -> Vec<(String, String)> {
    NAMES
        .iter()
        .map(|(purpose, name)| (<&str>::from(*purpose).to_owned(), (*name).to_owned()))
        .collect()
}

/// Whether a reader of the desk may open a group's file.
pub(super) fn may_open(reader: &Reader, purpose: FilePurpose) -> bool {
    reader.may_read_words() && (reader.works_with_groups() || purpose.is_open_to_panel())
}

#[derive(Template)]
#[template(path = "parts/papers.html")]
pub(super) struct Papers {
    pictures: Vec<PaperRow>,
    others: Vec<PaperRow>,
}

impl HtmlSafe for Papers {}

struct PaperRow {
    name: String,
    /// Absent if the reader may not open the file.
    path: Option<String>,
    day: String,
    size: String,
}

impl Papers {
    /// The files of a group, of which the panel opens scans, photographs and those of applications
    /// only, and an auditor none.
    pub fn of(reader: &Reader, group: Uuid, files: &[FileRow], today: Date) -> Self {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for file in files {
            *numbers.entry(purpose_name(file.purpose)).or_default() += 1;
        }
        let several: BTreeMap<&str, bool> = numbers
            .iter()
            .map(|(name, times)| (*name, *times > 1))
            .collect();
        let (mut pictures, mut others) = (Vec::new(), Vec::new());
        // The newest is first, so the numbers fall.
        for file in files {
            let name = purpose_name(file.purpose);
            let number = numbers.entry(name).or_default();
            let is_open = may_open(reader, file.purpose);
            let paper = PaperRow {
                name: match several.get(name) {
                    Some(true) => format!("{name} {number}"),
                    _ => name.to_owned(),
                },
                path: is_open.then(|| format!("/desk/files/{group}/{}", file.file)),
                day: short_day(file.kept_on, today),
                size: size_text(file.bytes),
            };
            *number = number.saturating_sub(1);
            if file.media != MediaType::Pdf && is_open {
                pictures.push(paper);
            } else {
                others.push(paper);
            }
        }
        Self { pictures, others }
    }

    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty() && self.others.is_empty()
    }
}
