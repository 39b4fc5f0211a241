//! A world that is set up: staff with every role, an open fund, groups whose applications only need to be awarded.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use microgrants::domain::application::{Answers, Award, StartApplication, Summary};
use microgrants::domain::command::Nothing;
use microgrants::domain::fund::{Allocate, CreateFund, PlanRound, RoundOf, WithdrawFunding};
use microgrants::domain::group::{RegisterGroup, Standing};
use microgrants::domain::organisation::{AdoptSigns, Found, NameFounder, PublishAgreement, PublishForm, Question};
use microgrants::domain::outcome::Sign;
use microgrants::domain::person::RegisterPerson;
use microgrants::domain::{
    Actor, ApplicationCommand, ApplicationId, Command, FundCommand, FundId, GroupCommand, GroupId, Money, OrganisationCommand,
    PersonCommand, PersonId, Role,
};
use uuid::Uuid;

use crate::office::{AGREEMENT, gbp, open, rules, source, submit, text};
use crate::world::{ORGANISATION, World};

pub const FUND: FundId = FundId(Uuid::from_u128(2));
pub const TODAY: Date = date(2026, 6, 1);

pub struct Setting {
    pub world: World,
    pub staff: Vec<PersonId>,
    pub members: Vec<PersonId>,
}

impl Setting {
    /// An organisation with three people who hold every role but the auditor's, and nothing else.
    pub fn founded() -> Self {
        let mut world = World::new(TODAY);
        let staff: Vec<_> = (10..13).map(|number| PersonId(Uuid::from_u128(number))).collect();
        let as_operator = |world: &mut World, command| world.issue(Actor::Operator, command).expect("taken");
        let found = Found { name: text("An anchor"), simulated: None };
        as_operator(&mut world, Command::Organisation(ORGANISATION, OrganisationCommand::Found(found)));
        for person in &staff {
            as_operator(&mut world, Command::Person(*person, register()));
        }
        let roles = BTreeSet::from([Role::Administrator, Role::Officer, Role::Finance, Role::Panel]);
        for person in &staff[..2] {
            let founder = NameFounder { person: *person, roles: roles.clone() };
            as_operator(&mut world, Command::Organisation(ORGANISATION, OrganisationCommand::NameFounder(founder)));
        }
        let mut setting = Self { world, staff, members: Vec::new() };
        for role in roles {
            setting.give(setting.staff[2], role);
        }
        setting
    }

    /// Gives a role, by two people where two are needed.
    pub fn give(&mut self, person: PersonId, role: Role) {
        let of = microgrants::domain::organisation::RoleOf { person, role };
        if role.needs_two() {
            self.takes(0, Command::Organisation(ORGANISATION, OrganisationCommand::ProposeRole(of)));
            self.takes(1, Command::Organisation(ORGANISATION, OrganisationCommand::ConfirmRole(of)));
        } else {
            self.takes(0, Command::Organisation(ORGANISATION, OrganisationCommand::GiveRole(of)));
        }
    }

    /// A fund of £10,000 that is open, with an open round, and so many groups with their drafts.
    pub fn drafts(groups: usize) -> Self {
        let mut setting = Self::founded();
        setting.publish();
        let areas = BTreeSet::from([text("oldham"), text("stockport")]);
        let create = CreateFund { name: text("A fund"), purpose: text("To meet"), areas, rules: rules() };
        let plan = PlanRound { round: text("first"), name: text("First"), opens_on: TODAY, closes_on: date(2026, 6, 30), form: 1 };
        for command in [
            FundCommand::Create(create),
            FundCommand::Allocate(setting.allocate(10_000)),
            FundCommand::Open(Nothing {}),
            FundCommand::PlanRound(plan),
            FundCommand::OpenRound(RoundOf { round: text("first") }),
        ] {
            setting.takes(0, Command::Fund(FUND, command));
        }
        for number in 0..groups {
            setting.draft(number);
        }
        setting
    }

    /// The same, with every application ready to be awarded.
    pub fn ready(groups: usize) -> Self {
        let mut setting = Self::drafts(groups);
        let summary = Summary { title: text("Soup"), description: text("Neighbours cook together.") };
        for number in 0..groups {
            for command in [
                ApplicationCommand::Submit(submit()),
                ApplicationCommand::ConfirmEligibility(Nothing {}),
                ApplicationCommand::WriteSummary(summary.clone()),
            ] {
                setting.takes(0, Command::Application(setting.application(number), command));
            }
        }
        setting
    }

    fn publish(&mut self) {
        let question =
            Question { question: text("idea"), label: text("What would you like to do?"), help: text("A few words."), required: true };
        let sign = Sign { sign: text("acting-early"), title: text("Acting early"), meaning: text("Early.") };
        for command in [
            OrganisationCommand::PublishForm(PublishForm { questions: vec![question] }),
            OrganisationCommand::AdoptSigns(AdoptSigns { signs: vec![sign] }),
            OrganisationCommand::PublishAgreement(PublishAgreement { text: text(AGREEMENT) }),
        ] {
            self.takes(0, Command::Organisation(ORGANISATION, command));
        }
    }

    fn draft(&mut self, number: usize) {
        let member = PersonId(Uuid::from_u128(100 + number as u128));
        self.world.issue(Actor::Operator, Command::Person(member, register())).expect("taken");
        self.members.push(member);
        let group = RegisterGroup { name: text("Soup and song"), area: text("oldham"), standing: Standing::New, member: None };
        self.world.by(member, Command::Group(self.group(number), GroupCommand::Register(group))).expect("taken");
        let start = StartApplication { fund: FUND, round: text("first"), group: self.group(number), late: false };
        let answers = Answers {
            requested: Some(gbp(2500)),
            area: Some(text("oldham")),
            activity: None,
            answers: std::iter::once((text("idea"), open("Soup"))).collect(),
        };
        for command in [ApplicationCommand::Start(start), ApplicationCommand::SaveAnswers(answers)] {
            self.world.by(member, Command::Application(self.application(number), command)).expect("taken");
        }
    }

    /// Issues, by one of the staff, what must be taken.
    pub fn takes(&mut self, staff: usize, command: Command) {
        let says = format!("{command:?}");
        self.world.by(self.staff[staff], command).unwrap_or_else(|refusal| panic!("{says}: {refusal}"));
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
        Allocate { source: source(), amount: gbp(pounds), reference: text("R1"), received_on: self.world.today }
    }

    #[expect(clippy::unused_self, reason = "reads as the others do")]
    pub fn withdraw(&self, pounds: u32) -> WithdrawFunding {
        WithdrawFunding { source: source(), amount: gbp(pounds), reason: text("Taken back") }
    }

    pub fn award(&self, number: usize, amount: Money) -> Command {
        let award = Award { amount, reason: None, ends_on: date(2026, 9, 1), update_due_on: date(2026, 9, 15) };
        Command::Application(self.application(number), ApplicationCommand::Award(award))
    }
}

pub fn register() -> PersonCommand {
    PersonCommand::Register(RegisterPerson { name: open("Somebody"), email: None, telephone: None })
}
