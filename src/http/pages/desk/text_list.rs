//! What the pages of texts in a list have in common, such as signs and themes: only administrators
//! change them, each has a key that is made from its name, and they are published together.

use actix_web::HttpResponse;

use super::texts::organisation;
use super::{DeskRequest, setup, submit_command};
use crate::domain::{Command, OrganisationCommand, Role};
use crate::http::AppState;
use crate::http::pages::form::slug_of;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::{FormErrors, PageError, PostedForm};
use crate::projections::OrganisationRow;

/// The longest key that is made from a name.
const KEY_MAX: usize = 40;

/// A page of texts in a list.
pub(super) struct TextListPage {
    /// The address of the page.
    pub path: &'static str,
    /// The name of its form.
    pub form: &'static str,
    /// The name of the command that publishes the texts.
    pub command: &'static str,
}

/// The name of a field of the text at an index.
pub(super) fn field_name(name: &str, at: usize) -> String {
    format!("{name}-{at}")
}

/// The key of a new text, made from its name.
pub(super) fn key_of(name: &str) -> String {
    let key: String = slug_of(name).chars().take(KEY_MAX).collect();
    key.trim_end_matches('-').to_owned()
}

/// The organisation with its texts, for an administrator.
pub(super) async fn known_texts(request: &DeskRequest<'_>) -> Result<OrganisationRow, PageError> {
    if !request.signed.reader.roles.contains(&Role::Administrator) {
        return Err(PageError::forbidden());
    }
    organisation(request).await
}

impl TextListPage {
    /// Publishes the texts, or shows the page again with what is wrong. While the set-up goes on,
    /// its list follows.
    pub(super) async fn publish(
        &self,
        app: &AppState,
        sent: PostedForm,
        texts: Result<OrganisationCommand, FieldErrors>,
    ) -> Result<HttpResponse, PageError> {
        let PostedForm { visitor, posted } = sent;
        let command = match texts {
            Ok(command) => Command::Organisation(app.commands.organisation(), command),
            Err(wrong) => {
                let rejected = FormErrors::new(self.form, &posted, wrong);
                return super::render_page_at(app, &visitor, self.path, Some(rejected)).await;
            }
        };
        let next = setup::page_after(app, &visitor, self.path).await?;
        submit_command::execute(
            app,
            &visitor,
            &posted,
            command,
            self.command,
            self.path,
            |_| next.to_owned(),
        )
        .await
    }
}
