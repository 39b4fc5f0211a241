//! What a log says about one grant so far: the decision, the agreement, checks, payees, payments,
//! reports, and the digests of files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::known_names::KnownNames;
use crate::audit::ledger::one_line;
use crate::domain::application::HelpKind;
use crate::domain::file::FileDigest;
use crate::domain::grant::AcceptanceMethod;
use crate::domain::reference::Reference;
use crate::domain::text::Slug;
use crate::domain::{
    Aggregate as _, ApplicationEvent, Event, FundEvent, Grant, GrantEvent, GroupEvent, Money,
    PersonId,
};
use crate::eventlog::recorded_event::RecordedEvent;

/// The panel's award.
pub(super) struct AwardFacts {
    pub(super) amount: Money,
    pub(super) on: Date,
    pub(super) present: BTreeSet<PersonId>,
    /// Those who were named as present and have not confirmed it.
    pub(super) unconfirmed: BTreeSet<PersonId>,
    pub(super) position: i64,
}

/// The accepted agreement.
pub(super) struct AgreementFacts {
    pub(super) on: Date,
    pub(super) names: usize,
    pub(super) position: i64,
}

/// An account or other way to which money goes.
pub(super) struct PayeeFacts {
    pub(super) keyed_by: PersonId,
    pub(super) keyed_by_name: String,
    pub(super) keyed_on: Date,
    pub(super) position: i64,
    pub(super) verified: Option<VerifiedPayee>,
}

/// Who checked a payee, and how.
pub(super) struct VerifiedPayee {
    pub(super) by: PersonId,
    pub(super) by_name: String,
    pub(super) on: Date,
    pub(super) method: String,
    pub(super) position: i64,
}

/// A check or condition.
#[derive(Default)]
pub(super) struct CheckFacts {
    pub(super) is_clear: bool,
    /// Whether it was passed for this grant, and not waived or reused.
    pub(super) is_passed: bool,
    pub(super) has_evidence: bool,
    pub(super) position: i64,
}

/// Where a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum PaymentStep {
    Prepared,
    Approved,
    Sent,
    Confirmed,
    Rejected,
    Cancelled,
    Failed,
    Reversed,
}

/// A payment.
pub(super) struct PaymentFacts {
    pub(super) amount: Money,
    pub(super) step: PaymentStep,
    pub(super) prepared_by: String,
    pub(super) approved_by: Vec<String>,
    pub(super) sent_on: Option<Date>,
    pub(super) paid_on: Option<Date>,
    pub(super) has_receipt: bool,
    pub(super) payee: u32,
    pub(super) position: i64,
}

/// A report that was asked for.
pub(super) struct ReportFacts {
    pub(super) due_on: Date,
    pub(super) received_on: Option<Date>,
    /// Whether it was accepted, or excused.
    pub(super) is_settled: bool,
    pub(super) has_files: bool,
    pub(super) position: i64,
}

/// The digest of a file, and the event that names it.
#[derive(Clone, Debug, Serialize)]
pub struct FileEvidence {
    pub what: String,
    /// SHA-256 of the encrypted file, in hexadecimal.
    pub digest: String,
    pub position: i64,
}

/// The facts of one grant or application.
#[derive(Default)]
pub(in crate::audit) struct GrantFacts {
    pub(in crate::audit) id: Uuid,
    pub(super) group: Uuid,
    pub(super) fund: Uuid,
    pub(super) round: String,
    /// The number of the application, as people say it on the phone.
    pub(in crate::audit) number: String,
    /// The grant as its events leave it.
    pub(super) grant: Grant,
    pub(super) requested: Money,
    /// Whether each person who declared has an interest.
    pub(super) declared: BTreeMap<PersonId, bool>,
    pub(super) award: Option<AwardFacts>,
    /// How the application ended, if it did not end with an award.
    pub(super) ended: Option<&'static str>,
    pub(super) agreement: Option<AgreementFacts>,
    pub(super) payees: BTreeMap<u32, PayeeFacts>,
    pub(super) payments: BTreeMap<u16, PaymentFacts>,
    pub(super) checks: BTreeMap<Slug, CheckFacts>,
    pub(super) reports: BTreeMap<u16, ReportFacts>,
    pub(super) returned: Money,
    pub(super) waived: Money,
    pub(super) is_held: bool,
    /// Entries at the bank that are not settled, with their positions.
    pub(super) unsettled: BTreeMap<u16, i64>,
    pub(in crate::audit) files: Vec<FileEvidence>,
    pub(super) erased_at: Option<i64>,
    /// The day of the last event of the log that was read.
    pub(super) until: Date,
}

