//! The history of a demonstration grant after its checks passed: payments, changes, updates,
//! returns, closing.

use super::application_history::{GroupHistory, plaintext, prose, with_reason};
use super::programme::{Deviation, Stage};
use super::setup;
use crate::domain::application::Channel;
use crate::domain::command::{NoBody, ProposalRef};
use crate::domain::grant::{
    ApproveVariation, ConfirmPayment, DeclareUnderspend, DemandClawback, FailPayment,
    PaymentReason, PaymentRef, PreparePayment, PublishStory, QueryUpdate, ReceiveReturn,
    ReceiveUpdate, RequestVariation, ReturnReason, ReversePayment, Revoke, SendPayment,
    UpdateReason, UpdateRef, VariationChanges,
};
use crate::domain::outcome::{ReportedOutcome, Strength};
use crate::domain::{Actor, GrantCommand, Money};

impl GroupHistory<'_> {
    /// The amounts of the payments. Every fifth grant is paid in two.
    fn payment_amounts(&self) -> Vec<Money> {
        let whole = self.seed.awarded.unwrap_or(self.seed.asked);
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
        let mut day = self.decision_day() + 12;
        let mut payment = 1;
        for (turn, last) in [
            (Deviation::PaymentRejected, Stage::Prepared),
            (Deviation::PaymentCancelled, Stage::Prepared),
            (Deviation::PaymentFailed, Stage::Sent),
            (Deviation::PaymentReversed, Stage::Live),
        ] {
            if self.has_deviation(turn) {
                self.payment(day, payment, self.payment_amounts()[0], last);
                self.end_payment(day + 6, payment, turn);
                (day, payment) = (day + 7, payment + 1);
            }
        }
        for (at, amount) in (0..).zip(self.payment_amounts()) {
            if at > 0 && !self.has_reached(Stage::Live) {
                return;
            }
            self.payment(day + 20 * at, payment, amount, self.seed.comes_to);
            payment += 1;
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
        }
    }

    fn end_payment(&mut self, day: i32, payment: u16, turn: Deviation) {
        let treasurer = self.staff("treasurer");
        let said = |reason: &str| PaymentReason {
            payment,
            reason: prose(reason),
        };
        let command = match turn {
            Deviation::PaymentRejected => {
                GrantCommand::RejectPayment(said("The group asked to wait a week."))
            }
            Deviation::PaymentCancelled => GrantCommand::CancelPayment(said("Prepared too early.")),
            Deviation::PaymentFailed => {
                let reason = prose("The bank sent it back.");
                GrantCommand::FailPayment(FailPayment {
                    payment,
                    reason,
                    happened_on: Some(self.date(day)),
                })
            }
            _ => {
                let reason = prose("The bank took it back: paid twice on its side.");
                GrantCommand::ReversePayment(ReversePayment {
                    payment,
                    happened_on: self.date(day),
                    reason,
                })
            }
        };
        self.on_grant(day, treasurer, command);
    }

    /// Changes during the grant: a later update, a hold, an early end, a clawback.
    pub(super) fn change(&mut self) {
        let (officer, panel, member) = (
            self.staff("officer"),
            self.staff("chair"),
            Actor::Person(self.member),
        );
        let day = self.decision_day() + 45;
        if self.has_deviation(Deviation::Varied) {
            let later = Some(self.date(self.decision_day() + 130));
            let change = VariationChanges {
                update_due_on: later,
                ..VariationChanges::default()
            };
            let words = plaintext("Two of us were ill, and we began a month later.");
            self.on_grant(
                day,
                member,
                GrantCommand::RequestVariation(RequestVariation { change, words }),
            );
            self.on_grant(
                day + 3,
                panel,
                GrantCommand::ApproveVariation(ApproveVariation {
                    variation: 1,
                    present: std::collections::BTreeSet::new(),
                }),
            );
        }
        if self.has_deviation(Deviation::Held) {
            self.on_grant(
                day,
                officer,
                GrantCommand::Hold(with_reason("The group is choosing a new treasurer.")),
            );
        }
        if self.seed.comes_to == Stage::Terminated {
            let revoke = Revoke {
                reason: prose("The group has broken up."),
                present: self.attending_trustee(),
            };
            self.on_grant(day + 5, panel, GrantCommand::Terminate(revoke));
            self.on_grant(
                day + 6,
                self.staff("trustee"),
                GrantCommand::ConfirmRevocation(ProposalRef { proposal: 1 }),
            );
        }
        if self.has_deviation(Deviation::Clawback) {
            let demand = DemandClawback {
                amount: Money::from_pounds(100),
                reason: prose("Spent on something else than was agreed."),
                present: self.attending_trustee(),
            };
            self.on_grant(day + 6, panel, GrantCommand::DemandClawback(demand));
            let proposal = if self.seed.comes_to == Stage::Terminated {
                2
            } else {
                1
            };
            self.on_grant(
                day + 7,
                self.staff("trustee"),
                GrantCommand::ConfirmRevocation(ProposalRef { proposal }),
            );
        }
    }

    pub(super) fn report(&mut self) {
        let (officer, treasurer, member) = (
            self.staff("officer"),
            self.staff("treasurer"),
            Actor::Person(self.member),
        );
        let day = self.decision_day() + 80 + self.number % 9;
        match self.seed.comes_to {
            Stage::Queried => {
                self.submit_update(day);
                let query = QueryUpdate {
                    update: 1,
                    question: prose("How many people came more than once?"),
                    due_on: None,
                };
                self.on_grant(day + 3, officer, GrantCommand::QueryUpdate(query));
            }
            Stage::Excused => {
                let excuse = UpdateReason {
                    update: 1,
                    reason: prose("The one who would have written it has died."),
                };
                self.on_grant(day, officer, GrantCommand::ExcuseUpdate(excuse));
            }
            stage if stage >= Stage::Reported => self.submit_update(day),
            _ => return,
        }
        if self.has_reached(Stage::ReturnDue) {
            self.on_grant(
                day + 3,
                officer,
                GrantCommand::AcceptUpdate(UpdateRef { update: 1 }),
            );
        }
        if self.has_deviation(Deviation::StoryPublished) {
            let words = prose("People who had not met before now cook together every week.");
            let consent = "A signed form".parse().expect("a line");
            let story = PublishStory {
                words,
                consented_on: self.date(day),
                consent,
                photographs: std::collections::BTreeSet::new(),
            };
            self.on_grant(day + 4, officer, GrantCommand::PublishStory(story));
        }
        if let Some(amount) = self.seed.unspent {
            self.on_grant(
                day + 4,
                member,
                GrantCommand::DeclareUnderspend(DeclareUnderspend { amount }),
            );
            if self.has_reached(Stage::Closed) {
                let received = ReceiveReturn {
                    owed: ReturnReason::Underspend,
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

    fn submit_update(&mut self, day: i32) {
        let seed = self.seed;
        let whole = seed.awarded.unwrap_or(seed.asked);
        let said = |(at, sign): (usize, &crate::domain::text::Slug)| ReportedOutcome {
            sign: sign.clone(),
            strength: if at == 0 {
                Strength::Strong
            } else {
                Strength::Some
            },
            words: plaintext(&seed.said),
        };
        let by_telephone = self.number % 7 == 0;
        let update = ReceiveUpdate {
            update: 1,
            channel: if by_telephone {
                Channel::Phone
            } else {
                Channel::Web
            },
            words: plaintext(&seed.said),
            learned: Some(plaintext(
                "People come back when there is food, and when somebody telephones the day before.",
            )),
            people: seed.people,
            volunteers: seed.volunteers,
            spent: whole
                .minus(seed.unspent.unwrap_or_default())
                .unwrap_or_default(),
            outcomes: seed.signs.iter().enumerate().map(said).collect(),
            files: std::collections::BTreeSet::new(),
            consent: by_telephone,
        };
        let by = if by_telephone {
            Actor::Person(setup::staff_id(self.organisation, "officer"))
        } else {
            Actor::Person(self.member)
        };
        self.on_grant(day, by, GrantCommand::ReceiveUpdate(update));
    }
}
