//! The fields that a visitor submitted, after the CSRF check.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest, ResponseError as _};

use crate::clock;
use crate::commands::IdempotencyKey;
use crate::domain::text::tidy;
use crate::http::AppState;
use crate::http::body_timeout::body_problem;
use crate::http::pages::{PageError, Visitor, csrf, kept_form, visitor};
use crate::http::problem::{ErrorCode, Problem};

/// The fields of a submitted form, by name and value, in their order.
#[derive(Clone, Debug, Default)]
pub struct FormData {
    pairs: Vec<(String, String)>,
}

/// The field of a password, which stays as it was typed.
const PASSWORD: &str = "password";

/// The field of a box that has to be ticked before the form is accepted.
pub const SURE: &str = "sure";

impl FormData {
    /// Whether the form has a box that has to be ticked, and it is not.
    pub fn lacks_tick(&self) -> bool {
        let sure = self.pairs.iter().filter(|(name, _)| name == SURE);
        let mut sure = sure.peekable();
        sure.peek().is_some() && !sure.any(|(_, value)| value == "yes")
    }

    fn from_body(body: &[u8]) -> Result<Self, PageError> {
        let pairs: Vec<(String, String)> = serde_html_form::from_bytes(body)
            .map_err(|_| ErrorCode::InvalidQuery.problem("part of the form did not reach us"))?;
        if pairs.iter().any(|(_, value)| value.contains('\0')) {
            return Err(ErrorCode::InvalidQuery
                .problem("this form has a character that we cannot save")
                .into());
        }
        Ok(Self::new(pairs))
    }

    /// The fields with their texts in normal form, except a password.
    pub(in crate::http::pages) fn new(mut pairs: Vec<(String, String)>) -> Self {
        for (name, value) in &mut pairs {
            if name.as_str() != PASSWORD {
                *value = tidy(value).into_owned();
            }
        }
        Self { pairs }
    }

    /// The trimmed value of a field; empty if the form has no such field.
    pub fn text(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.trim())
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.trim())
    }

    /// The idempotency key of the form: the key that was rendered with it, and a digest of its path
    /// and values. Submitting a form again is the same command; with other values it is refused.
    pub fn idempotency_key(&self, app: &AppState, path: &str) -> IdempotencyKey {
        let content: Vec<_> = self
            .pairs
            .iter()
            .filter(|(name, _)| name != "csrf")
            .collect();
        let content = format!(
            "{path}\n{}",
            serde_json::to_string(&content).unwrap_or_default()
        );
        let key = Some(self.text("key")).filter(|key| key.parse::<uuid::Uuid>().is_ok());
        let key = key.map_or_else(|| clock::new_id().to_string(), str::to_owned);
        IdempotencyKey::per_caller(
            key,
            app.commands.log().vault().request_hash(content.as_bytes()),
        )
    }

    pub(in crate::http::pages) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }
}

/// The problem of a form that could not be read. Only JSON has advice about JSON.
fn form_problem(error: &actix_web::Error) -> Problem {
    let problem = body_problem(error, "this is too much for one form");
    if problem.status() == StatusCode::BAD_REQUEST.as_u16() {
        ErrorCode::InvalidQuery.problem("part of the form did not reach us")
    } else {
        problem
    }
}

/// A submitted form with its visitor. Extracting it checks that the form was submitted from a page
/// of this service, so that a handler with this argument is safe from CSRF.
pub struct PostedForm {
    pub visitor: Visitor,
    pub posted: FormData,
}

impl FromRequest for PostedForm {
    type Error = PageError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (visitor, body) = (
            Visitor::from_request(request, payload),
            Bytes::from_request(request, payload),
        );
        let request = request.clone();
        Box::pin(async move {
            let visitor = match visitor.await {
                Err(PageError::Problem(problem))
                    if problem.status_code() == StatusCode::TOO_MANY_REQUESTS =>
                {
                    csrf::check_origin(&request)?;
                    let body = body.await.map_err(|error| form_problem(&error))?;
                    let pairs = serde_html_form::from_bytes(&body).unwrap_or_default();
                    return Err(PageError::rate_limited(
                        problem,
                        visitor::path_of(&request),
                        pairs,
                    ));
                }
                visitor => visitor?,
            };
            let body = body.await.map_err(|error| form_problem(&error))?;
            csrf::check_origin(&request)?;
            let posted = FormData::from_body(&body)?;
            let app = request
                .app_data::<web::Data<AppState>>()
                .ok_or_else(PageError::app_state_missing)?;
            kept_form::check_form(&request, app, &visitor, &posted).await?;
            Ok(Self { visitor, posted })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_their_normal_form() {
        let body = "name=Soup%09Club%E2%80%8B&words=one%0D%0Atwo%0Bthree&email=%C2%A0a%40b.org\
            &password=a%09b&blank=%E2%80%8B";
        let posted = FormData::from_body(body.as_bytes()).ok().unwrap();
        assert_eq!(posted.text("name"), "Soup Club");
        assert_eq!(posted.text("words"), "one\ntwo\nthree");
        assert_eq!(posted.text("email"), "a@b.org");
        assert_eq!(posted.text("password"), "a\tb");
        assert_eq!(posted.text("blank"), "", "nothing to read is nothing typed");
        let again = FormData::new(posted.pairs().to_vec());
        assert_eq!(again.pairs(), posted.pairs());
    }
}
