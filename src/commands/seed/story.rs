//! The history of each group of the demonstration: its application, and the grant if there is an
//! award.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::programme::{GroupSeed, Programme, Stage, Turn};
use super::{Step, id_of, setting};
use crate::domain::application::{
    Answers, AttendanceOf, Award, Channel, Declare, Decline, Defer, Help, HelpKind, Interest,
    InterestKind, RequestChanges, RequestReview, Reserve, Score, StartApplication, Submit, Summary,
};
use crate::domain::command::{Because, Nothing, ProposalOf};
use crate::domain::grant::{AcceptAgreement, Method, PassCheck, Revoke};
use crate::domain::group::{RegisterGroup, VerifyPayee};
use crate::domain::organisation::hash_of;
use crate::domain::payee::{Account, PayeeTyped};
use crate::domain::sealed::Personal;
use crate::domain::text::Prose;
use crate::domain::{
    Actor, ApplicationCommand, ApplicationId, Command, GrantCommand, GroupCommand, GroupId,
    OrganisationId, PersonCommand, PersonId,
};

pub(super) fn steps(
    programme: &Programme,
    organisation: OrganisationId,
    ends_on: Date,
) -> Vec<Step> {
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
        let story = Story {
            programme,
            seed: group,
            organisation,
            ends_on,
            number: i32::try_from(number).unwrap_or_default(),
            opens: round.opens,
            closes: round.closes.min(-18),
            member: PersonId(id_of(organisation, "member", key)),
            group: GroupId(id_of(organisation, "group", key)),
            application: ApplicationId(id_of(organisation, "application", key)),
            steps: Vec::new(),
        };
        steps.extend(story.tell());
    }
    steps
}

pub(super) struct Story<'a> {
    programme: &'a Programme,
    pub(super) seed: &'a GroupSeed,
    pub(super) organisation: OrganisationId,
    ends_on: Date,
    pub(super) number: i32,
    opens: i32,
    closes: i32,
    pub(super) member: PersonId,
    group: GroupId,
    application: ApplicationId,
    steps: Vec<Step>,
}

/// The body of a command that needs only a reason.
pub(super) fn because(reason: &str) -> Because {
    Because {
        reason: prose(reason),
    }
}

pub(super) fn prose(text: &str) -> Prose {
    text.parse()
        .expect("the texts of the seeds are short and plain")
}

pub(super) fn open(text: &str) -> Personal {
    Personal::Open(text.to_owned())
}

