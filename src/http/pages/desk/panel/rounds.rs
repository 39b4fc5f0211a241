//! The rounds that concern the panel, and the tasks in each.

use actix_web::HttpResponse;
use askama::Template;

use super::{DeskRequest, PanelRound, load};
use crate::domain::Role;
use crate::domain::fund::RoundState;
use crate::http::pages::words::{Tag, Tagged as _};
use crate::http::pages::{PageContext, PageError};

#[derive(Template)]
#[template(path = "desk/panel/rounds.html")]
struct PanelRoundsPage {
    page: PageContext,
    rounds: Vec<RoundToDo>,
}

/// A round, and what is to do in it.
struct RoundToDo {
    of: PanelRound,
    tag: Tag,
    /// How many applications wait for the reader's score.
    to_score: usize,
    to_decide: usize,
    held: usize,
    /// The reader records what the panel decides.
    records: bool,
}

impl PanelRoundsPage {
    /// Whether the round is the first in which the reader has applications to score.
    fn is_first_to_score(&self, round: &RoundToDo) -> bool {
        self.rounds
            .iter()
            .find(|other| other.to_score > 0)
            .is_some_and(|first| std::ptr::eq(first, round))
    }
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let reader = &request.signed.reader;
    let scores = reader.roles.contains(&Role::Panel);
    let mut rounds = Vec::new();
    for fund in request.funds().await? {
        for (key, round) in &fund.rounds {
            if round.state == RoundState::Planned {
                continue;
            }
            let of = load(request, &fund.id.to_string(), key.as_str()).await?;
            let waits = of
                .lines
                .iter()
                .filter(|line| scores && line.waits_for_score_of(reader.person));
            rounds.push(RoundToDo {
                tag: round.state.tag(),
                to_score: waits.count(),
                to_decide: of.to_decide().count(),
                held: of.held(),
                records: scores
                    && round.state == RoundState::Deciding
                    && of.open().next().is_some(),
                of,
            });
        }
    }
    rounds.sort_by_key(|round| {
        (
            round.to_decide == 0 && round.held == 0,
            std::cmp::Reverse(round.of.round.closes_on),
        )
    });
    let page = PanelRoundsPage {
        page: request.page_context("Panel meetings").await?,
        rounds,
    };
    request.render(&page)
}
