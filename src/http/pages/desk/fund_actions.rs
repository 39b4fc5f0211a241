//! The actions on a fund, its rounds and its rules.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use super::readiness::Readiness;
use crate::clock::{day_of, new_id};
use crate::domain::command::{NoBody, WithReason};
use crate::domain::fund::{
    Allocate, CreateFund, ExtendRound, FundTexts, RefuseRules, RoundRef, Rules, SetRules,
    WithdrawFunding,
};
use crate::domain::funding_source::FundingSource;
use crate::domain::text::Slug;
use crate::domain::{Command, FundCommand as C, FundId, Money};
use crate::http::pages::charts::{DaySelection, totals_query};
use crate::http::pages::form::FieldType;
use crate::http::pages::words::{check_name, place_name};
use crate::http::pages::{PageError, PageForms};
use crate::projections::{FundRow, RoundRow};
use crate::views::GroupBy;

/// The checks that every fund begins with. They can be changed on the fund's page.
pub(super) const FIRST_CHECKS: [&str; 2] = ["identity", "governing-document"];
pub(super) const FIRST_CHECKS_AT_RISK: [&str; 1] = ["safeguarding"];
/// Other checks that can be ticked.
const OTHER_CHECKS: [&str; 2] = ["insurance", "references"];

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
        .hint("One on each line, such as Stockport.")
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
    /// An action, unfolded if the address of the page asks for it.
    fn spec(&self, title: &str, command: C) -> ActionSpec {
        let asked = self.request.text("do") == command.name();
        let spec = ActionSpec::new(title, Command::Fund(FundId(self.fund.id), command));
        if asked { spec.expanded() } else { spec }
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
            panel_meets_on: None,
            hear_by: None,
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
            on_round("Move the last day later", extend)
                .day("closes_on", "Last day")
                .prefill(later)
                .day("panel_meets_on", "The panel meets")
                .hint("After the last day. Leave it empty if you do not know yet.")
                .prefill(day_or_empty(row.panel_meets_on))
                .day("hear_by", "Groups hear by")
                .prefill(day_or_empty(row.hear_by)),
        ];
        self.request.actions(self.forms, table).await
    }

    /// Opening the fund. Before everything is ready, it takes a tick.
    fn opening(&self, ready: &[Readiness]) -> ActionSpec {
        let open = self.spec("Open the fund", C::Open(NoBody {})).about(
            "Groups can apply to its rounds. From then on its rules change only when two \
             administrators agree.",
        );
        let missing = ready.iter().filter(|item| !item.ready);
        let missing: Vec<&str> = missing.map(|item| item.what).collect();
        if missing.is_empty() {
            return open;
        }
        let label = format!("Not ready yet: {}", missing.join(", "));
        open.must_tick(&label, "Open it all the same")
    }

    /// The actions on the fund itself, in the order of its page.
    pub(super) async fn fund(&self, ready: &[Readiness]) -> Result<Vec<Action>, PageError> {
        let mut table = vec![self.opening(ready)];
        table.extend(self.funding().await?);
        table.extend(self.rules());
        let pause = C::Pause(WithReason {
            reason: sample("why"),
        });
        table.extend([
            self.spec("Pause the fund", pause)
                .text_area("reason", "Why"),
            self.spec("Resume the fund", C::Resume(NoBody {})),
            self.spec("Close the fund", C::Close(NoBody {})),
            self.spec("Archive the fund", C::Archive(NoBody {})),
        ]);
        self.request.actions(self.forms, table).await
    }

    /// The funders who gave money to the fund, to be chosen from.
    async fn funders(&self) -> Result<Vec<(String, String)>, PageError> {
        let (app, fund) = (self.request.app, self.fund.id.to_string());
        let days = DaySelection::from_query(app, "", "").await?;
        let totals = totals_query(GroupBy::Funder, Some(&fund), None, &days);
        let lines = app.views.budget(totals).await?.lines;
        Ok(lines
            .into_iter()
            .map(|line| {
                let name = place_name(&line.of);
                (line.of, name)
            })
            .collect())
    }

    /// Money from a funder, and money that a funder took back.
    async fn funding(&self) -> Result<[ActionSpec; 2], PageError> {
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
            .chain(areas.map(|area| (area.to_string(), place_name(area.as_str()))))
            .collect();
        Ok([
            self.spec("Record money from a funder", allocate)
                .key("source.funder", "Who gives the money")
                .hint("Use the same short name each time.")
                .select("source.area", "It may be spent in", areas.clone())
                .money("amount", "How much")
                .text("reference", "The funder's reference")
                .day("received_on", "Received on")
                .prefill(today),
            self.spec("Record that a funder took money back", withdraw)
                .select("source.funder", "Who gave the money", self.funders().await?)
                .select("source.area", "Of the money for", areas)
                .money("amount", "How much")
                .text_area("reason", "Why"),
        ])
    }

    fn rules(&self) -> Vec<ActionSpec> {
        let change = |title: &str, command: fn(SetRules) -> C, rules: &Rules| {
            let command = command(SetRules {
                rules: rules.clone(),
            });
            with_rule_fields(self.spec(title, command), Some(rules))
        };
        let rules = &self.fund.rules;
        vec![
            change("Set the rules", C::SetRules, rules),
            change("Propose other rules", C::ProposeRules, rules)
                .button("Propose these rules: a second administrator must confirm them"),
        ]
    }

    /// The rules that were proposed, next to those in force, with the actions that confirm and
    /// refuse them.
    pub(super) async fn proposed_rules(&self) -> Result<Option<ProposedRules>, PageError> {
        let Some(proposed) = &self.fund.proposed_rules else {
            return Ok(None);
        };
        let confirm = C::ConfirmRules(SetRules {
            rules: proposed.clone(),
        });
        let refuse = C::RefuseRules(RefuseRules {
            rules: proposed.clone(),
            reason: sample("why"),
        });
        // The commands repeat the proposal in full.
        let whole = serde_json::to_string(proposed).unwrap_or_default();
        let on_proposal = |title: &str, command: C| {
            self.spec(title, command)
                .hidden_as(FieldType::Json, "rules", &whole)
        };
        let table = vec![
            on_proposal("Confirm these rules", confirm).expanded(),
            on_proposal("Refuse these rules, or take them back", refuse)
                .text_area("reason", "Why")
                .hint("Please don’t name people here."),
        ];
        Ok(Some(ProposedRules {
            changes: rule_changes(&self.fund.rules, proposed),
            acts: self.request.actions(self.forms, table).await?,
        }))
    }
}

