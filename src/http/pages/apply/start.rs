//! The pages before anything is recorded: open rounds, information on a round, the blank form, and
//! the questions on eligibility.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::sections::place_name;
use crate::clock::day_of;
use crate::domain::fund::{FundState, RoundState};
use crate::domain::organisation::Question;
use crate::http::AppState;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::{
    FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, render_page, see_other,
};
use crate::projections::{FundRow, RoundRow};
use crate::views::{Filter, PageRequest};

/// A round that takes applications, with the address of its pages.
pub struct OpenRound {
    pub fund: FundRow,
    pub round: RoundRow,
    pub path: String,
}

/// The rounds that take applications today.
pub async fn open_rounds(app: &AppState) -> Result<Vec<OpenRound>, PageError> {
    let today = day_of(app.commands.now());
    let filters = vec![Filter::in_state([FundState::Open])];
    let funds = app
        .views
        .list::<FundRow>(None, filters, &PageRequest::up_to_max())
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
struct OpenRoundsPage {
    page: PageContext,
    rounds: Vec<OpenRound>,
}

pub(super) async fn show_rounds(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let rounds = open_rounds(&app).await?;
    render_page(&OpenRoundsPage {
        page: PageContext::load(
            &visitor,
            &app,
            translate("Apply for a grant", visitor.language),
        )
        .await?,
        rounds,
    })
}

#[derive(Template)]
#[template(path = "apply/start.html")]
struct RoundStartPage {
    page: PageContext,
    fund: FundRow,
    round: RoundRow,
    path: String,
    areas: String,
    questions: Vec<(String, String)>,
    open: bool,
}

#[derive(Template)]
#[template(path = "apply/form.html")]
struct BlankFormPage {
    page: PageContext,
    fund: FundRow,
    round: RoundRow,
    areas: Vec<String>,
    activities: Vec<(String, String)>,
    questions: Vec<(String, String)>,
}

/// The fund and round in the request's address, and the address of the round's pages.
pub(super) async fn round_of_request(
    request: &HttpRequest,
    app: &AppState,
) -> Result<(FundRow, RoundRow, String), PageError> {
    let (fund, key) = (
        request.match_info().query("fund"),
        request.match_info().query("round"),
    );
    let (fund, round) = ownership::fund_and_round(app, fund, key).await?;
    let path = format!("/apply/{}/{key}", fund.id);
    Ok((fund, round, path))
}

fn area_names(fund: &FundRow) -> Vec<String> {
    fund.areas
        .iter()
        .map(|area| place_name(area.as_str()))
        .collect()
}

fn question_texts(questions: &[Question], visitor: &Visitor) -> Vec<(String, String)> {
    let said = |question: &Question| {
        let (label, help) = question.in_language(visitor.language);
        (label.to_owned(), help.to_owned())
    };
    questions.iter().map(said).collect()
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (fund, round, path) = round_of_request(&request, &app).await?;
    let today = day_of(app.commands.now());
    let open = fund.state == FundState::Open
        && round.state == RoundState::Open
        && (round.opens_on..=round.closes_on).contains(&today);
    let mut shell = PageContext::load(&visitor, &app, &fund.name).await?;
    shell.back = Some("/apply".to_owned());
    let questions = question_texts(
        &ownership::form_questions(&app, round.form).await?,
        &visitor,
    );
    let areas = area_names(&fund).join(", ");
    render_page(&RoundStartPage {
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
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (fund, round, path) = round_of_request(&request, &app).await?;
    let mut shell = PageContext::load(
        &visitor,
        &app,
        translate("The form on paper", visitor.language),
    )
    .await?;
    shell.back = Some(path);
    let questions = question_texts(
        &ownership::form_questions(&app, round.form).await?,
        &visitor,
    );
    let (areas, activities) = (area_names(&fund), super::activity_choices(visitor.language));
    render_page(&BlankFormPage {
        page: shell,
        areas,
        activities,
        questions,
        fund,
        round,
    })
}

/// The questions on eligibility, each with the text that is shown to those who answer "no".
fn eligibility_questions(fund: &FundRow, visitor: &Visitor) -> [(String, String); 3] {
    let language = visitor.language;
    let areas = area_names(fund).join(", ");
    let bounds = format!("{} – {}", fund.rules.minimum, fund.rules.maximum);
    [
        (
            translate_with("Is your idea for people here: {}?", &areas, language),
            translate_with("This fund is only for people here: {}. Your own council may know of a fund near you.", &areas, language),
        ),
        (
            translate("Are at least two of you running it, and is nobody making a profit?", language).to_owned(),
            translate(
                "This fund is for groups of two or more people who make no profit. You can ask a friend to join you, and come back.",
                language,
            )
            .to_owned(),
        ),
        (
            translate_with("Do you need a sum between these two: {}?", &bounds, language),
            translate_with(
                "This fund only gives sums between these two: {}. Call us, and we think with you about other money.",
                &bounds,
                language,
            ),
        ),
    ]
}

#[derive(Template)]
#[template(path = "apply/fits.html")]
struct EligibilityPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    question: String,
    choices: Vec<(String, String)>,
    number: usize,
    of: usize,
    path: String,
}

#[derive(Template)]
#[template(path = "apply/not_now.html")]
struct NotEligiblePage {
    page: PageContext,
    says: String,
}

fn question_number(request: &HttpRequest) -> Result<usize, PageError> {
    let number: usize = request
        .match_info()
        .query("number")
        .parse()
        .map_err(|_| PageError::not_found())?;
    if (1..=3).contains(&number) {
        Ok(number)
    } else {
        Err(PageError::not_found())
    }
}

pub(super) async fn show_eligibility(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    render_eligibility(&request, &visitor, &app, None).await
}

async fn render_eligibility(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = round_of_request(request, app).await?;
    let number = question_number(request)?;
    let questions = eligibility_questions(&fund, visitor);
    let question = questions[number - 1].0.clone();
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, &question).await?;
    shell.has_errors = !wrong.is_empty();
    shell.back = Some(if number == 1 {
        path.clone()
    } else {
        format!("{path}/fits/{}", number - 1)
    });
    let choices = yes_no_choices(visitor);
    let sheet = EligibilityPage {
        page: shell,
        forms,
        wrong,
        question,
        choices,
        number,
        of: questions.len(),
        path,
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

/// The choices "yes" and "no".
pub(super) fn yes_no_choices(visitor: &Visitor) -> Vec<(String, String)> {
    let choice = |key: &str, label: &str| (key.to_owned(), label.to_owned());
    vec![
        choice("yes", translate("Yes", visitor.language)),
        choice("no", translate("No", visitor.language)),
    ]
}

pub(super) async fn submit_eligibility(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let (_, _, path) = round_of_request(&request, &app).await?;
    let number = question_number(&request)?;
    match posted.text("fits") {
        "yes" if number == 3 => Ok(see_other(&format!("{path}/group"))),
        "yes" => Ok(see_other(&format!("{path}/fits/{}", number + 1))),
        "no" => Ok(see_other(&format!("{path}/not-now/{number}"))),
        _ => {
            let says = translate("Choose yes or no", visitor.language).to_owned();
            render_eligibility(
                &request,
                &visitor,
                &app,
                Some(FormErrors::new(
                    "fits",
                    &posted,
                    vec![("fits".into(), says)],
                )),
            )
            .await
        }
    }
}

pub(super) async fn show_not_eligible(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = round_of_request(&request, &app).await?;
    let number = question_number(&request)?;
    let mut shell = PageContext::load(
        &visitor,
        &app,
        translate("This fund does not fit", visitor.language),
    )
    .await?;
    shell.back = Some(format!("{path}/fits/{number}"));
    render_page(&NotEligiblePage {
        page: shell,
        says: eligibility_questions(&fund, &visitor)[number - 1].1.clone(),
    })
}
