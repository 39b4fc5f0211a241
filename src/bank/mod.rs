//! The bank: approved payments as a file that it takes, and its statement read back.
//!
//! A bank's layout is the operator's to describe; none is built in but a plain one, since we know
//! of none whose published specification we could cite and hold a test against.

mod file;
mod layout;
mod matched;
mod statement;

use crate::domain::reference::Reference;

pub use file::{BankFile, Line, write};
pub use layout::{Layout, LayoutError};
pub use matched::{Known, Matched, Outcome, matched};
pub use statement::{Entry, StatementError, read};

/// What stands beside a payment at the bank, and by which it is found again: at most 18 letters and
/// digits.
#[must_use]
pub fn reference(application: &Reference, payment: u16) -> String {
    format!("GR{}P{payment}", application.digits())
}
