//! The pages of texts that staff write: the form's questions, the agreement, the list of mail
//! texts, the public report; and the outbox.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use strum::VariantArray as _;

use super::action::{Action, ActionSpec, sample};
use super::{DeskRequest, choices, submit_command};
use crate::domain::language::Language;
use crate::domain::mail::MailKind;
use crate::domain::organisation::{
    PublishAgreement, PublishForm, PublishReport, Question, QuestionTranslation,
};
use crate::domain::text::Slug;
use crate::domain::{Command, OrganisationCommand as C, Role};
use crate::http::AppState;
use crate::http::pages::form::slug_of;
use crate::http::pages::sign_in::format_instant;
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, PostedForm, ownership, see_other,
};
use crate::outbox;
use crate::projections::{FundRow, GrantRow, OrganisationRow, UpdateRow};
use crate::views::{Filter, PageRequest};

/// The number of empty questions at the end of the form.
const NEW_QUESTIONS: usize = 3;

#[derive(Template)]
#[template(path = "desk/texts.html")]
struct TextsPage {
    page: PageContext,
    mails: Vec<MailTextStatus>,
    own: OrganisationRow,
}

/// A mail in the list, and the state of its texts.
struct MailTextStatus {
    key: &'static str,
    says: String,
    /// Whether staff published texts of their own that are in use, and whether some are published
    /// and not in use.
    own: bool,
    unused: bool,
    /// A proposed text waits for a second administrator.
    waits: bool,
}

impl MailTextStatus {
    fn of(kind: MailKind, own: &OrganisationRow) -> Self {
        let key: &str = kind.into();
        let (used, unused): (Vec<_>, Vec<_>) = own
            .mail_texts
            .iter()
            .filter(|text| text.mail == kind)
            .partition(|text| text.unused_reason().is_none());
        let waits = own.proposed_mail_texts.iter().any(|text| text.mail == kind);
        Self {
            key,
            says: mail_kind_label(key),
            own: !used.is_empty(),
            unused: !unused.is_empty(),
            waits,
        }
    }
}

pub(super) async fn organisation(asked: &DeskRequest<'_>) -> Result<OrganisationRow, PageError> {
    asked
        .desk
        .views
        .find(asked.desk.commands.organisation(), None)
        .await?
        .ok_or_else(PageError::not_found)
}

