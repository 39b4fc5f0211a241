//! The history of a demonstration grant from the offer until its checks have passed.

use super::application_history::{GroupHistory, plaintext, prose};
use super::papers::DemoPaperKind;
use super::setup;
use super::stories::Stage;
use crate::domain::application::Channel;
use crate::domain::command::{NoBody, ProposalRef};
use crate::domain::grant::{AcceptAgreement, AcceptanceMethod, PassCheck, Revoke};
use crate::domain::group::VerifyPayee;
use crate::domain::organisation::sha256_hex;
use crate::domain::payee::{BankAccount, PayeeInput};
use crate::domain::{Actor, Command, GrantCommand, GroupCommand, PersonId};

impl GroupHistory<'_> {
    /// The panel member who attends in addition to the chair.
    pub(super) fn attending_trustee(&self) -> std::collections::BTreeSet<PersonId> {
        std::iter::once(setup::staff_id(self.organisation, "trustee")).collect()
    }

    pub(super) fn accept(&mut self) {
        self.answer_offer();
        if self.has_reached(Stage::Prepared) {
            self.provide_payee(1, self.decision_day() + 9);
            self.pass_checks();
        }
    }

    fn answer_offer(&mut self) {
        let (officer, member) = (self.staff("officer"), Actor::Person(self.member));
        let decided = self.decision_day();
        match self.seed.comes_to {
            Stage::OfferDeclined => {
                self.on_grant(decided + 6, member, GrantCommand::DeclineOffer(NoBody {}));
            }
            Stage::OfferWithdrawn => {
                let panel = self.staff("chair");
                let revoke = Revoke {
                    reason: self.reason(),
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
                    plaintext(&self.seed.contact.name),
                    plaintext(&self.seed.contact.second),
                ];
                let by_phone = self.seed.channel == Channel::Phone;
                let on_paper = self.signs_on_paper();
                let (by, method) = if by_phone {
                    (officer, AcceptanceMethod::ReadOverTelephone)
                } else if on_paper {
                    // The loader fills in the scan.
                    (officer, AcceptanceMethod::Web)
                } else {
                    (member, AcceptanceMethod::Web)
                };
                let accept = AcceptAgreement {
                    hash: sha256_hex(self.programme.agreement.as_str()),
                    method,
                    names,
                };
                let day = decided + 4 + self.number % 5;
                self.on_grant(day, by, GrantCommand::AcceptAgreement(accept));
                if on_paper {
                    let contact = &self.seed.contact;
                    let signed = format!("Signed: {}, {}", contact.name, contact.second);
                    let on = format!("Date: {}", self.date(day));
                    let kind = DemoPaperKind::SignedAgreement;
                    self.attach_paper(kind, officer, "agreement", &[signed, on]);
                }
            }
            _ => {}
        }
    }

    /// Groups that applied on paper sign on paper, and so do a few others.
    fn signs_on_paper(&self) -> bool {
        match self.seed.channel {
            Channel::Web => self.number % 6 == 2,
            channel => channel == Channel::Paper,
        }
    }

    /// The group enters its bank details on a day, for the given time, and staff verify them on the
    /// next.
    pub(super) fn provide_payee(&mut self, payee: u32, day: i32) {
        let member = Actor::Person(self.member);
        let numbers = format!("000000 {:08}", 10_000_000 + self.number);
        let account = BankAccount {
            holder: plaintext(self.seed.name.as_str()),
            numbers: plaintext(&numbers),
            roll_number: None,
        };
        let details = if self.number % 11 == 3 {
            let body = "A community centre (illustrative)".parse().expect("a name");
            PayeeInput::HoldingBody {
                body,
                consented_on: self.date(day - 1),
                account,
            }
        } else {
            PayeeInput::OwnAccount { account }
        };
        self.push_step(
            day,
            member,
            Command::Group(self.group, GroupCommand::ProvidePayee(details)),
        );
        let verify = VerifyPayee {
            payee,
            method: "A bank statement was seen".parse().expect("a line"),
        };
        // For an application on paper the officer registered the person. An account that this
        // person keys in must be verified by someone independent of the officer.
        let verifier = if self.seed.is_keyed_in() {
            self.staff("treasurer")
        } else {
            self.staff("officer")
        };
        self.push_step(
            day + 1,
            verifier,
            Command::Group(self.group, GroupCommand::VerifyPayee(verify)),
        );
    }

    fn pass_checks(&mut self) {
        let (officer, decided) = (self.staff("officer"), self.decision_day());
        for check in &self.programme.fund.rules.checks {
            let good_until = Some(self.date(400));
            let passed = PassCheck {
                check: check.clone(),
                note: prose("Seen and in order."),
                good_until,
                evidence: None,
            };
            self.on_grant(decided + 11, officer, GrantCommand::PassCheck(passed));
            let seen = format!("Seen for the check: {check}");
            let (kind, sender) = (DemoPaperKind::Evidence, self.sender());
            self.attach_paper(kind, sender, check.as_str(), &[seen]);
        }
    }
}