impl GrantFacts {
    pub(in crate::audit) fn of(id: Uuid, group: Uuid) -> Self {
        Self {
            id,
            group,
            ..Self::default()
        }
    }

    /// Whether an event is about the grant, its application, or who is paid for its group.
    pub(in crate::audit) fn concerns(&self, event: &RecordedEvent) -> bool {
        match &event.event {
            Event::Application(_) | Event::Grant(_) => event.stream == self.id,
            Event::Fund(
                FundEvent::Committed { grant, .. }
                | FundEvent::CommitmentIncreased { grant, .. }
                | FundEvent::CommitmentReduced { grant, .. }
                | FundEvent::CommitmentReleased { grant, .. }
                | FundEvent::CommitmentTakenBack { grant, .. },
            ) => grant.0 == self.id,
            Event::Group(
                GroupEvent::PayeeProvided { .. }
                | GroupEvent::PayeeVerified { .. }
                | GroupEvent::PersonalDataErased { .. },
            ) => event.stream == self.group,
            _ => false,
        }
    }

    /// Applies an event of the log; those of other records change only the day.
    pub(in crate::audit) fn apply(&mut self, event: &RecordedEvent, names: &KnownNames) {
        self.until = event.recorded_on();
        if !self.concerns(event) {
            return;
        }
        match &event.event {
            Event::Group(happened) => self.apply_group(event, happened, names),
            Event::Application(happened) => self.apply_application(event, happened),
            Event::Grant(happened) => {
                // A sum below zero is for `verify` to report.
                self.grant.apply(happened).ok();
                self.apply_agreement(event, happened);
                self.apply_check(event, happened);
                self.apply_payment(event, happened, names);
                self.apply_money(event, happened);
                self.apply_report(event, happened);
            }
            _ => {}
        }
    }

    fn add_file(&mut self, event: &RecordedEvent, what: &str, file: Option<&FileDigest>) {
        if let Some(digest) = file {
            self.files.push(FileEvidence {
                what: what.to_owned(),
                digest: digest.to_string(),
                position: event.position,
            });
        }
    }

    fn apply_group(&mut self, event: &RecordedEvent, happened: &GroupEvent, names: &KnownNames) {
        match happened {
            GroupEvent::PayeeProvided {
                payee,
                keyed_by,
                provided_on,
                ..
            } => {
                let provided = PayeeFacts {
                    keyed_by: *keyed_by,
                    keyed_by_name: names.name(*keyed_by),
                    keyed_on: provided_on.unwrap_or_else(|| event.recorded_on()),
                    position: event.position,
                    verified: None,
                };
                self.payees.insert(*payee, provided);
            }
            GroupEvent::PayeeVerified {
                payee,
                method,
                verified_by,
                verified_on,
            } => {
                if let Some(found) = self.payees.get_mut(payee) {
                    found.verified = Some(VerifiedPayee {
                        by: *verified_by,
                        by_name: names.name(*verified_by),
                        on: *verified_on,
                        method: one_line(method.as_str()),
                        position: event.position,
                    });
                }
            }
            GroupEvent::PersonalDataErased { .. } => self.erased_at = Some(event.position),
            _ => {}
        }
    }

