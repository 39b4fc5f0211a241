//! Intruders: who may do what, forged tokens, bodies that are huge, slow or lie, words that would
//! be code, and what the operator's log must not say.

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