pub(super) fn require_editor(asked: &DeskRequest<'_>) -> Result<(), PageError> {
    let may = [Role::Officer, Role::Administrator]
        .iter()
        .any(|role| asked.signed.reader.roles.contains(role));
    if may {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

pub(super) async fn list(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let own = organisation(asked).await?;
    let mails = MailKind::VARIANTS
        .iter()
        .map(|kind| MailTextStatus::of(*kind, &own))
        .collect();
    let page = TextsPage {
        page: asked.page_context("Texts").await?,
        mails,
        own,
    };
    asked.render(&page)
}

#[derive(Template)]
#[template(path = "desk/form.html")]
struct FormEditorPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    version: u32,
    questions: Vec<QuestionFieldNames>,
    yes_no: Vec<(String, String)>,
    places: Vec<(String, String)>,
}

/// The names of the fields of one question.
struct QuestionFieldNames {
    place: String,
    key: String,
    label: String,
    help: String,
    required: String,
    label_pl: String,
    help_pl: String,
    /// The question is in the form and has no translation.
    english_only: bool,
}

impl QuestionFieldNames {
    fn of(at: usize, form: &Form) -> Self {
        let [place, key, label, help, required, label_pl, help_pl] = [
            "place", "key", "label", "help", "required", "label-pl", "help-pl",
        ]
        .map(|name| field_name(name, at));
        let english_only = !form.value(&label).is_empty() && form.value(&label_pl).is_empty();
        Self {
            place,
            key,
            label,
            help,
            required,
            label_pl,
            help_pl,
            english_only,
        }
    }
}

/// The name of a field of the question at index `at`.
fn field_name(name: &str, at: usize) -> String {
    format!("{name}-{at}")
}

pub(super) async fn show_form(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_editor(asked)?;
    let own = organisation(asked).await?;
    let forms = asked.forms();
    let mut form = forms.form("questions");
    for (at, question) in own.form.iter().enumerate() {
        let polish = question.other_languages.get(&Language::Pl);
        let known = [
            ("key", question.question.to_string()),
            ("label", question.label.to_string()),
            ("help", question.help.to_string()),
            (
                "required",
                if question.required { "yes" } else { "no" }.to_owned(),
            ),
            ("place", (at + 1).to_string()),
            (
                "label-pl",
                polish
                    .map(|polish| polish.label.to_string())
                    .unwrap_or_default(),
            ),
            (
                "help-pl",
                polish
                    .map(|polish| polish.help.to_string())
                    .unwrap_or_default(),
            ),
        ];
        for (name, value) in known {
            form = form.prefill(&field_name(name, at), &value);
        }
    }
    let count = own.form.len() + NEW_QUESTIONS;
    let places: Vec<_> = std::iter::once((String::new(), "leave it out".to_owned()))
        .chain((1..=count).map(|at| (at.to_string(), format!("place {at}"))))
        .collect();
    let page = FormEditorPage {
        page: asked.page_context("The questions").await?,
        wrong: forms.error_summary(),
        questions: (0..count)
            .map(|at| QuestionFieldNames::of(at, &form))
            .collect(),
        form,
        version: own.form_version,
        yes_no: choices(["yes", "no"]),
        places,
    };
    asked.render(&page)
}

/// Publishes the questions as the form's next version. Applications that were started before remain
/// on their version.
pub(super) async fn publish_form(
    sent: PostedForm,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let back = "/desk/texts/form";
    let mut wrong = Vec::new();
    let mut questions: Vec<(u32, Question)> = Vec::new();
    for at in 0..60 {
        let text = |name: &str| posted.text(&field_name(name, at));
        let Ok(place) = text("place").parse::<u32>() else {
            if text("key").is_empty() && !text("label").is_empty() {
                wrong.push((
                    field_name("place", at),
                    format!("Choose where “{}” stands, or empty it", text("label")),
                ));
            }
            continue;
        };
        if text("label").is_empty() {
            wrong.push((
                field_name("label", at),
                "Write the question, or choose “leave it out”".to_owned(),
            ));
            continue;
        }
        if !matches!(text("required"), "yes" | "no") {
            wrong.push((
                field_name("required", at),
                format!("Say whether “{}” must be answered", text("label")),
            ));
            continue;
        }
        let key = if text("key").is_empty() {
            new_question_key(text("label"))
        } else {
            slug_of(text("key"))
        };
        let translated = match (text("label-pl").parse(), text("help-pl").parse()) {
            (Ok(label), Ok(help)) => [(Language::Pl, QuestionTranslation { label, help })].into(),
            _ if text("label-pl").is_empty() && text("help-pl").is_empty() => {
                std::collections::BTreeMap::new()
            }
            (label, _) => {
                let lacks = if label.is_err() {
                    "label-pl"
                } else {
                    "help-pl"
                };
                wrong.push((
                    field_name(lacks, at),
                    "Write both the question and its help in Polish, or neither".to_owned(),
                ));
                continue;
            }
        };
        match (key.parse(), text("label").parse(), text("help").parse()) {
            (Ok(question), Ok(label), Ok(help)) => {
                let required = text("required") == "yes";
                questions.push((
                    place,
                    Question {
                        question,
                        label,
                        help,
                        required,
                        other_languages: translated,
                    },
                ));
            }
            (Err(_), ..) => wrong.push((
                field_name("key", at),
                "A key has small letters, digits and hyphens".to_owned(),
            )),
            (_, Err(_), _) => wrong.push((
                field_name("label", at),
                "This question is too long. Use at most 140 letters".to_owned(),
            )),
            _ => wrong.push((
                field_name("help", at),
                format!("Write some words of help for “{}”", text("label")),
            )),
        }
    }
    questions.sort_by_key(|(place, _)| *place);
    if !wrong.is_empty() {
        return super::render_page_at(
            &desk,
            &visitor,
            back,
            Some(FormErrors::new("questions", &posted, wrong)),
        )
        .await;
    }
    let questions = questions
        .into_iter()
        .map(|(_, question)| question)
        .collect();
    let command = Command::Organisation(
        desk.commands.organisation(),
        C::PublishForm(PublishForm { questions }),
    );
    submit_command::execute(
        &desk,
        &visitor,
        &posted,
        command,
        "publish-form",
        back,
        |_| back.to_owned(),
    )
    .await
}

/// A key for a new question, from its first words.
fn new_question_key(label: &str) -> String {
    let key = slug_of(label);
    let words: Vec<_> = key.split('-').take(4).collect();
    format!("q-{}", words.join("-")).chars().take(40).collect()
}

#[derive(Template)]
#[template(path = "desk/act_page.html")]
struct ActionsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    says: String,
    acts: Vec<Action>,
    words: Vec<(String, String)>,
}

pub(super) async fn show_agreement(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_editor(asked)?;
    let own = organisation(asked).await?;
    let forms = asked.forms();
    let publish = C::PublishAgreement(PublishAgreement {
        text: sample("text"),
    });
    let publish = Command::Organisation(asked.desk.commands.organisation(), publish);
    let publish = ActionSpec::new("Publish the next version", publish)
        .text_area("text", "The agreement")
        .prefill(&own.agreement);
    let says = format!(
        "This is version {}. Grants that were offered keep the version that they were offered with.",
        own.agreement_version
    );
    let page = ActionsPage {
        page: asked.page_context("The agreement").await?,
        wrong: forms.error_summary(),
        says,
        acts: asked.actions(&forms, vec![publish]).await?,
        words: vec![("As it stands".to_owned(), own.agreement)],
    };
    asked.render(&page)
}

