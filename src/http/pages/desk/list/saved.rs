//! Saving a list under a name, and deleting a saved view.

use actix_web::{HttpRequest, HttpResponse, web};

use super::definition::ListDefinition;
use crate::clock;
use crate::http::AppState;
use crate::http::pages::desk::render_page_at;
use crate::http::pages::{FormErrors, PageError, PostedForm, Visitor, see_other};
use crate::views::{NewSavedView, SavedViewRefusal};

/// Parameters that a view does not save: what was searched for may be a person's name.
const NOT_SAVED: [&str; 7] = ["q", "after", "before", "at", "select", "done", "list"];

/// Saves the list that the form describes, and shows it.
pub(in crate::http::pages::desk) async fn save(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let signed = visitor.require_staff()?;
    let list = ListDefinition::by_name(posted.text("list")).ok_or_else(PageError::not_found)?;
    let mut pairs: Vec<(String, String)> =
        serde_html_form::from_str(posted.text("query")).unwrap_or_default();
    pairs.retain(|(name, _)| !NOT_SAVED.contains(&name.as_str()));
    let query = serde_html_form::to_string(pairs).unwrap_or_default();
    let address = address_of(list, &query);
    if query.is_empty() {
        let says = "Add a filter, sort the list or choose other columns first. Then save the view";
        return rejected(&app, &visitor, &address, &posted, says.to_owned()).await;
    }
    let new = NewSavedView {
        list: list.name,
        name: posted.text("name"),
        query: &query,
        shared: posted.text("shared") == "yes",
    };
    let made = (clock::new_id(), app.commands.now());
    match app.views.save_view(&signed.reader, new, made).await? {
        Ok(()) => Ok(see_other(&address)),
        Err(refusal) => rejected(&app, &visitor, &address, &posted, refusal.to_string()).await,
    }
}

/// Deletes a saved view, and shows its list.
pub(in crate::http::pages::desk) async fn delete(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let signed = sent.visitor.require_staff()?;
    let id = request.match_info().query("view");
    match app.views.remove_view(&signed.reader, id).await? {
        Ok(view) => Ok(see_other(&format!("/desk/{}", view.list))),
        Err(SavedViewRefusal::NotOwner) => Err(PageError::forbidden()),
        Err(_) => Err(PageError::not_found()),
    }
}

fn address_of(list: &ListDefinition, query: &str) -> String {
    if query.is_empty() {
        list.path()
    } else {
        format!("{}?{query}", list.path())
    }
}

async fn rejected(
    app: &AppState,
    visitor: &Visitor,
    address: &str,
    posted: &crate::http::pages::FormData,
    says: String,
) -> Result<HttpResponse, PageError> {
    let errors = FormErrors::new("save-view", posted, vec![("name".to_owned(), says)]);
    render_page_at(app, visitor, address, Some(errors)).await
}
