//! The actions on a grant, by parts of its page.

use super::action::{Action, Availability, visible};
use super::application::{panel_members, unconflicted};
use super::{DeskRequest, label_of};
use crate::clock::day_of;
use crate::domain::command::{NoBody, WithReason};
use crate::domain::file::FilePurpose;
use crate::domain::grant::{
    AcceptAgreement, AcceptanceMethod, ApproveVariation, CheckNote, CheckRef, ConfirmReturnWaiver,
    DeclareUnderspend, DemandClawback, PassCheck, PreparePayment, ProposeReturnWaiver,
    PublishStory, ReceiveReturn, RequestReturn, RequestUpdate, RequestVariation, ReturnReason,
    Revoke, StoryRef, VariationChanges, VariationReason, VariationState,
};
use crate::domain::group::VerifyPayee;
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::{Line, Prose};
use crate::domain::{Command, GrantCommand as C, GrantId, GroupCommand, GroupId, Money, PersonId};
use crate::http::pages::{PageError, PageForms};
use crate::projections::{FileRow, GrantRow};
use crate::views::{GrantView, GroupView};
use std::collections::BTreeSet;

/// The label of the field for those who were present. Revoking a grant needs the quorum of its
/// award, see the glossary.
const PRESENT_LABEL: &str = "Who else was present: each of them confirms it";

/// A variation, with the actions that approve or refuse it.
pub(super) struct VariationView {
    pub number: u16,
    pub state: String,
    pub words: Option<String>,
    pub asks: Vec<String>,
    pub reason: Option<String>,
    pub acts: Vec<Action>,
}

pub(super) fn sample_prose(text: &str) -> Prose {
    text.parse().expect("a short text")
}

fn sample_line(text: &str) -> Line {
    text.parse().expect("a short text")
}

/// The values from which all actions on a grant are made.
pub(super) struct GrantActions<'a> {
    pub asked: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub row: &'a GrantRow,
}

impl GrantActions<'_> {
    fn path(&self, name: &str) -> String {
        format!("/desk/do/grants/{}/{name}", self.row.id)
    }

    async fn availability(&self, command: C) -> Result<Availability, PageError> {
        Availability::check(
            self.asked.desk,
            self.asked.visitor,
            Command::Grant(GrantId(self.row.id), command),
        )
        .await
    }

    pub(super) async fn action(
        &self,
        name: &str,
        form: &str,
        title: &str,
        command: C,
    ) -> Result<Action, PageError> {
        Ok(Action::new(
            self.forms,
            form,
            title,
            &self.path(name),
            self.availability(command).await?,
        ))
    }
}