/// The public report: a form for each area, and what groups wrote that they learned.
pub(super) async fn show_report(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_editor(asked)?;
    let own = organisation(asked).await?;
    let forms = asked.forms();
    let funds: Vec<FundRow> = asked
        .desk
        .views
        .list(None, Vec::new(), &PageRequest::up_to_max())
        .await?
        .items;
    let areas: std::collections::BTreeSet<Slug> =
        funds.into_iter().flat_map(|fund| fund.areas).collect();
    let table = areas.iter().map(|area| report_action(asked, &own, area));
    let page = ActionsPage {
        page: asked.page_context("The public report").await?,
        wrong: forms.error_summary(),
        says: "Nothing that a group typed becomes public by itself: write the report in your own words. What groups said was hard stands below.".to_owned(),
        acts: asked.actions(&forms, table.collect()).await?,
        words: learned_texts(asked).await?,
    };
    asked.render(&page)
}

/// Publishing the report of one area. The page is for editors only.
fn report_action(asked: &DeskRequest<'_>, own: &OrganisationRow, area: &Slug) -> ActionSpec {
    let known = own.reports.get(area);
    let text = |pick: fn(&crate::projections::AreaReportRow) -> &String| {
        known.map(|report| pick(report).clone()).unwrap_or_default()
    };
    let publish = C::PublishReport(PublishReport {
        area: area.clone(),
        context: sample("context"),
        hard: sample("hard"),
        lessons: sample("lessons"),
    });
    let publish = Command::Organisation(asked.desk.commands.organisation(), publish);
    let public = "The public reads this.";
    ActionSpec::new(format!("Publish what the report says of {area}"), publish)
        .form(format!("report-{area}"))
        .hidden("area", area)
        .text_area("context", "The place, and what was set out to do")
        .hint(public)
        .prefill(text(|report| &report.context))
        .text_area("hard", "What was hard")
        .hint(public)
        .prefill(text(|report| &report.hard))
        .text_area("lessons", "What we learned")
        .hint(public)
        .prefill(text(|report| &report.lessons))
        .unchecked()
}

async fn learned_texts(asked: &DeskRequest<'_>) -> Result<Vec<(String, String)>, PageError> {
    let rows = asked
        .desk
        .views
        .list::<UpdateRow>(
            None,
            vec![Filter::in_state(["received", "accepted"])],
            &PageRequest {
                after: None,
                limit: 200,
            },
        )
        .await?
        .items;
    let seen = asked
        .desk
        .views
        .decrypt_updates(asked.signed.reader.may_read_words(), true, rows)
        .await?;
    let mut words = Vec::new();
    for update in seen {
        let Some(learned) = update.learned else {
            continue;
        };
        let grant: Option<GrantRow> = asked.desk.views.find(update.grant, None).await?;
        words.extend(grant.map(|grant| (format!("{} ({})", grant.title, grant.area), learned)));
    }
    Ok(words)
}

pub(super) fn mail_kind_label(key: &str) -> String {
    key.replace('_', " ")
}

#[derive(Template)]
#[template(path = "desk/outbox.html")]
struct OutboxPage {
    page: PageContext,
    filter: Form,
    states: Vec<(String, String)>,
    rows: Vec<OutboxMailView>,
}

struct OutboxMailView {
    id: String,
    kind: String,
    state: String,
    to: String,
    when: String,
    tries: i64,
    error: String,
    again: Option<Form>,
}

pub(super) async fn show_outbox(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_editor(asked)?;
    let state = asked.text("state");
    let rows = outbox::newest(asked.desk.commands.log(), state, 100).await?;
    let people = asked
        .names_of_people(
            rows.iter()
                .filter_map(|row| row.person.parse().ok().map(crate::domain::PersonId)),
        )
        .await?;
    let forms = asked.forms();
    let seen = |row: outbox::MailRow| OutboxMailView {
        again: (row.state == "failed").then(|| forms.form("again")),
        kind: mail_kind_label(&row.kind),
        to: people.of(&row.person),
        when: format_instant(row.sent_at.unwrap_or(row.made_at)),
        tries: row.tries,
        error: row.error.unwrap_or_default(),
        id: row.id,
        state: row.state,
    };
    let page = OutboxPage {
        page: asked.page_context("Mails").await?,
        filter: forms.form("filter").prefill("state", state),
        states: super::choices_or_none("all", ["due", "claimed", "sent", "dropped", "failed"]),
        rows: rows.into_iter().map(seen).collect(),
    };
    asked.render(&page)
}

/// Makes a failed mail due again.
pub(super) async fn resend_mail(
    request: HttpRequest,
    sent: PostedForm,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, .. } = sent;
    let reader = &visitor.require_staff()?.reader;
    if !reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let id = ownership::parse_uuid(request.match_info().query("mail"))?.to_string();
    let now = desk.commands.now().as_microsecond();
    outbox::retry(desk.commands.log(), &id, now).await?;
    Ok(see_other("/desk/texts/mails?done=try-again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_question_gets_a_key_that_can_be_read_out() {
        assert_eq!(
            new_question_key("What would you like to do?"),
            "q-what-would-you-like"
        );
        assert!(new_question_key("Żółć").parse::<Slug>().is_ok());
    }
}
