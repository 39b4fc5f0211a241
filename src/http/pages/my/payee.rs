//! The page that asks a group for its payee: its own account, a body that holds the money for it,
//! or goods bought for it.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::grant_page::{self, PayeeLine};
use crate::clock::day_of;
use crate::domain::payee::{BankAccount, PayeeInput, parse_numbers};
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::i18n::translate;
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
        miss("holder", "Enter the name on the account");
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
            "Enter a sort code of 6 digits and an account number of 8",
        );
    }
    let body = posted.text("body").parse();
    if route == "holding_body" {
        if body.is_err() {
            miss(
                "body",
                "Enter the name of the organisation that holds the money",
            );
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