impl Story<'_> {
    fn tell(mut self) -> Vec<Step> {
        self.apply();
        self.judge();
        self.accept();
        self.pay();
        self.change();
        self.report();
        self.steps
    }

    pub(super) fn came_to(&self, stage: Stage) -> bool {
        self.seed.comes_to >= stage
    }

    pub(super) fn date(&self, day: i32) -> Date {
        self.ends_on.saturating_add(i64::from(day).days())
    }

    pub(super) fn staff(&self, key: &str) -> Actor {
        Actor::Person(setting::staff(self.organisation, key))
    }

    pub(super) fn took(&self, turn: Turn) -> bool {
        self.seed.turns.contains(&turn)
    }

    fn by(&mut self, day: i32, by: Actor, command: Command) {
        self.steps.push(Step {
            day: day.min(-1),
            by,
            command,
        });
    }

    fn on_application(&mut self, day: i32, by: Actor, command: ApplicationCommand) {
        self.by(day, by, Command::Application(self.application, command));
    }

    pub(super) fn on_grant(&mut self, day: i32, by: Actor, command: GrantCommand) {
        self.by(day, by, Command::Grant(self.application.into(), command));
    }

    fn apply(&mut self) {
        let seed = self.seed;
        let day = self.opens + self.number % 12;
        let member = Actor::Person(self.member);
        let typist = if self.took(Turn::KeyedIn) {
            self.staff("officer")
        } else {
            member
        };
        let email = format!("group{}@example.org", self.number + 1);
        let register = PersonCommand::Register(setting::person(&seed.member, &email));
        let registrar = if self.took(Turn::KeyedIn) {
            self.staff("officer")
        } else {
            member
        };
        self.by(day, registrar, Command::Person(self.member, register));
        let register = RegisterGroup {
            name: seed.name.clone(),
            area: seed.area.clone(),
            standing: seed.standing,
            member: None,
        };
        self.by(
            day,
            member,
            Command::Group(self.group, GroupCommand::Register(register)),
        );
        let start = StartApplication {
            fund: setting::fund(self.organisation),
            round: seed.round.clone(),
            group: self.group,
            late: false,
        };
        self.on_application(day, typist, ApplicationCommand::Start(start));
        let request = Answers {
            requested: Some(seed.asked),
            area: Some(seed.area.clone()),
            activity: Some(seed.activity.clone()),
            people_at_risk: Some(false),
            ..Answers::default()
        };
        self.on_application(day, typist, ApplicationCommand::SaveAnswers(request));
        for (at, question) in self.programme.questions.iter().enumerate() {
            if !self.came_to(Stage::Submitted) && at > 1 {
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
            let answers = std::iter::once((question.question.clone(), open(&answer))).collect();
            self.on_application(
                day + 1,
                typist,
                ApplicationCommand::SaveAnswers(Answers {
                    answers,
                    ..Answers::default()
                }),
            );
        }
        if seed.comes_to == Stage::Lapsed {
            self.on_application(
                self.closes + 2,
                self.staff("officer"),
                ApplicationCommand::Lapse(Nothing {}),
            );
        }
        if self.came_to(Stage::Submitted) {
            self.submit(day + 2, typist);
        }
        if seed.comes_to == Stage::Withdrawn {
            self.on_application(day + 6, member, ApplicationCommand::Withdraw(Nothing {}));
        }
    }

    fn submit(&mut self, day: i32, typist: Actor) {
        let keyed = HelpKind::KeyedVerbatim {
            read_back: true,
            scan: None,
        };
        let help = self.took(Turn::KeyedIn).then(|| Help {
            by: setting::staff(self.organisation, "officer"),
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

    fn judge(&mut self) {
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
                    ApplicationCommand::RefuseEligibility(because(
                        "The activity lies outside the three areas.",
                    )),
                );
            }
            stage if stage >= Stage::Eligible => self.on_application(
                looked,
                officer,
                ApplicationCommand::ConfirmEligibility(Nothing {}),
            ),
            _ => {}
        }
        if !self.came_to(Stage::InAssessment) {
            return;
        }
        let interested = self.took(Turn::InterestDeclared);
        for (assessor, part) in [("chair", 0), ("member", 1), ("trustee", 2)] {
            let interest = (interested && assessor == "member").then(|| Interest {
                kind: InterestKind::Family,
                note: prose("A relation sits on the group's committee."),
            });
            let conflicted = interest.is_some();
            self.on_application(
                self.closes + 6,
                self.staff(assessor),
                ApplicationCommand::Declare(Declare { interest }),
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
            self.decided(),
            std::iter::once(setting::staff(self.organisation, "trustee")).collect(),
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
                        open("We had said how people would hear of it, on the second page.");
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
    pub(super) fn decided(&self) -> i32 {
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
            present: std::iter::once(setting::staff(self.organisation, "trustee")).collect(),
        };
        self.on_application(decided, panel, ApplicationCommand::Award(award));
        let was_there = AttendanceOf {
            person: setting::staff(self.organisation, "trustee"),
            decision: 1,
        };
        self.on_application(
            decided + 1,
            self.staff("trustee"),
            ApplicationCommand::ConfirmAttendance(was_there),
        );
    }

    /// The panel member who attends in addition to the chair.
    pub(super) fn trustee(&self) -> std::collections::BTreeSet<PersonId> {
        std::iter::once(setting::staff(self.organisation, "trustee")).collect()
    }

    fn accept(&mut self) {
        let (officer, member) = (self.staff("officer"), Actor::Person(self.member));
        let decided = self.decided();
        match self.seed.comes_to {
            Stage::OfferDeclined => {
                self.on_grant(decided + 6, member, GrantCommand::DeclineOffer(Nothing {}));
            }
            Stage::OfferWithdrawn => {
                let panel = self.staff("chair");
                let revoke = Revoke {
                    reason: prose("The hall that it needed has closed."),
                    present: self.trustee(),
                };
                self.on_grant(decided + 5, panel, GrantCommand::WithdrawOffer(revoke));
                self.on_grant(
                    decided + 6,
                    self.staff("trustee"),
                    GrantCommand::ConfirmRevocation(ProposalOf { proposal: 1 }),
                );
            }
            Stage::OfferLapsed => {
                self.on_grant(decided + 32, officer, GrantCommand::LapseOffer(Nothing {}));
            }
            stage if stage >= Stage::Accepted => {
                let names = vec![
                    open(&self.seed.member),
                    open("A second member of the committee"),
                ];
                let accept = AcceptAgreement {
                    hash: hash_of(self.programme.agreement.as_str()),
                    method: Method::Web,
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
        if !self.came_to(Stage::Prepared) {
            return;
        }
        let numbers = format!("000000 {:08}", 10_000_000 + self.number);
        let account = Account {
            holder: open(self.seed.name.as_str()),
            numbers: open(&numbers),
        };
        let payee = if self.number % 11 == 3 {
            let body = "A community centre (illustrative)".parse().expect("a name");
            PayeeTyped::HoldingBody {
                body,
                consented_on: self.date(decided + 8),
                account,
            }
        } else {
            PayeeTyped::OwnAccount { account }
        };
        self.by(
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
        let verifier = if self.took(Turn::KeyedIn) {
            self.staff("treasurer")
        } else {
            officer
        };
        self.by(
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
