//! The history of each group of the demonstration, up to the panel's decision. The history of a
//! grant continues in `offer_history` and `grant_history`.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::programme::{DemoProgramme, Deviation, GroupSeed, Stage};
use super::{DemoStep, demo_id, setup};
use crate::domain::application::{
    ApplicationHelp, AttendanceRef, Channel, DeclareInterest, HelpKind, Interest, InterestKind,
    RequestChanges, RequestReview, SaveAnswers, Score, StartApplication, Submit, Summary,
};
use crate::domain::command::{NoBody, WithReason};
use crate::domain::group::RegisterGroup;
use crate::domain::panel::{Award, Decline, Defer, Reserve};
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
    pub(super) programme: &'a DemoProgramme,
    pub(super) seed: &'a GroupSeed,
    pub(super) organisation: OrganisationId,
    ends_on: Date,
    pub(super) number: i32,
    opens: i32,
    closes: i32,
    pub(super) member: PersonId,
    pub(super) group: GroupId,
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

    pub(super) fn push_step(&mut self, day: i32, by: Actor, command: Command) {
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
        let day = self.opens + self.number % 12;
        let (member, officer) = (Actor::Person(self.member), self.staff("officer"));
        let typist = if self.has_deviation(Deviation::KeyedIn) {
            officer
        } else {
            member
        };
        self.register(day, typist);
        self.draft(day, typist);
        if self.seed.comes_to == Stage::Lapsed {
            self.on_application(
                self.closes + 2,
                officer,
                ApplicationCommand::Lapse(NoBody {}),
            );
        }
        if self.has_reached(Stage::Submitted) {
            self.submit(day + 2, typist);
        }
        if self.seed.comes_to == Stage::Withdrawn {
            self.on_application(day + 6, member, ApplicationCommand::Withdraw(NoBody {}));
        }
    }

    /// The member and the group.
    fn register(&mut self, day: i32, typist: Actor) {
        let seed = self.seed;
        let email = format!("group{}@example.org", self.number + 1);
        let register = PersonCommand::Register(setup::person_details(&seed.member, &email));
        self.push_step(day, typist, Command::Person(self.member, register));
        let register = RegisterGroup {
            name: seed.name.clone(),
            area: seed.area.clone(),
            standing: seed.standing,
            member: None,
        };
        self.push_step(
            day,
            Actor::Person(self.member),
            Command::Group(self.group, GroupCommand::Register(register)),
        );
    }

    /// The application and its answers: the first two, or all if it is sent.
    fn draft(&mut self, day: i32, typist: Actor) {
        let seed = self.seed;
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
        self.check_eligibility(officer);
        if self.has_reached(Stage::InAssessment) {
            self.score();
            self.decide(officer, panel);
        }
    }

    fn check_eligibility(&mut self, officer: Actor) {
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
    }

    /// Everybody on the panel declares; those without an interest score, except the trustee.
    fn score(&mut self) {
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
}
