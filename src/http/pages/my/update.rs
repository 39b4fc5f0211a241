//! The form for an update, short enough for a telephone: text, pictures, numbers of people, signs,
//! lessons.

use std::collections::BTreeSet;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::domain::application::Channel;
use crate::domain::file::{FileDigest, FilePurpose};
use crate::domain::grant::ReceiveUpdate;
use crate::domain::language::Language;
use crate::domain::outcome::{ReportedOutcome, Sign, Strength};
use crate::domain::{Command, GrantCommand, GrantId, Money};
use crate::http::AppState;
use crate::http::pages::apply::{parse_amount, refusal_says};
use crate::http::pages::form_reader::{FieldErrors, FormReader, value_of_key};
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, Visitor, file_upload, ownership,
    render_form_page, see_other,
};
use crate::projections::{GrantRow, OrganisationRow, UpdateRow};

#[derive(Template)]
#[template(path = "my/update.html")]
struct UpdateFormPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    update: UpdateRow,
    signs: Vec<SignQuestion>,
    strengths: Vec<(String, String)>,
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
    render(&visitor, &app, row, update, None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: GrantRow,
    update: UpdateRow,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    if !super::grant::is_due(&update) {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    }
    let language = visitor.language;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell =
        PageContext::load(visitor, app, translate("How is it going?", language)).await?;
    shell.back = Some(format!("/my/grants/{}", row.id));
    shell.has_errors = !wrong.is_empty();
    let asked = |sign: Sign| SignQuestion {
        strength: format!("strength-{}", sign.sign),
        words: format!("sign-{}", sign.sign),
        title: translate(sign.title.as_str(), language).to_owned(),
        meaning: translate(sign.meaning.as_str(), language).to_owned(),
    };
    let strengths = [
        ("none", translate("No", language)),
        ("some", translate("A little", language)),
        ("strong", translate("A lot", language)),
    ];
    let page = UpdateFormPage {
        page: shell,
        forms,
        wrong,
        signs: signs(app).await?.into_iter().map(asked).collect(),
        strengths: strengths
            .map(|(key, label)| (key.to_owned(), label.to_owned()))
            .to_vec(),
        row,
        update,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

pub(super) async fn submit(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (row, update) = find_update(&request, &visitor, &app).await?;
    let uploaded = file_upload::read(&request, body, &visitor, &app, row.group.0).await?;
    let posted = uploaded.posted.clone();
    let mut wrong = Vec::new();
    if let Some(error) = &uploaded.file_error {
        wrong.push((
            "pictures".to_owned(),
            file_upload::file_error_text(error, visitor.language).to_owned(),
        ));
    }
    if !uploaded.files.is_empty() && posted.text("agreed") != "yes" {
        wrong.push((
            "agreed".to_owned(),
            translate(
                "Ask the people in the pictures, then tick the box",
                visitor.language,
            )
            .to_owned(),
        ));
    }
    let read = parse_update(&posted, visitor.language, &signs(&app).await?)
        .map_err(|more| wrong.extend(more))
        .ok();
    let Some(mut receive) = read.filter(|_| wrong.is_empty()) else {
        uploaded.discard(&app).await?;
        return render(
            &visitor,
            &app,
            row,
            update,
            Some(FormErrors::new("update", &posted, wrong)),
        )
        .await;
    };
    receive.update = update.update;
    let kept: Vec<FileDigest> = uploaded
        .record_files(&visitor, &app, row.group.0, FilePurpose::Photograph)
        .await?;
    receive.files = kept.into_iter().collect::<BTreeSet<_>>();
    let command = Command::Grant(GrantId(row.id), GrantCommand::ReceiveUpdate(receive));
    let Some(refusal) = ownership::try_execute(&visitor, &app, &posted, command).await? else {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    };
    let says = refusal_says(&refusal, visitor.language);
    render(
        &visitor,
        &app,
        row,
        update,
        Some(FormErrors::new(
            "update",
            &posted,
            vec![(String::new(), says)],
        )),
    )
    .await
}

fn parse_update(
    posted: &FormData,
    language: Language,
    signs: &[Sign],
) -> Result<ReceiveUpdate, FieldErrors> {
    let mut form = FormReader::new(posted, language);
    let words = form.required_text("words", "Write some words. One sentence is enough.");
    let mut count = |name: &str| {
        form.required(
            name,
            |text| {
                if text.is_empty() {
                    Some(0)
                } else {
                    text.parse().ok()
                }
            },
            "Write a number, such as 12",
        )
    };
    let (people, volunteers) = (count("people"), count("volunteers"));
    let spent = |text: &str| {
        if text.is_empty() {
            Some(Money::ZERO)
        } else {
            parse_amount(text)
        }
    };
    let spent = form.required("spent", spent, "Write a sum in pounds, such as 850");
    let learned = form.optional_text("learned");
    let mut outcomes = Vec::new();
    for sign in signs {
        let strengths = [("some", Strength::Some), ("strong", Strength::Strong)];
        let Some(strength) =
            value_of_key(posted.text(&format!("strength-{}", sign.sign)), strengths)
        else {
            continue;
        };
        let own = form.optional_text(&format!("sign-{}", sign.sign));
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
            consent: true,
        })
    };
    let whole = whole();
    form.finish(whole)
}
