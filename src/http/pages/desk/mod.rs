//! The desk: pages for staff and auditors.
//!
//! # Reading
//!
//! One route shows all pages; [`render_page_at`] selects the page by its path. A form with errors
//! is rendered on the page that it belongs to, by the same function.
//!
//! # Writing
//!
//! Each command has its own address under `/desk/do`. The form becomes the same command as a
//! request to the API.

mod accesses;
mod action;
mod aim_texts;
mod aims;
mod application;
mod application_actions;
mod applications;
mod assets;
mod assisted_entry;
mod bank;
mod barriers;
mod by_hand;
mod changes;
mod confirmations;
mod consents;
mod contacts;
mod dashboard;
mod erasable_people;
mod erase;
mod erasures;
mod event_log;
mod event_words;
mod figures;
mod find;
mod find_people;
mod form_draft;
mod form_editor;
mod fund;
mod fund_actions;
mod fund_words;
mod funds;
mod gatherings;
mod grant;
mod grant_actions;
mod grant_news;
mod grants;
mod group;
mod group_actions;
mod group_members;
mod group_merge;
mod groups;
mod header;
mod history;
mod import;
mod introductions;
mod learning;
mod list;
mod mail_texts;
mod network;
mod next_step;
mod notice_texts;
mod notices;
mod on_behalf;
mod open_data;
mod outbox;
mod panel;
mod papers;
mod payment_actions;
mod payments;
mod people;
mod person_actions;
mod pledges;
mod readiness;
mod round_chart;
mod rounds;
mod routes;
mod settings;
mod settlements;
mod setup;
mod signs;
mod spreadsheets;
mod statement;
mod statement_links;
mod steps;
mod submit_command;
mod tallies;
mod tell;
mod text_list;
mod texts;
mod themes;
mod undo;
mod update_actions;
mod updates;
mod value;
mod webhooks;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
pub(super) use applications::opening_address as applications_address;
use askama::Template;
pub(super) use header::{forget_header, kept_header};
use history::{HistoryEntry, history};
use jiff::civil::Date;
pub(super) use list::rows_by_id;
pub(super) use routes::configure;

use super::form::FieldLabels;
use super::words::capitalised;
use super::{FormErrors, PageContext, PageError, PageForms, Visitor};
use crate::auth::SignedIn;
use crate::clock::day_of;
use crate::domain::{Organisation, PersonId, days};
use crate::http::AppState;
use crate::http::problem::ErrorCode;
use crate::projections::PersonRow;
use crate::views::{AsAt, ParseAsAtError, PersonView, Reader, TableRow};

/// A request for a page of the desk.
pub(super) struct DeskRequest<'a> {
    pub app: &'a AppState,
    pub visitor: &'a Visitor,
    pub signed: &'a SignedIn,
    /// The page's path, without its query.
    pub path: String,
    pub query: Vec<(String, String)>,
    rejected: Option<FormErrors>,
    /// The labels of the rejected form's fields, once the page is rendered.
    labels: FieldLabels,
}

