//! Security: access, forged tokens, hostile bodies, markup in texts, cross-site requests, and
//! secrets in the trace output.

mod access_matrix;
mod csrf;
mod forged_tokens;
mod hostile_bodies;
mod log_leaks;
mod xss;

use crate::cases::Cases;

pub fn cases(cases: &mut Cases) {
    access_matrix::cases(cases);
    hostile_bodies::cases(cases);
    csrf::cases(cases);
    log_leaks::cases(cases);
    xss::cases(cases);
    forged_tokens::cases(cases);
}
