//! Bearer authentication of the API: the token in the header of a request.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};

use super::AppState;
use super::body_timeout::KeepAliveAllowed;
use super::problem::{ErrorCode, Problem};
use crate::auth::{AuthError, SignedIn};

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<AppState>>().cloned();
        let token = bearer_token(request);
        let request = request.clone();
        Box::pin(async move {
            let app =
                app.ok_or_else(|| ErrorCode::Internal.problem("the service is not set up"))?;
            let token =
                token.ok_or_else(|| ErrorCode::Unauthenticated.problem("the token is missing"))?;
            let claims = app.tokens.verify(&token)?;
            let (left, counted) = app.site.limits.ask(claims.sub);
            if let Some(left) = left {
                request.extensions_mut().insert(left);
            }
            counted?;
            request.extensions_mut().insert(KeepAliveAllowed);
            Ok(app.tokens.authenticate(&app.commands, claims).await?)
        })
    }
}

fn bearer_token(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::TokenExpired => ErrorCode::TokenExpired.problem(error.to_string()),
            AuthError::ForeignToken | AuthError::TokenEnded | AuthError::UnknownPerson => {
                ErrorCode::Unauthenticated.problem(error.to_string())
            }
            AuthError::Log(error) => error.into(),
        }
    }
}
