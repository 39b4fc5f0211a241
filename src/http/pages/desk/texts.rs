//! The pages of texts that staff write: the form's questions, the agreement, the list of mail
//! texts, the public report; and the outbox.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use strum::VariantArray as _;

use super::act::{Act, Offered, shown};
use super::{Asked, choices, send};
use crate::domain::language::Language;
use crate::domain::mail::MailKind;
use crate::domain::organisation::{PublishAgreement, PublishForm, Question, Translated};
use crate::domain::text::Slug;
use crate::domain::{Command, OrganisationCommand as C, Role};
use crate::http::Desk;
use crate::http::pages::form::key;
use crate::http::pages::signin::moment;
use crate::http::pages::{Failed, Form, Rejected, Sent, Shell, own, see_other};
use crate::projections::{FundRow, GrantRow, OrganisationRow, UpdateRow};
use crate::store::mails;
use crate::views::Page as Wanted;

/// The number of empty questions at the end of the form.
const NEW_QUESTIONS: usize = 3;

#[derive(Template)]
#[template(path = "desk/texts.html")]
struct List {
    page: Shell,
    mails: Vec<MailLine>,
    own: OrganisationRow,
}

/// A mail in the list, and the state of its texts.
struct MailLine {
    key: &'static str,
    says: String,
    /// Whether staff published texts of their own that are in use, and whether some are published
    /// and not in use.
    own: bool,
    unused: bool,
    /// A proposed text waits for a second administrator.
    waits: bool,
}

impl MailLine {
    fn of(kind: MailKind, own: &OrganisationRow) -> Self {
        let key: &str = kind.into();
        let (used, unused): (Vec<_>, Vec<_>) = own
            .mail_texts
            .iter()
            .filter(|text| text.mail == kind)
            .partition(|text| text.unused().is_none());
        let waits = own.proposed_mail_texts.iter().any(|text| text.mail == kind);
        Self {
            key,
            says: said_kind(key),
            own: !used.is_empty(),
            unused: !unused.is_empty(),
            waits,
        }
    }
}

pub(super) async fn organisation(asked: &Asked<'_>) -> Result<OrganisationRow, Failed> {
    asked
        .desk
        .views
        .find(&asked.desk.commands.organisation().to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)
}

pub(super) fn editor(asked: &Asked<'_>) -> Result<(), Failed> {
    let may = [Role::Officer, Role::Administrator]
        .iter()
        .any(|role| asked.signed.reader.roles.contains(role));
    if may {
        Ok(())
    } else {
        Err(Failed::not_yours())
    }
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let own = organisation(asked).await?;
    let mails = MailKind::VARIANTS
        .iter()
        .map(|kind| MailLine::of(*kind, &own))
        .collect();
    let page = List {
        page: asked.shell("Texts").await?,
        mails,
        own,
    };
    asked.page(&page)
}

#[derive(Template)]
#[template(path = "desk/form.html")]
struct FormPage {
    page: Shell,
    wrong: Vec<(String, String)>,
    form: Form,
    version: u32,
    questions: Vec<Names>,
    yes_no: Vec<(String, String)>,
    places: Vec<(String, String)>,
}

