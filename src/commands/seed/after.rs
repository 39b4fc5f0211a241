//! The history of a demonstration grant after its checks passed: payments, changes, updates,
//! returns, closing.

use super::programme::{Stage, Turn};
use super::setting;
use super::story::{Story, because, open, prose};
use crate::domain::application::Channel;
use crate::domain::command::{Nothing, ProposalOf};
use crate::domain::grant::{
    AmountOf, ApproveVariation, ConfirmPayment, DemandClawback, FailPayment, Owed, PaymentBecause,
    PaymentOf, PaymentOn, PreparePayment, PublishStory, QueryUpdate, ReceiveReturn, ReceiveUpdate,
    RequestVariation, ReversePayment, Revoke, UpdateBecause, UpdateOf, Varied,
};
use crate::domain::outcome::{OutcomeSaid, Strength};
use crate::domain::{Actor, GrantCommand, Money};

impl Story<'_> {
    /// The amounts of the payments. Every fifth grant is paid in two.
    fn parts(&self) -> Vec<Money> {
        let whole = self.seed.awarded.unwrap_or(self.seed.asked);
        let first = Money::of_pounds(250);
        match whole.minus(first) {
            Ok(rest) if self.number % 5 == 0 && !rest.is_zero() => vec![rest, first],
            _ => vec![whole],
        }
    }

    pub(super) fn pay(&mut self) {
        if !self.came_to(Stage::Prepared) {
            return;
        }
        let mut day = self.decided() + 12;
        let mut payment = 1;
        for (turn, last) in [
            (Turn::PaymentRejected, Stage::Prepared),
            (Turn::PaymentCancelled, Stage::Prepared),
            (Turn::PaymentFailed, Stage::Sent),
            (Turn::PaymentReversed, Stage::Live),
        ] {
            if self.took(turn) {
                self.payment(day, payment, self.parts()[0], last);
                self.gave_up(day + 6, payment, turn);
                (day, payment) = (day + 7, payment + 1);
            }
        }
        for (at, amount) in (0..).zip(self.parts()) {
            if at > 0 && !self.came_to(Stage::Live) {
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
                GrantCommand::ApprovePayment(PaymentOf { payment }),
            );
        }
        if last >= Stage::Sent {
            self.on_grant(
                day + 2,
                treasurer,
                GrantCommand::SendPayment(PaymentOn {
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

    fn gave_up(&mut self, day: i32, payment: u16, turn: Turn) {
        let treasurer = self.staff("treasurer");
        let said = |reason: &str| PaymentBecause {
            payment,
            reason: prose(reason),
        };
        let command = match turn {
            Turn::PaymentRejected => {
                GrantCommand::RejectPayment(said("The group asked to wait a week."))
            }
            Turn::PaymentCancelled => GrantCommand::CancelPayment(said("Prepared too early.")),
            Turn::PaymentFailed => {
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
        let day = self.decided() + 45;
        if self.took(Turn::Varied) {
            let later = Some(self.date(self.decided() + 130));
            let change = Varied {
                update_due_on: later,
                ..Varied::default()
            };
            let words = open("Two of us were ill, and we began a month later.");
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
        if self.took(Turn::Held) {
            self.on_grant(
                day,
                officer,
                GrantCommand::Hold(because("The group is choosing a new treasurer.")),
            );
        }
        if self.seed.comes_to == Stage::Terminated {
            let revoke = Revoke {
                reason: prose("The group has broken up."),
                present: self.trustee(),
            };
            self.on_grant(day + 5, panel, GrantCommand::Terminate(revoke));
            self.on_grant(
                day + 6,
                self.staff("trustee"),
                GrantCommand::ConfirmRevocation(ProposalOf { proposal: 1 }),
            );
        }
        if self.took(Turn::Clawback) {
            let demand = DemandClawback {
                amount: Money::of_pounds(100),
                reason: prose("Spent on something else than was agreed."),
                present: self.trustee(),
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
                GrantCommand::ConfirmRevocation(ProposalOf { proposal }),
            );
        }
    }

    pub(super) fn report(&mut self) {
        let (officer, treasurer, member) = (
            self.staff("officer"),
            self.staff("treasurer"),
            Actor::Person(self.member),
        );
        let day = self.decided() + 80 + self.number % 9;
        match self.seed.comes_to {
            Stage::Queried => {
                self.hand_in(day);
                let query = QueryUpdate {
                    update: 1,
                    question: prose("How many people came more than once?"),
                    due_on: None,
                };
                self.on_grant(day + 3, officer, GrantCommand::QueryUpdate(query));
            }
            Stage::Excused => {
                let excuse = UpdateBecause {
                    update: 1,
                    reason: prose("The one who would have written it has died."),
                };
                self.on_grant(day, officer, GrantCommand::ExcuseUpdate(excuse));
            }
            stage if stage >= Stage::Reported => self.hand_in(day),
            _ => return,
        }
        if self.came_to(Stage::ReturnDue) {
            self.on_grant(
                day + 3,
                officer,
                GrantCommand::AcceptUpdate(UpdateOf { update: 1 }),
            );
        }
        if self.took(Turn::StoryPublished) {
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
                GrantCommand::DeclareUnderspend(AmountOf { amount }),
            );
            if self.came_to(Stage::Closed) {
                let received = ReceiveReturn {
                    owed: Owed::Underspend,
                    amount,
                    received_on: self.date(day + 9),
                };
                self.on_grant(day + 10, treasurer, GrantCommand::ReceiveReturn(received));
            }
        }
        if self.came_to(Stage::Closed) {
            self.on_grant(day + 12, officer, GrantCommand::Close(Nothing {}));
        }
    }

    fn hand_in(&mut self, day: i32) {
        let seed = self.seed;
        let whole = seed.awarded.unwrap_or(seed.asked);
        let said = |(at, sign): (usize, &crate::domain::text::Slug)| OutcomeSaid {
            sign: sign.clone(),
            strength: if at == 0 {
                Strength::Strong
            } else {
                Strength::Some
            },
            words: open(&seed.said),
        };
        let by_telephone = self.number % 7 == 0;
        let update = ReceiveUpdate {
            update: 1,
            channel: if by_telephone {
                Channel::Phone
            } else {
                Channel::Web
            },
            words: open(&seed.said),
            learned: Some(open(
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
            Actor::Person(setting::staff(self.organisation, "officer"))
        } else {
            Actor::Person(self.member)
        };
        self.on_grant(day, by, GrantCommand::ReceiveUpdate(update));
    }
}
