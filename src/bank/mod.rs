//! Exchange with the bank: payment files that the office uploads, and bank statements that it
//! imports.
//!
//! The operator describes the bank's layout. Only a plain layout is built in, because no bank's
//! specification is published that the code could cite and be tested against.

mod file;
mod layout;
mod matched;
mod statement;

use crate::domain::reference::Reference;

pub use file::{BankFile, Line, write};
pub use layout::{Layout, LayoutError};
pub use matched::{Known, Matched, Outcome, matched};
pub use statement::{Entry, StatementError, read};

/// Reference of a payment at the bank, by which the statement is reconciled. At most 18 letters and
/// digits.
#[must_use]
pub fn reference(application: &Reference, payment: u16) -> String {
    format!("GR{}P{payment}", application.digits())
}
