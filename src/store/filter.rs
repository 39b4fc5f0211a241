//! Filters of queries over read models: a column, and the condition that its value must meet.

use std::fmt::Display;

use super::Engine;
use super::bindings::Bindings;
use super::view_rows::{CURRENT, alias_in_live_generation};

/// A condition on a column of a read model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    column: &'static str,
    condition: FilterCondition,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FilterCondition {
    AnyOf(Vec<String>),
    AtMost(String),
    AtLeast(String),
    Before(String),
    After(i64),
    Includes(String),
    Contains(String),
    OfGrant(String),
}

impl Filter {
    pub fn equals(column: &'static str, value: impl Display) -> Self {
        Self::any_of(column, [value])
    }

    /// The column has one of the values. Without values no row matches.
    pub fn any_of(column: &'static str, values: impl IntoIterator<Item: Display>) -> Self {
        let values = values.into_iter().map(|value| value.to_string()).collect();
        Self::new(column, FilterCondition::AnyOf(values))
    }

    /// The row is in one of these states.
    pub fn in_state(states: impl IntoIterator<Item: Into<&'static str>>) -> Self {
        Self::any_of("state", states.into_iter().map(Into::<&'static str>::into))
    }

    pub fn at_most(column: &'static str, value: impl Display) -> Self {
        Self::new(column, FilterCondition::AtMost(value.to_string()))
    }

    pub fn at_least(column: &'static str, value: impl Display) -> Self {
        Self::new(column, FilterCondition::AtLeast(value.to_string()))
    }

    pub fn before(column: &'static str, value: impl Display) -> Self {
        Self::new(column, FilterCondition::Before(value.to_string()))
    }

    /// The row changed after this position.
    pub fn changed_after(position: i64) -> Self {
        Self::new("since", FilterCondition::After(position))
    }

    /// The column is a JSON list of texts, and this is one of them. The text has no quotes and no
    /// wildcards of `LIKE`.
    pub fn includes(column: &'static str, text: &str) -> Self {
        Self::new(column, FilterCondition::Includes(text.to_owned()))
    }

    /// The column contains a text, in any case.
    pub fn contains(column: &'static str, text: &str) -> Self {
        Self::new(column, FilterCondition::Contains(text.to_lowercase()))
    }

    /// The column of the row's grant has this value. Only columns that never change in a grant may
    /// be named, because its current version is read for any day.
    pub fn of_grant(column: &'static str, value: impl Display) -> Self {
        Self::new(column, FilterCondition::OfGrant(value.to_string()))
    }

    fn new(column: &'static str, condition: FilterCondition) -> Self {
        Self { column, condition }
    }

    /// The column and its values, if it is compared with several.
    pub(super) fn several_values(&self) -> Option<(&'static str, &[String])> {
        match &self.condition {
            FilterCondition::AnyOf(values) if values.len() > 1 => Some((self.column, values)),
            _ => None,
        }
    }

    /// The condition in SQL, on the row `v`.
    pub(super) fn condition_sql(&self, engine: Engine, values: &mut Bindings) -> String {
        let column = self.column;
        match &self.condition {
            FilterCondition::AnyOf(any) => match any.as_slice() {
                [value] => format!("v.{column} = {}", values.text(value)),
                any => engine.among(&format!("v.{column}"), &values.rows(&any)),
            },
            FilterCondition::AtMost(value) => format!("v.{column} <= {}", values.text(value)),
            FilterCondition::AtLeast(value) => format!("v.{column} >= {}", values.text(value)),
            FilterCondition::Before(value) => format!("v.{column} < {}", values.text(value)),
            FilterCondition::After(position) => {
                format!("v.{column} > {}", values.number(*position))
            }
            FilterCondition::Includes(text) => {
                format!("v.{column} LIKE {}", values.text(format!("%\"{text}\"%")))
            }
            FilterCondition::Contains(text) => format!(
                "lower(v.{column}) LIKE {} ESCAPE '!'",
                values.text(format!("%{}%", escape_wildcards(text)))
            ),
            FilterCondition::OfGrant(value) => format!(
                "v.grant_id IN (SELECT g.id FROM view_grants g WHERE g.organisation = $1 AND {} \
                    AND g.until = {CURRENT} AND g.{column} = {})",
                alias_in_live_generation("g", "grants"),
                values.text(value)
            ),
        }
    }
}

/// A text as a pattern of `LIKE` in which `!` takes the meaning from the next character.
pub(super) fn escape_wildcards(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escape = matches!(c, '%' | '_' | '!').then_some('!');
            escape.into_iter().chain([c])
        })
        .collect()
}
