//! The form for an update or the final report, short enough for a phone: text, numbers of people,
//! signs, lessons, photos.

use std::collections::BTreeSet;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::draft::{self, SHOWN, SavedDraft};
use super::{notices, photographs, report, to_do};
use crate::domain::application::Channel;
use crate::domain::file::FileDigest;
use crate::domain::grant::{ReceiveUpdate, SaveUpdate};
use crate::domain::language::Language;
use crate::domain::money::Money;
use crate::domain::outcome::{ReportedOutcome, Sign, Strength};
use crate::domain::text::Slug;
use crate::domain::{Command, GrantCommand, GrantId};
use crate::http::AppState;
use crate::http::pages::apply::{parse_amount, refusal_says};
use crate::http::pages::form_reader::{FieldErrors, FormReader, value_of_key};
use crate::http::pages::i18n::translate;
use crate::http::pages::sign_in::query_param;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PageForms, Visitor, file_upload, kept_form,
    language_buttons, ownership, render_form_page, see_other,
};
use crate::projections::{GrantRow, OrganisationRow, UpdateRow};
use crate::views::UpdateView;

#[derive(Template)]
#[template(path = "my/update.html")]
struct UpdateFormPage {
    page: PageContext,
    form: Form,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    awarded: Money,
    update: UpdateRow,
    signs: Vec<SignQuestion>,
    strengths: Vec<(String, String)>,
    /// Files from an earlier attempt, or from the report that a question is about, by their digest,
    /// and whether each is a picture.
    kept: Vec<(String, bool)>,
    /// The version of the draft that the visitor saw when they began to type.
    shown: String,
    /// What was saved since, perhaps on another device.
    conflict: Option<SavedDraft>,
    /// The other languages, each with the button that saves the report and changes to it.
    other_languages: Vec<(Language, String)>,
}

/// A sign in plain words, with the names of its fields.
struct SignQuestion {
    title: String,
    meaning: String,
    strength: String,
    words: String,
}

