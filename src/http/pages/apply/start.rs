//! The pages before anything is recorded: open rounds, information on a round, the blank form, and
//! the questions on eligibility.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::sections::place;
use crate::domain::fund::{FundState, RoundState};
use crate::domain::organisation::Question;
use crate::http::Desk;
use crate::http::pages::words::{say, say_with};
use crate::http::pages::{
    Failed, Forms, Rejected, Sent, Shell, Visitor, own, page, see_other, shown,
};
use crate::log::record::day_of;
use crate::projections::{FundRow, RoundRow};
use crate::views::Page;

/// A round that takes applications, with the address of its pages.
pub struct OpenRound {
    pub fund: FundRow,
    pub round: RoundRow,
    pub path: String,
}

/// The rounds that take applications today.
pub async fn open_rounds(desk: &Desk) -> Result<Vec<OpenRound>, Failed> {
    let today = day_of(desk.commands.now());
    let filters = vec![("state", vec![<&str>::from(FundState::Open).to_owned()])];
    let funds = desk
        .views
        .list::<FundRow>(
            None,
            filters,
            &Page {
                after: None,
                most: 500,
            },
        )
        .await?
        .items;
    let mut open = Vec::new();
    for fund in funds {
        for (key, round) in &fund.rounds {
            if round.state == RoundState::Open
                && (round.opens_on..=round.closes_on).contains(&today)
            {
                let path = format!("/apply/{}/{key}", fund.id);
                open.push(OpenRound {
                    fund: fund.clone(),
                    round: round.clone(),
                    path,
                });
            }
        }
    }
    Ok(open)
}

#[derive(Template)]
#[template(path = "apply/rounds.html")]
struct Rounds {
    page: Shell,
    rounds: Vec<OpenRound>,
}

pub(super) async fn rounds(
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let rounds = open_rounds(&desk).await?;
    page(&Rounds {
        page: Shell::around(&visitor, &desk, say("Apply for a grant", visitor.language)).await?,
        rounds,
    })
}

#[derive(Template)]
#[template(path = "apply/start.html")]
struct Start {
    page: Shell,
    fund: FundRow,
    round: RoundRow,
    path: String,
    areas: String,
    questions: Vec<(String, String)>,
    open: bool,
}

#[derive(Template)]
#[template(path = "apply/form.html")]
struct BlankForm {
    page: Shell,
    fund: FundRow,
    round: RoundRow,
    areas: Vec<String>,
    activities: Vec<(String, String)>,
    questions: Vec<(String, String)>,
}

/// The fund and round in the request's address, and the address of the round's pages.
pub(super) async fn of(
    request: &HttpRequest,
    desk: &Desk,
) -> Result<(FundRow, RoundRow, String), Failed> {
    let (fund, key) = (
        request.match_info().query("fund"),
        request.match_info().query("round"),
    );
    let (fund, round) = own::round(desk, fund, key).await?;
    let path = format!("/apply/{}/{key}", fund.id);
    Ok((fund, round, path))
}

fn places(fund: &FundRow) -> Vec<String> {
    fund.areas.iter().map(|area| place(area.as_str())).collect()
}

fn said(questions: &[Question], visitor: &Visitor) -> Vec<(String, String)> {
    let said = |question: &Question| {
        let (label, help) = question.said_in(visitor.language);
        (label.to_owned(), help.to_owned())
    };
    questions.iter().map(said).collect()
}

pub(super) async fn start(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let (fund, round, path) = of(&request, &desk).await?;
    let today = day_of(desk.commands.now());
    let open = fund.state == FundState::Open
        && round.state == RoundState::Open
        && (round.opens_on..=round.closes_on).contains(&today);
    let mut shell = Shell::around(&visitor, &desk, &fund.name).await?;
    shell.back = Some("/apply".to_owned());
    let questions = said(&own::questions(&desk, round.form).await?, &visitor);
    let areas = places(&fund).join(", ");
    page(&Start {
        page: shell,
        areas,
        path,
        questions,
        open,
        fund,
        round,
    })
}

pub(super) async fn blank_form(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let (fund, round, path) = of(&request, &desk).await?;
    let mut shell =
        Shell::around(&visitor, &desk, say("The form on paper", visitor.language)).await?;
    shell.back = Some(path);
    let questions = said(&own::questions(&desk, round.form).await?, &visitor);
    let (areas, activities) = (places(&fund), super::activities(visitor.language));
    page(&BlankForm {
        page: shell,
        areas,
        activities,
        questions,
        fund,
        round,
    })
}

