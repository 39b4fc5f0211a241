//! The page of one fund: money, rules, rounds, and the actions on each.

use actix_web::HttpResponse;
use askama::Template;

use super::action::{Action, Availability, visible};
use super::funds::with_rule_fields;
use super::{DeskRequest, HistoryEntry, history, label_of};
use crate::clock::day_of;
use crate::domain::command::{NoBody, WithReason};
use crate::domain::fund::{Allocate, ExtendRound, PlanRound, RoundRef, SetRules, WithdrawFunding};
use crate::domain::funding_source::FundingSource;
use crate::domain::{Command, FundCommand as C, FundId, Money};
use crate::http::pages::charts::{DaySelection, MoneyBar, totals_query};
use crate::http::pages::{PageContext, PageError, PageForms, ownership};
use crate::projections::{FundRow, OrganisationRow, RoundRow};
use crate::views::GroupBy;

#[derive(Template)]
#[template(path = "desk/fund.html")]
struct FundPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    fund: FundRow,
    state: String,
    bar: Option<MoneyBar>,
    rounds: Vec<RoundSection>,
    acts: Vec<Action>,
    history: Vec<HistoryEntry>,
}

struct RoundSection {
    key: String,
    row: RoundRow,
    state: String,
    acts: Vec<Action>,
}

pub(super) async fn show(asked: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let desk = asked.desk;
    let fund: FundRow = desk
        .views
        .find(&ownership::parse_uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let days = DaySelection::from_query(desk, "", "").await?;
    let key = fund.id.to_string();
    let line = desk
        .views
        .budget(totals_query(GroupBy::Fund, Some(&key), None, &days))
        .await?
        .lines
        .pop();
    let forms = asked.forms();
    let mut rounds = Vec::new();
    for (key, row) in &fund.rounds {
        let acts = round_actions(asked, &forms, &fund, key.as_str(), row).await?;
        rounds.push(RoundSection {
            key: key.to_string(),
            state: label_of(row.state),
            row: row.clone(),
            acts,
        });
    }
    let page = FundPage {
        page: asked.page_context(&fund.name).await?,
        wrong: forms.error_summary(),
        state: label_of(fund.state),
        bar: line.map(|line| MoneyBar::new(fund.name.clone(), line)),
        rounds,
        acts: actions(asked, &forms, &fund).await?,
        history: history(asked, fund.id).await?,
        fund,
    };
    asked.render(&page)
}

async fn action(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    fund: &FundRow,
    name: &str,
    form: &str,
    title: &str,
    command: C,
) -> Result<Action, PageError> {
    let offered = Availability::check(
        asked.desk,
        asked.visitor,
        Command::Fund(FundId(fund.id), command),
    )
    .await?;
    Ok(Action::new(
        forms,
        form,
        title,
        &format!("/desk/do/funds/{}/{name}", fund.id),
        offered,
    ))
}

async fn round_actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    fund: &FundRow,
    key: &str,
    row: &RoundRow,
) -> Result<Vec<Action>, PageError> {
    let of = || RoundRef {
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
            action(
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
        action(
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
        .prefill("closes_on", later),
    );
    Ok(visible(acts))
}

async fn actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    fund: &FundRow,
) -> Result<Vec<Action>, PageError> {
    let today = day_of(asked.desk.commands.now());
    let because = || WithReason {
        reason: "why".parse().expect("a short text"),
    };
    let rules = || SetRules {
        rules: fund.rules.clone(),
    };
    let make = async |name: &str, title: &str, command: C| {
        action(asked, forms, fund, name, name, title, command).await
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
    let funder = || FundingSource {
        funder: "funder".parse().expect("a slug"),
        area: None,
    };
    let allocate = Allocate {
        source: funder(),
        amount: Money::from_pounds(1),
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
        make("open", "Open the fund", C::Open(NoBody {})).await?,
        make("plan-round", "Plan a round", C::PlanRound(plan))
            .await?
            .text_with_hint(
                "round:k",
                "Short name",
                "It stands in the round's address: spring.",
            )
            .text("name", "Name")
            .day("opens_on", "First day")
            .day("closes_on", "Last day")
            .number("form:n", "Version of the form")
            .prefill("form:n", form),
        make(
            "allocate",
            "Record money from a funder",
            C::Allocate(allocate),
        )
        .await?
        .text_with_hint(
            "source.funder:k",
            "Funder",
            "A short name, always the same.",
        )
        .select("source.area", "It may be spent in", areas())
        .money("amount:m", "How much")
        .text("reference", "The funder's reference")
        .day("received_on", "Received on")
        .prefill("received_on", today),
        make(
            "withdraw-funding",
            "Record that a funder took money back",
            C::WithdrawFunding(withdraw),
        )
        .await?
        .text("source.funder:k", "Funder")
        .select("source.area", "Of the money for", areas())
        .money("amount:m", "How much")
        .text_area("reason", "Why"),
        with_rule_fields(
            make("set-rules", "Set the rules", C::SetRules(rules())).await?,
            Some(&fund.rules),
        ),
        with_rule_fields(
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
        acts.push(with_rule_fields(
            make(
                "confirm-rules",
                "Confirm the rules that were proposed",
                confirm,
            )
            .await?
            .expanded(),
            Some(proposed),
        ));
    }
    acts.push(
        make("pause", "Pause the fund", C::Pause(because()))
            .await?
            .text_area("reason", "Why"),
    );
    acts.push(make("resume", "Resume the fund", C::Resume(NoBody {})).await?);
    acts.push(make("close", "Close the fund", C::Close(NoBody {})).await?);
    acts.push(make("archive", "Put the fund away", C::Archive(NoBody {})).await?);
    Ok(visible(acts))
}
