//! Every refusal: a scenario, a command that violates a rule, and the refusal that it gets.

mod applications;
mod assets;
mod barriers;
mod decisions;
mod erasure;
mod funds;
mod gatherings;
mod grants;
mod introductions;
mod learning;
mod roles;

use std::collections::BTreeSet;

use microgrants::domain::organisation::RoleRef;
use microgrants::domain::{
    Actor, ApplicationCommand, Command, FundCommand, OrganisationCommand, PersonId, Refusal, Role,
};
use strum::VariantNames as _;

use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{FUND, Scenario};

/// Refusals that only a database or a published table can decide have their cases in
/// `log/encryption` and `groups`; those about answers that do not fit in `question_kinds`; those
/// about people and the bank in `connections`, `requested_changes`, `sybil_attacks` and
/// `bank_facts`; those about unproven people in `limits`; those about webhooks in `webhooks`; those
/// about mails by hand in `telling`.
const TESTED_ELSEWHERE: [&str; 24] = [
    "taken",
    "erased",
    "account_fails",
    "answer_unfit",
    "administrators_not_signed_in",
    "attendance_unconfirmed",
    "award_changed",
    "changes_overdue",
    "confirmed_too_late",
    "more_than_paid",
    "not_asked_for",
    "not_invited",
    "note_without_question",
    "payee_waits",
    "payee_waits_not",
    "proposer_gone",
    "saw_scores",
    "address_unproven",
    "not_expired",
    "mail_not_waiting",
    "mail_not_passed_on",
    "no_email_address",
    "webhooks_full",
    "webhooks_wait",
];

/// The refusals seen so far.
#[derive(Default)]
pub struct SeenRefusals(BTreeSet<&'static str>);

impl SeenRefusals {
    /// Issues a command as a member of staff, and asserts that it is refused with this code and
    /// changes nothing.
    fn assert_refused(
        &mut self,
        setting: &mut Scenario,
        staff: usize,
        code: &'static str,
        command: Command,
    ) {
        self.assert_actor_refused(setting, Actor::Person(setting.staff[staff]), code, command);
    }

    /// The same, as any actor.
    pub fn assert_actor_refused(
        &mut self,
        setting: &mut Scenario,
        actor: Actor,
        code: &'static str,
        command: Command,
    ) {
        let says = format!("{command:?}");
        let refusal = setting.world.issue(actor, command).expect_err(&says);
        assert_eq!(refusal.code(), code, "{says}");
        self.0.insert(refusal.code());
    }

    pub fn record(&mut self, refusal: &Refusal, code: &'static str) {
        assert_eq!(refusal.code(), code);
        self.0.insert(code);
    }
}

#[test]
fn every_rule_says_no_when_it_should() {
    let mut seen = SeenRefusals::default();

    roles::refusals(&mut seen);
    funds::refusals(&mut seen);
    applications::refusals(&mut seen);
    decisions::refusals(&mut seen);
    grants::refusals(&mut seen);
    gatherings::refusals(&mut seen);
    assets::refusals(&mut seen);
    introductions::refusals(&mut seen);
    barriers::refusals(&mut seen);
    learning::refusals(&mut seen);
    erasure::refusals(&mut seen);
    crate::domain::lifecycle::refusals(&mut seen);

    let missing: Vec<_> = Refusal::VARIANTS
        .iter()
        .filter(|code| !seen.0.contains(*code) && !TESTED_ELSEWHERE.contains(code))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

fn role(command: fn(RoleRef) -> OrganisationCommand, person: PersonId, role: Role) -> Command {
    Command::Organisation(ORGANISATION, command(RoleRef { person, role }))
}

fn on_fund(command: FundCommand) -> Command {
    Command::Fund(FUND, command)
}

fn on_application(world: &Scenario, command: ApplicationCommand) -> Command {
    Command::Application(world.application(0), command)
}
