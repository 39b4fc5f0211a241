//! Breaks of the rules.

use super::Break;

pub fn breaks() -> Vec<Break> {
    vec![]
}
