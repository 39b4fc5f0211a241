//! The history of each group of the demonstration, up to the panel's decision. The history of a
//! grant continues in `offer_history` and `grant_history`.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::papers::{DemoPaper, DemoPaperKind};
use super::programme::DemoProgramme;
use super::stories::{Deviation, GroupSeed, Stage, TurnSeed};
use super::{DemoStep, demo_id, setup};
use crate::domain::application::{
    ApplicationHelp, AttendanceRef, ChooseLanguage, DecideReview, DeclareInterest, HelpKind,
    Interest, InterestKind, RequestChanges, RequestReview, Resubmit, SaveAnswers, Score,
    StartApplication, Submit, Summary,
};
use crate::domain::command::{NoBody, WithReason};
use crate::domain::group::{RecordIdentifier, RegisterGroup};
use crate::domain::panel::{Award, Decline, Defer, Reserve};
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::{Prose, Slug};
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

    pub(super) fn turn(&self, turn: Deviation) -> Option<&TurnSeed> {
        self.seed.turns.get(&turn)
    }

    /// The reason of a decision, from the seeds.
    pub(super) fn reason(&self) -> Prose {
        let reason = self.seed.reason.clone();
        reason.expect("the seeds give a reason for every decision against a group")
    }

    pub(super) fn push_step(&mut self, day: i32, by: Actor, command: Command) {
        self.steps.push(DemoStep::new(day.min(-1), by, command));
    }

    fn on_application(&mut self, day: i32, by: Actor, command: ApplicationCommand) {
        self.push_step(day, by, Command::Application(self.application, command));
    }

    pub(super) fn on_grant(&mut self, day: i32, by: Actor, command: GrantCommand) {
        self.push_step(day, by, Command::Grant(self.application.into(), command));
    }

    /// A command that refers to pictures of the group.
    pub(super) fn with_pictures(
        &mut self,
        day: i32,
        by: Actor,
        names: Vec<String>,
        command: GrantCommand,
    ) {
        self.on_grant(day, by, command);
        if let Some(step) = self.steps.last_mut()
            && !names.is_empty()
        {
            step.pictures = Some((self.group, names));
        }
    }

    /// Adds a paper to the last step. It is stored before the command that refers to it.
    pub(super) fn attach_paper(
        &mut self,
        kind: DemoPaperKind,
        kept_by: Actor,
        about: &str,
        lines: &[String],
    ) {
        let mut all = vec![
            format!("Group: {}", self.seed.name),
            format!("Purpose: {}", self.seed.title),
        ];
        all.extend_from_slice(lines);
        let paper = DemoPaper {
            kind,
            group: self.group,
            kept_by,
            about: about.to_owned(),
            lines: all,
        };
        if let Some(step) = self.steps.last_mut() {
            step.paper = Some(paper);
        }
    }

    /// The person who sends the group's papers: its member, or the officer who keys in what comes
    /// by post.
    pub(super) fn sender(&self) -> Actor {
        if self.seed.is_keyed_in() {
            self.staff("officer")
        } else {
            Actor::Person(self.member)
        }
    }

    fn apply(&mut self) {
        let day = self.opens + self.number % 12;
        let (member, officer) = (Actor::Person(self.member), self.staff("officer"));
        let typist = if self.seed.is_keyed_in() {
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
            self.answer_question(day + 5, officer, typist);
        }
        if self.seed.comes_to == Stage::Withdrawn {
            self.on_application(day + 6, member, ApplicationCommand::Withdraw(NoBody {}));
        }
        self.change_person(day + 9);
    }

    /// The member and the group.
    fn register(&mut self, day: i32, typist: Actor) {
        let seed = self.seed;
        let contact = &seed.contact;
        let register = PersonCommand::Register(setup::person_details(
            &contact.name,
            contact.email.as_deref(),
            Some(&contact.telephone),
        ));
        self.push_step(day, typist, Command::Person(self.member, register));
        self.sign_in(day);
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
        if let Some(identifier) = seed.identifier.clone() {
            let record = GroupCommand::RecordIdentifier(RecordIdentifier { identifier });
            let officer = self.staff("officer");
            self.push_step(day + 2, officer, Command::Group(self.group, record));
        }
    }

    /// People who apply on the web use the link that was mailed to them, which proves their
    /// address. For an application on paper or by phone no link is mailed.
    fn sign_in(&mut self, day: i32) {
        if !self.seed.is_keyed_in() && self.seed.contact.email.is_some() {
            let proven = setup::prove_address(self.member);
            self.push_step(day, Actor::Job, proven);
        }
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
        if seed.language.is_some() || seed.helper.is_some() || seed.speaks.is_some() {
            let choose = ChooseLanguage {
                language: seed.language.unwrap_or_default(),
                helper: seed.helper.as_deref().map(plaintext),
                spoken_language: seed.speaks.as_deref().map(plaintext),
            };
            self.on_application(day, typist, ApplicationCommand::ChooseLanguage(choose));
        }
        for (at, question) in self.programme.questions.iter().enumerate() {
            if !self.has_reached(Stage::Submitted) && at > 1 {
                break;
            }
            let key = &question.question;
            let answer = match seed.answers.get(key) {
                Some(answer) => answer.clone(),
                None if key.as_str() == "money" => seed.budget_text(),
                None => continue,
            };
            self.on_application(
                day + 1,
                typist,
                ApplicationCommand::SaveAnswers(SaveAnswers {
                    answers: std::iter::once((key.clone(), plaintext(&answer))).collect(),
                    ..SaveAnswers::default()
                }),
            );
        }
    }

    fn help(&self) -> Option<ApplicationHelp> {
        let keyed = HelpKind::KeyedVerbatim {
            read_back: true,
            scan: None,
        };
        self.seed.is_keyed_in().then(|| ApplicationHelp {
            by: setup::staff_id(self.organisation, "officer"),
            kind: keyed,
        })
    }

    fn submit(&mut self, day: i32, typist: Actor) {
        let help = self.help();
        let submit = Submit {
            channel: self.seed.channel,
            received_on: help.is_some().then(|| self.date(day)),
            late_reason: None,
            help,
        };
        self.on_application(day, typist, ApplicationCommand::Submit(submit));
    }

    /// A question to the group about who would come, and its answer.
    fn answer_question(&mut self, day: i32, officer: Actor, typist: Actor) {
        let Some(TurnSeed {
            said,
            answer: Some(answer),
        }) = self.turn(Deviation::Resubmitted).cloned()
        else {
            return;
        };
        let question: Slug = "people".parse().expect("a slug");
        let changes = RequestChanges {
            questions: std::iter::once(question.clone()).collect(),
            note: prose(&said),
            notes: BTreeMap::new(),
            due_on: self.date(day + 14),
        };
        self.on_application(day, officer, ApplicationCommand::RequestChanges(changes));
        let answers = SaveAnswers {
            answers: std::iter::once((question, plaintext(&answer))).collect(),
            ..SaveAnswers::default()
        };
        self.on_application(day + 3, typist, ApplicationCommand::SaveAnswers(answers));
        let help = self.help();
        self.on_application(
            day + 3,
            typist,
            ApplicationCommand::Resubmit(Resubmit { help }),
        );
    }

    /// Changes to the person who speaks for the group: another number, or an erasure.
    fn change_person(&mut self, day: i32) {
        let member = Actor::Person(self.member);
        let on_person = |command| Command::Person(self.member, command);
        let contact = &self.seed.contact;
        let mut taken = Vec::new();
        if let Some(turn) = self.turn(Deviation::ContactMoved) {
            let moved =
                setup::person_details(&contact.name, contact.email.as_deref(), Some(&turn.said));
            let moved = on_person(PersonCommand::ChangeContact(moved));
            taken.push((-2, self.staff("officer"), moved));
        }
        if let Some(turn) = self.turn(Deviation::Erased) {
            let asked = on_person(PersonCommand::RequestErasure(NoBody {}));
            taken.push((day, member, asked));
            let erase = on_person(PersonCommand::Erase(with_reason(&turn.said)));
            taken.push((day + 2, self.staff("director"), erase));
        }
        if self.turn(Deviation::ErasureRequested).is_some() {
            let asked = on_person(PersonCommand::RequestErasure(NoBody {}));
            taken.push((-4, member, asked));
        }
        for (day, by, command) in taken {
            self.push_step(day, by, command);
        }
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
                    note: self.reason(),
                    notes: BTreeMap::new(),
                    due_on: self.date(9),
                };
                self.on_application(looked, officer, ApplicationCommand::RequestChanges(changes));
            }
            Stage::Ineligible => {
                self.on_application(
                    looked,
                    officer,
                    ApplicationCommand::RefuseEligibility(WithReason {
                        reason: self.reason(),
                    }),
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

    /// Everyone on the panel declares; those without an interest score, except the trustee.
    fn score(&mut self) {
        let interested = self.turn(Deviation::InterestDeclared).cloned();
        let one_score = self.turn(Deviation::OneScore).is_some();
        for (assessor, part) in [("chair", 0), ("member", 1), ("trustee", 2)] {
            let interested = interested.as_ref().filter(|_| assessor == "member");
            let interest = interested.map(|turn| Interest {
                kind: InterestKind::Family,
                note: prose(&turn.said),
            });
            let conflicted = interest.is_some();
            self.on_application(
                self.closes + 6,
                self.staff(assessor),
                ApplicationCommand::Declare(DeclareInterest { interest }),
            );
            let note = usize::try_from(part)
                .ok()
                .and_then(|at| self.seed.notes.get(at));
            let Some(note) = note.filter(|_| !(conflicted || one_score && part == 1)) else {
                continue;
            };
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
                note: note.clone(),
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
                let decline = Decline {
                    reason: self.reason(),
                    feedback: self.seed.feedback.clone().unwrap_or_else(|| self.reason()),
                    present,
                    can_be_taken_back: false,
                };
                self.on_application(decided, panel, ApplicationCommand::Decline(decline));
                self.review(decided + 8);
            }
            Stage::Deferred => {
                let defer = Defer {
                    reason: self.reason(),
                    message: None,
                    present,
                };
                self.on_application(decided, panel, ApplicationCommand::Defer(defer));
            }
            Stage::ReserveList => {
                let reserve = Reserve {
                    rank: self.rank(),
                    reason: self.reason(),
                    message: None,
                    present,
                };
                self.on_application(decided, panel, ApplicationCommand::Reserve(reserve));
            }
            stage if stage >= Stage::Offered => self.award(decided, officer, panel),
            _ => {}
        }
    }

    /// The rank on the round's reserve list: the groups have theirs in the order of the seeds.
    fn rank(&self) -> u16 {
        let earlier = self
            .programme
            .groups
            .iter()
            .take_while(|group| group.name != self.seed.name)
            .filter(|group| group.comes_to == Stage::ReserveList && group.round == self.seed.round);
        u16::try_from(earlier.count() + 1).unwrap_or(1)
    }

    /// The group asks for a review of the decision. A panel member who had no part in it answers.
    fn review(&mut self, day: i32) {
        let Some(turn) = self.turn(Deviation::ReviewRefused).cloned() else {
            return;
        };
        let request = RequestReview {
            words: plaintext(&turn.said),
        };
        let (member, other) = (Actor::Person(self.member), self.staff("member"));
        self.on_application(day, member, ApplicationCommand::RequestReview(request));
        if let Some(answer) = turn.answer {
            let review = DecideReview {
                upheld: false,
                reason: prose(&answer),
            };
            self.on_application(day + 7, other, ApplicationCommand::DecideReview(review));
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
        let summary = Summary {
            title: seed.title.clone(),
            description: seed.description.clone(),
        };
        self.on_application(
            decided - 2,
            officer,
            ApplicationCommand::WriteSummary(summary),
        );
        let due = seed.due.unwrap_or(decided + 114);
        let ends = due - 14;
        let award = Award {
            amount: seed.whole(),
            reason: seed.reason.clone().filter(|_| seed.whole() != seed.asked),
            ends_on: self.date(ends),
            update_due_on: self.date(due),
            conditions: std::collections::BTreeMap::new(),
            summary: None,
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
