//! Kinds of mails, and the templates that staff may write for them.
//!
//! # Templates
//!
//! A template contains plain text and names in double braces, nothing else: no statement, filter,
//! literal or comment. The length of the rendered mail is therefore bounded by that of the
//! template. The service alone supplies addresses of pages: `{{ link }}` has a line of its own, and
//! no name may be placed where its value could become a part of another address.
//!
//! A template that breaks a rule cannot be published. One that an earlier program published is
//! ignored.

mod kind;
mod parsed_text;
mod text;

pub use kind::MailKind;
pub use text::{PublishMailText, check_mail_text, fill_in};
