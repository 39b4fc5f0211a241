//! A template, split into words and names.

use super::kind::MailKind;
use crate::domain::Refusal;
use crate::domain::text::{contains_host, contains_url};

/// The largest number of names in a template.
pub(super) const NAMES_MAX: usize = 20;

/// A parsed template.
pub(super) struct ParsedMailText<'a> {
    /// The field that it belongs to, for error messages.
    field: &'static str,
    pub(super) pieces: Vec<TextPiece<'a>>,
}

/// A piece of a template, and the line on which it starts.
pub(super) struct TextPiece<'a> {
    line: usize,
    pub(super) content: PieceContent<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum PieceContent<'a> {
    Words(&'a str),
    Name(&'a str),
}

impl<'a> ParsedMailText<'a> {
    /// Splits a template into words and names. Refuses anything else in braces.
    pub(super) fn parse(field: &'static str, text: &'a str) -> Result<Self, Refusal> {
        const MARKS: [&str; 4] = ["{{", "}}", "{%", "{#"];
        let (mut pieces, mut rest, mut line) = (Vec::new(), text, 1);
        while let Some(at) = MARKS.iter().filter_map(|mark| rest.find(mark)).min() {
            let (words, marked) = rest.split_at(at);
            pieces.push(TextPiece {
                line,
                content: PieceContent::Words(words),
            });
            line += words.matches('\n').count();
            let broken =
                |why: &str| Err(Refusal::TextBroken(format!("{field}, line {line}: {why}")));
            let Some(inner) = marked.strip_prefix("{{") else {
                return broken(&format!(
                    "{} has no matching pair: use double braces only around a detail",
                    &marked[..2]
                ));
            };
            let Some((name, after)) = inner.split_once("}}") else {
                return broken("this double brace is not closed");
            };
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            if name.trim().is_empty() || !name.trim().chars().all(plain) {
                let shown: String = name.trim().chars().take(40).collect();
                return broken(&format!(
                    "“{shown}” is not one of the details you can insert"
                ));
            }
            pieces.push(TextPiece {
                line,
                content: PieceContent::Name(name.trim()),
            });
            line += name.matches('\n').count();
            rest = after;
        }
        pieces.push(TextPiece {
            line,
            content: PieceContent::Words(rest),
        });
        Ok(Self { field, pieces })
    }

    /// Refuses unknown names, names that are not separated from other words, and addresses in the
    /// words.
    pub(super) fn must_be_usable_for(&self, mail: MailKind) -> Result<(), Refusal> {
        let mut names = 0;
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece.content {
                PieceContent::Name(name) => {
                    names += 1;
                    if !mail.names().any(|known| known == name) {
                        return Err(Refusal::NameUnknown(name.to_owned()));
                    }
                    if !self.is_set_apart(at) {
                        return Err(self.broken(
                            at,
                            &format!("put a space before and after {{{{ {name} }}}}"),
                        ));
                    }
                }
                PieceContent::Words(words) => {
                    let leads_away = |line: &str| {
                        contains_url(line)
                            || contains_host(line)
                            || line.to_lowercase().contains("href")
                    };
                    let line = words.split('\n').position(leads_away);
                    if let Some(line) = line {
                        let line = piece.line + line;
                        let why = "use {{ link }} in place of this web address";
                        return Err(Refusal::TextBroken(format!(
                            "{}, line {line}: {why}",
                            self.field
                        )));
                    }
                }
            }
        }
        if names > NAMES_MAX {
            return Err(Refusal::TextBroken(format!(
                "{}: use at most {NAMES_MAX} details",
                self.field
            )));
        }
        Ok(())
    }

    pub(super) fn broken(&self, at: usize, why: &str) -> Refusal {
        Refusal::TextBroken(format!(
            "{}, line {}: {why}",
            self.field, self.pieces[at].line
        ))
    }

    /// The indexes of the pieces with this name.
    pub(super) fn positions_of(&self, name: &str) -> impl Iterator<Item = usize> {
        self.pieces
            .iter()
            .enumerate()
            .filter(move |(_, piece)| {
                matches!(piece.content, PieceContent::Name(found) if found == name)
            })
            .map(|(at, _)| at)
    }

    /// The text directly before and after a piece. Names and words alternate.
    fn neighbours(&self, at: usize) -> (&'a str, &'a str) {
        let words = |piece: Option<&TextPiece<'a>>| match piece.map(|piece| piece.content) {
            Some(PieceContent::Words(words)) => words,
            _ => "",
        };
        (
            words(at.checked_sub(1).and_then(|at| self.pieces.get(at))),
            words(self.pieces.get(at + 1)),
        )
    }

    /// Whether a name is separated from other words by spaces or punctuation that cannot belong to
    /// an address, so that its value cannot become a part of one.
    fn is_set_apart(&self, at: usize) -> bool {
        const OPEN: &str = "([{“„\"'‘‚«‹—–*";
        const CLOSE: &str = ")]}”“\"'’‘»›—–*.,;:!?…";
        let (before, behind) = self.neighbours(at);
        let before = before
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default();
        let behind = behind.split(char::is_whitespace).next().unwrap_or_default();
        let behind = ["'s", "’s"]
            .iter()
            .find_map(|s| behind.strip_prefix(s))
            .unwrap_or(behind);
        let next_to_name = (at > 1 && self.neighbours(at).0.is_empty())
            || (at + 2 < self.pieces.len() && self.neighbours(at).1.is_empty());
        !next_to_name
            && before.chars().all(|c| OPEN.contains(c))
            && behind.chars().all(|c| CLOSE.contains(c))
    }

    /// Whether a name has a line of its own.
    pub(super) fn is_alone(&self, at: usize) -> bool {
        let (before, behind) = self.neighbours(at);
        let starts = (at == 1 || before.contains('\n')) && is_blank(before.rsplit('\n').next());
        let ends = (at + 2 == self.pieces.len() || behind.contains('\n'))
            && is_blank(behind.split('\n').next());
        starts && ends
    }
}

fn is_blank(line: Option<&str>) -> bool {
    line.is_none_or(|line| line.trim().is_empty())
}