impl<'a> DeskRequest<'a> {
    /// A request for the page at `address`, with the entered values and errors of a rejected form,
    /// or with the values of a form that was kept, if any. Fails for visitors who are not staff.
    fn new(
        app: &'a AppState,
        visitor: &'a Visitor,
        address: &str,
        rejected: Option<FormErrors>,
    ) -> Result<Self, PageError> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let query: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
        if query.iter().any(|(_, value)| value.contains('\0')) {
            return Err(ErrorCode::InvalidQuery
                .problem("this has a character that we cannot search for")
                .into());
        }
        Ok(Self {
            app,
            visitor,
            signed: visitor.require_staff_at(path)?,
            path: path.to_owned(),
            query,
            rejected: rejected.or_else(|| visitor.kept.clone()),
            labels: FieldLabels::default(),
        })
    }

    pub fn text(&self, name: &str) -> &str {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.trim())
    }

    pub fn all(&self, name: &str) -> Vec<String> {
        self.query
            .iter()
            .filter(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// A day in the query, limited to the days that the service accepts.
    pub fn day(&self, name: &str) -> Option<Date> {
        let today = day_of(self.app.commands.now());
        self.text(name)
            .parse()
            .ok()
            .map(|day: Date| day.clamp(days::EARLIEST_DAY, days::latest_day(today)))
    }

    /// The position of `as_at` in the query: the last position of a day, or a position itself.
    /// `None` if the query has no `as_at`.
    pub async fn as_at(&self) -> Result<Option<i64>, PageError> {
        let text = self.text("as_at");
        if text.is_empty() {
            return Ok(None);
        }
        let as_at: AsAt = text.parse().map_err(|error: ParseAsAtError| {
            ErrorCode::InvalidQuery
                .problem(error.to_string())
                .with_field("as_at")
        })?;
        Ok(Some(self.app.views.position_as_at(as_at).await?))
    }

    /// The page's address with its query, without the parameter of the notice.
    pub fn address(&self) -> String {
        self.address_without(&[])
    }

    /// The page's address without some parameters of its query, and without that of the notice.
    pub fn address_without(&self, parameters: &[&str]) -> String {
        let is_kept = |name: &str| name != "done" && !parameters.contains(&name);
        let kept: Vec<_> = self
            .query
            .iter()
            .filter(|(name, value)| is_kept(name) && !value.is_empty())
            .collect();
        let query = serde_html_form::to_string(kept).unwrap_or_default();
        if query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{query}", self.path)
        }
    }

    pub fn forms(&self) -> PageForms {
        PageForms::new(self.visitor, self.rejected.clone())
            .with_address(&self.address())
            .with_labels(self.labels.clone())
    }

    pub async fn page_context(&self, title: &str) -> Result<PageContext, PageError> {
        let mut shell = PageContext::load(self.visitor, self.app, title).await?;
        shell.at_desk = true;
        shell.path.clone_from(&self.path);
        shell.has_errors = self
            .rejected
            .as_ref()
            .is_some_and(|rejected| !rejected.errors.is_empty());
        shell.notice = match notices::counted_notice(self).await? {
            Some(notice) => Some(notice),
            None => notices::notice_text(self.text("done"), &self.path),
        };
        shell.mailed = notices::mailed(self).await?;
        shell.undo = undo::undo_button(self).await?;
        shell.desk_header = header::header_of(self).await?;
        Ok(shell)
    }

    pub fn render(&self, template: &impl Template) -> Result<HttpResponse, PageError> {
        let status = self
            .rejected
            .as_ref()
            .map_or(200, |rejected| rejected.status);
        let status = actix_web::http::StatusCode::from_u16(status)
            .unwrap_or(actix_web::http::StatusCode::UNPROCESSABLE_ENTITY);
        super::render_to(HttpResponse::build(status), template)
    }

    /// The record with this id, or the page that says that there is none.
    pub async fn row<T: TableRow>(&self, id: impl std::fmt::Display) -> Result<T, PageError> {
        let found = self.app.views.find(id, None).await?;
        found.ok_or_else(PageError::not_found)
    }

    /// The people who hold a role, or for whom one is proposed, in the order of their ids.
    pub async fn people_with_roles(&self) -> Result<Vec<PersonRow>, PageError> {
        let organisation = self.app.commands.organisation().0;
        let known = self
            .app
            .commands
            .log()
            .refresh::<Organisation>(organisation)
            .await?
            .state;
        let ids = known.people_with_roles();
        let ids = ids.iter().map(ToString::to_string).collect();
        let mut rows = self.app.views.people(ids).await?;
        rows.retain(people::has_roles);
        Ok(rows)
    }

    /// The names of people, as far as the reader may see them.
    pub async fn names_of_people(
        &self,
        ids: impl IntoIterator<Item = PersonId>,
    ) -> Result<PersonNames, PageError> {
        let rows = self.people_rows(ids).await?;
        self.names_for_reader(&self.signed.reader, rows).await
    }

    /// The names of colleagues, without the reader's limits: staff know each other's names.
    pub async fn names_of_colleagues(
        &self,
        ids: impl IntoIterator<Item = PersonId>,
    ) -> Result<PersonNames, PageError> {
        let rows = self.people_rows(ids).await?;
        self.names_for_reader(&Reader::service(), rows).await
    }

    /// The names of people whom officers and connectors work with. Others see them as far as they
    /// see people.
    pub async fn names_of_neighbours(
        &self,
        ids: impl IntoIterator<Item = PersonId>,
    ) -> Result<PersonNames, PageError> {
        if self.signed.reader.works_with_people() {
            self.names_of_colleagues(ids).await
        } else {
            self.names_of_people(ids).await
        }
    }

    /// The names of people who did something with a record: colleagues without the reader's limits,
    /// others within them. Those who work with people see the names of all.
    pub async fn names_of_actors(
        &self,
        ids: impl IntoIterator<Item = PersonId>,
    ) -> Result<PersonNames, PageError> {
        let rows = self.people_rows(ids).await?;
        let (colleagues, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(people::has_roles);
        let reader = if self.signed.reader.works_with_people() {
            Reader::service()
        } else {
            self.signed.reader.clone()
        };
        let others = self.names_for_reader(&reader, others).await?;
        let colleagues = self
            .names_for_reader(&Reader::service(), colleagues)
            .await?;
        Ok(others.and(colleagues))
    }

    async fn people_rows(
        &self,
        ids: impl IntoIterator<Item = PersonId>,
    ) -> Result<Vec<PersonRow>, PageError> {
        let ids: std::collections::BTreeSet<String> =
            ids.into_iter().map(|id| id.to_string()).collect();
        Ok(self.app.views.people(ids.into_iter().collect()).await?)
    }

    async fn names_for_reader(
        &self,
        reader: &Reader,
        rows: Vec<PersonRow>,
    ) -> Result<PersonNames, PageError> {
        let seen = self.app.views.decrypt_people(reader, rows).await?;
        let names = seen.into_iter().map(|seen| {
            let nameless = nameless(&seen).to_owned();
            (seen.id.to_string(), seen.name.unwrap_or(nameless))
        });
        Ok(PersonNames(names.collect()))
    }
}

/// The name in place of one that the reader may not see or that was erased.
fn nameless(seen: &PersonView) -> &'static str {
    match (seen.roles.is_empty(), seen.groups.is_empty()) {
        (true, false) => "Someone in the group",
        (true, true) => "Someone without a role",
        (false, _) => "A colleague",
    }
}

