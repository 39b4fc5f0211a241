//! The page of one fund: money, rules, rounds, and the actions on each.

use actix_web::HttpResponse;
use askama::Template;

use super::act::{Act, Offered, shown};
use super::funds::with_rules;
use super::{Asked, Happened, history, said};
use crate::domain::command::{Because, Nothing};
use crate::domain::fund::{Allocate, ExtendRound, PlanRound, RoundOf, SetRules, WithdrawFunding};
use crate::domain::source::Source;
use crate::domain::{Command, FundCommand as C, FundId, Money};
use crate::http::pages::figures::{Days, MoneyBar, sums};
use crate::http::pages::{Failed, Forms, Shell, own};
use crate::log::record::day_of;
use crate::projections::{FundRow, OrganisationRow, RoundRow};
use crate::views::By;

#[derive(Template)]
#[template(path = "desk/fund.html")]
struct Sheet {
    page: Shell,
    wrong: Vec<(String, String)>,
    fund: FundRow,
    state: String,
    bar: Option<MoneyBar>,
    rounds: Vec<Round>,
    acts: Vec<Act>,
    history: Vec<Happened>,
}

struct Round {
    key: String,
    row: RoundRow,
    state: String,
    acts: Vec<Act>,
}

pub(super) async fn show(asked: &Asked<'_>, id: &str) -> Result<HttpResponse, Failed> {
    let desk = asked.desk;
    let fund: FundRow = desk
        .views
        .find(&own::uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let days = Days::asked(desk, "", "").await?;
    let key = fund.id.to_string();
    let line = desk
        .views
        .budget(sums(By::Fund, Some(&key), None, &days))
        .await?
        .lines
        .pop();
    let forms = asked.forms();
    let mut rounds = Vec::new();
    for (key, row) in &fund.rounds {
        let acts = round_acts(asked, &forms, &fund, key.as_str(), row).await?;
        rounds.push(Round {
            key: key.to_string(),
            state: said(row.state),
            row: row.clone(),
            acts,
        });
    }
    let page = Sheet {
        page: asked.shell(&fund.name).await?,
        wrong: forms.wrong(),
        state: said(fund.state),
        bar: line.map(|line| MoneyBar::of(fund.name.clone(), line)),
        rounds,
        acts: acts(asked, &forms, &fund).await?,
        history: history(asked, fund.id).await?,
        fund,
    };
    asked.page(&page)
}

async fn act(
    asked: &Asked<'_>,
    forms: &Forms,
    fund: &FundRow,
    name: &str,
    form: &str,
    title: &str,
    command: C,
) -> Result<Act, Failed> {
    let offered = Offered::of(
        asked.desk,
        asked.visitor,
        Command::Fund(FundId(fund.id), command),
    )
    .await?;
    Ok(Act::new(
        forms,
        form,
        title,
        &format!("/desk/do/funds/{}/{name}", fund.id),
        offered,
    ))
}

async fn round_acts(
    asked: &Asked<'_>,
    forms: &Forms,
    fund: &FundRow,
    key: &str,
    row: &RoundRow,
) -> Result<Vec<Act>, Failed> {
    let of = || RoundOf {
        round: key.parse().expect("a round's key"),
    };
    let mut acts = Vec::new();
    for (name, title, command) in [
        ("open-round", "Open the round", C::OpenRound(of())),
        ("close-round", "Close the round", C::CloseRound(of())),
        ("start-deciding", "Start deciding", C::StartDeciding(of())),
        (
            "complete-round",
            "Complete the round",
            C::CompleteRound(of()),
        ),
    ] {
        acts.push(
            act(
                asked,
                forms,
                fund,
                name,
                &format!("{name}-{key}"),
                title,
                command,
            )
            .await?
            .hidden("round", key),
        );
    }
    let later = row.closes_on.saturating_add(jiff::Span::new().days(7));
    let extend = C::ExtendRound(ExtendRound {
        round: of().round,
        closes_on: later,
    });
    acts.push(
        act(
            asked,
            forms,
            fund,
            "extend-round",
            &format!("extend-round-{key}"),
            "Move the deadline later",
            extend,
        )
        .await?
        .hidden("round", key)
        .day("closes_on", "Last day")
        .known("closes_on", later),
    );
    Ok(shown(acts))
}

async fn acts(asked: &Asked<'_>, forms: &Forms, fund: &FundRow) -> Result<Vec<Act>, Failed> {
    let today = day_of(asked.desk.commands.now());
    let because = || Because {
        reason: "why".parse().expect("a short text"),
    };
    let rules = || SetRules {
        rules: fund.rules.clone(),
    };
    let make = async |name: &str, title: &str, command: C| {
        act(asked, forms, fund, name, name, title, command).await
    };
    let own: Option<OrganisationRow> = asked
        .desk
        .views
        .find(&asked.desk.commands.organisation().to_string(), None)
        .await?;
    let form = own.map_or(1, |own| own.form_version);
    let plan = PlanRound {
        round: "a-new-one".parse().expect("a slug"),
        name: "name".parse().expect("a line"),
        opens_on: today,
        closes_on: today,
        form,
    };
    let funder = || Source {
        funder: "funder".parse().expect("a slug"),
        area: None,
    };
    let allocate = Allocate {
        source: funder(),
        amount: Money::of_pounds(1),
        reference: "reference".parse().expect("a line"),
        received_on: today,
    };
    // The sum is zero, so that the dry run does not refuse the action for lack of money: the form
    // asks for funder and sum.
    let withdraw = WithdrawFunding {
        source: funder(),
        amount: Money::ZERO,
        reason: because().reason,
    };
    let areas = || {
        let areas = fund
            .areas
            .iter()
            .map(|area| (area.to_string(), area.to_string()));
        std::iter::once((String::new(), "any of the fund's areas".to_owned()))
            .chain(areas)
            .collect::<Vec<_>>()
    };
    let mut acts = vec![
        make("open", "Open the fund", C::Open(Nothing {})).await?,
        make("plan-round", "Plan a round", C::PlanRound(plan))
            .await?
            .line_with(
                "round:k",
                "Short name",
                "It stands in the round's address: spring.",
            )
            .line("name", "Name")
            .day("opens_on", "First day")
            .day("closes_on", "Last day")
            .number("form:n", "Version of the form")
            .known("form:n", form),
        make(
            "allocate",
            "Record money from a funder",
            C::Allocate(allocate),
        )
        .await?
        .line_with(
            "source.funder:k",
            "Funder",
            "A short name, always the same.",
        )
        .one("source.area", "It may be spent in", areas())
        .money("amount:m", "How much")
        .line("reference", "The funder's reference")
        .day("received_on", "Received on")
        .known("received_on", today),
        make(
            "withdraw-funding",
            "Record that a funder took money back",
            C::WithdrawFunding(withdraw),
        )
        .await?
        .line("source.funder:k", "Funder")
        .one("source.area", "Of the money for", areas())
        .money("amount:m", "How much")
        .words("reason", "Why"),
        with_rules(
            make("set-rules", "Set the rules", C::SetRules(rules())).await?,
            Some(&fund.rules),
        ),
        with_rules(
            make(
                "propose-rules",
                "Propose other rules",
                C::ProposeRules(rules()),
            )
            .await?,
            Some(&fund.rules),
        ),
    ];
    if let Some(proposed) = &fund.proposed_rules {
        let confirm = C::ConfirmRules(SetRules {
            rules: proposed.clone(),
        });
        acts.push(with_rules(
            make(
                "confirm-rules",
                "Confirm the rules that were proposed",
                confirm,
            )
            .await?
            .opened(),
            Some(proposed),
        ));
    }
    acts.push(
        make("pause", "Pause the fund", C::Pause(because()))
            .await?
            .words("reason", "Why"),
    );
    acts.push(make("resume", "Resume the fund", C::Resume(Nothing {})).await?);
    acts.push(make("close", "Close the fund", C::Close(Nothing {})).await?);
    acts.push(make("archive", "Put the fund away", C::Archive(Nothing {})).await?);
    Ok(shown(acts))
}
