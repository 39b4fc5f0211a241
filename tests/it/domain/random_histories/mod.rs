//! Random histories of thousands of commands of every kind, by any actor. After each accepted
//! command the money of every fund and grant adds up, by funding source; and every command is
//! accepted in some history.

mod balances;
mod bodies;
mod targets;
mod year_under_way;

use std::collections::{BTreeMap, BTreeSet};

use microgrants::audit::RuleChecker;
use microgrants::domain::command::CommandSpec;
use microgrants::domain::role::Permission;
use microgrants::domain::{
    Actor, ApplicationCommand, Command, FundCommand, GrantCommand, GrantId, GroupCommand, Money,
    OrganisationCommand, PersonCommand, PersonId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::matrix::samples::{STRANGER, sample};
use crate::support::in_memory_domain::InMemoryDomain;
use crate::support::random::SeededRandom;
use crate::support::scenario::{Scenario, register_person};
use balances::assert_books;
use bodies::vary_body;
use targets::{approved_payment, draw_actor, draw_id, pending_target};
use year_under_way::year_under_way;

const GROUPS: usize = 4;
const HISTORIES: u64 = 24;
/// Number of commands drawn in one history. Most are refused, as random commands should be.
const COMMANDS_PER_HISTORY: usize = 30_000;
/// Commands that end something for good, drawn rarely so that much happens before.
const TERMINAL_COMMANDS: [&str; 15] = [
    "fund/close",
    "fund/archive",
    "fund/complete-round",
    "fund/close-round",
    "application/withdraw",
    "application/lapse",
    "application/refuse-eligibility",
    "application/decline",
    "application/defer",
    "group/merge",
    "grant/decline-offer",
    "grant/withdraw-offer",
    "grant/lapse-offer",
    "grant/terminate",
    "grant/close",
];
/// Commands that are always accepted, or that undo what others need; drawn less often, so that they
/// do not fill a history.
const LESS_FREQUENT_COMMANDS: [&str; 29] = [
    "organisation/publish-lesson",
    "group/give-tally",
    "group/provide-payee",
    "group/remove-member",
    "group/add-member",
    "group/set-contact",
    "group/register",
    "group/keep-file",
    "grant/request-check",
    "grant/fail-check",
    "grant/hold",
    "grant/publish-story",
    "grant/send-news",
    "grant/request-update",
    "grant/request-variation",
    "fund/pause",
    "fund/propose-rules",
    "fund/refuse-rules",
    "fund/release-letters",
    "fund/extend-round",
    "fund/allocate",
    "fund/withdraw-funding",
    "fund/plan-round",
    "fund/create",
    "application/start",
    "application/request-changes",
    "application/take-back-decision",
    "application/take-back-eligibility",
    "person/end-access",
];
/// Commands that cannot occur in these histories: those that set up an organisation, restore it or
/// end a person's part in it, and those that only follow from other commands. No file is handed in
/// with an application here. The last three need rules that these funds do not have;
/// `sybil_attacks` covers them.
const TESTED_ELSEWHERE: [&str; 27] = [
    "fund/make-bank-file",
    "organisation/found",
    "organisation/name-founder",
    "organisation/record-restore",
    "organisation/record-key-rotation",
    "organisation/set-settings",
    "organisation/end-roles-of-erased",
    "person/introduce",
    "person/choose-language",
    "person/prove-address",
    "person/await-telling",
    "person/tell",
    "person/email-instead",
    "person/take-back-telling",
    "person/expire",
    "person/request-erasure",
    "person/refuse-erasure",
    "person/erase",
    "person/erase-again",
    "group/request-erasure",
    "group/refuse-erasure",
    "group/erase",
    "group/erase-again",
    "group/remove-file",
    "grant/propose-early-payment",
    "grant/confirm-early-payment",
    "grant/confirm-revocation",
];

/// A command with its noun.
type NamedSpec = (&'static str, &'static CommandSpec);

/// Every command that somebody can issue, with its noun.
fn commands() -> Vec<NamedSpec> {
    let of = |noun: &'static str, specs: &'static [CommandSpec]| {
        specs.iter().map(move |spec| (noun, spec))
    };
    let all = of("person", PersonCommand::SPECS)
        .chain(of("organisation", OrganisationCommand::SPECS))
        .chain(of("fund", FundCommand::SPECS))
        .chain(of("group", GroupCommand::SPECS))
        .chain(of("application", ApplicationCommand::SPECS))
        .chain(of("grant", GrantCommand::SPECS));
    all.filter(|(_, spec)| !matches!(spec.permission, Permission::FollowUp))
        .collect()
}

fn path_of((noun, spec): &NamedSpec) -> String {
    format!("{noun}/{}", spec.name)
}

#[test]
fn the_money_adds_up_at_every_position() {
    let (all, mut taken) = (commands(), BTreeMap::<String, u32>::new());

    for seed in 1..=HISTORIES {
        let mut history = History::new(seed, &all, &mut taken);
        for _ in 0..COMMANDS_PER_HISTORY {
            history.step();
        }
        history.check_rules();
        assert_books(history.seed, &history.setting.world);
    }

    let never: BTreeSet<_> = all
        .iter()
        .map(path_of)
        .filter(|path| !taken.contains_key(path) && !TESTED_ELSEWHERE.contains(&path.as_str()))
        .collect();
    assert!(
        never.is_empty(),
        "never taken in {HISTORIES} histories: {never:?}"
    );
    let many: u32 = taken.values().sum();
    assert!(many > 3_000, "{many} commands were taken");
}

/// A history under way.
struct History<'a> {
    seed: u64,
    dice: SeededRandom,
    setting: Scenario,
    all: &'a [NamedSpec],
    /// How often each command was accepted, in all histories.
    taken: &'a mut BTreeMap<String, u32>,
}

