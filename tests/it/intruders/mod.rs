//! Security: access, forged tokens, hostile bodies, markup in texts, cross-site requests, and
//! secrets in the trace output.

mod access;
mod bodies;
mod forms;
mod logs;
mod marks;
mod tokens;

use crate::cases::Cases;

pub fn cases(cases: &mut Cases) {
    access::cases(cases);
    bodies::cases(cases);
    forms::cases(cases);
    logs::cases(cases);
    marks::cases(cases);
    tokens::cases(cases);
}
