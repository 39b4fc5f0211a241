//! What became of each group of the seeds: its application, and where it was awarded, its grant.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::programme::{GroupSeed, Programme, Stage};
use super::{Step, id_of, setting};
use crate::domain::application::{Answers, Award, Channel, Rank, RequestChanges, Score, StartApplication, Submit, Summary};
use crate::domain::command::{Because, Nothing};
use crate::domain::grant::{
    AcceptAgreement, AmountOf, CheckNote, Method, PaymentOf, PaymentOn, PreparePayment, ReceiveReturn, ReceiveUpdate, UpdateOf,
};
use crate::domain::group::{RegisterGroup, VerifyPayee};
use crate::domain::organisation::hash_of;
use crate::domain::outcome::{OutcomeSaid, Strength};
use crate::domain::payee::{Account, PayeeTyped};
use crate::domain::sealed::Personal;
use crate::domain::text::Prose;
use crate::domain::{
    Actor, ApplicationCommand, ApplicationId, Command, GrantCommand, GroupCommand, GroupId, Money, OrganisationId, PersonCommand, PersonId,
};

pub(super) fn steps(programme: &Programme, organisation: OrganisationId, ends_on: Date) -> Vec<Step> {
    let mut steps = Vec::new();
    for (number, group) in programme.groups.iter().enumerate() {
        let Some(round) = programme.rounds.iter().find(|round| round.round == group.round) else { continue };
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

struct Story<'a> {
    programme: &'a Programme,
    seed: &'a GroupSeed,
    organisation: OrganisationId,
    ends_on: Date,
    number: i32,
    opens: i32,
    closes: i32,
    member: PersonId,
    group: GroupId,
    application: ApplicationId,
    steps: Vec<Step>,
}

/// A reason for the record.
fn because(reason: &str) -> Because {
    Because { reason: prose(reason) }
}

fn prose(text: &str) -> Prose {
    text.parse().expect("the texts of the seeds are short and plain")
}

fn open(text: &str) -> Personal {
    Personal::Open(text.to_owned())
}

impl Story<'_> {
    fn tell(mut self) -> Vec<Step> {
        self.apply();
        self.judge();
        self.accept();
        self.pay();
        self.report();
        self.steps
    }

    fn came_to(&self, stage: Stage) -> bool {
        self.seed.comes_to >= stage
    }

    fn date(&self, day: i32) -> Date {
        self.ends_on.saturating_add(i64::from(day).days())
    }

    fn staff(&self, key: &str) -> Actor {
        Actor::Person(setting::staff(self.organisation, key))
    }

    fn by(&mut self, day: i32, by: Actor, command: Command) {
        self.steps.push(Step { day: day.min(-1), by, command });
    }

    fn on_application(&mut self, day: i32, by: Actor, command: ApplicationCommand) {
        self.by(day, by, Command::Application(self.application, command));
    }

    fn on_grant(&mut self, day: i32, by: Actor, command: GrantCommand) {
        self.by(day, by, Command::Grant(self.application.into(), command));
    }

    fn apply(&mut self) {
        let seed = self.seed;
        let day = self.opens + self.number % 12;
        let member = Actor::Person(self.member);
        let email = format!("group{}@example.org", self.number + 1);
        let register = PersonCommand::Register(setting::person(&seed.member, &email));
        self.by(day, self.staff("officer"), Command::Person(self.member, register));
        let register = RegisterGroup { name: seed.name.clone(), area: seed.area.clone(), standing: seed.standing, member: None };
        self.by(day, member, Command::Group(self.group, GroupCommand::Register(register)));
        let start = StartApplication { fund: setting::fund(self.organisation), round: seed.round.clone(), group: self.group, late: false };
        self.on_application(day, member, ApplicationCommand::Start(start));
        let request = Answers {
            requested: Some(seed.asked),
            area: Some(seed.area.clone()),
            activity: Some(seed.activity.clone()),
            ..Answers::default()
        };
        self.on_application(day, member, ApplicationCommand::SaveAnswers(request));
        for (at, question) in self.programme.questions.iter().enumerate() {
            if !self.came_to(Stage::Submitted) && at > 1 {
                break;
            }
            let answer =
                if at == 0 { seed.idea.clone() } else { format!("{} We would begin within a month and meet every week.", seed.idea) };
            let answers = std::iter::once((question.question.clone(), open(&answer))).collect();
            self.on_application(day + 1, member, ApplicationCommand::SaveAnswers(Answers { answers, ..Answers::default() }));
        }
        if seed.comes_to == Stage::Lapsed {
            self.on_application(self.closes + 2, self.staff("officer"), ApplicationCommand::Lapse(Nothing {}));
        }
        if self.came_to(Stage::Submitted) {
            let submit = Submit { channel: Channel::Web, received_on: None, late_reason: None, help: None };
            self.on_application(day + 2, member, ApplicationCommand::Submit(submit));
        }
        if seed.comes_to == Stage::Withdrawn {
            self.on_application(day + 6, member, ApplicationCommand::Withdraw(Nothing {}));
        }
    }

    fn judge(&mut self) {
        let (officer, panel) = (self.staff("officer"), self.staff("chair"));
        let looked = self.closes + 2 + self.number % 3;
        match self.seed.comes_to {
            Stage::ChangesRequested => {
                let questions = self.programme.questions.iter().take(1).map(|question| question.question.clone()).collect();
                let changes = RequestChanges { questions, note: prose("Please tell us who would come."), due_on: self.date(14) };
                self.on_application(looked, officer, ApplicationCommand::RequestChanges(changes));
            }
            Stage::Ineligible => {
                self.on_application(
                    looked,
                    officer,
                    ApplicationCommand::RefuseEligibility(because("The activity lies outside the three areas.")),
                );
            }
            stage if stage >= Stage::Eligible => self.on_application(looked, officer, ApplicationCommand::ConfirmEligibility(Nothing {})),
            _ => {}
        }
        if !self.came_to(Stage::InAssessment) {
            return;
        }
        for (assessor, part) in [("chair", 0), ("member", 1)] {
            let value = |criterion: i32| u8::try_from(2 + (self.number + part + criterion) % 4).unwrap_or_default();
            let criteria =
                ["need", "people", "local"].into_iter().zip(0..).map(|(name, at)| (name.parse().expect("a slug"), value(at))).collect();
            let score = Score { criteria, note: prose("Weighed against the eight signs.") };
            self.on_application(self.closes + 7, self.staff(assessor), ApplicationCommand::Score(score));
        }
        let decided = self.decided();
        match self.seed.comes_to {
            Stage::Declined => {
                self.on_application(decided, panel, ApplicationCommand::Decline(because("Other ideas reached more people for the sum.")));
            }
            Stage::Deferred => {
                self.on_application(decided, panel, ApplicationCommand::Defer(because("The panel asks how it would go on.")));
            }
            Stage::ReserveList => {
                let rank = Rank { rank: 1, reason: prose("Good, and next when money is free.") };
                self.on_application(decided, panel, ApplicationCommand::Reserve(rank));
            }
            stage if stage >= Stage::Offered => self.award(decided, officer, panel),
            _ => {}
        }
    }

    /// The panel met two weeks after the deadline; offers that still stand were made last week.
    fn decided(&self) -> i32 {
        if self.seed.comes_to == Stage::Offered { -6 } else { self.closes + 14 }
    }

    fn award(&mut self, decided: i32, officer: Actor, panel: Actor) {
        let seed = self.seed;
        let description = format!("{} For people in {}.", seed.idea, seed.area);
        let summary = Summary { title: seed.title.clone(), description: prose(&description) };
        self.on_application(decided - 2, officer, ApplicationCommand::WriteSummary(summary));
        let ends = decided + 100;
        let award = Award {
            amount: seed.awarded.unwrap_or(seed.asked),
            reason: seed.awarded.filter(|awarded| *awarded > seed.asked).map(|_| prose("The panel added the hire of a hall.")),
            ends_on: self.date(ends),
            update_due_on: self.date(ends + 14),
        };
        self.on_application(decided, panel, ApplicationCommand::Award(award));
    }

    fn accept(&mut self) {
        let (officer, member) = (self.staff("officer"), Actor::Person(self.member));
        let decided = self.decided();
        match self.seed.comes_to {
            Stage::OfferDeclined => self.on_grant(decided + 6, member, GrantCommand::DeclineOffer(Nothing {})),
            Stage::OfferLapsed => self.on_grant(decided + 32, officer, GrantCommand::LapseOffer(Nothing {})),
            stage if stage >= Stage::Accepted => {
                let names = vec![open(&self.seed.member), open("A second member of the committee")];
                let accept = AcceptAgreement { hash: hash_of(self.programme.agreement.as_str()), method: Method::Web, names };
                self.on_grant(decided + 4 + self.number % 5, member, GrantCommand::AcceptAgreement(accept));
            }
            _ => return,
        }
        if !self.came_to(Stage::Prepared) {
            return;
        }
        let numbers = format!("000000 {:08}", 10_000_000 + self.number);
        let account = Account { holder: open(self.seed.name.as_str()), numbers: open(&numbers) };
        self.by(decided + 9, member, Command::Group(self.group, GroupCommand::ProvidePayee(PayeeTyped::OwnAccount { account })));
        let verify = VerifyPayee { payee: 1, method: "A bank statement was seen".parse().expect("a line") };
        self.by(decided + 10, officer, Command::Group(self.group, GroupCommand::VerifyPayee(verify)));
        for check in &self.programme.fund.rules.checks {
            let passed = CheckNote { check: check.clone(), note: prose("Seen and in order.") };
            self.on_grant(decided + 11, officer, GrantCommand::PassCheck(passed));
        }
    }

    /// Every fifth grant is paid in two parts.
    fn parts(&self) -> Vec<Money> {
        let whole = self.seed.awarded.unwrap_or(self.seed.asked);
        let first = Money::of_pounds(250);
        match whole.minus(first) {
            Ok(rest) if self.number % 5 == 0 && !rest.is_zero() => vec![rest, first],
            _ => vec![whole],
        }
    }

    fn pay(&mut self) {
        let (officer, treasurer) = (self.staff("officer"), self.staff("treasurer"));
        let decided = self.decided();
        if !self.came_to(Stage::Prepared) {
            return;
        }
        for (payment, amount) in (1..).zip(self.parts()) {
            let day = decided + 12 + 20 * (i32::from(payment) - 1);
            let later = payment > 1 && !self.came_to(Stage::Live);
            if later {
                return;
            }
            self.on_grant(day, officer, GrantCommand::PreparePayment(PreparePayment { amount }));
            if self.came_to(Stage::Approved) {
                self.on_grant(day + 1, treasurer, GrantCommand::ApprovePayment(PaymentOf { payment }));
            }
            if self.came_to(Stage::Sent) {
                self.on_grant(day + 2, treasurer, GrantCommand::SendPayment(PaymentOn { payment, happened_on: self.date(day + 2) }));
            }
            if self.came_to(Stage::Live) {
                self.on_grant(day + 4, treasurer, GrantCommand::ConfirmPayment(PaymentOn { payment, happened_on: self.date(day + 3) }));
            }
        }
    }

    fn report(&mut self) {
        let seed = self.seed;
        let (officer, treasurer, member) = (self.staff("officer"), self.staff("treasurer"), Actor::Person(self.member));
        let day = self.decided() + 80 + self.number % 9;
        if !self.came_to(Stage::Reported) {
            return;
        }
        let whole = seed.awarded.unwrap_or(seed.asked);
        let said = |(at, sign): (usize, &crate::domain::text::Slug)| OutcomeSaid {
            sign: sign.clone(),
            strength: if at == 0 { Strength::Strong } else { Strength::Some },
            words: open(&seed.said),
        };
        let update = ReceiveUpdate {
            update: 1,
            channel: if self.number % 7 == 0 { Channel::Phone } else { Channel::Web },
            words: open(&seed.said),
            learned: Some(open("People come back when there is food, and when somebody telephones the day before.")),
            people: seed.people,
            volunteers: seed.volunteers,
            spent: whole.minus(seed.unspent.unwrap_or_default()).unwrap_or_default(),
            outcomes: seed.signs.iter().enumerate().map(said).collect(),
        };
        self.on_grant(day, member, GrantCommand::ReceiveUpdate(update));
        if self.came_to(Stage::ReturnDue) {
            self.on_grant(day + 3, officer, GrantCommand::AcceptUpdate(UpdateOf { update: 1 }));
        }
        if let Some(amount) = seed.unspent {
            self.on_grant(day + 4, member, GrantCommand::DeclareUnderspend(AmountOf { amount }));
            if self.came_to(Stage::Closed) {
                let received = ReceiveReturn { amount, received_on: self.date(day + 9) };
                self.on_grant(day + 10, treasurer, GrantCommand::ReceiveReturn(received));
            }
        }
        if self.came_to(Stage::Closed) {
            self.on_grant(day + 12, officer, GrantCommand::Close(Nothing {}));
        }
    }
}
