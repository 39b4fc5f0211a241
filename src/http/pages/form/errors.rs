//! A form that was rejected: the entered values, and the errors by field.

use super::FormData;
use crate::http::problem::Problem;

/// A form that was rejected: the entered values, and the errors.
#[derive(Clone, Debug, Default)]
pub struct FormErrors {
    /// The form's name on its page.
    pub form: String,
    pub values: Vec<(String, String)>,
    /// Errors by field name. An empty name is an error of the form as a whole.
    pub errors: Vec<(String, String)>,
    pub status: u16,
}

impl FormErrors {
    /// From the problem of a command. The field is the one whose name matches the problem's path.
    pub fn from_problem(posted: &FormData, problem: &Problem) -> Self {
        let missing = problem
            .detail()
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split('`').next());
        let inner = missing
            .zip(problem.field())
            .map(|(missing, within)| format!("{within}.{missing}"));
        let inner = inner.filter(|path| {
            posted
                .pairs()
                .iter()
                .any(|(name, _)| name.split(':').next() == Some(path))
        });
        let field = inner
            .as_deref()
            .or(missing)
            .or(problem.field())
            .unwrap_or_default();
        let named = posted.pairs().iter().map(|(name, _)| name.as_str());
        // An error in an item of a list is shown at the field of the list.
        let whole = field.trim_end_matches(|c: char| c == '.' || c.is_ascii_digit());
        let path = |name: &&str| {
            name.split(':').next() == Some(field) || name.split(':').next() == Some(whole)
        };
        let field = named.clone().find(path).unwrap_or(field);
        let known = named.clone().any(|name| name == field);
        let says = match missing {
            Some(_) if known => "Fill this in, or choose one".to_owned(),
            _ => format!(
                "{}. {}",
                capitalise_first(problem.detail()),
                problem.advice()
            ),
        };
        let errors = vec![(
            if known {
                field.to_owned()
            } else {
                String::new()
            },
            says,
        )];
        Self {
            form: posted.text("form").to_owned(),
            values: posted.pairs().to_vec(),
            errors,
            status: problem.status(),
        }
    }

    /// From errors that the page's own validation found.
    pub fn new(form: &str, posted: &FormData, errors: Vec<(String, String)>) -> Self {
        Self {
            form: form.to_owned(),
            values: posted.pairs().to_vec(),
            errors,
            status: 422,
        }
    }
}

fn capitalise_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
