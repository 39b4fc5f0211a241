//! Mail templates. Templates of mails that let people sign in, or warn them, take two
//! administrators: one proposes, another confirms the same text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{OrganisationCommand, OrganisationEvent, RefuseMailText};
use crate::domain::command::ProposalRef;
use crate::domain::id::{FundId, PersonId};
use crate::domain::language::Language;
use crate::domain::mail::{MailKind, PublishMailText};
use crate::domain::role::Role;
use crate::domain::{DecisionContext, Refusal};

/// The version of the last published template, and the proposed templates.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct MailTexts {
    version: u32,
    proposals: u32,
    proposed: BTreeMap<u32, MailTextProposal>,
}

/// A template that waits for a second administrator.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct MailTextProposal {
    text: PublishMailText,
    by: PersonId,
}

impl MailTexts {
    pub(super) fn decide(
        &self,
        command: &OrganisationCommand,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        use OrganisationCommand as C;
        match command {
            C::PublishMailText(text) if text.mail.needs_two_people() => {
                Err(Refusal::NeedsTwoPeople)
            }
            C::PublishMailText(text) => {
                must_have_its_fund(text, facts)?;
                self.publish(text, None)
            }
            C::ProposeMailText(text) => {
                must_have_its_fund(text, facts)?;
                text.must_be_valid()?;
                let PublishMailText {
                    mail,
                    fund,
                    language,
                    subject,
                    body,
                } = text.clone();
                let (proposal, proposed_by) = (self.proposals + 1, facts.by()?);
                Ok(OrganisationEvent::MailTextProposed {
                    proposal,
                    mail,
                    fund,
                    language,
                    subject,
                    body,
                    proposed_by,
                })
            }
            C::ConfirmMailText(ProposalRef { proposal }) => {
                let (proposed, by) = (self.must_find_proposal(*proposal)?, facts.by()?);
                facts.must_be_two_people(proposed.by, by)?;
                facts.still_holds(proposed.by, &[Role::Administrator])?;
                self.publish(&proposed.text, Some((proposed.by, by)))
            }
            C::RefuseMailText(RefuseMailText { proposal, reason }) => {
                self.must_find_proposal(*proposal)?;
                Ok(OrganisationEvent::MailTextRefused {
                    proposal: *proposal,
                    reason: reason.clone(),
                    by: facts.by()?,
                })
            }
            _ => Err(Refusal::NoChange),
        }
    }

    fn must_find_proposal(&self, proposal: u32) -> Result<&MailTextProposal, Refusal> {
        self.proposed.get(&proposal).ok_or(Refusal::NotProposed)
    }

    fn publish(
        &self,
        text: &PublishMailText,
        two: Option<(PersonId, PersonId)>,
    ) -> Result<OrganisationEvent, Refusal> {
        text.must_be_valid()?;
        let PublishMailText {
            mail,
            fund,
            language,
            subject,
            body,
        } = text.clone();
        let (proposed_by, confirmed_by) = two.unzip();
        let version = self.version + 1;
        Ok(OrganisationEvent::MailTextPublished {
            version,
            mail,
            fund,
            language,
            subject,
            body,
            proposed_by,
            confirmed_by,
        })
    }

    fn discard_proposals(&mut self, mail: MailKind, fund: Option<FundId>, language: Language) {
        self.proposed.retain(|_, MailTextProposal { text, .. }| {
            (text.mail, text.fund, text.language) != (mail, fund, language)
        });
    }

    /// A newly proposed or published template replaces proposals for the same mail, fund and
    /// language.
    pub(super) fn apply(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::MailTextPublished {
                version,
                mail,
                fund,
                language,
                ..
            } => {
                self.version = *version;
                self.discard_proposals(*mail, *fund, *language);
            }
            OrganisationEvent::MailTextProposed {
                proposal,
                mail,
                fund,
                language,
                subject,
                body,
                proposed_by,
            } => {
                self.proposals = *proposal;
                self.discard_proposals(*mail, *fund, *language);
                let (subject, body) = (subject.clone(), body.clone());
                let text = PublishMailText {
                    mail: *mail,
                    fund: *fund,
                    language: *language,
                    subject,
                    body,
                };
                self.proposed.insert(
                    *proposal,
                    MailTextProposal {
                        text,
                        by: *proposed_by,
                    },
                );
            }
            OrganisationEvent::MailTextRefused { proposal, .. } => {
                self.proposed.remove(proposal);
            }
            _ => {}
        }
    }
}

/// Refuses the text of a fund that does not exist, with [`Refusal::Unknown`].
fn must_have_its_fund(text: &PublishMailText, facts: &DecisionContext) -> Result<(), Refusal> {
    match text.fund {
        Some(_) => facts.fund()?.must_exist(),
        None => Ok(()),
    }
}
