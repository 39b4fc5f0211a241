//! The home page, and the page with help.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::http::Desk;
use crate::http::pages::apply::{OpenRound, open_rounds};
use crate::http::pages::words::say;
use crate::http::pages::{Failed, Shell, Visitor, page};

#[derive(Template)]
#[template(path = "open/home.html")]
struct Home {
    page: Shell,
    rounds: Vec<OpenRound>,
}

#[derive(Template)]
#[template(path = "open/help.html")]
struct Help {
    page: Shell,
    rounds: Vec<OpenRound>,
}

pub(super) async fn show(visitor: Visitor, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    let rounds = open_rounds(&desk).await?;
    page(&Home {
        page: Shell::around(
            &visitor,
            &desk,
            say("Small grants for good ideas", visitor.language),
        )
        .await?,
        rounds,
    })
}

pub(super) async fn help(visitor: Visitor, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    let rounds = open_rounds(&desk).await?;
    page(&Help {
        page: Shell::around(
            &visitor,
            &desk,
            say("Help, telephone and paper", visitor.language),
        )
        .await?,
        rounds,
    })
}
