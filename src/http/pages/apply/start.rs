//! The pages before anything is recorded: open rounds, information on a round, the blank form, and
//! the questions on eligibility.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::sections::with_two;
use crate::clock::day_of;
use crate::domain::fund::{FundState, RoundState};
use crate::domain::language::Language;
use crate::domain::organisation::{Question, QuestionKind};
use crate::http::AppState;
use crate::http::pages::days::days_between;
use crate::http::pages::fund_texts::{self, Eligibility};
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::visitor::remember_language;
use crate::http::pages::words::{names_in_words, place_name};
use crate::http::pages::{
    FormErrors, PageContext, PageError, PageForms, PageWidth, PostedForm, Visitor, components,
    language_buttons, ownership, render_form_page, render_page, see_other,
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
    questions: Vec<AskedQuestion>,
    open: bool,
}

impl RoundStartPage {
    /// How many days are left to apply.
    fn days_left(&self) -> String {
        let language = self.page.language;
        match days_between(self.page.today, self.round.closes_on) {
            ..=0 => translate("Today is the last day", language).to_owned(),
            1 => translate("Tomorrow is the last day", language).to_owned(),
            days => translate_with("{} days left", &days.to_string(), language),
        }
    }

    /// Whether the words about the fund are in another language than the page.
    fn is_untranslated(&self) -> bool {
        self.fund.purpose_in(self.page.language).1 != self.page.language
    }

    /// How many people the group needs; `None` if one is enough.
    fn people_needed(&self) -> Option<String> {
        match fund_texts::people_needed(&self.fund) {
            ..=1 => None,
            2 => Some(self.page.t("Two or more people in your group.").to_owned()),
            people => Some(self.page.t_with("{} or more people in your group.", people)),
        }
    }
}

#[derive(Template)]
#[template(path = "apply/form.html")]
struct BlankFormPage {
    page: PageContext,
    fund: FundRow,
    round: RoundRow,
    areas: Vec<String>,
    activities: Vec<(String, String)>,
    questions: Vec<AskedQuestion>,
    /// How much a group can ask for.
    bounds: String,
    /// The address of the service.
    address: String,
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

/// A question as the pages before the application and the printed form show it.
struct AskedQuestion {
    label: String,
    help: String,
    kind: QuestionKind,
    options: Vec<String>,
    /// The language of the texts, if it differs from that of the page.
    lang: Option<&'static str>,
}

fn asked_questions(questions: &[Question], visitor: &Visitor) -> Vec<AskedQuestion> {
    let asked = |question: &Question| {
        let (label, help) = question.in_language(visitor.language);
        AskedQuestion {
            label: label.to_owned(),
            help: help.to_owned(),
            kind: question.kind,
            options: question
                .options
                .iter()
                .map(|option| option.in_language(visitor.language).to_owned())
                .collect(),
            lang: (!question.is_translated(visitor.language)).then(|| Language::En.code()),
        }
    };
    questions.iter().map(asked).collect()
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
    let mut shell = PageContext::load(&visitor, &app, fund.name_in(visitor.language)).await?;
    shell.back = Some("/apply".to_owned());
    shell.width = PageWidth::Wide;
    let questions = asked_questions(
        &ownership::form_questions(&app, round.form).await?,
        &visitor,
    );
    let areas = names_in_words(&area_names(&fund), translate("and", visitor.language));
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
        translate("Application form on paper", visitor.language),
    )
    .await?;
    shell.back = Some(path);
    let questions = asked_questions(
        &ownership::form_questions(&app, round.form).await?,
        &visitor,
    );
    let names = ThemeNames::load(&app).await?;
    let (areas, activities) = (
        area_names(&fund),
        names.choices(&fund.rules.texts, visitor.language),
    );
    render_page(&BlankFormPage {
        page: shell,
        areas,
        activities,
        questions,
        bounds: bounds_hint(&fund, visitor.language),
        address: app.site.public_address(&app.commands).await?,
        fund,
        round,
    })
}

/// How much a group can ask for, in words.
pub(super) fn bounds_hint(fund: &FundRow, language: Language) -> String {
    let (minimum, maximum) = (fund.rules.minimum, fund.rules.maximum);
    with_two("Between {} and {}.", minimum, maximum, language)
}

#[derive(Template)]
#[template(path = "apply/fits.html")]
struct EligibilityPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    /// The questions, each with the name of its field.
    questions: Vec<(String, Eligibility)>,
    choices: Vec<(String, String)>,
    path: String,
}

#[derive(Template)]
#[template(path = "apply/not_now.html")]
struct NotEligiblePage {
    page: PageContext,
    says: String,
    lang: Option<&'static str>,
}

/// The name of the field of a question on eligibility, counted from 0.
fn field_of(place: usize) -> String {
    format!("fits-{}", place + 1)
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
    let questions: Vec<_> = fund_texts::eligibility(&fund, visitor.language)
        .into_iter()
        .enumerate()
        .map(|(place, question)| (field_of(place), question))
        .collect();
    let forms = PageForms::new(visitor, rejected);
    let mut wrong = forms.error_summary();
    // At its question an error needs no name; in the summary it does.
    for (id, says) in &mut wrong {
        let of = |(name, _): &&(String, Eligibility)| *id == components::field_id("fits", name);
        if let Some((_, asked)) = questions.iter().find(of) {
            *says = format!("{says}: {}", asked.question);
        }
    }
    let title = translate("Does your idea fit?", visitor.language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    (shell.quiet, shell.has_errors) = (true, !wrong.is_empty());
    shell.saves_language = true;
    shell.back = Some(path.clone());
    let sheet = EligibilityPage {
        page: shell,
        forms,
        wrong,
        questions,
        choices: yes_no_choices(visitor),
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
    let PostedForm {
        mut visitor,
        posted,
    } = sent;
    if let Some(language) = language_buttons::pressed(&posted) {
        visitor.language = language;
        let chosen = FormErrors::new("fits", &posted, Vec::new());
        let mut page = render_eligibility(&request, &visitor, &app, Some(chosen)).await?;
        remember_language(&app, language, &mut page);
        return Ok(page);
    }
    let (fund, _, path) = round_of_request(&request, &app).await?;
    let questions = fund_texts::eligibility(&fund, visitor.language);
    let answer = |place: usize| posted.text(&field_of(place));
    // One "no" is enough, even if other questions are open.
    if let Some(place) = (0..questions.len()).find(|place| answer(*place) == "no") {
        return Ok(see_other(&format!("{path}/not-now/{}", place + 1)));
    }
    let says = translate("Choose yes or no", visitor.language);
    let wrong: Vec<_> = (0..questions.len())
        .filter(|place| answer(*place) != "yes")
        .map(|place| (field_of(place), says.to_owned()))
        .collect();
    if wrong.is_empty() {
        return Ok(see_other(&format!("{path}/group")));
    }
    let rejected = FormErrors::new("fits", &posted, wrong);
    render_eligibility(&request, &visitor, &app, Some(rejected)).await
}

pub(super) async fn show_not_eligible(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = round_of_request(&request, &app).await?;
    let number: usize = request
        .match_info()
        .query("number")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let Eligibility { if_no, lang, .. } = fund_texts::eligibility(&fund, visitor.language)
        .into_iter()
        .nth(number.wrapping_sub(1))
        .ok_or_else(PageError::not_found)?;
    let mut shell = PageContext::load(
        &visitor,
        &app,
        translate("This fund is not the right one", visitor.language),
    )
    .await?;
    shell.back = Some(format!("{path}/fits"));
    render_page(&NotEligiblePage {
        page: shell,
        says: if_no,
        lang,
    })
}
