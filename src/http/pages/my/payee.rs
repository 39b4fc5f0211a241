//! The page that asks a group for its payee: its own account, a body that holds the money for it,
//! or goods bought for it.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::grant_page::{self, PayeeLine};
use crate::clock::day_of;
use crate::domain::language::Language;
use crate::domain::payee::{
    AccountProblem, BankAccount, PayeeInput, parse_account, parse_roll_number,
};
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::sign_in::query_param;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::GroupRow;

#[derive(Template)]
#[template(path = "my/payee.html")]
struct PayeePage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    routes: Vec<(String, String)>,
    /// The bank details that we have, while the way is asked for.
    known: Option<PayeeLine>,
    /// The way that was chosen, whose fields are shown; `None` while it is asked for.
    route: Option<PayeeRoute>,
    path: String,
}

/// A way to pay that needs an account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PayeeRoute {
    Own,
    Holding,
}

impl PayeeRoute {
    fn parse(key: &str) -> Option<Self> {
        match key {
            "own_account" => Some(Self::Own),
            "holding_body" => Some(Self::Holding),
            _ => None,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Own => "own_account",
            Self::Holding => "holding_body",
        }
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let route = PayeeRoute::parse(&query_param(&request, "route"));
    render(&request, &visitor, &app, route, None).await
}

async fn render(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    route: Option<PayeeRoute>,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let row = ownership::own_grant(visitor, app, request.match_info().query("id")).await?;
    let group: GroupRow = app
        .views
        .find(row.group, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let known = grant_page::payee_line(visitor, app, &group).await?;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(
        visitor,
        app,
        translate("Where should the money go?", language),
    )
    .await?;
    let grant = format!("/my/grants/{}", request.match_info().query("id"));
    let path = format!("{grant}/payee");
    shell.quiet = true;
    shell.back = Some(if route.is_some() { path.clone() } else { grant });
    shell.has_errors = !wrong.is_empty();
    let routes = [
        (
            "own_account",
            translate("Our group has a bank account", language),
        ),
        (
            "holding_body",
            translate("Another organisation holds money for us", language),
        ),
        (
            "purchase_for_group",
            translate("We have no account: please buy things for us", language),
        ),
    ];
    let routes = routes
        .map(|(key, label)| (key.to_owned(), label.to_owned()))
        .to_vec();
    let sheet = PayeePage {
        page: shell,
        forms,
        wrong,
        routes,
        known: known.filter(|_| route.is_none()),
        route,
        path,
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let route = PayeeRoute::parse(posted.text("route"));
    let is_asked = posted.pairs().iter().any(|(name, _)| name == "holder");
    if let (Some(route), false) = (route, is_asked) {
        let next = format!("/my/grants/{}/payee?route={}", row.id, route.key());
        return Ok(see_other(&next));
    }
    let payee = match parse_payee(&posted, &visitor, &app) {
        Ok(payee) => payee,
        Err(wrong) => {
            return render(
                &request,
                &visitor,
                &app,
                route,
                Some(FormErrors::new("payee", &posted, wrong)),
            )
            .await;
        }
    };
    let provide = Command::Group(GroupId(row.group.0), GroupCommand::ProvidePayee(payee));
    let Some(refusal) = ownership::try_execute(&visitor, &app, &posted, provide).await? else {
        return Ok(see_other(&format!("/my/grants/{}?done=bank", row.id)));
    };
    let says = refusal_says(&refusal, visitor.language);
    render(
        &request,
        &visitor,
        &app,
        route,
        Some(FormErrors::new(
            "payee",
            &posted,
            vec![(
                if route.is_some() { "account" } else { "route" }.to_owned(),
                says,
            )],
        )),
    )
    .await
}

/// The field with the wrong number, and its error.
fn account_error(problem: &AccountProblem, language: Language) -> (String, String) {
    use AccountProblem as P;
    let (field, says) = match problem {
        P::SortCode => ("sort", "Enter a sort code of 6 digits, such as 12-34-56"),
        P::Letters => (
            "account",
            "Enter digits only. If it is a building society account, enter its letters as the roll \
                number below",
        ),
        P::TooShort(padded) => {
            let says = "An account number has 8 digits. Put noughts in front of a shorter one: {}";
            return ("account".to_owned(), translate_with(says, padded, language));
        }
        P::TooLong => (
            "account",
            "An account number has 8 digits. Ask your bank which 8 digits, and which sort code, \
                others use to pay you",
        ),
        P::NotEight => ("account", "Enter an account number of 8 digits"),
        P::RollNumber => (
            "roll_number",
            "Enter a roll number of up to 18 letters and digits, as in your passbook",
        ),
    };
    (field.to_owned(), translate(says, language).to_owned())
}

fn parse_payee(
    posted: &FormData,
    visitor: &Visitor,
    app: &AppState,
) -> Result<PayeeInput, FieldErrors> {
    let language = visitor.language;
    let miss = |field: &str, says: &str| (field.to_owned(), translate(says, language).to_owned());
    let route = posted.text("route");
    if route == "purchase_for_group" {
        return Ok(PayeeInput::PurchaseForGroup {});
    }
    if !matches!(route, "own_account" | "holding_body") {
        return Err(vec![miss("route", "Choose one of these")]);
    }
    let account = parse_bank_account(posted, language);
    let mut wrong = account.as_ref().err().cloned().unwrap_or_default();
    let body = posted.text("body").parse();
    if route == "holding_body" {
        if body.is_err() {
            wrong.push(miss(
                "body",
                "Enter the name of the organisation that holds the money",
            ));
        }
        if posted.text("agreed") != "yes" {
            wrong.push(miss("agreed", "Ask them first, then tick the box"));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let account = account?;
    match body {
        Ok(body) if route == "holding_body" => Ok(PayeeInput::HoldingBody {
            body,
            consented_on: day_of(app.commands.now()),
            account,
        }),
        _ => Ok(PayeeInput::OwnAccount { account }),
    }
}

/// Parses the name and the numbers of an account.
fn parse_bank_account(posted: &FormData, language: Language) -> Result<BankAccount, FieldErrors> {
    let mut wrong = Vec::new();
    let holder = PersonalInput::name(posted.text("holder"));
    if holder.is_err() {
        let says = translate("Enter the name on the account", language);
        wrong.push(("holder".to_owned(), says.to_owned()));
    }
    let numbers = parse_account(posted.text("sort"), posted.text("account"));
    let roll_number = Some(posted.text("roll_number")).filter(|text| !text.is_empty());
    let roll_number = roll_number.map(parse_roll_number).transpose();
    let problems = numbers.as_ref().err().into_iter();
    let problems = problems.chain(roll_number.as_ref().err());
    wrong.extend(problems.map(|problem| account_error(problem, language)));
    match (holder, numbers, roll_number) {
        (Ok(holder), Ok(numbers), Ok(roll_number)) => Ok(BankAccount {
            holder,
            numbers: PersonalInput::Open(numbers),
            roll_number: roll_number.map(PersonalInput::Open),
        }),
        _ => Err(wrong),
    }
}
