//! The set-up before groups apply: people and roles, settings, signs, form, agreement, and funds
//! with their money and rounds.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::programme::{DemoProgramme, RoundSeed, Staff};
use super::{DemoStep, demo_id};
use crate::domain::command::{NoBody, ProposalRef, WithReason};
use crate::domain::fund::{Allocate, CreateFund, FundState, PlanRound, RoundRef};
use crate::domain::organisation::{
    AdoptSigns, AdoptThemes, ConfirmRole, FoundOrganisation, NameFounder, PublishAgreement,
    PublishForm, RoleRef,
};
use crate::domain::person::{MailedAddress, PersonDetails};
use crate::domain::personal_data::PersonalInput;
use crate::domain::{
    Actor, Command, FundCommand, FundId, OrganisationCommand, OrganisationId, PersonCommand,
    PersonId,
};

/// The first day of the programme, relative to its end.
const FIRST_DAY: i32 = -400;
/// The day on which the first fund without money is created.
const OTHER_FUNDS_FROM: i32 = -363;

pub(super) fn steps(
    programme: &DemoProgramme,
    organisation: OrganisationId,
    ends_on: Date,
) -> Vec<DemoStep> {
    let mut setting = SetupSteps {
        programme,
        organisation,
        ends_on,
        steps: Vec::new(),
    };
    setting.add_people();
    setting.set_settings();
    setting.publish_texts();
    setting.add_fund();
    setting.add_other_funds();
    for round in &programme.rounds {
        setting.add_round(round);
    }
    setting.steps
}

struct SetupSteps<'a> {
    programme: &'a DemoProgramme,
    organisation: OrganisationId,
    ends_on: Date,
    steps: Vec<DemoStep>,
}

/// The id of a member of staff, by their key in the seeds.
pub(super) fn staff_id(organisation: OrganisationId, key: &str) -> PersonId {
    PersonId(demo_id(organisation, "person", key))
}

/// The id of the programme's main fund.
pub(super) fn fund_id(organisation: OrganisationId) -> FundId {
    FundId(demo_id(organisation, "fund", "one"))
}

/// Proves a person's address. The loader fills in the digest of the address.
pub(super) fn prove_address(person: PersonId) -> Command {
    let address = String::new();
    Command::Person(
        person,
        PersonCommand::ProveAddress(MailedAddress { address }),
    )
}

pub(super) fn person_details(
    name: &str,
    email: Option<&str>,
    telephone: Option<&str>,
) -> PersonDetails {
    let open = |text: &str| PersonalInput::Open(text.to_owned());
    PersonDetails {
        name: open(name),
        email: email.map(open),
        telephone: telephone.map(open),
        postal_address: None,
        typed_email: None,
    }
}

