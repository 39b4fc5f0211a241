//! The history of a demonstration grant after its checks passed: payments, changes, updates,
//! returns, closing.

use super::application_history::{GroupHistory, plaintext, prose, with_reason};
use super::papers::DemoPaperKind;
use super::photographs;
use super::stories::{Deviation, SignSeed, Stage};
use crate::domain::application::Channel;
use crate::domain::command::{NoBody, ProposalRef};
use crate::domain::grant::{
    ApproveVariation, ConfirmPayment, CorrectUpdate, DeclareUnderspend, DemandClawback,
    FailPayment, JudgeOutcome, PaymentReason, PaymentRef, PreparePayment, ProposeReturnWaiver,
    PublishStory, QueryUpdate, ReceiveReturn, ReceiveUpdate, RemindUpdate, ReminderKind,
    RequestVariation, ReturnReason, ReversePayment, Revoke, SendNews, SendPayment, StoryRef,
    UpdateReason, UpdateRef, VariationChanges, VariationReason,
};
use crate::domain::outcome::{ReportedOutcome, Strength};
use crate::domain::{Actor, GrantCommand, Money};

impl GroupHistory<'_> {
    /// The amounts of the payments. Every fifth grant is paid in two.
    fn payment_amounts(&self) -> Vec<Money> {
        let whole = self.seed.whole();
        let first = Money::from_pounds(250);
        match whole.minus(first) {
            Ok(rest) if self.number % 5 == 0 && !rest.is_zero() => vec![rest, first],
            _ => vec![whole],
        }
    }

    pub(super) fn pay(&mut self) {
        if !self.has_reached(Stage::Prepared) {
            return;
        }
        // Payments that are not finished happen this week.
        let mut day = if self.has_reached(Stage::Live) {
            self.decision_day() + 12
        } else {
            -6
        };
        let (mut payment, mut payee) = (1, 1);
        for (turn, last) in [
            (Deviation::PaymentRejected, Stage::Prepared),
            (Deviation::PaymentCancelled, Stage::Prepared),
            (Deviation::PaymentFailed, Stage::Sent),
            (Deviation::PaymentReversed, Stage::Live),
        ] {
            if self.turn(turn).is_some() {
                self.payment(day, payment, self.payment_amounts()[0], last);
                self.end_payment(day + 6, payment, turn);
                (day, payment) = (day + 7, payment + 1);
                // The bank details are entered and verified again before the next payment.
                if matches!(turn, Deviation::PaymentFailed | Deviation::PaymentReversed) {
                    payee += 1;
                    self.provide_payee(payee, day);
                    day += 2;
                }
            }
        }
        for (at, amount) in (0..).zip(self.payment_amounts()) {
            if at > 0 && !self.has_reached(Stage::Live) {
                return;
            }
            self.payment(day + 20 * at, payment, amount, self.seed.comes_to);
            payment += 1;
        }
        if self.turn(Deviation::PaymentBounced).is_some() {
            self.end_payment(day + 4, payment - 1, Deviation::PaymentBounced);
        }
    }

    /// The commands of one payment, up to the stage that it reaches.
    fn payment(&mut self, day: i32, payment: u16, amount: Money, last: Stage) {
        let (officer, treasurer) = (self.staff("officer"), self.staff("treasurer"));
        let prepare = PreparePayment {
            amount: Some(amount),
            instalment: None,
            supplier: None,
        };
        self.on_grant(day, officer, GrantCommand::PreparePayment(prepare));
        if last >= Stage::Approved {
            self.on_grant(
                day + 1,
                treasurer,
                GrantCommand::ApprovePayment(PaymentRef { payment }),
            );
        }
        if last >= Stage::Sent {
            self.on_grant(
                day + 2,
                treasurer,
                GrantCommand::SendPayment(SendPayment {
                    payment,
                    happened_on: self.date(day + 2),
                }),
            );
        }
        if last >= Stage::Live {
            let confirm = ConfirmPayment {
                payment,
                happened_on: self.date(day + 3),
                receipt: None,
            };
            self.on_grant(day + 4, treasurer, GrantCommand::ConfirmPayment(confirm));
            let paid = format!("Payment {payment}: {amount}, on {}", self.date(day + 3));
            let about = format!("payment-{payment}");
            self.attach_paper(DemoPaperKind::Receipt, treasurer, &about, &[paid]);
        }
    }

    fn end_payment(&mut self, day: i32, payment: u16, turn: Deviation) {
        let treasurer = self.staff("treasurer");
        let Some(reason) = self.turn(turn).map(|turn| prose(&turn.said)) else {
            return;
        };
        let happened_on = self.date(day);
        let command = match turn {
            Deviation::PaymentRejected => {
                GrantCommand::RejectPayment(PaymentReason { payment, reason })
            }
            Deviation::PaymentCancelled => {
                GrantCommand::CancelPayment(PaymentReason { payment, reason })
            }
            Deviation::PaymentFailed | Deviation::PaymentBounced => {
                GrantCommand::FailPayment(FailPayment {
                    payment,
                    reason,
                    happened_on: Some(happened_on),
                })
            }
            _ => GrantCommand::ReversePayment(ReversePayment {
                payment,
                happened_on,
                reason,
            }),
        };
        self.on_grant(day, treasurer, command);
    }

    /// Changes during the grant: reminders, another date, a hold, an early end, a clawback.
    pub(super) fn change(&mut self) {
        let (officer, panel) = (self.staff("officer"), self.staff("chair"));
        let day = self.decision_day() + 45;
        self.remind();
        self.send_news();
        self.vary(day, panel);
        if let Some(turn) = self.turn(Deviation::Held) {
            let hold = GrantCommand::Hold(with_reason(&turn.said));
            self.on_grant(day, officer, hold);
        }
        let mut proposal = 1;
        if self.seed.comes_to == Stage::Terminated {
            let revoke = Revoke {
                reason: self.reason(),
                present: self.attending_trustee(),
            };
            self.on_grant(day + 5, panel, GrantCommand::Terminate(revoke));
            self.confirm_revocation(day + 6, proposal);
            proposal += 1;
        }
        if let Some(turn) = self.turn(Deviation::Clawback) {
            let demand = DemandClawback {
                amount: Money::from_pounds(100),
                reason: prose(&turn.said),
                present: self.attending_trustee(),
            };
            self.on_grant(day + 6, panel, GrantCommand::DemandClawback(demand));
            self.confirm_revocation(day + 7, proposal);
        }
    }

    fn confirm_revocation(&mut self, day: i32, proposal: u32) {
        self.on_grant(
            day,
            self.staff("trustee"),
            GrantCommand::ConfirmRevocation(ProposalRef { proposal }),
        );
    }

    /// The reminders of an update that is overdue: on the day after, and every two weeks.
    fn remind(&mut self) {
        let overdue = self.seed.due.filter(|_| self.seed.comes_to == Stage::Live);
        for day in overdue
            .into_iter()
            .flat_map(|due| (due + 1..0).step_by(14))
            .take(3)
        {
            let remind = RemindUpdate {
                update: 1,
                occasion: ReminderKind::Overdue,
            };
            self.on_grant(day, Actor::Job, GrantCommand::RemindUpdate(remind));
        }
    }

    fn vary(&mut self, day: i32, panel: Actor) {
        let member = Actor::Person(self.member);
        let later = |day| VariationChanges {
            update_due_on: Some(self.date(day)),
            ..VariationChanges::default()
        };
        let mut taken = Vec::new();
        if let Some(turn) = self.turn(Deviation::Varied) {
            let change = later(self.decision_day() + 130);
            taken.push((day, member, request(change, &turn.said)));
            let approve = GrantCommand::ApproveVariation(ApproveVariation {
                variation: 1,
                present: std::collections::BTreeSet::new(),
            });
            taken.push((day + 3, panel, approve));
        }
        if let Some(turn) = self.turn(Deviation::VariationRefused) {
            let change = VariationChanges {
                amount: Some(Money::from_pounds(2500)),
                ..VariationChanges::default()
            };
            taken.push((day, member, request(change, &turn.said)));
            let refuse = GrantCommand::RefuseVariation(VariationReason {
                variation: 1,
                reason: prose(turn.answer.as_deref().unwrap_or_default()),
            });
            taken.push((day + 4, panel, refuse));
        }
        if let Some(turn) = self.turn(Deviation::LaterEnd) {
            let change = VariationChanges {
                ends_on: Some(self.date(60)),
                ..later(74)
            };
            taken.push((-4, member, request(change, &turn.said)));
        }
        for (day, by, command) in taken {
            self.on_grant(day, by, command);
        }
    }

    pub(super) fn report(&mut self) {
        let (officer, treasurer, member) = (
            self.staff("officer"),
            self.staff("treasurer"),
            Actor::Person(self.member),
        );
        let usual = self.decision_day() + 80 + self.number % 9;
        // A report that nobody has read yet came in the last two weeks.
        let day = match self.seed.comes_to {
            Stage::Reported => usual.max(self.number % 9 - 14),
            _ => usual,
        };
        match self.seed.comes_to {
            Stage::Queried => {
                self.submit_update(day);
                let query = QueryUpdate {
                    update: 1,
                    question: self.reason(),
                    due_on: None,
                };
                self.on_grant(day + 3, officer, GrantCommand::QueryUpdate(query));
            }
            Stage::Excused => {
                let excuse = UpdateReason {
                    update: 1,
                    reason: self.reason(),
                };
                self.on_grant(day, officer, GrantCommand::ExcuseUpdate(excuse));
            }
            stage if stage >= Stage::Reported => self.submit_update(day),
            _ => return,
        }
        self.judge(day + 2, officer);
        if self.has_reached(Stage::ReturnDue) {
            self.on_grant(
                day + 3,
                officer,
                GrantCommand::AcceptUpdate(UpdateRef { update: 1 }),
            );
        }
        self.publish_story(day + 4, officer);
        if let Some(amount) = self.seed.unspent() {
            let declare = GrantCommand::DeclareUnderspend(DeclareUnderspend { amount });
            self.on_grant(day + 4, member, declare);
            let owed = ReturnReason::Underspend;
            if let Some(turn) = self.turn(Deviation::WaiverProposed) {
                let waiver = ProposeReturnWaiver {
                    owed,
                    amount,
                    reason: prose(&turn.said),
                };
                self.on_grant(-3, officer, GrantCommand::ProposeReturnWaiver(waiver));
            }
            if self.has_reached(Stage::Closed) {
                let received = ReceiveReturn {
                    owed,
                    amount,
                    received_on: self.date(day + 9),
                };
                self.on_grant(day + 10, treasurer, GrantCommand::ReceiveReturn(received));
            }
        }
        if self.has_reached(Stage::Closed) {
            self.on_grant(day + 12, officer, GrantCommand::Close(NoBody {}));
        }
    }

    /// Staff's own assessment of the first sign, and a correction of the figures.
    fn judge(&mut self, day: i32, officer: Actor) {
        let Some(update) = &self.seed.update else {
            return;
        };
        let mut taken = Vec::new();
        if let (Some(turn), Some(first)) =
            (self.turn(Deviation::SignDisputed), update.signs.first())
        {
            taken.push(GrantCommand::JudgeOutcome(JudgeOutcome {
                update: 1,
                sign: first.sign.clone(),
                strength: Strength::Some,
                reason: prose(&turn.said),
            }));
        }
        if let Some(turn) = self.turn(Deviation::FiguresCorrected) {
            taken.push(GrantCommand::CorrectUpdate(CorrectUpdate {
                update: 1,
                people: update.people,
                volunteers: update.volunteers + 2,
                spent: self.spent(),
                reason: prose(&turn.said),
            }));
        }
        for command in taken {
            self.on_grant(day, officer, command);
        }
    }

    fn publish_story(&mut self, day: i32, officer: Actor) {
        let Some(story) = self.seed.story.clone() else {
            return;
        };
        let names = self.pictures_of_update();
        let publish = PublishStory {
            words: story.words,
            consented_on: self.date(day - 1),
            consent: story.consent,
            photographs: std::collections::BTreeSet::new(),
            pictured: names.first().and_then(|name| photographs::shown_by(name)),
        };
        self.with_pictures(day, officer, names, GrantCommand::PublishStory(publish));
        if self.turn(Deviation::StoryWithdrawn).is_some() {
            let withdraw = GrantCommand::WithdrawStory(StoryRef { story: 1 });
            self.on_grant(day + 5, Actor::Person(self.member), withdraw);
        }
    }

    fn spent(&self) -> Money {
        let unspent = self.seed.unspent().unwrap_or_default();
        self.seed.whole().minus(unspent).unwrap_or_default()
    }

    fn submit_update(&mut self, day: i32) {
        let Some(seed) = &self.seed.update else {
            return;
        };
        let names = self.pictures_of_update();
        let shown = names.iter().filter_map(|name| photographs::shown_by(name));
        let shown: Vec<_> = shown.map(|shown| shown.to_string()).collect();
        let said = |one: &SignSeed| ReportedOutcome {
            sign: one.sign.clone(),
            strength: one.strength,
            words: plaintext(&one.words),
        };
        let update = ReceiveUpdate {
            update: 1,
            channel: self.seed.channel,
            words: plaintext(&seed.words),
            learned: Some(plaintext(&seed.hard)),
            people: seed.people,
            volunteers: seed.volunteers,
            spent: self.spent(),
            outcomes: seed.signs.iter().map(said).collect(),
            files: std::collections::BTreeSet::new(),
            pictured: (!shown.is_empty()).then(|| plaintext(&shown.join(" "))),
            consent: self.seed.is_keyed_in(),
        };
        let by = if self.seed.is_keyed_in() {
            self.staff("officer")
        } else {
            Actor::Person(self.member)
        };
        self.with_pictures(day, by, names, GrantCommand::ReceiveUpdate(update));
    }

    fn pictures_of_update(&self) -> Vec<String> {
        let update = self.seed.update.iter();
        update
            .flat_map(|update| update.photographs.clone())
            .collect()
    }

    /// News that came in the last days.
    fn send_news(&mut self) {
        let Some(news) = &self.seed.news else {
            return;
        };
        let command = GrantCommand::SendNews(SendNews {
            channel: Channel::Web,
            words: Some(plaintext(&news.words)),
            pictured: Some(plaintext(&news.pictured)),
            photographs: std::collections::BTreeSet::new(),
            consent: true,
        });
        let names = news.photographs.clone();
        self.with_pictures(-2, Actor::Person(self.member), names, command);
    }
}

fn request(change: VariationChanges, words: &str) -> GrantCommand {
    GrantCommand::RequestVariation(RequestVariation {
        change,
        words: plaintext(words),
    })
}
