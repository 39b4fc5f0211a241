//! Scenarios in memory: staff with every role, an open fund, and groups whose applications only
//! need a decision.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use microgrants::domain::application::{SaveAnswers, StartApplication, Summary};
use microgrants::domain::command::NoBody;
use microgrants::domain::fund::{Allocate, CreateFund, PlanRound, RoundRef, WithdrawFunding};
use microgrants::domain::group::{GroupMaturity, RegisterGroup};
use microgrants::domain::organisation::{FoundOrganisation, NameFounder};
use microgrants::domain::outcome::Sign;
use microgrants::domain::panel::Award;
use microgrants::domain::person::{MailedAddress, PersonDetails};
use microgrants::domain::role::Permission;
use microgrants::domain::{
    Actor, ApplicationCommand, ApplicationId, AssetCommand, AssetId, BarrierCommand, BarrierId,
    Command, FundCommand, FundId, GatheringCommand, GatheringId, GrantCommand, GrantId,
    GroupCommand, GroupId, IntroductionCommand, IntroductionId, Money, OrganisationCommand,
    OrganisationId, PersonCommand, PersonId, Refusal, Role,
};
use serde_json::Value;
use uuid::Uuid;

use crate::support::fixtures::{
    award_of, confirm_role, gbp, no_interest, open, propose, publications, rules, source, submit,
    text,
};
use crate::support::in_memory_domain::{InMemoryDomain, ORGANISATION, email_digest};

pub const FUND: FundId = FundId(Uuid::from_u128(2));
pub const TODAY: Date = date(2026, 6, 1);

pub struct Scenario {
    pub world: InMemoryDomain,
    pub staff: Vec<PersonId>,
    pub members: Vec<PersonId>,
}

impl Scenario {
    /// An organisation with three people who hold every role but the auditor's, and nothing else.
    pub fn founded() -> Self {
        let mut world = InMemoryDomain::new(TODAY);
        let staff: Vec<_> = (10..13)
            .map(|number| PersonId(Uuid::from_u128(number)))
            .collect();
        let as_operator = |world: &mut InMemoryDomain, command| {
            world.issue(Actor::Operator, command).expect("taken");
        };
        let found = FoundOrganisation {
            name: text("An anchor"),
            simulated: None,
        };
        as_operator(
            &mut world,
            Command::Organisation(ORGANISATION, OrganisationCommand::Found(found)),
        );
        for person in &staff {
            as_operator(&mut world, Command::Person(*person, register_person()));
        }
        let roles = BTreeSet::from([
            Role::Administrator,
            Role::Officer,
            Role::Finance,
            Role::Panel,
        ]);
        for person in &staff[..2] {
            let founder = NameFounder {
                person: *person,
                roles: roles.clone(),
            };
            as_operator(
                &mut world,
                Command::Organisation(ORGANISATION, OrganisationCommand::NameFounder(founder)),
            );
            world
                .issue(
                    Actor::Job,
                    Command::Person(*person, PersonCommand::ProveAddress(proven())),
                )
                .expect("proven");
        }
        let mut setting = Self {
            world,
            staff,
            members: Vec::new(),
        };
        for role in roles {
            setting.give_role(setting.staff[2], role);
        }
        setting
    }

    /// Gives a role, as two administrators do.
    pub fn give_role(&mut self, person: PersonId, role: Role) {
        self.issue_ok(
            0,
            Command::Organisation(ORGANISATION, propose(person, role)),
        );
        self.issue_ok(
            1,
            Command::Organisation(ORGANISATION, confirm_role(person, role)),
        );
    }

    /// An open fund of £10,000 with an open round, and this many groups with drafts.
    pub fn drafts(groups: usize) -> Self {
        let mut setting = Self::founded();
        setting.publish();
        let areas = BTreeSet::from([text("oldham"), text("stockport")]);
        let create = CreateFund {
            name: text("A fund"),
            purpose: text("To meet"),
            areas,
            rules: rules(),
        };
        let plan = PlanRound {
            round: text("first"),
            name: text("First"),
            opens_on: TODAY,
            closes_on: date(2026, 6, 30),
            panel_meets_on: None,
            hear_by: None,
            form: 1,
        };
        for command in [
            FundCommand::Create(create),
            FundCommand::Allocate(setting.allocate(10_000)),
            FundCommand::Open(NoBody {}),
            FundCommand::PlanRound(plan),
            FundCommand::OpenRound(RoundRef {
                round: text("first"),
            }),
        ] {
            setting.issue_ok(0, Command::Fund(FUND, command));
        }
        for number in 0..groups {
            setting.draft(number);
        }
        setting
    }

    /// The same, with every application ready for a decision.
    pub fn ready(groups: usize) -> Self {
        let mut setting = Self::drafts(groups);
        let summary = Summary {
            title: text("Soup"),
            description: text("Neighbours cook together."),
        };
        for number in 0..groups {
            let submit = Command::Application(
                setting.application(number),
                ApplicationCommand::Submit(submit()),
            );
            setting
                .world
                .issue_as(setting.members[number], submit)
                .expect("taken");
            for staff in 0..3 {
                setting.issue_ok(
                    staff,
                    Command::Application(setting.application(number), no_interest()),
                );
            }
            for command in [
                ApplicationCommand::ConfirmEligibility(NoBody {}),
                ApplicationCommand::WriteSummary(summary.clone()),
            ] {
                setting.issue_ok(
                    0,
                    Command::Application(setting.application(number), command),
                );
            }
        }
        setting
    }

    fn publish(&mut self) {
        let sign = Sign {
            sign: text("acting-early"),
            title: text("Acting early"),
            meaning: text("Early."),
        };
        for command in publications(sign) {
            self.issue_ok(0, Command::Organisation(ORGANISATION, command));
        }
    }

