//! The actions on a grant, by parts of its page.

use super::act::{Act, Offered, shown};
use super::application::{panel, unconflicted};
use super::{Asked, said};
use crate::domain::command::{Because, Nothing};
use crate::domain::file::FilePurpose;
use crate::domain::grant::{
    AcceptAgreement, AmountOf, ApproveVariation, CheckNote, CheckOf, ConfirmReturnWaiver,
    DemandClawback, Method, Owed, PassCheck, PreparePayment, ProposeReturnWaiver, PublishStory,
    ReceiveReturn, RequestReturn, RequestUpdate, RequestVariation, Revoke, StoryOf,
    VariationBecause, VariationState, Varied,
};
use crate::domain::group::VerifyPayee;
use crate::domain::sealed::Personal;
use crate::domain::text::{Line, Prose};
use crate::domain::{Command, GrantCommand as C, GrantId, GroupCommand, GroupId, Money, PersonId};
use crate::http::pages::{Failed, Forms};
use crate::log::record::day_of;
use crate::projections::{FileRow, GrantRow};
use crate::views::{GrantSeen, GroupSeen};
use std::collections::BTreeSet;

/// The label of the field for those who were present. Revoking a grant needs the quorum of its
/// award, see the glossary.
const PRESENT: &str = "Who else was present: each of them confirms it";

/// A variation, with the actions that approve or refuse it.
pub(super) struct VariationSeen {
    pub number: u16,
    pub state: String,
    pub words: Option<String>,
    pub asks: Vec<String>,
    pub reason: Option<String>,
    pub acts: Vec<Act>,
}

pub(super) fn prose(text: &str) -> Prose {
    text.parse().expect("a short text")
}

fn line(text: &str) -> Line {
    text.parse().expect("a short text")
}

/// The values from which all actions on a grant are made.
pub(super) struct Acts<'a> {
    pub asked: &'a Asked<'a>,
    pub forms: &'a Forms,
    pub row: &'a GrantRow,
}

impl Acts<'_> {
    fn path(&self, name: &str) -> String {
        format!("/desk/do/grants/{}/{name}", self.row.id)
    }

    async fn offered(&self, command: C) -> Result<Offered, Failed> {
        Offered::of(
            self.asked.desk,
            self.asked.visitor,
            Command::Grant(GrantId(self.row.id), command),
        )
        .await
    }

    pub(super) async fn act(
        &self,
        name: &str,
        form: &str,
        title: &str,
        command: C,
    ) -> Result<Act, Failed> {
        Ok(Act::new(
            self.forms,
            form,
            title,
            &self.path(name),
            self.offered(command).await?,
        ))
    }
}

