//! The actions on a fund, its rounds and its rules.

use std::collections::BTreeSet;

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use crate::clock::{day_of, new_id};
use crate::domain::command::{NoBody, WithReason};
use crate::domain::fund::{
    Allocate, CreateFund, ExtendRound, PlanRound, RoundRef, Rules, SetRules, WithdrawFunding,
};
use crate::domain::funding_source::FundingSource;
use crate::domain::text::Slug;
use crate::domain::{Command, FundCommand as C, FundId, Money};
use crate::http::pages::{PageError, PageForms};
use crate::projections::{FundRow, OrganisationRow, RoundRow};

/// Setting up a fund. Its page is for administrators only.
pub(super) fn create_action() -> ActionSpec {
    let create = C::Create(CreateFund {
        name: sample("name"),
        purpose: sample("purpose"),
        areas: BTreeSet::new(),
        rules: Rules::default(),
    });
    let create = ActionSpec::new("Set up a fund", Command::Fund(FundId(new_id()), create))
        .text("name", "Name")
        .text_area("purpose", "What the money is for")
        .keys("areas", "Areas")
        .hint("With commas between: Stockport, Oldham, Tameside.")
        .expanded()
        .unchecked();
    with_rule_fields(create, None)
}

/// The values from which all actions on a fund are made.
pub(super) struct FundActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub fund: &'a FundRow,
}

impl FundActions<'_> {
    fn spec(&self, title: &str, command: C) -> ActionSpec {
        ActionSpec::new(title, Command::Fund(FundId(self.fund.id), command))
    }

    /// The actions on one round.
    pub(super) async fn round(
        &self,
        round: &Slug,
        row: &RoundRow,
    ) -> Result<Vec<Action>, PageError> {
        let of = || RoundRef {
            round: round.clone(),
        };
        let later = row.closes_on.saturating_add(jiff::Span::new().days(7));
        let extend = C::ExtendRound(ExtendRound {
            round: round.clone(),
            closes_on: later,
        });
        let on_round = |title: &str, command: C| {
            let form = format!("{}-{round}", command.name());
            self.spec(title, command).form(form).hidden("round", round)
        };
        let table = vec![
            on_round("Open the round", C::OpenRound(of())),
            on_round("Close the round", C::CloseRound(of())),
            on_round("Start deciding", C::StartDeciding(of())),
            on_round("Complete the round", C::CompleteRound(of())),
            on_round("Move the deadline later", extend)
                .day("closes_on", "Last day")
                .prefill(later),
        ];
        self.request.actions(self.forms, table).await
    }

    /// The actions on the fund itself, in the order of its page.
    pub(super) async fn fund(&self) -> Result<Vec<Action>, PageError> {
        let mut table = vec![
            self.spec("Open the fund", C::Open(NoBody {})),
            self.plan_round().await?,
        ];
        table.extend(self.funding());
        table.extend(self.rules());
        let pause = C::Pause(WithReason {
            reason: sample("why"),
        });
        table.extend([
            self.spec("Pause the fund", pause)
                .text_area("reason", "Why"),
            self.spec("Resume the fund", C::Resume(NoBody {})),
            self.spec("Close the fund", C::Close(NoBody {})),
            self.spec("Put the fund away", C::Archive(NoBody {})),
        ]);
        self.request.actions(self.forms, table).await
    }

    async fn plan_round(&self) -> Result<ActionSpec, PageError> {
        let today = day_of(self.request.app.commands.now());
        let own: Option<OrganisationRow> = self
            .request
            .app
            .views
            .find(self.request.app.commands.organisation(), None)
            .await?;
        let form = own.map_or(1, |own| own.form_version);
        let plan = C::PlanRound(PlanRound {
            round: sample("a-new-one"),
            name: sample("name"),
            opens_on: today,
            closes_on: today,
            form,
        });
        Ok(self
            .spec("Plan a round", plan)
            .key("round", "Short name")
            .hint("It stands in the round's address: spring.")
            .text("name", "Name")
            .day("opens_on", "First day")
            .day("closes_on", "Last day")
            .number("form", "Version of the form")
            .prefill(form))
    }

    /// Money from a funder, and money that a funder took back.
    fn funding(&self) -> [ActionSpec; 2] {
        let today = day_of(self.request.app.commands.now());
        let source = || FundingSource {
            funder: sample("funder"),
            area: None,
        };
        let allocate = C::Allocate(Allocate {
            source: source(),
            amount: Money::from_pounds(1),
            reference: sample("reference"),
            received_on: today,
        });
        // The sum is zero, so that the dry run does not refuse the action for lack of money: the
        // form asks for funder and sum.
        let withdraw = C::WithdrawFunding(WithdrawFunding {
            source: source(),
            amount: Money::ZERO,
            reason: sample("why"),
        });
        let any = (String::new(), "any of the fund's areas".to_owned());
        let areas = self.fund.areas.iter();
        let areas: Vec<_> = std::iter::once(any)
            .chain(areas.map(|area| (area.to_string(), area.to_string())))
            .collect();
        [
            self.spec("Record money from a funder", allocate)
                .key("source.funder", "Funder")
                .hint("A short name, always the same.")
                .select("source.area", "It may be spent in", areas.clone())
                .money("amount", "How much")
                .text("reference", "The funder's reference")
                .day("received_on", "Received on")
                .prefill(today),
            self.spec("Record that a funder took money back", withdraw)
                .key("source.funder", "Funder")
                .select("source.area", "Of the money for", areas)
                .money("amount", "How much")
                .text_area("reason", "Why"),
        ]
    }

    fn rules(&self) -> Vec<ActionSpec> {
        let change = |title: &str, command: fn(SetRules) -> C, rules: &Rules| {
            let command = command(SetRules {
                rules: rules.clone(),
            });
            with_rule_fields(self.spec(title, command), Some(rules))
        };
        let rules = &self.fund.rules;
        let mut table = vec![
            change("Set the rules", C::SetRules, rules),
            change("Propose other rules", C::ProposeRules, rules),
        ];
        if let Some(proposed) = &self.fund.proposed_rules {
            let title = "Confirm the rules that were proposed";
            table.push(change(title, C::ConfirmRules, proposed).expanded());
        }
        table
    }
}