/// Names of people by their ids.
pub(super) struct PersonNames(BTreeMap<String, String>);

impl PersonNames {
    /// These names and those, which count where both have a person.
    pub fn and(mut self, Self(more): Self) -> Self {
        self.0.extend(more);
        self
    }

    pub fn of(&self, id: &(impl std::fmt::Display + ?Sized)) -> String {
        let id = id.to_string();
        match id.as_str() {
            "operator" => "The technical team".to_owned(),
            "job" => "The service".to_owned(),
            _ => self
                .0
                .get(&id)
                .cloned()
                .unwrap_or_else(|| "Someone".to_owned()),
        }
    }
}

async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let address = request
        .uri()
        .path_and_query()
        .map_or_else(|| "/desk".to_owned(), ToString::to_string);
    let mut response = render_page_at(&app, &visitor, &address, None).await?;
    visitor.set_new_key_cookie(&app, &mut response);
    Ok(response)
}

/// Renders a page of the desk, with the entered values and errors of a rejected form, if any.
pub(super) async fn render_page_at(
    app: &AppState,
    visitor: &Visitor,
    address: &str,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let labels = FieldLabels::default();
    // Boxed, as it is as large as the largest page.
    let page = Box::pin(render_with_labels(
        app,
        visitor,
        address,
        rejected.clone(),
        &labels,
    ))
    .await?;
    // The labels of the fields are known once the page is rendered, and its errors name them.
    match rejected.filter(FormErrors::lacks_labels) {
        Some(rejected) => {
            let named = Some(rejected.named_by(&labels));
            Box::pin(render_with_labels(app, visitor, address, named, &labels)).await
        }
        None => Ok(page),
    }
}

/// The page, whose forms record the labels of a rejected form's fields.
async fn render_with_labels(
    app: &AppState,
    visitor: &Visitor,
    address: &str,
    rejected: Option<FormErrors>,
    labels: &FieldLabels,
) -> Result<HttpResponse, PageError> {
    let request = DeskRequest {
        labels: labels.clone(),
        ..DeskRequest::new(app, visitor, address, rejected)?
    };
    let path = request.path.clone();
    let steps: Vec<&str> = path
        .trim_start_matches("/desk")
        .trim_matches('/')
        .split('/')
        .collect();
    match steps.as_slice() {
        [""] => dashboard::show(&request).await,
        ["setup", rest @ ..] => setup::show_page(&request, rest).await,
        ["applications"] => applications::show(&request).await,
        ["applications", "new"] => assisted_entry::show(&request).await,
        ["applications", id] => application::show(&request, id).await,
        ["panel", rest @ ..] => panel::show(&request, rest).await,
        ["grants"] => grants::show(&request).await,
        ["grants", id] => grant::show(&request, id).await,
        ["grants", id, "agreement"] => grant::show_agreement(&request, id).await,
        ["erase", noun, id] => erase::show(&request, noun, id).await,
        ["payments"] => payments::show(&request).await,
        ["bank"] => bank::show(&request).await,
        ["updates"] => updates::list(&request).await,
        ["updates", grant, number] => updates::show(&request, grant, number).await,
        ["groups"] => groups::show(&request).await,
        ["groups", id, "tallies"] => tallies::show_group(&request, id).await,
        ["groups", id, "slips"] => tallies::group_slips(&request, id).await,
        ["groups", id, "held"] => group::subject_access(&request, id).await,
        ["groups", id, "member"] => group_members::show(&request, id).await,
        ["groups", id, "merge"] => group_merge::show(&request, id).await,
        ["groups", id] => group::show(&request, id).await,
        ["funds"] => funds::show(&request).await,
        ["funds", "new"] => funds::show_new(&request).await,
        ["funds", id, "words"] => fund_words::show(&request, id).await,
        ["funds", id, "rounds", "new"] => rounds::show_new(&request, id).await,
        ["funds", id, "statement"] => statement::show(&request, id).await,
        ["funds", id] => fund::show(&request, id).await,
        ["gatherings", rest @ ..] => gatherings::show_page(&request, rest).await,
        ["assets", rest @ ..] => assets::show_page(&request, rest).await,
        ["introductions", rest @ ..] => introductions::show_page(&request, rest).await,
        ["barriers", rest @ ..] => barriers::show_page(&request, rest).await,
        ["aims"] => aims::show(&request).await,
        ["learning", rest @ ..] => learning::show_page(&request, rest).await,
        ["funders", funder] => statement::show_funder(&request, funder).await,
        ["people"] => people::list(&request).await,
        ["people", id, "held"] => people::subject_access(&request, id).await,
        ["people", id] => people::show(&request, id).await,
        ["tell"] => tell::list(&request).await,
        ["tell", id] => tell::show(&request, id).await,
        ["tell", id, "letter"] => tell::letter(&request, id).await,
        ["erasures"] => erasures::show(&request).await,
        ["texts", rest @ ..] => show_texts(&request, rest).await,
        ["import"] => import::show(&request).await,
        ["open-data"] => open_data::show(&request).await,
        ["find"] => find::show(&request).await,
        ["figures"] => figures::show(&request).await,
        ["network"] => network::show(&request).await,
        ["network", "file"] => network::download(&request).await,
        ["value"] => value::show(&request).await,
        ["sheets", list] => spreadsheets::show(&request, list).await,
        ["settings"] => settings::show(&request).await,
        ["webhooks"] => webhooks::show(&request).await,
        ["log"] => event_log::list(&request).await,
        ["log", position] => event_log::show(&request, position).await,
        ["log", position, "proof"] => event_log::proof(&request, position).await,
        _ => Err(PageError::not_found()),
    }
}