/// The names of the fields of one question.
struct Names {
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

impl Names {
    fn of(at: usize, form: &Form) -> Self {
        let [place, key, label, help, required, label_pl, help_pl] = [
            "place", "key", "label", "help", "required", "label-pl", "help-pl",
        ]
        .map(|name| field(name, at));
        let english_only = !form.typed(&label).is_empty() && form.typed(&label_pl).is_empty();
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
fn field(name: &str, at: usize) -> String {
    format!("{name}-{at}")
}

pub(super) async fn form(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    editor(asked)?;
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
            form = form.known(&field(name, at), &value);
        }
    }
    let count = own.form.len() + NEW_QUESTIONS;
    let places: Vec<_> = std::iter::once((String::new(), "leave it out".to_owned()))
        .chain((1..=count).map(|at| (at.to_string(), format!("place {at}"))))
        .collect();
    let page = FormPage {
        page: asked.shell("The questions").await?,
        wrong: forms.wrong(),
        questions: (0..count).map(|at| Names::of(at, &form)).collect(),
        form,
        version: own.form_version,
        yes_no: choices(["yes", "no"]),
        places,
    };
    asked.page(&page)
}

/// Publishes the questions as the form's next version. Applications that were started before remain
/// on their version.
pub(super) async fn publish_form(
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    visitor.staff()?;
    let back = "/desk/texts/form";
    let mut wrong = Vec::new();
    let mut questions: Vec<(u32, Question)> = Vec::new();
    for at in 0..60 {
        let text = |name: &str| posted.text(&field(name, at));
        let Ok(place) = text("place").parse::<u32>() else {
            if text("key").is_empty() && !text("label").is_empty() {
                wrong.push((
                    field("place", at),
                    format!("Choose where “{}” stands, or empty it", text("label")),
                ));
            }
            continue;
        };
        if text("label").is_empty() {
            wrong.push((
                field("label", at),
                "Write the question, or choose “leave it out”".to_owned(),
            ));
            continue;
        }
        if !matches!(text("required"), "yes" | "no") {
            wrong.push((
                field("required", at),
                format!("Say whether “{}” must be answered", text("label")),
            ));
            continue;
        }
        let key = if text("key").is_empty() {
            key_of(text("label"))
        } else {
            key(text("key"))
        };
        let translated = match (text("label-pl").parse(), text("help-pl").parse()) {
            (Ok(label), Ok(help)) => [(Language::Pl, Translated { label, help })].into(),
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
                    field(lacks, at),
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
                field("key", at),
                "A key has small letters, digits and hyphens".to_owned(),
            )),
            (_, Err(_), _) => wrong.push((
                field("label", at),
                "This question is too long. Use at most 140 letters".to_owned(),
            )),
            _ => wrong.push((
                field("help", at),
                format!("Write some words of help for “{}”", text("label")),
            )),
        }
    }
    questions.sort_by_key(|(place, _)| *place);
    if !wrong.is_empty() {
        return super::at(
            &desk,
            &visitor,
            back,
            Some(Rejected::with("questions", &posted, wrong)),
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
    send::issue(
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
fn key_of(label: &str) -> String {
    let key = key(label);
    let words: Vec<_> = key.split('-').take(4).collect();
    format!("q-{}", words.join("-")).chars().take(40).collect()
}

#[derive(Template)]
#[template(path = "desk/act_page.html")]
struct ActPage {
    page: Shell,
    wrong: Vec<(String, String)>,
    says: String,
    acts: Vec<Act>,
    words: Vec<(String, String)>,
}

pub(super) async fn agreement(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    editor(asked)?;
    let own = organisation(asked).await?;
    let forms = asked.forms();
    let trial = C::PublishAgreement(PublishAgreement {
        text: "text".parse().expect("a document"),
    });
    let offered = Offered::of(
        asked.desk,
        asked.visitor,
        Command::Organisation(asked.desk.commands.organisation(), trial),
    )
    .await?;
    let act = Act::new(
        &forms,
        "publish-agreement",
        "Publish the next version",
        "/desk/do/organisation/publish-agreement",
        offered,
    )
    .words("text", "The agreement")
    .known("text", &own.agreement);
    let says = format!(
        "This is version {}. Grants that were offered keep the version that they were offered with.",
        own.agreement_version
    );
    let page = ActPage {
        page: asked.shell("The agreement").await?,
        wrong: forms.wrong(),
        says,
        acts: shown(vec![act]),
        words: vec![("As it stands".to_owned(), own.agreement)],
    };
    asked.page(&page)
}

/// The public report: a form for each area, and what groups wrote that they learned.
pub(super) async fn report(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    editor(asked)?;
    let own = organisation(asked).await?;
    let forms = asked.forms();
    let funds: Vec<FundRow> = asked
        .desk
        .views
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                most: 500,
            },
        )
        .await?
        .items;
    let areas: std::collections::BTreeSet<Slug> =
        funds.into_iter().flat_map(|fund| fund.areas).collect();
    let mut acts = Vec::new();
    for area in &areas {
        let known = own.reports.get(area);
        let text = |pick: fn(&crate::projections::ReportRow) -> &String| {
            known.map(|report| pick(report).clone()).unwrap_or_default()
        };
        let form = format!("report-{area}");
        acts.push(
            Act::new(
                &forms,
                &form,
                &format!("Publish what the report says of {area}"),
                "/desk/do/organisation/publish-report",
                Offered::Yes,
            )
            .hidden("area", area)
            .words_with(
                "context",
                "The place, and what was set out to do",
                "The public reads this.",
            )
            .words_with("hard", "What was hard", "The public reads this.")
            .words_with("lessons", "What we learned", "The public reads this.")
            .known("context", text(|report| &report.context))
            .known("hard", text(|report| &report.hard))
            .known("lessons", text(|report| &report.lessons)),
        );
    }
    let page = ActPage {
        page: asked.shell("The public report").await?,
        wrong: forms.wrong(),
        says: "Nothing that a group typed becomes public by itself: write the report in your own words. What groups said was hard stands below.".to_owned(),
        acts,
        words: learned(asked).await?,
    };
    asked.page(&page)
}

async fn learned(asked: &Asked<'_>) -> Result<Vec<(String, String)>, Failed> {
    let states = ["received", "accepted"].map(str::to_owned).to_vec();
    let rows = asked
        .desk
        .views
        .list::<UpdateRow>(
            None,
            vec![("state", states)],
            &Wanted {
                after: None,
                most: 200,
            },
        )
        .await?
        .items;
    let seen = asked
        .desk
        .views
        .open_updates(asked.signed.reader.reads_words(), true, rows)
        .await?;
    let mut words = Vec::new();
    for update in seen {
        let Some(learned) = update.learned else {
            continue;
        };
        let grant: Option<GrantRow> = asked
            .desk
            .views
            .find(&update.grant.to_string(), None)
            .await?;
        words.extend(grant.map(|grant| (format!("{} ({})", grant.title, grant.area), learned)));
    }
    Ok(words)
}

pub(super) fn said_kind(key: &str) -> String {
    key.replace('_', " ")
}

#[derive(Template)]
#[template(path = "desk/outbox.html")]
struct OutboxPage {
    page: Shell,
    filter: Form,
    states: Vec<(String, String)>,
    rows: Vec<MailSeen>,
}

struct MailSeen {
    id: String,
    kind: String,
    state: String,
    to: String,
    when: String,
    tries: i64,
    error: String,
    again: Option<Form>,
}

pub(super) async fn outbox(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    editor(asked)?;
    let log = asked.desk.commands.log();
    let state = asked.text("state");
    let rows = mails::newest(log.store(), log.organisation(), state, 100).await?;
    let people = asked
        .people(
            rows.iter()
                .filter_map(|row| row.person.parse().ok().map(crate::domain::PersonId)),
        )
        .await?;
    let forms = asked.forms();
    let seen = |row: mails::MailRow| MailSeen {
        again: (row.state == "failed").then(|| forms.form("again")),
        kind: said_kind(&row.kind),
        to: people.of(&row.person),
        when: moment(row.sent_at.unwrap_or(row.made_at)),
        tries: row.tries,
        error: row.error.unwrap_or_default(),
        id: row.id,
        state: row.state,
    };
    let page = OutboxPage {
        page: asked.shell("Mails").await?,
        filter: forms.form("filter").known("state", state),
        states: super::choices_or_none("all", ["due", "claimed", "sent", "dropped", "failed"]),
        rows: rows.into_iter().map(seen).collect(),
    };
    asked.page(&page)
}

/// Makes a failed mail due again.
pub(super) async fn try_again(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, .. } = sent;
    let reader = &visitor.staff()?.reader;
    if !reader.works_with_groups() {
        return Err(Failed::not_yours());
    }
    let id = own::uuid(request.match_info().query("mail"))?.to_string();
    let log = desk.commands.log();
    mails::try_again(
        log.store(),
        log.organisation(),
        &id,
        desk.commands.now().as_microsecond(),
    )
    .await?;
    Ok(see_other("/desk/texts/mails?done=try-again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_question_gets_a_key_that_can_be_read_out() {
        assert_eq!(
            key_of("What would you like to do?"),
            "q-what-would-you-like"
        );
        assert!(key_of("Żółć").parse::<Slug>().is_ok());
    }
}
