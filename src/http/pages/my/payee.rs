//! The page that asks a group for its payee: its own account, a body that holds the money for it,
//! or goods bought for it.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::clock::day_of;
use crate::domain::payee::{BankAccount, PayeeInput, parse_numbers};
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};

#[derive(Template)]
#[template(path = "my/payee.html")]
struct PayeePage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    routes: Vec<(String, String)>,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    render(&request, &visitor, &app, None).await
}

async fn render(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(
        visitor,
        app,
        translate("Where should the money go?", language),
    )
    .await?;
    shell.back = Some(format!("/my/grants/{}", request.match_info().query("id")));
    shell.has_errors = !wrong.is_empty();
    let routes = [
        (
            "own_account",
            translate("Our group has a bank account", language),
        ),
        (
            "holding_body",
            translate("Another body holds the money for us", language),
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
    let payee = match parse_payee(&posted, &visitor, &app) {
        Ok(payee) => payee,
        Err(wrong) => {
            return render(
                &request,
                &visitor,
                &app,
                Some(FormErrors::new("payee", &posted, wrong)),
            )
            .await;
        }
    };
    let provide = Command::Group(GroupId(row.group.0), GroupCommand::ProvidePayee(payee));
    let Some(refusal) = ownership::try_execute(&visitor, &app, &posted, provide).await? else {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    };
    let says = refusal_says(&refusal, visitor.language);
    render(
        &request,
        &visitor,
        &app,
        Some(FormErrors::new(
            "payee",
            &posted,
            vec![("account".to_owned(), says)],
        )),
    )
    .await
}

fn parse_payee(
    posted: &FormData,
    visitor: &Visitor,
    app: &AppState,
) -> Result<PayeeInput, Vec<(String, String)>> {
    let mut wrong = Vec::new();
    let route = posted.text("route");
    let mut miss = |field: &str, says: &str| {
        wrong.push((
            field.to_owned(),
            translate(says, visitor.language).to_owned(),
        ));
    };
    if route == "purchase_for_group" {
        return Ok(PayeeInput::PurchaseForGroup {});
    }
    if !matches!(route, "own_account" | "holding_body") {
        miss("route", "Choose one of these");
        return Err(wrong);
    }
    let holder = PersonalInput::name(posted.text("holder"));
    if holder.is_err() {
        miss("holder", "Write the name on the account");
    }
    let digits = |name: &str| {
        posted
            .text(name)
            .chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let numbers = parse_numbers(&format!("{} {}", digits("sort"), digits("account")));
    if numbers.is_err() {
        miss(
            if digits("sort").len() == 6 {
                "account"
            } else {
                "sort"
            },
            "A sort code has six digits, an account number eight",
        );
    }
    let body = posted.text("body").parse();
    if route == "holding_body" {
        if body.is_err() {
            miss("body", "Write the name of the body that holds the money");
        }
        if posted.text("agreed") != "yes" {
            miss("agreed", "Ask them first, then tick the box");
        }
    }
    let (Ok(holder), Ok(numbers)) = (holder, numbers) else {
        return Err(wrong);
    };
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let account = BankAccount {
        holder,
        numbers: PersonalInput::Open(numbers),
    };
    match body {
        Ok(body) if route == "holding_body" => Ok(PayeeInput::HoldingBody {
            body,
            consented_on: day_of(app.commands.now()),
            account,
        }),
        _ => Ok(PayeeInput::OwnAccount { account }),
    }
}