/// The page of one of the organisation's texts and lists.
async fn show_texts(request: &DeskRequest<'_>, rest: &[&str]) -> Result<HttpResponse, PageError> {
    match rest {
        [] => texts::list(request).await,
        ["signs"] => signs::show(request).await,
        ["themes"] => themes::show(request).await,
        ["notices"] => notice_texts::show(request).await,
        ["pledges"] => pledges::show(request).await,
        ["aims"] => aim_texts::show(request).await,
        ["form"] => form_editor::show_form(request).await,
        ["agreement"] => texts::show_agreement(request).await,
        ["report"] => texts::show_report(request).await,
        ["mails"] => outbox::show_outbox(request).await,
        ["mail", kind] => mail_texts::show(request, kind).await,
        _ => Err(PageError::not_found()),
    }
}

/// The label of a state or of another enum value: `in_assessment` becomes "in assessment".
pub(super) fn label_of(state: impl Into<&'static str>) -> String {
    state.into().replace('_', " ")
}

/// How an application came, in the middle of a sentence.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "a template passes references"
)]
fn channel_name(channel: &crate::domain::application::Channel) -> &'static str {
    use crate::domain::application::Channel as C;
    match channel {
        C::Web => "online",
        C::Phone => "by phone",
        C::Paper => "on paper",
        C::InPerson => "in person",
    }
}

/// Where the money of a payment goes.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "a template passes references"
)]
fn payment_route_name(route: &crate::domain::payee::PaymentRoute) -> &'static str {
    use crate::domain::payee::PaymentRoute as R;
    match route {
        R::OwnAccount => "The group’s own account",
        R::HoldingBody => "Another organisation holds the money",
        R::PurchaseForGroup => "We buy for the group",
    }
}

/// The word for the stored state of an application.
fn application_word(state: &str) -> &'static str {
    use crate::http::pages::words::Tagged as _;
    state
        .parse::<crate::domain::application::ApplicationState>()
        .map_or("", |state| state.word())
}

/// The word for the stored state of a grant.
fn grant_word(state: &str) -> &'static str {
    use crate::http::pages::words::Tagged as _;
    state
        .parse::<crate::domain::grant::GrantState>()
        .map_or("", |state| state.word())
}

/// Choices with labels made from the keys.
pub(super) fn choices<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<(String, String)> {
    keys.into_iter()
        .map(|key| (key.to_owned(), capitalised(&key.replace(['_', '-'], " "))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_said_in_words() {
        assert_eq!(
            label_of(crate::domain::application::ApplicationState::InAssessment),
            "in assessment"
        );
    }

    #[test]
    fn labels_of_choices_begin_with_a_capital() {
        let labels = choices(["yes", "helped_to_word"]);
        let pair = |key: &str, label: &str| (key.to_owned(), label.to_owned());
        assert_eq!(
            labels,
            [pair("yes", "Yes"), pair("helped_to_word", "Helped to word")]
        );
    }
}
