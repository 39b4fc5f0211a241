//! The history of each group of the demonstration: its application, and the grant if there is an
//! award.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::programme::{DemoProgramme, Deviation, GroupSeed, Stage};
use super::{DemoStep, demo_id, setup};
use crate::domain::application::{
    ApplicationHelp, AttendanceRef, Channel, DeclareInterest, HelpKind, Interest, InterestKind,
    RequestChanges, RequestReview, SaveAnswers, Score, StartApplication, Submit, Summary,
};
use crate::domain::command::{NoBody, ProposalRef, WithReason};
use crate::domain::grant::{AcceptAgreement, AcceptanceMethod, PassCheck, Revoke};
use crate::domain::group::{RegisterGroup, VerifyPayee};
use crate::domain::organisation::sha256_hex;
use crate::domain::panel::{Award, Decline, Defer, Reserve};
use crate::domain::payee::{BankAccount, PayeeInput};
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::Prose;
use crate::domain::{
    Actor, ApplicationCommand, ApplicationId, Command, GrantCommand, GroupCommand, GroupId,
    OrganisationId, PersonCommand, PersonId,
};

pub(super) fn steps(
    programme: &DemoProgramme,
    organisation: OrganisationId,
    ends_on: Date,
) -> Vec<DemoStep> {
    let mut steps = Vec::new();
    for (number, group) in programme.groups.iter().enumerate() {
        let Some(round) = programme
            .rounds
            .iter()
            .find(|round| round.round == group.round)
        else {
            continue;
        };
        let key = group.name.as_str();
        let story = GroupHistory {
            programme,
            seed: group,
            organisation,
            ends_on,
            number: i32::try_from(number).unwrap_or_default(),
            opens: round.opens,
            closes: round.closes.min(-18),
            member: PersonId(demo_id(organisation, "member", key)),
            group: GroupId(demo_id(organisation, "group", key)),
            application: ApplicationId(demo_id(organisation, "application", key)),
            steps: Vec::new(),
        };
        steps.extend(story.into_steps());
    }
    steps
}

pub(super) struct GroupHistory<'a> {
    programme: &'a DemoProgramme,
    pub(super) seed: &'a GroupSeed,
    pub(super) organisation: OrganisationId,
    ends_on: Date,
    pub(super) number: i32,
    opens: i32,
    closes: i32,
    pub(super) member: PersonId,
    group: GroupId,
    application: ApplicationId,
    steps: Vec<DemoStep>,
}

/// The body of a command that needs only a reason.
pub(super) fn with_reason(reason: &str) -> WithReason {
    WithReason {
        reason: prose(reason),
    }
}

pub(super) fn prose(text: &str) -> Prose {
    text.parse()
        .expect("the texts of the seeds are short and plain")
}

pub(super) fn plaintext(text: &str) -> PersonalInput {
    PersonalInput::Open(text.to_owned())
}