impl Acts<'_> {
    pub async fn checks(&self, files: &[FileRow]) -> Result<Vec<Act>, Failed> {
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
                note: prose("note"),
            };
            let name = check.as_str().replace('-', " ");
            let pass = PassCheck {
                check: check.clone(),
                note: prose("note"),
                good_until: None,
                evidence: None,
            };
            let form = |act: &str| format!("{act}-{check}");
            acts.push(
                self.act(
                    "pass-check",
                    &form("pass"),
                    &format!("{name}: it passed"),
                    C::PassCheck(pass),
                )
                .await?
                .hidden("check", check)
                .words("note", "What was seen")
                .day(
                    "good_until",
                    "Until when it is good, if other grants can rest on it",
                )
                .one("evidence", "Which file shows it", evidence.clone()),
            );
            if stands.state == "outstanding" {
                acts.push(
                    self.act(
                        "request-check",
                        &form("request"),
                        &format!("{name}: ask the group"),
                        C::RequestCheck(note()),
                    )
                    .await?
                    .hidden("check", check)
                    .words_with(
                        "note",
                        "What you need",
                        "The group gets a mail.",
                    ),
                );
                acts.push(
                    self.act(
                        "fail-check",
                        &form("fail"),
                        &format!("{name}: it failed"),
                        C::FailCheck(note()),
                    )
                    .await?
                    .hidden("check", check)
                    .words("note", "Why"),
                );
                acts.push(
                    self.act(
                        "reuse-check",
                        &form("reuse"),
                        &format!("{name}: rest on the one on file"),
                        C::ReuseCheck(CheckOf {
                            check: check.clone(),
                        }),
                    )
                    .await?
                    .hidden("check", check),
                );
                acts.push(
                    self.act(
                        "propose-waiver",
                        &form("waive"),
                        &format!("{name}: propose to waive it"),
                        C::ProposeWaiver(note()),
                    )
                    .await?
                    .hidden("check", check)
                    .words("note", "Why"),
                );
            }
            acts.push(
                self.act(
                    "confirm-waiver",
                    &form("confirm"),
                    &format!("{name}: confirm that it is waived"),
                    C::ConfirmWaiver(CheckOf {
                        check: check.clone(),
                    }),
                )
                .await?
                .hidden("check", check),
            );
        }
        Ok(shown(acts))
    }

    /// The actions that answer the offer, or request a variation, for a group that does so on paper
    /// or by telephone.
    pub async fn offer(&self, files: &[FileRow], signers: u8) -> Result<Vec<Act>, Failed> {
        let names = || {
            (0..signers)
                .map(|number| Personal::Open(format!("signer {number}")))
                .collect()
        };
        let hash = || self.row.agreement_hash.clone();
        let signing = |mut act: Act| {
            for number in 0..signers {
                act = act.line(
                    &format!("names.{number}"),
                    &format!("Name of signer {}", number + 1),
                );
            }
            act.hidden("hash", hash())
        };
        let by_telephone = C::AcceptAgreement(AcceptAgreement {
            hash: hash(),
            method: Method::ReadOverTelephone,
            names: names(),
        });
        let title = "Accept it for the group: the agreement was read out by telephone";
        let mut acts = vec![
            signing(
                self.act(
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
                    format!("{} of {}", said(file.purpose), file.kept_on),
                )
            })
            .collect();
        if !scans.is_empty() {
            let title = "Accept it for the group: it signed on paper";
            acts.push(
                signing(
                    self.act("accept-agreement", "accept-paper", title, by_telephone)
                        .await?,
                )
                .one("method.paper_scan.scan", "The scan", scans),
            );
        }
        acts.push(
            self.act(
                "decline-offer",
                "decline-offer",
                "Decline it for the group",
                C::DeclineOffer(Nothing {}),
            )
            .await?
            .grave(),
        );
        let change = Varied {
            ends_on: Some(self.row.ends_on),
            ..Varied::default()
        };
        let vary = C::RequestVariation(RequestVariation {
            change,
            words: Personal::Open("words".to_owned()),
        });
        acts.push(
            self.act(
                "request-variation",
                "request-variation",
                "Ask for a change for the group",
                vary,
            )
            .await?
            .words("words", "Why, in the group's words")
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
        Ok(shown(acts))
    }

    pub async fn payee(&self, group: &GroupSeen) -> Result<Vec<Act>, Failed> {
        let Some(payee) = &group.payee else {
            return Ok(Vec::new());
        };
        let verify = VerifyPayee {
            payee: payee.payee,
            method: line("seen"),
        };
        let command = Command::Group(GroupId(group.id), GroupCommand::VerifyPayee(verify));
        let offered = Offered::of(self.asked.desk, self.asked.visitor, command).await?;
        let path = format!("/desk/do/groups/{}/verify-payee", group.id);
        let act = Act::new(
            self.forms,
            "verify-payee",
            "Verify the payee",
            &path,
            offered,
        );
        Ok(shown(vec![act.hidden("payee:n", payee.payee).line_with(
            "method",
            "How",
            "A bank statement was seen, the body was called.",
        )]))
    }

    pub async fn payments(&self) -> Result<Vec<Act>, Failed> {
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
                self.act(
                    "prepare-payment",
                    &format!("prepare-{number}"),
                    &format!("Prepare instalment {number} of {}", instalment.amount),
                    C::PreparePayment(prepare),
                )
                .await?
                .hidden("instalment:n", number)
                .line_with(
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
                self.act(
                    "prepare-payment",
                    "prepare",
                    "Prepare a payment",
                    C::PreparePayment(prepare),
                )
                .await?
                .money("amount:m", "How much")
                .line_with("supplier", "Supplier", "Only where you buy for the group.")
                .known("amount:m", String::from(left)),
            );
        }
        Ok(shown(acts))
    }

    pub async fn updates(&self) -> Result<Vec<Act>, Failed> {
        let today = day_of(self.asked.desk.commands.now());
        let request = C::RequestUpdate(RequestUpdate { due_on: today });
        Ok(shown(vec![
            self.act(
                "request-update",
                "request-update",
                "Ask for another update",
                request,
            )
            .await?
            .day("due_on", "By when"),
        ]))
    }

    pub async fn variations(&self, seen: &GrantSeen) -> Result<Vec<VariationSeen>, Failed> {
        let present = panel(self.asked).await?;
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
                    self.act(
                        "approve-variation",
                        &format!("approve-{number}"),
                        "Approve the change",
                        approve,
                    )
                    .await?
                    .hidden("variation:n", number)
                    .some(
                        "present:l",
                        "Who else was present, where the award rises",
                        present.clone(),
                    ),
                );
                let refuse = C::RefuseVariation(VariationBecause {
                    variation: *number,
                    reason: prose("why"),
                });
                acts.push(
                    self.act(
                        "refuse-variation",
                        &format!("refuse-{number}"),
                        "Refuse the change",
                        refuse,
                    )
                    .await?
                    .hidden("variation:n", number)
                    .words("reason", "Why"),
                );
            }
            found.push(VariationSeen {
                number: *number,
                state: said(variation.state),
                words: seen.variation_words.get(number).cloned(),
                asks,
                reason: variation.reason.clone(),
                acts: shown(acts),
            });
        }
        Ok(found)
    }

    pub async fn others(&self, files: &[FileRow]) -> Result<Vec<Act>, Failed> {
        let today = day_of(self.asked.desk.commands.now());
        let because = || Because {
            reason: prose("why"),
        };
        let panel = panel(self.asked).await?;
        let present = unconflicted(self.asked, self.row.id, &panel).await?;
        let revoke = || Revoke {
            reason: prose("why"),
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
            self.act(
                "withdraw-offer",
                "withdraw-offer",
                "Take the offer back",
                C::WithdrawOffer(revoke()),
            )
            .await?
            .words("reason", "Why")
            .some("present:l", PRESENT, panel.clone())
            .grave(),
            self.act("hold", "hold", "Hold all payments", C::Hold(because()))
                .await?
                .words("reason", "Why"),
            self.act("resume", "resume", "End the hold", C::Resume(Nothing {}))
                .await?,
        ];
        let story = PublishStory {
            words: prose("words"),
            consented_on: today,
            consent: line("consent"),
            photographs: BTreeSet::new(),
        };
        acts.push(
            self.act(
                "publish-story",
                "publish-story",
                "Publish a story",
                C::PublishStory(story),
            )
            .await?
            .words_with(
                "words",
                "The story",
                "The public reads this. Names of people only where they consented.",
            )
            .line_with(
                "consent",
                "How consent was given",
                "A signed form, a telephone call.",
            )
            .day("consented_on", "When")
            .some("photographs:l", "Photographs", pictures)
            .known("consented_on", today),
        );
        for (number, _) in self
            .row
            .stories
            .iter()
            .filter(|(_, story)| story.words.is_some())
        {
            let of = C::WithdrawStory(StoryOf { story: *number });
            acts.push(
                self.act(
                    "withdraw-story",
                    &format!("withdraw-story-{number}"),
                    &format!("Take story {number} off the public page"),
                    of,
                )
                .await?
                .hidden("story:n", number),
            );
        }
        acts.extend(self.money_back(&panel, &present).await?);
        acts.push(
            self.act(
                "terminate",
                "terminate",
                "End the grant before its time",
                C::Terminate(revoke()),
            )
            .await?
            .words("reason", "Why")
            .some("present:l", PRESENT, panel.clone())
            .grave(),
        );
        acts.push(
            self.act("close", "close", "Close the grant", C::Close(Nothing {}))
                .await?,
        );
        Ok(shown(acts))
    }

    /// The actions on money that comes back: declaring an underspend, demanding a clawback,
    /// requesting, receiving and waiving returns.
    async fn money_back(
        &self,
        panel: &[(String, String)],
        present: &BTreeSet<PersonId>,
    ) -> Result<Vec<Act>, Failed> {
        let today = day_of(self.asked.desk.commands.now());
        let mut acts = Vec::new();
        let pound = Money::of_pounds(1);
        acts.push(
            self.act(
                "declare-underspend",
                "declare-underspend",
                "Declare that some will not be spent",
                C::DeclareUnderspend(AmountOf { amount: pound }),
            )
            .await?
            .money("amount:m", "How much"),
        );
        let demand = C::DemandClawback(DemandClawback {
            amount: pound,
            reason: prose("why"),
            present: present.clone(),
        });
        acts.push(
            self.act(
                "demand-clawback",
                "demand-clawback",
                "Demand money back",
                demand,
            )
            .await?
            .money("amount:m", "How much")
            .words("reason", "Why")
            .some("present:l", PRESENT, panel.to_vec())
            .grave(),
        );
        let owed = [
            (Owed::Underspend, self.row.underspend_due),
            (Owed::Clawback, self.row.clawback_due),
        ];
        for (owed, amount) in owed.into_iter().filter(|(_, amount)| !amount.is_zero()) {
            let key: &str = owed.into();
            acts.push(
                self.act(
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
                self.receive(&form, &title, owed)
                    .await?
                    .known("amount:m", String::from(amount)),
            );
            let propose = C::ProposeReturnWaiver(ProposeReturnWaiver {
                owed,
                amount,
                reason: prose("why"),
            });
            acts.push(
                self.act(
                    "propose-return-waiver",
                    &format!("propose-waiver-{key}"),
                    &format!("Propose to give up the {key}"),
                    propose,
                )
                .await?
                .hidden("owed", key)
                .money("amount:m", "How much")
                .words("reason", "Why")
                .known("amount:m", String::from(amount)),
            );
            let confirm = C::ConfirmReturnWaiver(ConfirmReturnWaiver { owed, amount });
            acts.push(
                self.act(
                    "confirm-return-waiver",
                    &format!("confirm-waiver-{key}"),
                    &format!("Confirm that the {key} is given up"),
                    confirm,
                )
                .await?
                .hidden("owed", key)
                .money("amount:m", "How much")
                .known("amount:m", String::from(amount)),
            );
        }
        // A group may return money that was not requested.
        if self.row.due_back.is_zero() && !self.row.paid.is_zero() {
            acts.push(
                self.receive(
                    "receive-return",
                    "Record that money came back",
                    Owed::default(),
                )
                .await?,
            );
        }
        Ok(acts)
    }

    async fn receive(&self, form: &str, title: &str, owed: Owed) -> Result<Act, Failed> {
        let today = day_of(self.asked.desk.commands.now());
        let received = C::ReceiveReturn(ReceiveReturn {
            owed,
            amount: Money::of_pounds(1),
            received_on: today,
        });
        let act = self
            .act("receive-return", form, title, received)
            .await?
            .hidden("owed", <&str>::from(owed));
        Ok(act
            .money("amount:m", "How much")
            .day("received_on", "The bank's date")
            .known("received_on", today))
    }
}
