//! The set-up before groups apply: people and roles, signs, form, agreement, and funds with their
//! money and rounds.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::programme::{Programme, RoundSeed, Staff};
use super::{Step, id_of};
use crate::domain::command::{Because, Nothing};
use crate::domain::fund::{Allocate, CreateFund, FundState, PlanRound, RoundOf};
use crate::domain::organisation::{
    AdoptSigns, ConfirmRole, Found, NameFounder, PublishAgreement, PublishForm, RoleOf,
};
use crate::domain::person::{MailedTo, RegisterPerson};
use crate::domain::sealed::Personal;
use crate::domain::{
    Actor, Command, FundCommand, FundId, OrganisationCommand, OrganisationId, PersonCommand,
    PersonId,
};

/// The first day of the programme, relative to its end.
const FIRST: i32 = -365;

pub(super) fn steps(
    programme: &Programme,
    organisation: OrganisationId,
    ends_on: Date,
) -> Vec<Step> {
    let mut setting = Setting {
        programme,
        organisation,
        ends_on,
        steps: Vec::new(),
    };
    setting.people();
    setting.publish();
    setting.fund();
    setting.other_funds();
    for round in &programme.rounds {
        setting.round(round);
    }
    setting.steps
}

struct Setting<'a> {
    programme: &'a Programme,
    organisation: OrganisationId,
    ends_on: Date,
    steps: Vec<Step>,
}

/// The id of a member of staff, by their key in the seeds.
pub(super) fn staff(organisation: OrganisationId, key: &str) -> PersonId {
    PersonId(id_of(organisation, "person", key))
}

/// The id of the programme's main fund.
pub(super) fn fund(organisation: OrganisationId) -> FundId {
    FundId(id_of(organisation, "fund", "one"))
}

pub(super) fn person(name: &str, email: &str) -> RegisterPerson {
    RegisterPerson {
        name: Personal::Open(name.into()),
        email: Some(Personal::Open(email.into())),
        telephone: None,
    }
}

impl Setting<'_> {
    fn organisation(&mut self, by: Actor, command: OrganisationCommand) {
        self.steps.push(Step {
            day: FIRST,
            by,
            command: Command::Organisation(self.organisation, command),
        });
    }

    fn on_fund(&mut self, day: i32, by: &str, command: FundCommand) {
        let by = Actor::Person(staff(self.organisation, by));
        self.steps.push(Step {
            day,
            by,
            command: Command::Fund(fund(self.organisation), command),
        });
    }

    fn people(&mut self) {
        let found = Found {
            name: self.programme.organisation.clone(),
            simulated: Some(self.ends_on),
        };
        self.organisation(Actor::Operator, OrganisationCommand::Found(found));
        for one in &self.programme.staff {
            let id = staff(self.organisation, &one.key);
            let register = PersonCommand::Register(person(&one.name, &one.email));
            self.steps.push(Step {
                day: FIRST,
                by: Actor::Operator,
                command: Command::Person(id, register),
            });
        }
        for one in self.programme.staff.iter().filter(|one| one.founder) {
            let founder = NameFounder {
                person: staff(self.organisation, &one.key),
                roles: one.roles.clone(),
            };
            self.organisation(Actor::Operator, OrganisationCommand::NameFounder(founder));
            let proven = Command::Person(
                staff(self.organisation, &one.key),
                PersonCommand::ProveAddress(MailedTo {
                    address: String::new(),
                }),
            );
            self.steps.push(Step {
                day: FIRST,
                by: Actor::Job,
                command: proven,
            });
        }
        for one in self.programme.staff.iter().filter(|one| !one.founder) {
            self.roles(one);
        }
    }

    /// Gives a person their roles. One administrator proposes each role, another confirms it.
    fn roles(&mut self, one: &Staff) {
        let founders: Vec<_> = self
            .programme
            .staff
            .iter()
            .filter(|one| one.founder)
            .map(|one| Actor::Person(staff(self.organisation, &one.key)))
            .collect();
        let [first, second] = founders[..] else {
            return;
        };
        for role in &one.roles {
            let of = RoleOf {
                person: staff(self.organisation, &one.key),
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
    }

    fn publish(&mut self) {
        let by = Actor::Person(staff(self.organisation, "director"));
        let Programme {
            signs,
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
            OrganisationCommand::PublishForm(PublishForm {
                questions: questions.clone(),
            }),
        );
        self.organisation(
            by,
            OrganisationCommand::PublishAgreement(PublishAgreement {
                text: agreement.clone(),
            }),
        );
        let officer = Actor::Person(staff(self.organisation, "officer"));
        for report in &self.programme.reports {
            let command = Command::Organisation(
                self.organisation,
                OrganisationCommand::PublishReport(report.clone()),
            );
            self.steps.push(Step {
                day: -10,
                by: officer,
                command,
            });
        }
    }

    fn fund(&mut self) {
        let seed = &self.programme.fund;
        let create = CreateFund {
            name: seed.name.clone(),
            purpose: seed.purpose.clone(),
            areas: seed.areas.clone(),
            rules: seed.rules.clone(),
        };
        self.on_fund(FIRST, "director", FundCommand::Create(create));
        self.on_fund(FIRST + 1, "director", FundCommand::Open(Nothing {}));
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
    fn other_funds(&mut self) {
        for (number, other) in self.programme.other_funds.iter().enumerate() {
            let id = FundId(id_of(self.organisation, "fund", other.name.as_str()));
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
                commands.push(FundCommand::Open(Nothing {}));
            }
            match other.comes_to {
                FundState::Paused => commands.push(FundCommand::Pause(Because { reason })),
                FundState::Closed => commands.push(FundCommand::Close(Nothing {})),
                FundState::Archived => commands.extend([
                    FundCommand::Close(Nothing {}),
                    FundCommand::Archive(Nothing {}),
                ]),
                _ => {}
            }
            let by = Actor::Person(staff(self.organisation, "director"));
            let first = FIRST + 2 + i32::try_from(number).unwrap_or_default();
            self.steps.extend(
                (first..)
                    .step_by(20)
                    .zip(commands)
                    .map(|(day, command)| Step {
                        day,
                        by,
                        command: Command::Fund(id, command),
                    }),
            );
        }
    }

    fn round(&mut self, seed: &RoundSeed) {
        let day = |day: i32| self.ends_on.saturating_add(i64::from(day).days());
        let of = RoundOf {
            round: seed.round.clone(),
        };
        let plan = PlanRound {
            round: seed.round.clone(),
            name: seed.name.clone(),
            opens_on: day(seed.opens),
            closes_on: day(seed.closes),
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
        if seed.closes < -200 {
            self.on_fund(seed.closes + 60, "officer", FundCommand::CompleteRound(of));
        }
    }
}