impl GroupHistory<'_> {
    fn into_steps(mut self) -> Vec<DemoStep> {
        self.apply();
        self.assess();
        self.accept();
        self.pay();
        self.change();
        self.report();
        self.steps
    }

    pub(super) fn has_reached(&self, stage: Stage) -> bool {
        self.seed.comes_to >= stage
    }

    pub(super) fn date(&self, day: i32) -> Date {
        self.ends_on.saturating_add(i64::from(day).days())
    }

    pub(super) fn staff(&self, key: &str) -> Actor {
        Actor::Person(setup::staff_id(self.organisation, key))
    }

    pub(super) fn has_deviation(&self, turn: Deviation) -> bool {
        self.seed.turns.contains(&turn)
    }

    fn push_step(&mut self, day: i32, by: Actor, command: Command) {
        self.steps.push(DemoStep {
            day: day.min(-1),
            by,
            command,
        });
    }

    fn on_application(&mut self, day: i32, by: Actor, command: ApplicationCommand) {
        self.push_step(day, by, Command::Application(self.application, command));
    }

    pub(super) fn on_grant(&mut self, day: i32, by: Actor, command: GrantCommand) {
        self.push_step(day, by, Command::Grant(self.application.into(), command));
    }

    fn apply(&mut self) {
        let seed = self.seed;
        let day = self.opens + self.number % 12;
        let member = Actor::Person(self.member);
        let typist = if self.has_deviation(Deviation::KeyedIn) {
            self.staff("officer")
        } else {
            member
        };
        let email = format!("group{}@example.org", self.number + 1);
        let register = PersonCommand::Register(setup::person_details(&seed.member, &email));
        let registrar = if self.has_deviation(Deviation::KeyedIn) {
            self.staff("officer")
        } else {
            member
        };
        self.push_step(day, registrar, Command::Person(self.member, register));
        let register = RegisterGroup {
            name: seed.name.clone(),
            area: seed.area.clone(),
            standing: seed.standing,
            member: None,
        };
        self.push_step(
            day,
            member,
            Command::Group(self.group, GroupCommand::Register(register)),
        );
        let start = StartApplication {
            fund: setup::fund_id(self.organisation),
            round: seed.round.clone(),
            group: self.group,
            late: false,
        };
        self.on_application(day, typist, ApplicationCommand::Start(start));
        let request = SaveAnswers {
            requested: Some(seed.asked),
            area: Some(seed.area.clone()),
            activity: Some(seed.activity.clone()),
            people_at_risk: Some(false),
            ..SaveAnswers::default()
        };
        self.on_application(day, typist, ApplicationCommand::SaveAnswers(request));
        for (at, question) in self.programme.questions.iter().enumerate() {
            if !self.has_reached(Stage::Submitted) && at > 1 {
                break;
            }
            let answer = if at == 0 {
                seed.idea.clone()
            } else {
                format!(
                    "{} We would begin within a month and meet every week.",
                    seed.idea
                )
            };
            let answers =
                std::iter::once((question.question.clone(), plaintext(&answer))).collect();
            self.on_application(
                day + 1,
                typist,
                ApplicationCommand::SaveAnswers(SaveAnswers {
                    answers,
                    ..SaveAnswers::default()
                }),
            );
        }
        if seed.comes_to == Stage::Lapsed {
            self.on_application(
                self.closes + 2,
                self.staff("officer"),
                ApplicationCommand::Lapse(NoBody {}),
            );
        }
        if self.has_reached(Stage::Submitted) {
            self.submit(day + 2, typist);
        }
        if seed.comes_to == Stage::Withdrawn {
            self.on_application(day + 6, member, ApplicationCommand::Withdraw(NoBody {}));
        }
    }

    fn submit(&mut self, day: i32, typist: Actor) {
        let keyed = HelpKind::KeyedVerbatim {
            read_back: true,
            scan: None,
        };
        let help = self
            .has_deviation(Deviation::KeyedIn)
            .then(|| ApplicationHelp {
                by: setup::staff_id(self.organisation, "officer"),
                kind: keyed,
            });
        let channel = if help.is_some() {
            Channel::Paper
        } else {
            Channel::Web
        };
        let received_on = help.is_some().then(|| self.date(day));
        let submit = Submit {
            channel,
            received_on,
            late_reason: None,
            help,
        };
        self.on_application(day, typist, ApplicationCommand::Submit(submit));
    }

    fn assess(&mut self) {
        let (officer, panel) = (self.staff("officer"), self.staff("chair"));
        let looked = self.closes + 2 + self.number % 3;
        match self.seed.comes_to {
            Stage::ChangesRequested => {
                let questions = self
                    .programme
                    .questions
                    .iter()
                    .take(1)
                    .map(|question| question.question.clone())
                    .collect();
                let changes = RequestChanges {
                    questions,
                    note: prose("Please tell us who would come."),
                    due_on: self.date(14),
                };
                self.on_application(looked, officer, ApplicationCommand::RequestChanges(changes));
            }
            Stage::Ineligible => {
                self.on_application(
                    looked,
                    officer,
                    ApplicationCommand::RefuseEligibility(with_reason(
                        "The activity lies outside the three areas.",
                    )),
                );
            }
            stage if stage >= Stage::Eligible => self.on_application(
                looked,
                officer,
                ApplicationCommand::ConfirmEligibility(NoBody {}),
            ),
            _ => {}
        }
        if !self.has_reached(Stage::InAssessment) {
            return;
        }
        let interested = self.has_deviation(Deviation::InterestDeclared);
        for (assessor, part) in [("chair", 0), ("member", 1), ("trustee", 2)] {
            let interest = (interested && assessor == "member").then(|| Interest {
                kind: InterestKind::Family,
                note: prose("A relation sits on the group's committee."),
            });
            let conflicted = interest.is_some();
            self.on_application(
                self.closes + 6,
                self.staff(assessor),
                ApplicationCommand::Declare(DeclareInterest { interest }),
            );
            if conflicted || assessor == "trustee" {
                continue;
            }
            let value = |criterion: i32| {
                u8::try_from(2 + (self.number + part + criterion) % 4).unwrap_or_default()
            };
            let criteria = ["need", "people", "local"]
                .into_iter()
                .zip(0..)
                .map(|(name, at)| (name.parse().expect("a slug"), value(at)))
                .collect();
            let score = Score {
                criteria,
                note: prose("Weighed against the eight signs."),
            };
            self.on_application(
                self.closes + 7,
                self.staff(assessor),
                ApplicationCommand::Score(score),
            );
        }
        self.decide(officer, panel);
    }

    fn decide(&mut self, officer: Actor, panel: Actor) {
        let (decided, present) = (
            self.decision_day(),
            std::iter::once(setup::staff_id(self.organisation, "trustee")).collect(),
        );
        match self.seed.comes_to {
            Stage::Declined | Stage::UnderReview => {
                let feedback = prose(
                    "We liked the idea. Next time, tell us how people who rarely go out would hear of it.",
                );
                let decline = Decline {
                    reason: prose("Other ideas reached more people for the sum."),
                    feedback,
                    present,
                };
                self.on_application(decided, panel, ApplicationCommand::Decline(decline));
                if self.seed.comes_to == Stage::UnderReview {
                    let words =
                        plaintext("We had said how people would hear of it, on the second page.");
                    let member = Actor::Person(self.member);
                    self.on_application(
                        decided + 8,
                        member,
                        ApplicationCommand::RequestReview(RequestReview { words }),
                    );
                }
            }
            Stage::Deferred => {
                let defer = Defer {
                    reason: prose("The panel asks how it would go on."),
                    present,
                };
                self.on_application(decided, panel, ApplicationCommand::Defer(defer));
            }
            Stage::ReserveList => {
                let rank = u16::try_from(self.number + 1).unwrap_or(1);
                let reserve = Reserve {
                    rank,
                    reason: prose("Good, and next when money is free."),
                    present,
                };
                self.on_application(decided, panel, ApplicationCommand::Reserve(reserve));
            }
            stage if stage >= Stage::Offered => self.award(decided, officer, panel),
            _ => {}
        }
    }

    /// The day of the panel's decision: two weeks after the round closes. Offers without a reply
    /// were made last week.
    pub(super) fn decision_day(&self) -> i32 {
        if self.seed.comes_to == Stage::Offered {
            -6
        } else {
            self.closes + 14
        }
    }

    fn award(&mut self, decided: i32, officer: Actor, panel: Actor) {
        let seed = self.seed;
        let description = format!("{} For people in {}.", seed.idea, seed.area);
        let summary = Summary {
            title: seed.title.clone(),
            description: prose(&description),
        };
        self.on_application(
            decided - 2,
            officer,
            ApplicationCommand::WriteSummary(summary),
        );
        let ends = decided + 100;
        let award = Award {
            amount: seed.awarded.unwrap_or(seed.asked),
            reason: seed
                .awarded
                .filter(|awarded| *awarded != seed.asked)
                .map(|awarded| {
                    prose(if awarded > seed.asked {
                        "The panel added the hire of a hall."
                    } else {
                        "The panel left out what can be borrowed."
                    })
                }),
            ends_on: self.date(ends),
            update_due_on: self.date(ends + 14),
            conditions: std::collections::BTreeMap::new(),
            present: std::iter::once(setup::staff_id(self.organisation, "trustee")).collect(),
        };
        self.on_application(decided, panel, ApplicationCommand::Award(award));
        let was_there = AttendanceRef {
            person: setup::staff_id(self.organisation, "trustee"),
            decision: 1,
        };
        self.on_application(
            decided + 1,
            self.staff("trustee"),
            ApplicationCommand::ConfirmAttendance(was_there),
        );
    }

    /// The panel member who attends in addition to the chair.
    pub(super) fn attending_trustee(&self) -> std::collections::BTreeSet<PersonId> {
        std::iter::once(setup::staff_id(self.organisation, "trustee")).collect()
    }

    fn accept(&mut self) {
        let (officer, member) = (self.staff("officer"), Actor::Person(self.member));
        let decided = self.decision_day();
        match self.seed.comes_to {
            Stage::OfferDeclined => {
                self.on_grant(decided + 6, member, GrantCommand::DeclineOffer(NoBody {}));
            }
            Stage::OfferWithdrawn => {
                let panel = self.staff("chair");
                let revoke = Revoke {
                    reason: prose("The hall that it needed has closed."),
                    present: self.attending_trustee(),
                };
                self.on_grant(decided + 5, panel, GrantCommand::WithdrawOffer(revoke));
                self.on_grant(
                    decided + 6,
                    self.staff("trustee"),
                    GrantCommand::ConfirmRevocation(ProposalRef { proposal: 1 }),
                );
            }
            Stage::OfferLapsed => {
                self.on_grant(decided + 32, officer, GrantCommand::LapseOffer(NoBody {}));
            }
            stage if stage >= Stage::Accepted => {
                let names = vec![
                    plaintext(&self.seed.member),
                    plaintext("A second member of the committee"),
                ];
                let accept = AcceptAgreement {
                    hash: sha256_hex(self.programme.agreement.as_str()),
                    method: AcceptanceMethod::Web,
                    names,
                };
                self.on_grant(
                    decided + 4 + self.number % 5,
                    member,
                    GrantCommand::AcceptAgreement(accept),
                );
            }
            _ => return,
        }
        if !self.has_reached(Stage::Prepared) {
            return;
        }
        let numbers = format!("000000 {:08}", 10_000_000 + self.number);
        let account = BankAccount {
            holder: plaintext(self.seed.name.as_str()),
            numbers: plaintext(&numbers),
        };
        let payee = if self.number % 11 == 3 {
            let body = "A community centre (illustrative)".parse().expect("a name");
            PayeeInput::HoldingBody {
                body,
                consented_on: self.date(decided + 8),
                account,
            }
        } else {
            PayeeInput::OwnAccount { account }
        };
        self.push_step(
            decided + 9,
            member,
            Command::Group(self.group, GroupCommand::ProvidePayee(payee)),
        );
        let verify = VerifyPayee {
            payee: 1,
            method: "A bank statement was seen".parse().expect("a line"),
        };
        // For an application on paper the officer registered the person. An account that this
        // person keys in must be verified by somebody independent of the officer.
        let verifier = if self.has_deviation(Deviation::KeyedIn) {
            self.staff("treasurer")
        } else {
            officer
        };
        self.push_step(
            decided + 10,
            verifier,
            Command::Group(self.group, GroupCommand::VerifyPayee(verify)),
        );
        for check in &self.programme.fund.rules.checks {
            let good_until = Some(self.date(400));
            let passed = PassCheck {
                check: check.clone(),
                note: prose("Seen and in order."),
                good_until,
                evidence: None,
            };
            self.on_grant(decided + 11, officer, GrantCommand::PassCheck(passed));
        }
    }
}