/// A command as the API takes it.
struct DrawnCommand {
    actor: Actor,
    noun: &'static str,
    id: Uuid,
    name: &'static str,
    body: Value,
}

impl<'a> History<'a> {
    fn new(seed: u64, all: &'a [NamedSpec], taken: &'a mut BTreeMap<String, u32>) -> Self {
        let mut setting = if seed.is_multiple_of(2) {
            Scenario::drafts(GROUPS)
        } else {
            year_under_way()
        };
        let register = Command::Person(PersonId(STRANGER), register_person());
        setting
            .world
            .issue(Actor::Operator, register)
            .expect("taken");
        Self {
            seed,
            dice: SeededRandom::new(seed),
            setting,
            all,
            taken,
        }
    }

    /// Issues a command that is drawn, and checks what it did.
    fn step(&mut self) {
        let Some(spec) = self.draw_spec() else {
            return;
        };
        let path = path_of(&spec);
        let DrawnCommand {
            actor,
            noun,
            id,
            name,
            body,
        } = self.draw_command(spec, &path);
        if self
            .setting
            .issue_json(actor, noun, id, name, &body)
            .is_err()
        {
            return;
        }
        check_money(&self.setting.world)
            .unwrap_or_else(|wrong| panic!("history {}, after {path} {body}: {wrong}", self.seed));
        *self.taken.entry(path).or_default() += 1;
        if self.dice.one_in(15) {
            let days = i64::try_from(self.dice.below(6)).expect("small");
            let today = &mut self.setting.world.today;
            *today = today.saturating_add(jiff::Span::new().days(days));
        }
    }

    /// A command to try, or none, so that a rare command stays rare.
    fn draw_spec(&mut self) -> Option<NamedSpec> {
        let noun = match self.dice.below(100) {
            0..=54 => "grant",
            55..=79 => "application",
            80..=87 => "group",
            88..=97 => "fund",
            98 => "organisation",
            _ => "person",
        };
        let possible: Vec<_> = self
            .all
            .iter()
            .filter(|one| one.0 == noun && !TESTED_ELSEWHERE.contains(&path_of(one).as_str()))
            .collect();
        let new: Vec<_> = possible
            .iter()
            .copied()
            .filter(|one| !self.taken.contains_key(&path_of(one)))
            .collect();
        // Commands that no history has accepted yet are tried more often.
        let seeking = !new.is_empty() && !self.dice.one_in(3);
        let one = **self.dice.choose(if seeking { &new } else { &possible });
        let drawn = seeking || self.dice.one_in(chances(&path_of(&one)));
        drawn.then_some(one)
    }

    fn draw_command(&mut self, (noun, spec): NamedSpec, path: &str) -> DrawnCommand {
        let (by, mut body) = sample(noun, spec.name);
        vary_body(&mut self.dice, self.setting.world.today, path, &mut body);
        if path == "fund/send-batch"
            && let Some(line) = approved_payment(&self.setting.world)
        {
            body["payments"] = json!([line]);
        }
        let mut id = draw_id(&mut self.dice, noun);
        let actor = draw_actor(&mut self.dice, &self.setting, by);
        if self.dice.one_in(2)
            && let Some((waiting, needed)) = pending_target(&self.setting.world, path)
        {
            id = waiting;
            body = needed.unwrap_or(body);
        }
        DrawnCommand {
            actor,
            noun,
            id,
            name: spec.name,
            body,
        }
    }

    /// Checks the rules of the table over the whole history.
    fn check_rules(&self) {
        let mut replay = RuleChecker::default();
        for event in self.setting.world.recorded_from(0) {
            replay.process(&event);
        }
        let found = replay.finish().findings.sorted();
        assert!(found.is_empty(), "history {}: {found:?}", self.seed);
    }
}

/// A command is tried once in so many draws.
fn chances(path: &str) -> usize {
    if TERMINAL_COMMANDS.contains(&path) {
        40
    } else if LESS_FREQUENT_COMMANDS.contains(&path) {
        12
    } else {
        1
    }
}

/// Invariant 3, in pence and by funding source: allocated money covers commitments; the commitment
/// for a grant equals its award and covers its payments; no more is due back than was paid.
fn check_money(world: &InMemoryDomain) -> Result<(), String> {
    for fund in world.funds.values() {
        let budget = fund.budget();
        let uncommitted = budget
            .allocated()
            .minus(budget.committed())
            .map_err(|error| format!("overspent: {error}"))?;
        let (mut unpaid, mut paid) = (Money::ZERO, Money::ZERO);
        for (id, grant) in world.grants.iter().filter(|(_, grant)| {
            grant
                .fund()
                .and_then(|id| world.funds.get(&id.0))
                .is_some_and(|own| std::ptr::eq(own, fund))
        }) {
            let left = grant
                .award()
                .minus(grant.paid())
                .map_err(|error| format!("{id} is overpaid: {error}"))?;
            (unpaid, paid) = (unpaid.plus(left.total()), paid.plus(grant.paid().total()));
            let committed = budget.committed_for(GrantId(*id));
            if committed != grant.award().total() {
                return Err(format!(
                    "{committed} is committed for {id}, which holds {}",
                    grant.award().total()
                ));
            }
            grant
                .paid()
                .total()
                .minus(grant.due_back())
                .map_err(|error| format!("{id} owes what it never got: {error}"))?;
        }
        let all = uncommitted.total().plus(unpaid).plus(paid);
        if all != budget.allocated().total() {
            return Err(format!(
                "{} is allocated, and {all} is uncommitted, unpaid or paid",
                budget.allocated().total()
            ));
        }
    }
    Ok(())
}
