//! The page that asks a group for its payee: its own account, a body that holds the money for it,
//! or goods bought for it.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::domain::payee::{Account, PayeeTyped, parse_numbers};
use crate::domain::sealed::Personal;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::Desk;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::words::say;
use crate::http::pages::{
    Failed, Forms, Posted, Rejected, Sent, Shell, Visitor, own, see_other, shown,
};
use crate::log::record::day_of;

#[derive(Template)]
#[template(path = "my/payee.html")]
struct Sheet {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    routes: Vec<(String, String)>,
}

pub(super) async fn ask(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    own::grant(&visitor, &desk, request.match_info().query("id")).await?;
    render(&request, &visitor, &desk, None).await
}

async fn render(
    request: &HttpRequest,
    visitor: &Visitor,
    desk: &Desk,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    let language = visitor.language;
    let forms = Forms::new(visitor, rejected);
    let wrong = forms.wrong();
    let mut shell =
        Shell::around(visitor, desk, say("Where should the money go?", language)).await?;
    shell.back = Some(format!("/my/grants/{}", request.match_info().query("id")));
    shell.wrong = !wrong.is_empty();
    let routes = [
        ("own_account", say("Our group has a bank account", language)),
        (
            "holding_body",
            say("Another body holds the money for us", language),
        ),
        (
            "purchase_for_group",
            say("We have no account: please buy things for us", language),
        ),
    ];
    let routes = routes
        .map(|(key, label)| (key.to_owned(), label.to_owned()))
        .to_vec();
    let sheet = Sheet {
        page: shell,
        forms,
        wrong,
        routes,
    };
    shown(visitor, desk, sheet.page.wrong, &sheet)
}

pub(super) async fn save(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let row = own::grant(&visitor, &desk, request.match_info().query("id")).await?;
    let payee = match read(&posted, &visitor, &desk) {
        Ok(payee) => payee,
        Err(wrong) => {
            return render(
                &request,
                &visitor,
                &desk,
                Some(Rejected::with("payee", &posted, wrong)),
            )
            .await;
        }
    };
    let provide = Command::Group(GroupId(row.group.0), GroupCommand::ProvidePayee(payee));
    let Some(refusal) = own::attempt(&visitor, &desk, &posted, provide).await? else {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    };
    let says = refusal_says(&refusal, visitor.language);
    render(
        &request,
        &visitor,
        &desk,
        Some(Rejected::with(
            "payee",
            &posted,
            vec![("account".to_owned(), says)],
        )),
    )
    .await
}

fn read(
    posted: &Posted,
    visitor: &Visitor,
    desk: &Desk,
) -> Result<PayeeTyped, Vec<(String, String)>> {
    let mut wrong = Vec::new();
    let route = posted.text("route");
    let mut miss = |field: &str, says: &str| {
        wrong.push((field.to_owned(), say(says, visitor.language).to_owned()));
    };
    if route == "purchase_for_group" {
        return Ok(PayeeTyped::PurchaseForGroup {});
    }
    if !matches!(route, "own_account" | "holding_body") {
        miss("route", "Choose one of these");
        return Err(wrong);
    }
    let holder = Personal::name(posted.text("holder"));
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
    let account = Account {
        holder,
        numbers: Personal::Open(numbers),
    };
    match body {
        Ok(body) if route == "holding_body" => Ok(PayeeTyped::HoldingBody {
            body,
            consented_on: day_of(desk.commands.now()),
            account,
        }),
        _ => Ok(PayeeTyped::OwnAccount { account }),
    }
}
