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
    Actor, ApplicationCommand, Command, Event, FundCommand, GrantCommand, GrantEvent, GrantId,
    GroupCommand, Money, OrganisationCommand, PersonCommand, PersonId,
};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::matrix::samples::{STRANGER, sample};
use crate::support::in_memory_domain::InMemoryDomain;
use crate::support::random::SeededRandom;
use crate::support::scenario::{Scenario, register_person};
use balances::assert_books;
use bodies::vary_body;
use targets::{PendingTarget, draw_actor, draw_id, pending_target, usual_successor};
use year_under_way::year_under_way;

const GROUPS: usize = 4;
/// The number of histories: the least, and the most. More than the least are drawn only until each
/// command was accepted in one, since every new rule or command changes what is drawn.
const HISTORIES: (u64, u64) = (10, 60);
/// The least number of histories in which money is sent, and the bank confirms it.
const HISTORIES_THAT_PAY: usize = 3;
/// Number of commands drawn in one history. Most are refused, as random commands should be.
const COMMANDS_PER_HISTORY: usize = 15_000;
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
/// `sybil_attacks` covers them. `pledges_and_barriers` has those of pledges,
/// `assets` those of consent, and `refusals::learning` the choice of a story.
const TESTED_ELSEWHERE: [&str; 34] = [
    "fund/make-bank-file",
    "organisation/found",
    "organisation/name-founder",
    "organisation/record-restore",
    "organisation/record-key-rotation",
    "organisation/set-settings",
    "organisation/end-roles-of-erased",
    "organisation/choose-story",
    "person/introduce",
    "person/choose-language",
    "person/prove-address",
    "person/await-telling",
    "person/tell",
    "person/email-instead",
    "person/take-back-telling",
    "person/expire",
    "person/agree",
    "person/take-back",
    "person/pledge",
    "person/keep-pledge",
    "person/drop-pledge",
    "person/remind-of-pledges",
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
    let mut paying = 0;

    let mut seed = 0;
    while seed < HISTORIES.0 || (seed < HISTORIES.1 && !never_taken(&all, &taken).is_empty()) {
        seed += 1;
        let mut history = History::new(seed, &all, &mut taken);
        for _ in 0..COMMANDS_PER_HISTORY {
            history.step();
        }
        history.check_rules();
        paying += usize::from(history.has_paid());
        assert_books(history.seed, &history.setting.world);
    }

    let never = never_taken(&all, &taken);
    assert!(
        never.is_empty(),
        "never taken in {seed} histories: {never:?}"
    );
    assert!(
        paying >= HISTORIES_THAT_PAY,
        "money was sent and confirmed in {paying} of {seed} histories"
    );
    println!("{seed} histories, money was sent and confirmed in {paying}");
    let many: u32 = taken.values().sum();
    assert!(many > 3_000, "{many} commands were taken");
}

/// The commands that no history has accepted, of those that can be accepted here.
fn never_taken(all: &[NamedSpec], taken: &BTreeMap<String, u32>) -> BTreeSet<String> {
    all.iter()
        .map(path_of)
        .filter(|path| !taken.contains_key(path) && !TESTED_ELSEWHERE.contains(&path.as_str()))
        .collect()
}

/// A history under way.
struct History<'a> {
    seed: u64,
    dice: SeededRandom,
    setting: Scenario,
    /// How many events the setting has.
    begun: usize,
    /// The command that usually follows the last one, and the record that it was accepted on.
    expected: Option<(&'static str, Uuid)>,
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
            begun: setting.world.history.len(),
            setting,
            expected: None,
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
        self.expected = usual_successor(&mut self.dice, &path).map(|next| (next, id));
        *self.taken.entry(path).or_default() += 1;
        if self.dice.one_in(15) {
            let days = i64::try_from(self.dice.below(6)).expect("small");
            let today = &mut self.setting.world.today;
            *today = today.saturating_add(jiff::Span::new().days(days));
        }
    }

    /// A command to try, or none, so that a rare command stays rare. What usually follows the last
    /// command is tried a few times in a row: the chance that random commands meet the few steps of
    /// a payment in their order, before others undo them, is small.
    fn draw_spec(&mut self) -> Option<NamedSpec> {
        if self.dice.one_in(8) {
            self.expected = None;
        }
        if let Some((expected, _)) = self.expected {
            return self
                .all
                .iter()
                .copied()
                .find(|one| path_of(one) == expected);
        }
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
        let mut id = draw_id(&mut self.dice, noun);
        let actor = draw_actor(&mut self.dice, &self.setting, by);
        let expected = self.expected.map(|(_, on)| on);
        if let Some((waiting, needed)) = self.draw_pending_target(path, expected.is_some()) {
            id = waiting;
            body = needed.unwrap_or(body);
        } else if let Some(on) = expected {
            id = on;
        }
        DrawnCommand {
            actor,
            noun,
            id,
            name: spec.name,
            body,
        }
    }

    /// A record that waits for the command, in half of the draws, or always if it is expected.
    fn draw_pending_target(&mut self, path: &str, expected: bool) -> Option<PendingTarget> {
        (expected || self.dice.one_in(2))
            .then(|| pending_target(&mut self.dice, &self.setting.world, path))
            .flatten()
    }

    /// Whether money was sent and the bank confirmed it, after what the setting has.
    fn has_paid(&self) -> bool {
        let happened = || self.setting.world.history[self.begun..].iter();
        let sent = |event: &Event| matches!(event, Event::Grant(GrantEvent::PaymentSent { .. }));
        let confirmed =
            |event: &Event| matches!(event, Event::Grant(GrantEvent::PaymentConfirmed { .. }));
        happened().any(|(_, event)| sent(event)) && happened().any(|(_, event)| confirmed(event))
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
