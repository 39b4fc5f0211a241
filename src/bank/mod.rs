//! Exchange with the bank: payment files that the office uploads, and bank statements that it
//! imports.
//!
//! The operator describes the bank's layout. Only a plain layout is built in, because no bank's
//! specification is published that the code could cite and be tested against. A message of ISO
//! 20022 is another layout that the operator can choose.

mod credit_transfer;
mod layout;
pub mod modulus_check;
mod names;
mod payment_file;
mod reconciliation;
mod statement;

pub use credit_transfer::{
    AccountForm, CreditTransfer, FileFormat, PaymentService, RollNumbers, ServiceLevel,
};
pub use layout::{Layout, LayoutError, StatementColumn, StatementLayout};
pub use names::{ComparableName, NamedPayment, possible_payments};
pub use payment_file::{BankFile, NoAccount, PaymentLine, PaymentOrder, write_payment_file};
pub use reconciliation::{ExpectedPayment, MatchOutcome, MatchedEntry, reconcile};
pub use statement::{
    Direction, SkippedLine, SkippedReason, Statement, StatementEntry, StatementError,
    read_statement, read_statement_with,
};