    fn apply_application(&mut self, event: &RecordedEvent, happened: &ApplicationEvent) {
        use ApplicationEvent as E;
        match happened {
            E::ApplicationStarted { fund, round, .. } => {
                self.fund = fund.0;
                self.round = round.to_string();
                self.number = Reference::from_position(event.position).to_string();
            }
            E::ApplicationSubmitted {
                requested, help, ..
            }
            | E::ApplicationResubmitted {
                requested, help, ..
            } => {
                self.requested = *requested;
                if let Some(HelpKind::KeyedVerbatim { scan, .. }) =
                    help.as_ref().map(|help| &help.kind)
                {
                    self.add_file(event, "scan of the paper form", scan.as_ref());
                }
            }
            E::NoInterestDeclared { by, .. } => {
                self.declared.insert(*by, false);
            }
            E::InterestDeclared { by, .. } => {
                self.declared.insert(*by, true);
            }
            E::Awarded { terms, sitting, .. } => {
                let recorder = sitting.recorded_by;
                let mut unconfirmed = sitting.present.clone();
                // Logs without a recorder are from before people confirmed their attendance.
                unconfirmed.retain(|person| recorder.is_some_and(|recorder| recorder != *person));
                self.award = Some(AwardFacts {
                    amount: terms.amount,
                    on: event.recorded_on(),
                    present: sitting.present.clone(),
                    unconfirmed,
                    position: event.position,
                });
                self.ended = None;
            }
            E::AttendanceConfirmed { person, .. } => {
                if let Some(award) = &mut self.award {
                    award.unconfirmed.remove(person);
                }
            }
            E::DecisionTakenBack { .. } => (self.award, self.ended) = (None, None),
            E::Declined { .. } => self.ended = Some("The panel declined the application"),
            E::EligibilityRefused { .. } => self.ended = Some("The application was not eligible"),
            E::EligibilityTakenBack { .. } | E::ReviewDecided { upheld: true, .. } => {
                self.ended = None;
            }
            E::ApplicationWithdrawn {} => self.ended = Some("The group withdrew the application"),
            E::ApplicationLapsed {} => self.ended = Some("The application lapsed"),
            _ => {}
        }
    }

    fn apply_agreement(&mut self, event: &RecordedEvent, happened: &GrantEvent) {
        if let GrantEvent::AgreementAccepted { method, names, .. } = happened {
            if let AcceptanceMethod::PaperScan { scan } = method {
                self.add_file(event, "scan of the signed agreement", Some(scan));
            }
            self.agreement = Some(AgreementFacts {
                on: event.recorded_on(),
                names: names.len(),
                position: event.position,
            });
        }
    }

    fn apply_check(&mut self, event: &RecordedEvent, happened: &GrantEvent) {
        let position = event.position;
        match happened {
            GrantEvent::GrantOffered {
                checks, conditions, ..
            } => {
                for check in checks.iter().chain(conditions.keys()) {
                    let outstanding = CheckFacts {
                        position,
                        ..CheckFacts::default()
                    };
                    self.checks.insert(check.clone(), outstanding);
                }
            }
            GrantEvent::CheckRequested { check, .. } | GrantEvent::CheckFailed { check, .. } => {
                let outstanding = CheckFacts {
                    position,
                    ..CheckFacts::default()
                };
                self.checks.insert(check.clone(), outstanding);
            }
            GrantEvent::CheckPassed {
                check, evidence, ..
            } => {
                let what = format!("evidence of the check {check}");
                self.add_file(event, &what, evidence.as_ref());
                let passed = CheckFacts {
                    is_clear: true,
                    is_passed: true,
                    has_evidence: evidence.is_some(),
                    position,
                };
                self.checks.insert(check.clone(), passed);
            }
            GrantEvent::CheckReused { check, .. } | GrantEvent::CheckWaived { check, .. } => {
                let clear = CheckFacts {
                    is_clear: true,
                    position,
                    ..CheckFacts::default()
                };
                self.checks.insert(check.clone(), clear);
            }
            _ => {}
        }
    }

