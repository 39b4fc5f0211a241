//! Papers of the demonstration: signed agreements, the evidence of checks, and receipts. Each is
//! one page of PDF, drawn here, and says that it is illustrative.

use std::fmt::Write as _;

use crate::domain::file::FilePurpose;
use crate::domain::{Actor, GroupId};

/// What a paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DemoPaperKind {
    SignedAgreement,
    Evidence,
    Receipt,
}

impl DemoPaperKind {
    pub(super) fn purpose(self) -> FilePurpose {
        match self {
            Self::SignedAgreement => FilePurpose::SignedForm,
            Self::Evidence => FilePurpose::Document,
            Self::Receipt => FilePurpose::Receipt,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::SignedAgreement => "Agreement, signed on paper",
            Self::Evidence => "A paper that the office checked",
            Self::Receipt => "Receipt for a payment",
        }
    }
}

/// A paper that a command refers to.
#[derive(Clone, Debug)]
pub(super) struct DemoPaper {
    pub(super) kind: DemoPaperKind,
    pub(super) group: GroupId,
    /// The person who adds it to the group's files.
    pub(super) kept_by: Actor,
    /// What it is about. It tells the papers of a group apart.
    pub(super) about: String,
    pub(super) lines: Vec<String>,
}

impl DemoPaper {
    /// The name of the paper among those of its group.
    pub(super) fn name(&self) -> String {
        let purpose: &str = self.kind.purpose().into();
        format!("{purpose}-{}", self.about)
    }

    /// The paper as a file.
    pub(super) fn to_pdf(&self) -> Vec<u8> {
        let head = [
            self.kind.title(),
            "Illustrative. Nobody signed or sent this.",
            "",
        ];
        let lines = head
            .into_iter()
            .chain(self.lines.iter().map(String::as_str));
        pdf_page(lines)
    }
}

/// A page of lines. Characters outside ASCII become question marks.
fn pdf_page<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut drawing = String::from("BT /F1 12 Tf 18 TL 72 760 Td\n");
    for line in lines {
        drawing.push('(');
        for character in line.chars() {
            match character {
                '(' | ')' | '\\' => drawing.extend(['\\', character]),
                '\u{2018}' | '\u{2019}' => drawing.push('\''),
                '\u{a3}' => drawing.push_str("GBP "),
                ' '..='~' => drawing.push(character),
                _ => drawing.push('?'),
            }
        }
        drawing.push_str(") Tj T*\n");
    }
    drawing.push_str("ET\n");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
            /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!(
            "<< /Length {} >>\nstream\n{drawing}endstream",
            drawing.len()
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(&objects) {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = writeln!(file, "{number} 0 obj\n{object}\nendobj");
    }
    let (count, at) = (objects.len() + 1, file.len());
    let _ = write!(
        file,
        "xref\n0 {count}\n{table}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n"
    );
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use lopdf::Document;

    use super::*;

    #[test]
    fn a_paper_is_a_small_pdf_with_its_lines() {
        let file = pdf_page(["Soup (and song), O\u{2019}Hara", "Zo\u{eb}"].into_iter());
        assert!(file.len() < 1024, "{} bytes", file.len());
        let read = Document::load_mem(&file).expect("a PDF");
        let text = read.extract_text(&[1]).expect("a page with text");
        assert!(
            text.contains("Soup (and song), O\u{2019}Hara") && text.contains("Zo?"),
            "{text}"
        );
    }
}