    fn draft(&mut self, number: usize) {
        let member = PersonId(Uuid::from_u128(100 + number as u128));
        self.world
            .issue(Actor::Operator, Command::Person(member, register_person()))
            .expect("taken");
        self.members.push(member);
        let group = RegisterGroup {
            name: text("Soup and song"),
            area: text("oldham"),
            standing: GroupMaturity::New,
            member: None,
        };
        self.world
            .issue_as(
                member,
                Command::Group(self.group(number), GroupCommand::Register(group)),
            )
            .expect("taken");
        let start = StartApplication {
            fund: FUND,
            round: text("first"),
            group: self.group(number),
            late: false,
        };
        let answers = SaveAnswers {
            requested: Some(gbp(2500)),
            area: Some(text("oldham")),
            activity: None,
            people_at_risk: Some(false),
            answers: std::iter::once((text("idea"), open("Soup"))).collect(),
            unfinished: BTreeSet::new(),
        };
        for command in [
            ApplicationCommand::Start(start),
            ApplicationCommand::SaveAnswers(answers),
        ] {
            self.world
                .issue_as(
                    member,
                    Command::Application(self.application(number), command),
                )
                .expect("taken");
        }
    }

    /// Issues a command as a member of staff; it must be accepted.
    pub fn issue_ok(&mut self, staff: usize, command: Command) {
        let says = format!("{command:?}");
        self.world
            .issue_as(self.staff[staff], command)
            .unwrap_or_else(|refusal| panic!("{says}: {refusal}"));
    }

    /// Issues a command by its name, with a body as the API takes it.
    pub fn issue_json(
        &mut self,
        actor: Actor,
        noun: &str,
        id: Uuid,
        name: &str,
        body: &Value,
    ) -> Result<(), Refusal> {
        let command = command_from_json(noun, id, name, body);
        match command.permission() {
            Permission::FollowUp => self.world.issue_consequence(actor, command),
            _ => self.world.issue(actor, command),
        }
    }

    /// Issues a command by its name as a member of staff; it must be accepted.
    pub fn issue_json_ok(&mut self, staff: usize, noun: &str, id: Uuid, name: &str, body: &Value) {
        let actor = Actor::Person(self.staff[staff]);
        self.issue_json(actor, noun, id, name, body)
            .unwrap_or_else(|refusal| panic!("{noun}/{name} {body}: {refusal}"));
    }

    #[expect(clippy::unused_self, reason = "reads as the others do")]
    pub fn group(&self, number: usize) -> GroupId {
        GroupId(Uuid::from_u128(200 + number as u128))
    }

    #[expect(clippy::unused_self, reason = "reads as the others do")]
    pub fn application(&self, number: usize) -> ApplicationId {
        ApplicationId(Uuid::from_u128(300 + number as u128))
    }

    pub fn allocate(&self, pounds: u32) -> Allocate {
        Allocate {
            source: source(),
            amount: gbp(pounds),
            reference: text("R1"),
            received_on: self.world.today,
        }
    }

    #[expect(clippy::unused_self, reason = "reads as the others do")]
    pub fn withdraw(&self, pounds: u32) -> WithdrawFunding {
        WithdrawFunding {
            source: source(),
            amount: gbp(pounds),
            reason: text("Taken back"),
        }
    }

    pub fn award(&self, number: usize, amount: Money) -> Command {
        let reason = (amount != gbp(2500)).then(|| text("As much as is needed"));
        let award = Award {
            reason,
            ..award_of(amount, date(2026, 9, 1), date(2026, 9, 15))
        };
        Command::Application(self.application(number), ApplicationCommand::Award(award))
    }
}

/// A command from its name and body.
pub fn command_from_json(noun: &str, id: Uuid, name: &str, body: &Value) -> Command {
    fn read<C>(read: Option<Result<C, serde_json::Error>>, says: &str) -> C {
        read.unwrap_or_else(|| panic!("there is no {says}"))
            .unwrap_or_else(|error| panic!("{says}: {error}"))
    }
    let says = format!("{noun}/{name}");
    match noun {
        "person" => Command::Person(PersonId(id), read(PersonCommand::read(name, body), &says)),
        "organisation" => Command::Organisation(
            OrganisationId(id),
            read(OrganisationCommand::read(name, body), &says),
        ),
        "fund" => Command::Fund(FundId(id), read(FundCommand::read(name, body), &says)),
        "group" => Command::Group(GroupId(id), read(GroupCommand::read(name, body), &says)),
        "application" => Command::Application(
            ApplicationId(id),
            read(ApplicationCommand::read(name, body), &says),
        ),
        "gathering" => Command::Gathering(
            GatheringId(id),
            read(GatheringCommand::read(name, body), &says),
        ),
        "asset" => Command::Asset(AssetId(id), read(AssetCommand::read(name, body), &says)),
        "introduction" => Command::Introduction(
            IntroductionId(id),
            read(IntroductionCommand::read(name, body), &says),
        ),
        "barrier" => Command::Barrier(BarrierId(id), read(BarrierCommand::read(name, body), &says)),
        _ => Command::Grant(GrantId(id), read(GrantCommand::read(name, body), &says)),
    }
}

/// The digest of the proven address that everybody in a scenario has.
fn proven() -> MailedAddress {
    MailedAddress {
        address: email_digest(),
    }
}

pub fn register_person() -> PersonCommand {
    PersonCommand::Register(PersonDetails {
        name: open("Somebody"),
        email: Some(open("somebody@example.org")),
        telephone: None,
        postal_address: None,
        typed_email: None,
    })
}