async fn find_update(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
) -> Result<(GrantRow, UpdateRow), PageError> {
    let row = ownership::own_grant(visitor, app, request.match_info().query("id")).await?;
    let number: u16 = request
        .match_info()
        .query("number")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let update: UpdateRow = app
        .views
        .find(format!("{}/{number:05}", row.id), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    Ok((row, update))
}

async fn signs(app: &AppState) -> Result<Vec<Sign>, PageError> {
    let own: Option<OrganisationRow> = app.views.find(app.commands.organisation(), None).await?;
    Ok(own.map(|own| own.signs).unwrap_or_default())
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (row, update) = find_update(&request, &visitor, &app).await?;
    let as_sent = query_param(&request, "sent") == "yes" || !to_do::is_due(&update);
    if as_sent && update.received_on.is_some() {
        let signs = signs(&app).await?;
        return report::render(&visitor, &app, row, update, &signs).await;
    }
    let files = match &update.draft {
        Some(draft) => &draft.files,
        None => &update.files,
    };
    let kept = match photographs::of_kept_form(&visitor, &app, row.group.0, "update").await? {
        Some(kept) => kept,
        None => files.iter().cloned().collect(),
    };
    render(&visitor, &app, (row, update), kept, None, false).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    (row, update): (GrantRow, UpdateRow),
    kept: Vec<FileDigest>,
    rejected: Option<FormErrors>,
    has_changed: bool,
) -> Result<HttpResponse, PageError> {
    if !to_do::is_due(&update) {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    }
    let language = visitor.language;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let title = if update.last {
        "Your final report"
    } else {
        "How is it going?"
    };
    let mut shell = PageContext::load(visitor, app, translate(title, language)).await?;
    shell.back = Some(format!("/my/grants/{}", row.id));
    shell.quiet = true;
    shell.has_errors = !wrong.is_empty();
    let asked = |sign: Sign| SignQuestion {
        strength: strength_field(&sign.sign),
        words: words_field(&sign.sign),
        title: translate(sign.title.as_str(), language).to_owned(),
        meaning: translate(sign.meaning.as_str(), language).to_owned(),
    };
    let strengths = [Strength::None, Strength::Some, Strength::Strong].map(|strength| {
        let label = draft::strength_text(strength, language);
        (<&str>::from(strength).to_owned(), label.to_owned())
    });
    let seen = report::opened(app, update.clone()).await?;
    let signs = signs(app).await?;
    let saved = seen.draft.as_ref();
    let version = draft::version(app, saved);
    let conflict = saved
        .filter(|_| has_changed)
        .map(|saved| draft::saved_draft(saved, &signs, language));
    let form = prefilled(forms.form("update"), seen);
    let page = UpdateFormPage {
        page: shell,
        shown: match form.value(SHOWN) {
            "" => version,
            shown => shown.to_owned(),
        },
        conflict,
        other_languages: language_buttons::others(language),
        form,
        wrong,
        signs: signs.into_iter().map(asked).collect(),
        strengths: strengths.to_vec(),
        kept: photographs::with_kinds(app, row.group.0, &kept).await?,
        awarded: to_do::awarded(&row),
        row,
        update,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// The names of a sign's fields.
pub(super) fn strength_field(sign: &Slug) -> String {
    format!("strength-{sign}")
}

pub(super) fn words_field(sign: &Slug) -> String {
    format!("sign-{sign}")
}

/// Fills the form in with what the group saved. If the office has a question about a report, fills
/// it in with what the group sent before.
fn prefilled(form: Form, seen: UpdateView) -> Form {
    match seen.draft {
        Some(draft) => draft::prefilled(form, &draft),
        None if seen.received_on.is_some() => with_report(form, seen),
        None => form,
    }
}

fn with_report(form: Form, before: UpdateView) -> Form {
    let spent = before.spent.map(|spent| spent.to_string());
    let mut form = form
        .prefill("words", &before.words.unwrap_or_default())
        .prefill("learned", &before.learned.unwrap_or_default())
        .prefill("pictured", &before.pictured.unwrap_or_default())
        .prefill("people", &before.people.to_string())
        .prefill("volunteers", &before.volunteers.to_string())
        .prefill("spent", spent.unwrap_or_default().trim_start_matches('£'));
    for outcome in before.outcomes {
        let strength = outcome.said.map(<&str>::from).unwrap_or_default();
        form = form
            .prefill(&strength_field(&outcome.sign), strength)
            .prefill(
                &words_field(&outcome.sign),
                &outcome.words.unwrap_or_default(),
            );
    }
    form
}

pub(super) async fn submit(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let body = kept_form::require_signed_in(&request, &app, &visitor, body).await?;
    let (row, update) = find_update(&request, &visitor, &app).await?;
    let uploaded = file_upload::read(&request, body, &visitor, &app, row.group.0).await?;
    let posted = uploaded.posted.clone();
    let pressed = language_buttons::pressed(&posted);
    let is_draft = is_draft(&posted);
    let (files, more) = photographs::received(&uploaded, &visitor, &app, row.group.0).await?;
    kept_form::note_values(&request, &photographs::with_files(&posted, &files));
    let sent: BTreeSet<FileDigest> = files.iter().cloned().collect();
    let done = if is_draft {
        "saved".to_owned()
    } else {
        notices::sent_key("report", sent.len())
    };
    let signs = signs(&app).await?;
    let read = parse_command(&posted, visitor.language, &signs, (update.update, &sent));
    let (command, mut wrong) = match read {
        Ok(command) => (Some(command), Vec::new()),
        Err(wrong) => (None, wrong),
    };
    if !is_draft {
        wrong.extend(photographs::missing_consent(
            &files,
            &posted,
            visitor.language,
        ));
    }
    wrong.extend(more);
    let saved = report::opened(&app, update.clone()).await?.draft;
    let asked = (visitor.language, signs.as_slice());
    if draft::has_changed(&app, saved.as_ref(), (&posted, &sent), asked) {
        let says = "This report was saved after you opened this page. Look at both, and choose.";
        wrong.insert(
            0,
            (String::new(), translate(says, visitor.language).to_owned()),
        );
        let mut both = FormErrors::new("update", &posted, wrong);
        both.values.retain(|(name, _)| name != SHOWN);
        return render(&visitor, &app, (row, update), files, Some(both), true).await;
    }
    if let Some(command) = command.filter(|_| wrong.is_empty()) {
        let command = Command::Grant(GrantId(row.id), command);
        match ownership::try_execute(&visitor, &app, &posted, command).await? {
            None => {
                let own = format!("/my/grants/{}", row.id);
                let to = match pressed {
                    Some(pressed) => language_buttons::path_to(
                        pressed,
                        &format!("{own}/updates/{}", update.update),
                    ),
                    None => format!("{own}?done={done}"),
                };
                return Ok(see_other(&to));
            }
            Some(refusal) => {
                wrong.push((String::new(), refusal_says(&refusal, visitor.language)));
            }
        }
    }
    let rejected = FormErrors::new("update", &posted, wrong);
    render(&visitor, &app, (row, update), files, Some(rejected), false).await
}

/// Whether a button saves the report without sending it.
fn is_draft(posted: &FormData) -> bool {
    posted.text("then") == "later" || language_buttons::pressed(posted).is_some()
}

/// The command of the button that was pressed: to save the report, or to send it.
fn parse_command(
    posted: &FormData,
    language: Language,
    signs: &[Sign],
    (update, files): (u16, &BTreeSet<FileDigest>),
) -> Result<GrantCommand, FieldErrors> {
    let files = files.clone();
    if is_draft(posted) {
        let save = draft::parse(posted, language, signs)?;
        return Ok(GrantCommand::SaveUpdate(SaveUpdate {
            update,
            files,
            ..save
        }));
    }
    let receive = parse_update(posted, language, signs)?;
    Ok(GrantCommand::ReceiveUpdate(ReceiveUpdate {
        update,
        files,
        ..receive
    }))
}

fn parse_update(
    posted: &FormData,
    language: Language,
    signs: &[Sign],
) -> Result<ReceiveUpdate, FieldErrors> {
    let mut form = FormReader::new(posted, language);
    let words = form.required_text("words", "Tell us what happened. One sentence is enough.");
    // An empty field is not a figure: nobody said that it was none.
    let mut count = |name: &str, says: &str| form.required(name, |text| text.parse().ok(), says);
    let people = count(
        "people",
        "Enter how many people came, such as 12. If nobody came, enter 0.",
    );
    let volunteers = count(
        "volunteers",
        "Enter how many people helped, such as 3. If nobody helped, enter 0.",
    );
    let says = "Enter an amount in pounds, such as 850. If you spent nothing, enter 0.";
    let spent = form.required("spent", parse_amount, says);
    let learned = form.optional_text("learned");
    let pictured = form.optional_text("pictured");
    let mut outcomes = Vec::new();
    for sign in signs {
        let strengths = [("some", Strength::Some), ("strong", Strength::Strong)];
        let Some(strength) = value_of_key(posted.text(&strength_field(&sign.sign)), strengths)
        else {
            continue;
        };
        let own = form.optional_text(&words_field(&sign.sign));
        if let Some(words) = own.or_else(|| words.clone()) {
            outcomes.push(ReportedOutcome {
                sign: sign.sign.clone(),
                strength,
                words,
            });
        }
    }
    let whole = || {
        Some(ReceiveUpdate {
            update: 0,
            channel: Channel::Web,
            words: words?,
            learned,
            people: people?,
            volunteers: volunteers?,
            spent: spent?,
            outcomes,
            files: BTreeSet::new(),
            pictured,
            consent: true,
        })
    };
    let whole = whole();
    form.finish(whole)
}
