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
use crate::domain::outcome::{OutcomeSaid, Sign, Strength};
use crate::domain::{Command, GrantCommand, GrantId, Money};
use crate::http::Desk;
use crate::http::pages::apply::{amount, refusal_says};
use crate::http::pages::reading::{Reading, Wrong, one_of};
use crate::http::pages::words::say;
use crate::http::pages::{
    Failed, Forms, Posted, Rejected, Shell, Visitor, own, see_other, shown, upload,
};
use crate::projections::{GrantRow, OrganisationRow, UpdateRow};

#[derive(Template)]
#[template(path = "my/update.html")]
struct Sheet {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    update: UpdateRow,
    signs: Vec<SignAsked>,
    strengths: Vec<(String, String)>,
}

/// A sign in plain words, with the names of its fields.
struct SignAsked {
    title: String,
    meaning: String,
    strength: String,
    words: String,
}

async fn find(
    request: &HttpRequest,
    visitor: &Visitor,
    desk: &Desk,
) -> Result<(GrantRow, UpdateRow), Failed> {
    let row = own::grant(visitor, desk, request.match_info().query("id")).await?;
    let number: u16 = request
        .match_info()
        .query("number")
        .parse()
        .map_err(|_| Failed::nothing())?;
    let update: UpdateRow = desk
        .views
        .find(&format!("{}/{number:05}", row.id), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    Ok((row, update))
}

async fn signs(desk: &Desk) -> Result<Vec<Sign>, Failed> {
    let own: Option<OrganisationRow> = desk
        .views
        .find(&desk.commands.organisation().to_string(), None)
        .await?;
    Ok(own.map(|own| own.signs).unwrap_or_default())
}

pub(super) async fn ask(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let (row, update) = find(&request, &visitor, &desk).await?;
    render(&visitor, &desk, row, update, None).await
}

async fn render(
    visitor: &Visitor,
    desk: &Desk,
    row: GrantRow,
    update: UpdateRow,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    if !super::grant::is_due(&update) {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    }
    let language = visitor.language;
    let forms = Forms::new(visitor, rejected);
    let wrong = forms.wrong();
    let mut shell = Shell::around(visitor, desk, say("How is it going?", language)).await?;
    shell.back = Some(format!("/my/grants/{}", row.id));
    shell.wrong = !wrong.is_empty();
    let asked = |sign: Sign| SignAsked {
        strength: format!("strength-{}", sign.sign),
        words: format!("sign-{}", sign.sign),
        title: say(sign.title.as_str(), language).to_owned(),
        meaning: say(sign.meaning.as_str(), language).to_owned(),
    };
    let strengths = [
        ("none", say("No", language)),
        ("some", say("A little", language)),
        ("strong", say("A lot", language)),
    ];
    let page = Sheet {
        page: shell,
        forms,
        wrong,
        signs: signs(desk).await?.into_iter().map(asked).collect(),
        strengths: strengths
            .map(|(key, label)| (key.to_owned(), label.to_owned()))
            .to_vec(),
        row,
        update,
    };
    shown(visitor, desk, page.page.wrong, &page)
}

pub(super) async fn send(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let (row, update) = find(&request, &visitor, &desk).await?;
    let uploaded = upload::read(&request, body, &visitor, &desk, row.group.0).await?;
    let posted = uploaded.posted.clone();
    let mut wrong = Vec::new();
    if let Some(error) = &uploaded.wrong {
        wrong.push((
            "pictures".to_owned(),
            upload::wrong_says(error, visitor.language).to_owned(),
        ));
    }
    if !uploaded.files.is_empty() && posted.text("agreed") != "yes" {
        wrong.push((
            "agreed".to_owned(),
            say(
                "Ask the people in the pictures, then tick the box",
                visitor.language,
            )
            .to_owned(),
        ));
    }
    let read = read(&posted, visitor.language, &signs(&desk).await?)
        .map_err(|more| wrong.extend(more))
        .ok();
    let Some(mut receive) = read.filter(|_| wrong.is_empty()) else {
        uploaded.give_up(&desk).await?;
        return render(
            &visitor,
            &desk,
            row,
            update,
            Some(Rejected::with("update", &posted, wrong)),
        )
        .await;
    };
    receive.update = update.update;
    let kept: Vec<FileDigest> = uploaded
        .record(&visitor, &desk, row.group.0, FilePurpose::Photograph)
        .await?;
    receive.files = kept.into_iter().collect::<BTreeSet<_>>();
    let command = Command::Grant(GrantId(row.id), GrantCommand::ReceiveUpdate(receive));
    let Some(refusal) = own::attempt(&visitor, &desk, &posted, command).await? else {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    };
    let says = refusal_says(&refusal, visitor.language);
    render(
        &visitor,
        &desk,
        row,
        update,
        Some(Rejected::with(
            "update",
            &posted,
            vec![(String::new(), says)],
        )),
    )
    .await
}

fn read(posted: &Posted, language: Language, signs: &[Sign]) -> Result<ReceiveUpdate, Wrong> {
    let mut form = Reading::of(posted, language);
    let words = form.words("words", "Write some words. One sentence is enough.");
    let mut count = |name: &str| {
        form.must(
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
            amount(text)
        }
    };
    let spent = form.must("spent", spent, "Write a sum in pounds, such as 850");
    let learned = form.words_if_any("learned");
    let mut outcomes = Vec::new();
    for sign in signs {
        let strengths = [("some", Strength::Some), ("strong", Strength::Strong)];
        let Some(strength) = one_of(posted.text(&format!("strength-{}", sign.sign)), strengths)
        else {
            continue;
        };
        let own = form.words_if_any(&format!("sign-{}", sign.sign));
        if let Some(words) = own.or_else(|| words.clone()) {
            outcomes.push(OutcomeSaid {
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
    form.whole(whole)
}