    fn apply_payment(&mut self, event: &RecordedEvent, happened: &GrantEvent, names: &KnownNames) {
        use GrantEvent as E;
        if let E::PaymentPrepared {
            payment,
            amount,
            payee,
            prepared_by,
            ..
        } = happened
        {
            let prepared = PaymentFacts {
                amount: *amount,
                step: PaymentStep::Prepared,
                prepared_by: names.name(*prepared_by),
                approved_by: Vec::new(),
                sent_on: None,
                paid_on: None,
                has_receipt: false,
                payee: *payee,
                position: event.position,
            };
            self.payments.insert(*payment, prepared);
            return;
        }
        if let E::PaymentConfirmed {
            payment, receipt, ..
        } = happened
        {
            let what = format!("receipt of payment {payment}");
            self.add_file(event, &what, receipt.as_ref());
        }
        let Some((found, step)) = self.payment_step(happened) else {
            return;
        };
        found.step = step;
        match happened {
            E::PaymentApproved { approved_by, .. } => {
                found.approved_by.push(names.name(*approved_by));
            }
            E::PaymentSent { sent_on, .. } => found.sent_on = Some(*sent_on),
            E::PaymentConfirmed {
                paid_on,
                receipt,
                leaving,
                ..
            } => {
                found.paid_on = Some(*paid_on);
                found.has_receipt = receipt.is_some();
                found.sent_on = leaving.as_ref().map(|moved| moved.to).or(found.sent_on);
            }
            E::PaymentCorrected {
                paid_on, leaving, ..
            } => {
                found.paid_on = Some(*paid_on);
                found.sent_on = leaving.as_ref().map(|moved| moved.to).or(found.sent_on);
            }
            _ => {}
        }
    }

    /// The payment of an event, and where the payment is after it.
    fn payment_step(&mut self, happened: &GrantEvent) -> Option<(&mut PaymentFacts, PaymentStep)> {
        use GrantEvent as E;
        let (payment, step) = match happened {
            E::PaymentApproved { payment, .. } => (payment, PaymentStep::Approved),
            E::PaymentRejected { payment, .. } => (payment, PaymentStep::Rejected),
            E::PaymentCancelled { payment, .. } => (payment, PaymentStep::Cancelled),
            E::PaymentSent { payment, .. } => (payment, PaymentStep::Sent),
            E::PaymentConfirmed { payment, .. } | E::PaymentCorrected { payment, .. } => {
                (payment, PaymentStep::Confirmed)
            }
            E::PaymentFailed { payment, .. } => (payment, PaymentStep::Failed),
            E::PaymentReversed { payment, .. } => (payment, PaymentStep::Reversed),
            _ => return None,
        };
        self.payments.get_mut(payment).map(|found| (found, step))
    }

    fn apply_money(&mut self, event: &RecordedEvent, happened: &GrantEvent) {
        match happened {
            GrantEvent::ReturnReceived { sources, .. } => {
                self.returned = self.returned.plus(sources.total());
            }
            GrantEvent::EntryUnsettled { entry, .. } => {
                self.unsettled.insert(*entry, event.position);
            }
            GrantEvent::EntrySettled { entry, sources, .. } => {
                self.unsettled.remove(entry);
                self.returned = self.returned.plus(sources.total());
            }
            GrantEvent::ReturnWaived { amount, .. } => self.waived = self.waived.plus(*amount),
            GrantEvent::GrantHeld { .. } => self.is_held = true,
            GrantEvent::GrantResumed {} => self.is_held = false,
            _ => {}
        }
    }

    fn apply_report(&mut self, event: &RecordedEvent, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::UpdateRequested { update, due_on, .. } => {
                let asked = ReportFacts {
                    due_on: *due_on,
                    received_on: None,
                    is_settled: false,
                    has_files: false,
                    position: event.position,
                };
                self.reports.insert(*update, asked);
            }
            E::UpdateReceived {
                update,
                received_on,
                files,
                ..
            } => {
                for file in files {
                    let what = format!("receipt or photograph of report {update}");
                    self.add_file(event, &what, Some(file));
                }
                if let Some(found) = self.reports.get_mut(update) {
                    found.received_on = Some(*received_on);
                    found.has_files |= !files.is_empty();
                }
            }
            E::UpdateMoved { update, due_on } => {
                if let Some(found) = self.reports.get_mut(update) {
                    found.due_on = *due_on;
                }
            }
            E::UpdateQueried { update, due_on, .. } => {
                if let Some(found) = self.reports.get_mut(update) {
                    found.received_on = None;
                    found.due_on = due_on.unwrap_or(found.due_on);
                }
            }
            E::UpdateAccepted { update } | E::UpdateExcused { update, .. } => {
                if let Some(found) = self.reports.get_mut(update) {
                    found.is_settled = true;
                }
            }
            _ => {}
        }
    }
}