/// Adds the fields of a fund's rules to an action, filled in with `rules`, or with usual values for
/// a new fund.
fn with_rule_fields(spec: ActionSpec, rules: Option<&Rules>) -> ActionSpec {
    let known =
        |pick: fn(&Rules) -> String, usual: &str| rules.map_or_else(|| usual.to_owned(), pick);
    let spec = spec
        .money("rules.minimum", "Smallest award")
        .prefill(known(|rules| String::from(rules.minimum), "500.00"))
        .money("rules.maximum", "Largest award")
        .prefill(known(|rules| String::from(rules.maximum), "2500.00"))
        .number(
            "rules.eyes",
            "How many people must act on a payment: two or three",
        )
        .prefill(known(|rules| rules.people_per_payment.to_string(), "2"))
        .number(
            "rules.quorum",
            "How many panel members without an interest decide",
        )
        .prefill(known(|rules| rules.quorum.to_string(), "2"))
        .keys("rules.checks", "Checks before money is paid")
        .hint("With commas between: identity, governing document.")
        .prefill(known(
            |rules| names_of_keys(&rules.checks),
            "identity, governing document",
        ))
        .keys(
            "rules.checks_at_risk",
            "Further checks where children or adults at risk take part",
        )
        .hint("With commas between: safeguarding.")
        .prefill(known(
            |rules| names_of_keys(&rules.checks_at_risk),
            "safeguarding",
        ));
    spec.number("rules.offer_days", "How many days an offer stands")
        .prefill(known(|rules| rules.offer_days.to_string(), "28"))
        .number("rules.signers", "How many people sign the agreement")
        .prefill(known(|rules| rules.signers.to_string(), "2"))
        .number(
            "rules.update_every_days",
            "Days between updates; empty for only a final one",
        )
        .prefill(known(
            |rules| {
                rules
                    .update_every_days
                    .map(|days| days.to_string())
                    .unwrap_or_default()
            },
            "",
        ))
        .number(
            "rules.remind_days",
            "How many days before an update is due the group is reminded",
        )
        .prefill(known(|rules| rules.remind_days.to_string(), "14"))
}

/// The names of keys, with commas between them: `governing-document` is "governing document".
fn names_of_keys(keys: &BTreeSet<Slug>) -> String {
    keys.iter()
        .map(|key| key.as_str().replace('-', " "))
        .collect::<Vec<_>>()
        .join(", ")
}