/// The questions on eligibility, each with the text that is shown to those who answer "no".
fn fitting(fund: &FundRow, visitor: &Visitor) -> [(String, String); 3] {
    let language = visitor.language;
    let areas = places(fund).join(", ");
    let bounds = format!("{} – {}", fund.rules.minimum, fund.rules.maximum);
    [
        (
            say_with("Is your idea for people here: {}?", &areas, language),
            say_with("This fund is only for people here: {}. Your own council may know of a fund near you.", &areas, language),
        ),
        (
            say("Are at least two of you running it, and is nobody making a profit?", language).to_owned(),
            say(
                "This fund is for groups of two or more people who make no profit. You can ask a friend to join you, and come back.",
                language,
            )
            .to_owned(),
        ),
        (
            say_with("Do you need a sum between these two: {}?", &bounds, language),
            say_with(
                "This fund only gives sums between these two: {}. Call us, and we think with you about other money.",
                &bounds,
                language,
            ),
        ),
    ]
}

#[derive(Template)]
#[template(path = "apply/fits.html")]
struct Fits {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    question: String,
    choices: Vec<(String, String)>,
    number: usize,
    of: usize,
    path: String,
}

#[derive(Template)]
#[template(path = "apply/not_now.html")]
struct NotNow {
    page: Shell,
    says: String,
}

fn number(request: &HttpRequest) -> Result<usize, Failed> {
    let number: usize = request
        .match_info()
        .query("number")
        .parse()
        .map_err(|_| Failed::nothing())?;
    if (1..=3).contains(&number) {
        Ok(number)
    } else {
        Err(Failed::nothing())
    }
}

pub(super) async fn fits(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    render_fits(&request, &visitor, &desk, None).await
}

async fn render_fits(
    request: &HttpRequest,
    visitor: &Visitor,
    desk: &Desk,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    let (fund, _, path) = of(request, desk).await?;
    let number = number(request)?;
    let questions = fitting(&fund, visitor);
    let question = questions[number - 1].0.clone();
    let forms = Forms::new(visitor, rejected);
    let wrong = forms.wrong();
    let mut shell = Shell::around(visitor, desk, &question).await?;
    shell.wrong = !wrong.is_empty();
    shell.back = Some(if number == 1 {
        path.clone()
    } else {
        format!("{path}/fits/{}", number - 1)
    });
    let choices = yes_or_no(visitor);
    let sheet = Fits {
        page: shell,
        forms,
        wrong,
        question,
        choices,
        number,
        of: questions.len(),
        path,
    };
    shown(visitor, desk, sheet.page.wrong, &sheet)
}

/// The choices "yes" and "no".
pub(super) fn yes_or_no(visitor: &Visitor) -> Vec<(String, String)> {
    let choice = |key: &str, label: &str| (key.to_owned(), label.to_owned());
    vec![
        choice("yes", say("Yes", visitor.language)),
        choice("no", say("No", visitor.language)),
    ]
}

pub(super) async fn fits_or_not(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let (_, _, path) = of(&request, &desk).await?;
    let number = number(&request)?;
    match posted.text("fits") {
        "yes" if number == 3 => Ok(see_other(&format!("{path}/group"))),
        "yes" => Ok(see_other(&format!("{path}/fits/{}", number + 1))),
        "no" => Ok(see_other(&format!("{path}/not-now/{number}"))),
        _ => {
            let says = say("Choose yes or no", visitor.language).to_owned();
            render_fits(
                &request,
                &visitor,
                &desk,
                Some(Rejected::with("fits", &posted, vec![("fits".into(), says)])),
            )
            .await
        }
    }
}

pub(super) async fn not_now(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let (fund, _, path) = of(&request, &desk).await?;
    let number = number(&request)?;
    let mut shell = Shell::around(
        &visitor,
        &desk,
        say("This fund does not fit", visitor.language),
    )
    .await?;
    shell.back = Some(format!("{path}/fits/{number}"));
    page(&NotNow {
        page: shell,
        says: fitting(&fund, &visitor)[number - 1].1.clone(),
    })
}