/// A day as a field of a form holds it.
fn day_or_empty(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// Proposed rules, for the second administrator.
pub(super) struct ProposedRules {
    pub changes: Vec<RuleChange>,
    pub acts: Vec<Action>,
}

/// A rule that a proposal changes, in words.
pub(super) struct RuleChange {
    pub what: &'static str,
    pub now: String,
    pub proposed: String,
}

fn rule_changes(now: &Rules, proposed: &Rules) -> Vec<RuleChange> {
    rules_in_words(now)
        .into_iter()
        .zip(rules_in_words(proposed))
        .filter(|((_, now), (_, proposed))| now != proposed)
        .map(|((what, now), (_, proposed))| RuleChange {
            what,
            now,
            proposed,
        })
        .collect()
}

/// Every rule by its name. Texts are in full, because a second person confirms them.
fn rules_in_words(rules: &Rules) -> Vec<(&'static str, String)> {
    let days = |days: Option<u16>, none: &str| match days {
        Some(days) => format!("{days} days"),
        None => none.to_owned(),
    };
    let names = |keys: &BTreeSet<Slug>| {
        let names: Vec<String> = keys.iter().map(|key| check_name(key.as_str())).collect();
        names.join(", ")
    };
    let mut facts = vec![
        ("Smallest grant", rules.minimum.to_string()),
        ("Largest grant", rules.maximum.to_string()),
        (
            "People needed for a payment",
            rules.people_per_payment.to_string(),
        ),
        ("Panel quorum", rules.quorum.to_string()),
        ("Checks before paying", names(&rules.checks)),
        (
            "Checks where children or adults at risk take part",
            names(&rules.checks_at_risk),
        ),
        ("Offers are open for", days(Some(rules.offer_days), "")),
        ("People who sign the agreement", rules.signers.to_string()),
        (
            "An update every",
            days(rules.update_every_days, "Only the final report"),
        ),
        (
            "Reminder before it is due",
            days(Some(rules.remind_days), ""),
        ),
        (
            "Wait after new bank details",
            days(rules.payee_wait_days, "3 days"),
        ),
        (
            "Time to confirm attendance",
            days(rules.confirm_days, "The offer waits until everyone has"),
        ),
    ];
    facts.extend(texts_in_words(&rules.texts));
    facts
}

fn texts_in_words(texts: &FundTexts) -> Vec<(&'static str, String)> {
    let lines = |lines: Vec<String>| lines.join("\n");
    let whom = texts.who.as_ref().map(ToString::to_string);
    let translations = texts.other_languages.iter().map(|(language, text)| {
        let parts = [
            text.name.as_ref().map(ToString::to_string),
            text.purpose.as_ref().map(ToString::to_string),
            text.who.as_ref().map(ToString::to_string),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{}: {}", language.english_name(), parts.join(". "))
    });
    let activities = texts.activities.iter().map(|kind| {
        let others = kind.other_languages.values().map(ToString::to_string);
        let names: Vec<String> = std::iter::once(kind.label.to_string())
            .chain(others)
            .collect();
        names.join(" / ")
    });
    let questions = texts.eligibility.iter().map(|asked| {
        let others = asked
            .other_languages
            .values()
            .map(|other| format!(" / {} If no: {}", other.question, other.if_no));
        let others: String = others.collect();
        format!("{} If no: {}{others}", asked.question, asked.if_no)
    });
    let criteria = texts.criteria.iter().map(|criterion| {
        let points = criterion.anchors.iter().enumerate();
        let points = points.map(|(points, says)| format!(" {points} {says}."));
        format!("{}:{}", criterion.label, points.collect::<String>())
    });
    vec![
        ("Who it is for", whom.unwrap_or_default()),
        ("In other languages", lines(translations.collect())),
        ("Kinds of activity", lines(activities.collect())),
        ("Does the idea fit?", lines(questions.collect())),
        ("Scoring", lines(criteria.collect())),
    ]
}

/// Adds the fields of a fund's rules to an action, filled in with `rules`, or with usual values for
/// a new fund.
fn with_rule_fields(spec: ActionSpec, rules: Option<&Rules>) -> ActionSpec {
    let known =
        |pick: fn(&Rules) -> String, usual: &str| rules.map_or_else(|| usual.to_owned(), pick);
    let spec = spec
        .money("rules.minimum", "Smallest grant")
        .prefill(known(|rules| rules.minimum.as_typed(), "500"))
        .money("rules.maximum", "Largest grant")
        .prefill(known(|rules| rules.maximum.as_typed(), "2500"))
        .number(
            "rules.eyes",
            "How many people a payment needs: two or three",
        )
        .prefill(known(|rules| rules.people_per_payment.to_string(), "2"))
        .number(
            "rules.quorum",
            "How many of the panel must decide, with no conflict of interest",
        )
        .prefill(known(|rules| rules.quorum.to_string(), "2"));
    let spec = with_check_fields(spec, rules)
        .number("rules.offer_days", "How many days an offer is open")
        .prefill(known(|rules| rules.offer_days.to_string(), "28"))
        .number("rules.signers", "How many people sign the agreement")
        .prefill(known(|rules| rules.signers.to_string(), "2"))
        .number(
            "rules.update_every_days",
            "Days between updates. Leave it empty for only a final report",
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
        .hidden_as(
            FieldType::Json,
            "rules.texts",
            texts_of(rules.map(|rules| &rules.texts)),
        );
    with_unchanged_days(spec, rules)
}

/// Adds the checks of the rules as boxes to tick, ticked as in `rules`, or as usual for a new fund.
fn with_check_fields(spec: ActionSpec, rules: Option<&Rules>) -> ActionSpec {
    let usual = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let chosen = |keys: &BTreeSet<Slug>| keys.iter().map(ToString::to_string).collect();
    let (checks, at_risk): (Vec<String>, Vec<String>) = match rules {
        Some(rules) => (chosen(&rules.checks), chosen(&rules.checks_at_risk)),
        None => (usual(&FIRST_CHECKS), usual(&FIRST_CHECKS_AT_RISK)),
    };
    let choices: BTreeSet<&str> = FIRST_CHECKS
        .into_iter()
        .chain(FIRST_CHECKS_AT_RISK)
        .chain(OTHER_CHECKS)
        .chain(checks.iter().chain(&at_risk).map(String::as_str))
        .collect();
    let choices: Vec<(String, String)> = choices
        .into_iter()
        .map(|key| (key.to_owned(), check_name(key)))
        .collect();
    let ticked = |spec: ActionSpec, keys: &[String]| keys.iter().fold(spec, ActionSpec::prefill);
    let spec = spec.checkboxes(
        "rules.checks",
        "Checks before money is paid",
        choices.clone(),
    );
    let spec = ticked(spec, &checks).checkboxes(
        "rules.checks_at_risk",
        "More checks where children or adults at risk take part",
        choices,
    );
    ticked(spec, &at_risk)
}

/// Adds the days of the rules that have no field of their own, and stay as they are.
fn with_unchanged_days(spec: ActionSpec, rules: Option<&Rules>) -> ActionSpec {
    let unchanged = [
        (
            "rules.payee_wait_days",
            rules.and_then(|rules| rules.payee_wait_days),
        ),
        (
            "rules.confirm_days",
            rules.and_then(|rules| rules.confirm_days),
        ),
    ];
    unchanged
        .into_iter()
        .fold(spec, |spec, (name, days)| match days {
            Some(days) => spec.hidden_number(name, days),
            None => spec,
        })
}

/// The fund's own words as JSON, which a change of the other rules leaves as they are.
fn texts_of(texts: Option<&FundTexts>) -> String {
    serde_json::to_string(texts.unwrap_or(&FundTexts::default())).unwrap_or_default()
}