impl GrantActions<'_> {
    pub async fn checks(&self, files: &[FileRow]) -> Result<Vec<Action>, PageError> {
        let evidence = files
            .iter()
            .filter(|file| file.purpose == FilePurpose::Document);
        let evidence: Vec<_> = std::iter::once((String::new(), "none".to_owned()))
            .chain(evidence.map(|file| {
                (
                    file.file.to_string(),
                    format!("document of {}", file.kept_on),
                )
            }))
            .collect();
        let mut acts = Vec::new();
        for (check, stands) in &self.row.checks {
            let note = || CheckNote {
                check: check.clone(),
                note: sample_prose("note"),
            };
            let name = check.as_str().replace('-', " ");
            let pass = PassCheck {
                check: check.clone(),
                note: sample_prose("note"),
                good_until: None,
                evidence: None,
            };
            let form = |act: &str| format!("{act}-{check}");
            acts.push(
                self.action(
                    "pass-check",
                    &form("pass"),
                    &format!("{name}: it passed"),
                    C::PassCheck(pass),
                )
                .await?
                .hidden("check", check)
                .text_area("note", "What was seen")
                .day(
                    "good_until",
                    "Until when it is good, if other grants can rest on it",
                )
                .select("evidence", "Which file shows it", evidence.clone()),
            );
            if stands.state == "outstanding" {
                acts.push(
                    self.action(
                        "request-check",
                        &form("request"),
                        &format!("{name}: ask the group"),
                        C::RequestCheck(note()),
                    )
                    .await?
                    .hidden("check", check)
                    .text_area_with_hint(
                        "note",
                        "What you need",
                        "The group gets a mail.",
                    ),
                );
                acts.push(
                    self.action(
                        "fail-check",
                        &form("fail"),
                        &format!("{name}: it failed"),
                        C::FailCheck(note()),
                    )
                    .await?
                    .hidden("check", check)
                    .text_area("note", "Why"),
                );
                acts.push(
                    self.action(
                        "reuse-check",
                        &form("reuse"),
                        &format!("{name}: rest on the one on file"),
                        C::ReuseCheck(CheckRef {
                            check: check.clone(),
                        }),
                    )
                    .await?
                    .hidden("check", check),
                );
                acts.push(
                    self.action(
                        "propose-waiver",
                        &form("waive"),
                        &format!("{name}: propose to waive it"),
                        C::ProposeWaiver(note()),
                    )
                    .await?
                    .hidden("check", check)
                    .text_area("note", "Why"),
                );
            }
            acts.push(
                self.action(
                    "confirm-waiver",
                    &form("confirm"),
                    &format!("{name}: confirm that it is waived"),
                    C::ConfirmWaiver(CheckRef {
                        check: check.clone(),
                    }),
                )
                .await?
                .hidden("check", check),
            );
        }
        Ok(visible(acts))
    }

    /// The actions that answer the offer, or request a variation, for a group that does so on paper
    /// or by telephone.
    pub async fn offer(&self, files: &[FileRow], signers: u8) -> Result<Vec<Action>, PageError> {
        let names = || {
            (0..signers)
                .map(|number| PersonalInput::Open(format!("signer {number}")))
                .collect()
        };
        let hash = || self.row.agreement_hash.clone();
        let signing = |mut act: Action| {
            for number in 0..signers {
                act = act.text(
                    &format!("names.{number}"),
                    &format!("Name of signer {}", number + 1),
                );
            }
            act.hidden("hash", hash())
        };
        let by_telephone = C::AcceptAgreement(AcceptAgreement {
            hash: hash(),
            method: AcceptanceMethod::ReadOverTelephone,
            names: names(),
        });
        let title = "Accept it for the group: the agreement was read out by telephone";
        let mut acts = vec![
            signing(
                self.action(
                    "accept-agreement",
                    "accept-telephone",
                    title,
                    by_telephone.clone(),
                )
                .await?,
            )
            .hidden("method", "read_over_telephone"),
        ];
        let scans: Vec<_> = files
            .iter()
            .filter(|file| matches!(file.purpose, FilePurpose::Scan | FilePurpose::SignedForm))
            .collect();
        let scans: Vec<_> = scans
            .into_iter()
            .map(|file| {
                (
                    file.file.to_string(),
                    format!("{} of {}", label_of(file.purpose), file.kept_on),
                )
            })
            .collect();
        if !scans.is_empty() {
            let title = "Accept it for the group: it signed on paper";
            acts.push(
                signing(
                    self.action("accept-agreement", "accept-paper", title, by_telephone)
                        .await?,
                )
                .select("method.paper_scan.scan", "The scan", scans),
            );
        }
        acts.push(
            self.action(
                "decline-offer",
                "decline-offer",
                "Decline it for the group",
                C::DeclineOffer(NoBody {}),
            )
            .await?
            .destructive(),
        );
        let change = VariationChanges {
            ends_on: Some(self.row.ends_on),
            ..VariationChanges::default()
        };
        let vary = C::RequestVariation(RequestVariation {
            change,
            words: PersonalInput::Open("words".to_owned()),
        });
        acts.push(
            self.action(
                "request-variation",
                "request-variation",
                "Ask for a change for the group",
                vary,
            )
            .await?
            .text_area("words", "Why, in the group's words")
            .money(
                "change.amount:m",
                "The whole award as it should be; empty if it stays",
            )
            .day(
                "change.ends_on",
                "Last day of the activity; empty if it stays",
            )
            .day(
                "change.update_due_on",
                "Last day for the final update; empty if it stays",
            ),
        );
        Ok(visible(acts))
    }

    pub async fn payee(&self, group: &GroupView) -> Result<Vec<Action>, PageError> {
        let Some(payee) = &group.payee else {
            return Ok(Vec::new());
        };
        let verify = VerifyPayee {
            payee: payee.payee,
            method: sample_line("seen"),
        };
        let command = Command::Group(GroupId(group.id), GroupCommand::VerifyPayee(verify));
        let offered = Availability::check(self.asked.desk, self.asked.visitor, command).await?;
        let path = format!("/desk/do/groups/{}/verify-payee", group.id);
        let act = Action::new(
            self.forms,
            "verify-payee",
            "Verify the payee",
            &path,
            offered,
        );
        Ok(visible(vec![
            act.hidden("payee:n", payee.payee).text_with_hint(
                "method",
                "How",
                "A bank statement was seen, the body was called.",
            ),
        ]))
    }

    pub async fn payments(&self) -> Result<Vec<Action>, PageError> {
        let left = self.row.award.minus(self.row.paid).unwrap_or_default();
        let mut acts = Vec::new();
        let open: Vec<_> = self
            .row
            .instalments
            .iter()
            .filter(|(_, instalment)| instalment.payment.is_none())
            .collect();
        for (number, instalment) in &open {
            let prepare = PreparePayment {
                amount: None,
                instalment: Some(**number),
                supplier: None,
            };
            acts.push(
                self.action(
                    "prepare-payment",
                    &format!("prepare-{number}"),
                    &format!("Prepare instalment {number} of {}", instalment.amount),
                    C::PreparePayment(prepare),
                )
                .await?
                .hidden("instalment:n", number)
                .text_with_hint(
                    "supplier",
                    "Supplier",
                    "Only where you buy for the group.",
                ),
            );
        }
        if open.is_empty() && !left.is_zero() {
            let prepare = PreparePayment {
                amount: Some(left),
                instalment: None,
                supplier: None,
            };
            acts.push(
                self.action(
                    "prepare-payment",
                    "prepare",
                    "Prepare a payment",
                    C::PreparePayment(prepare),
                )
                .await?
                .money("amount:m", "How much")
                .text_with_hint("supplier", "Supplier", "Only where you buy for the group.")
                .prefill("amount:m", String::from(left)),
            );
        }
        Ok(visible(acts))
    }

    pub async fn updates(&self) -> Result<Vec<Action>, PageError> {
        let today = day_of(self.asked.desk.commands.now());
        let request = C::RequestUpdate(RequestUpdate { due_on: today });
        Ok(visible(vec![
            self.action(
                "request-update",
                "request-update",
                "Ask for another update",
                request,
            )
            .await?
            .day("due_on", "By when"),
        ]))
    }

    pub async fn variations(&self, seen: &GrantView) -> Result<Vec<VariationView>, PageError> {
        let present = panel_members(self.asked).await?;
        let mut found = Vec::new();
        for (number, variation) in &seen.row.variations {
            let change = &variation.change;
            let mut asks = Vec::new();
            asks.extend(change.amount.map(|amount| format!("award: {amount}")));
            asks.extend(change.ends_on.map(|day| format!("ends on: {day}")));
            asks.extend(
                change
                    .update_due_on
                    .map(|day| format!("final update by: {day}")),
            );
            asks.extend(
                change
                    .purpose
                    .as_ref()
                    .map(|purpose| format!("purpose: {}", purpose.title)),
            );
            let mut acts = Vec::new();
            if variation.state == VariationState::Requested {
                let approve = C::ApproveVariation(ApproveVariation {
                    variation: *number,
                    present: BTreeSet::new(),
                });
                acts.push(
                    self.action(
                        "approve-variation",
                        &format!("approve-{number}"),
                        "Approve the change",
                        approve,
                    )
                    .await?
                    .hidden("variation:n", number)
                    .checkboxes(
                        "present:l",
                        "Who else was present, where the award rises",
                        present.clone(),
                    ),
                );
                let refuse = C::RefuseVariation(VariationReason {
                    variation: *number,
                    reason: sample_prose("why"),
                });
                acts.push(
                    self.action(
                        "refuse-variation",
                        &format!("refuse-{number}"),
                        "Refuse the change",
                        refuse,
                    )
                    .await?
                    .hidden("variation:n", number)
                    .text_area("reason", "Why"),
                );
            }
            found.push(VariationView {
                number: *number,
                state: label_of(variation.state),
                words: seen.variation_words.get(number).cloned(),
                asks,
                reason: variation.reason.clone(),
                acts: visible(acts),
            });
        }
        Ok(found)
    }

    pub async fn others(&self, files: &[FileRow]) -> Result<Vec<Action>, PageError> {
        let today = day_of(self.asked.desk.commands.now());
        let because = || WithReason {
            reason: sample_prose("why"),
        };
        let panel = panel_members(self.asked).await?;
        let present = unconflicted(self.asked, self.row.id, &panel).await?;
        let revoke = || Revoke {
            reason: sample_prose("why"),
            present: present.clone(),
        };
        let pictures: Vec<_> = files
            .iter()
            .filter(|file| file.purpose == FilePurpose::Photograph)
            .map(|file| {
                (
                    file.file.to_string(),
                    format!("photograph of {}", file.kept_on),
                )
            })
            .collect();
        let mut acts = vec![
            self.action(
                "withdraw-offer",
                "withdraw-offer",
                "Take the offer back",
                C::WithdrawOffer(revoke()),
            )
            .await?
            .text_area("reason", "Why")
            .checkboxes("present:l", PRESENT_LABEL, panel.clone())
            .destructive(),
            self.action("hold", "hold", "Hold all payments", C::Hold(because()))
                .await?
                .text_area("reason", "Why"),
            self.action("resume", "resume", "End the hold", C::Resume(NoBody {}))
                .await?,
        ];
        let story = PublishStory {
            words: sample_prose("words"),
            consented_on: today,
            consent: sample_line("consent"),
            photographs: BTreeSet::new(),
        };
        acts.push(
            self.action(
                "publish-story",
                "publish-story",
                "Publish a story",
                C::PublishStory(story),
            )
            .await?
            .text_area_with_hint(
                "words",
                "The story",
                "The public reads this. Names of people only where they consented.",
            )
            .text_with_hint(
                "consent",
                "How consent was given",
                "A signed form, a telephone call.",
            )
            .day("consented_on", "When")
            .checkboxes("photographs:l", "Photographs", pictures)
            .prefill("consented_on", today),
        );
        for (number, _) in self
            .row
            .stories
            .iter()
            .filter(|(_, story)| story.words.is_some())
        {
            let of = C::WithdrawStory(StoryRef { story: *number });
            acts.push(
                self.action(
                    "withdraw-story",
                    &format!("withdraw-story-{number}"),
                    &format!("Take story {number} off the public page"),
                    of,
                )
                .await?
                .hidden("story:n", number),
            );
        }
        acts.extend(self.returns(&panel, &present).await?);
        acts.push(
            self.action(
                "terminate",
                "terminate",
                "End the grant before its time",
                C::Terminate(revoke()),
            )
            .await?
            .text_area("reason", "Why")
            .checkboxes("present:l", PRESENT_LABEL, panel.clone())
            .destructive(),
        );
        acts.push(
            self.action("close", "close", "Close the grant", C::Close(NoBody {}))
                .await?,
        );
        Ok(visible(acts))
    }

    /// The actions on money that comes back: declaring an underspend, demanding a clawback,
    /// requesting, receiving and waiving returns.
    async fn returns(
        &self,
        panel: &[(String, String)],
        present: &BTreeSet<PersonId>,
    ) -> Result<Vec<Action>, PageError> {
        let today = day_of(self.asked.desk.commands.now());
        let mut acts = Vec::new();
        let pound = Money::from_pounds(1);
        acts.push(
            self.action(
                "declare-underspend",
                "declare-underspend",
                "Declare that some will not be spent",
                C::DeclareUnderspend(DeclareUnderspend { amount: pound }),
            )
            .await?
            .money("amount:m", "How much"),
        );
        let demand = C::DemandClawback(DemandClawback {
            amount: pound,
            reason: sample_prose("why"),
            present: present.clone(),
        });
        acts.push(
            self.action(
                "demand-clawback",
                "demand-clawback",
                "Demand money back",
                demand,
            )
            .await?
            .money("amount:m", "How much")
            .text_area("reason", "Why")
            .checkboxes("present:l", PRESENT_LABEL, panel.to_vec())
            .destructive(),
        );
        let owed = [
            (ReturnReason::Underspend, self.row.underspend_due),
            (ReturnReason::Clawback, self.row.clawback_due),
        ];
        for (owed, amount) in owed.into_iter().filter(|(_, amount)| !amount.is_zero()) {
            let key: &str = owed.into();
            acts.push(
                self.action(
                    "request-return",
                    &format!("request-return-{key}"),
                    &format!("Ask the group to give back the {key} of {amount}"),
                    C::RequestReturn(RequestReturn {
                        owed,
                        due_on: today,
                    }),
                )
                .await?
                .hidden("owed", key)
                .day("due_on", "By when"),
            );
            let (form, title) = (
                format!("receive-return-{key}"),
                format!("Record that money of the {key} came back"),
            );
            acts.push(
                self.receive_return(&form, &title, owed)
                    .await?
                    .prefill("amount:m", String::from(amount)),
            );
            let propose = C::ProposeReturnWaiver(ProposeReturnWaiver {
                owed,
                amount,
                reason: sample_prose("why"),
            });
            acts.push(
                self.action(
                    "propose-return-waiver",
                    &format!("propose-waiver-{key}"),
                    &format!("Propose to give up the {key}"),
                    propose,
                )
                .await?
                .hidden("owed", key)
                .money("amount:m", "How much")
                .text_area("reason", "Why")
                .prefill("amount:m", String::from(amount)),
            );
            let confirm = C::ConfirmReturnWaiver(ConfirmReturnWaiver { owed, amount });
            acts.push(
                self.action(
                    "confirm-return-waiver",
                    &format!("confirm-waiver-{key}"),
                    &format!("Confirm that the {key} is given up"),
                    confirm,
                )
                .await?
                .hidden("owed", key)
                .money("amount:m", "How much")
                .prefill("amount:m", String::from(amount)),
            );
        }
        // A group may return money that was not requested.
        if self.row.due_back.is_zero() && !self.row.paid.is_zero() {
            acts.push(
                self.receive_return(
                    "receive-return",
                    "Record that money came back",
                    ReturnReason::default(),
                )
                .await?,
            );
        }
        Ok(acts)
    }

    async fn receive_return(
        &self,
        form: &str,
        title: &str,
        owed: ReturnReason,
    ) -> Result<Action, PageError> {
        let today = day_of(self.asked.desk.commands.now());
        let received = C::ReceiveReturn(ReceiveReturn {
            owed,
            amount: Money::from_pounds(1),
            received_on: today,
        });
        let act = self
            .action("receive-return", form, title, received)
            .await?
            .hidden("owed", <&str>::from(owed));
        Ok(act
            .money("amount:m", "How much")
            .day("received_on", "The bank's date")
            .prefill("received_on", today))
    }
}