impl SetupSteps<'_> {
    fn organisation(&mut self, by: Actor, command: OrganisationCommand) {
        self.steps.push(DemoStep::new(
            FIRST_DAY,
            by,
            Command::Organisation(self.organisation, command),
        ));
    }

    fn on_fund(&mut self, day: i32, by: &str, command: FundCommand) {
        let by = Actor::Person(staff_id(self.organisation, by));
        let command = Command::Fund(fund_id(self.organisation), command);
        self.steps.push(DemoStep::new(day, by, command));
    }

    fn add_people(&mut self) {
        let found = FoundOrganisation {
            name: self.programme.organisation.clone(),
            simulated: Some(self.ends_on),
        };
        self.organisation(Actor::Operator, OrganisationCommand::Found(found));
        for one in &self.programme.staff {
            let id = staff_id(self.organisation, &one.key);
            let register =
                PersonCommand::Register(person_details(&one.name, Some(&one.email), None));
            self.steps.push(DemoStep::new(
                FIRST_DAY,
                Actor::Operator,
                Command::Person(id, register),
            ));
        }
        for one in self.programme.staff.iter().filter(|one| one.founder) {
            let founder = NameFounder {
                person: staff_id(self.organisation, &one.key),
                roles: one.roles.clone(),
            };
            self.organisation(Actor::Operator, OrganisationCommand::NameFounder(founder));
            self.sign_in(one);
        }
        for one in self.programme.staff.iter().filter(|one| !one.founder) {
            self.give_roles(one);
            if !one.roles.is_empty() {
                self.sign_in(one);
            }
        }
    }

    /// A member of staff uses the link that was mailed to them, which proves their address.
    fn sign_in(&mut self, one: &Staff) {
        let proven = prove_address(staff_id(self.organisation, &one.key));
        self.steps
            .push(DemoStep::new(FIRST_DAY, Actor::Job, proven));
    }

    /// The first two administrators, once both are named.
    fn founders(&self) -> Option<[Actor; 2]> {
        let founders: Vec<_> = self
            .programme
            .staff
            .iter()
            .filter(|one| one.founder)
            .map(|one| Actor::Person(staff_id(self.organisation, &one.key)))
            .collect();
        founders.try_into().ok()
    }

    /// One administrator proposes the settings, another confirms them.
    fn set_settings(&mut self) {
        let (Some(settings), Some([first, second])) = (&self.programme.settings, self.founders())
        else {
            return;
        };
        let confirm = ProposalRef { proposal: 1 };
        self.organisation(
            first,
            OrganisationCommand::ProposeSettings(settings.clone()),
        );
        self.organisation(second, OrganisationCommand::ConfirmSettings(confirm));
    }

    /// Gives a person their roles. One administrator proposes each role, another confirms it.
    fn give_roles(&mut self, one: &Staff) {
        let Some([first, second]) = self.founders() else {
            return;
        };
        for role in &one.roles {
            let of = RoleRef {
                person: staff_id(self.organisation, &one.key),
                role: *role,
            };
            let confirm = ConfirmRole {
                person: of.person,
                role: *role,
                proposal: None,
            };
            self.organisation(first, OrganisationCommand::ProposeRole(of));
            self.organisation(second, OrganisationCommand::ConfirmRole(confirm));
        }
        if let Some(role) = one.proposed {
            let person = staff_id(self.organisation, &one.key);
            let propose = OrganisationCommand::ProposeRole(RoleRef { person, role });
            self.steps.push(DemoStep::new(
                -3,
                second,
                Command::Organisation(self.organisation, propose),
            ));
        }
    }

    fn publish_texts(&mut self) {
        let by = Actor::Person(staff_id(self.organisation, "director"));
        let DemoProgramme {
            signs,
            themes,
            questions,
            agreement,
            ..
        } = self.programme;
        self.organisation(
            by,
            OrganisationCommand::AdoptSigns(AdoptSigns {
                signs: signs.clone(),
            }),
        );
        self.organisation(
            by,
            OrganisationCommand::AdoptThemes(AdoptThemes {
                themes: themes.clone(),
            }),
        );
        self.organisation(
            by,
            OrganisationCommand::PublishForm(PublishForm {
                name: None,
                questions: questions.clone(),
            }),
        );
        self.organisation(
            by,
            OrganisationCommand::PublishAgreement(PublishAgreement {
                text: agreement.clone(),
            }),
        );
        let officer = Actor::Person(staff_id(self.organisation, "officer"));
        for report in &self.programme.reports {
            let command = Command::Organisation(
                self.organisation,
                OrganisationCommand::PublishReport(report.clone()),
            );
            self.steps.push(DemoStep::new(-10, officer, command));
        }
    }

    fn add_fund(&mut self) {
        let seed = &self.programme.fund;
        let create = CreateFund {
            name: seed.name.clone(),
            purpose: seed.purpose.clone(),
            areas: seed.areas.clone(),
            rules: seed.rules.clone(),
        };
        self.on_fund(FIRST_DAY, "director", FundCommand::Create(create));
        self.on_fund(FIRST_DAY + 1, "director", FundCommand::Open(NoBody {}));
        for money in &seed.funding {
            let allocate = Allocate {
                source: money.source.clone(),
                amount: money.amount,
                reference: money.reference.clone(),
                received_on: self.ends_on.saturating_add(i64::from(money.day).days()),
            };
            self.on_fund(money.day, "treasurer", FundCommand::Allocate(allocate));
        }
    }

    /// Funds without money, which show the states of a fund.
    fn add_other_funds(&mut self) {
        for (number, other) in self.programme.other_funds.iter().enumerate() {
            let id = FundId(demo_id(self.organisation, "fund", other.name.as_str()));
            let seed = &self.programme.fund;
            let (areas, rules) = (seed.areas.clone(), seed.rules.clone());
            let create = CreateFund {
                name: other.name.clone(),
                purpose: seed.purpose.clone(),
                areas,
                rules,
            };
            let reason = "The partners are agreeing on the next year."
                .parse()
                .expect("a short text");
            let mut commands = vec![FundCommand::Create(create)];
            if other.comes_to != FundState::Draft {
                commands.push(FundCommand::Open(NoBody {}));
            }
            match other.comes_to {
                FundState::Paused => commands.push(FundCommand::Pause(WithReason { reason })),
                FundState::Closed => commands.push(FundCommand::Close(NoBody {})),
                FundState::Archived => commands.extend([
                    FundCommand::Close(NoBody {}),
                    FundCommand::Archive(NoBody {}),
                ]),
                _ => {}
            }
            let by = Actor::Person(staff_id(self.organisation, "director"));
            let first = OTHER_FUNDS_FROM + i32::try_from(number).unwrap_or_default();
            self.steps.extend(
                (first..)
                    .step_by(20)
                    .zip(commands)
                    .map(|(day, command)| DemoStep::new(day, by, Command::Fund(id, command))),
            );
        }
    }

    fn add_round(&mut self, seed: &RoundSeed) {
        let day = |day: i32| self.ends_on.saturating_add(i64::from(day).days());
        let of = RoundRef {
            round: seed.round.clone(),
        };
        let plan = PlanRound {
            round: seed.round.clone(),
            name: seed.name.clone(),
            opens_on: day(seed.opens),
            closes_on: day(seed.closes),
            panel_meets_on: seed.panel_meets.map(day),
            hear_by: seed.hear_by.map(day),
            form: 1,
        };
        self.on_fund(seed.opens - 14, "officer", FundCommand::PlanRound(plan));
        if seed.opens > 0 {
            return;
        }
        self.on_fund(seed.opens, "officer", FundCommand::OpenRound(of.clone()));
        if seed.closes < -40 {
            self.on_fund(
                seed.closes + 1,
                "officer",
                FundCommand::CloseRound(of.clone()),
            );
            self.on_fund(
                seed.closes + 5,
                "officer",
                FundCommand::StartDeciding(of.clone()),
            );
        }
        if seed.completed {
            self.on_fund(seed.closes + 60, "officer", FundCommand::CompleteRound(of));
        }
    }
}
