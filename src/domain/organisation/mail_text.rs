//! Mail templates. Templates of mails that let people sign in, or warn them, take two
//! administrators: one proposes, another confirms the same text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{OrganisationCommand, OrganisationEvent, RefuseMailText};
use crate::domain::command::ProposalOf;
use crate::domain::id::{FundId, PersonId};
use crate::domain::language::Language;
use crate::domain::mail::{MailKind, PublishMailText};
use crate::domain::role::Role;
use crate::domain::{Facts, Refusal};

/// The version of the last published template, and the proposed templates.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct MailTexts {
    version: u32,
    proposals: u32,
    proposed: BTreeMap<u32, Proposed>,
}

/// A template that waits for a second administrator.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Proposed {
    text: PublishMailText,
    by: PersonId,
}

impl MailTexts {
    pub(super) fn decide(
        &self,
        command: &OrganisationCommand,
        facts: &Facts,
    ) -> Result<OrganisationEvent, Refusal> {
        use OrganisationCommand as C;
        match command {
            C::PublishMailText(text) if text.mail.needs_two() => Err(Refusal::NeedsTwoPeople),
            C::PublishMailText(text) => self.published(text, None),
            C::ProposeMailText(text) => {
                text.can_be_written()?;
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
            C::ConfirmMailText(ProposalOf { proposal }) => {
                let (proposed, by) = (self.proposed(*proposal)?, facts.by()?);
                facts.are_two(proposed.by, by)?;
                facts.still_holds(proposed.by, &[Role::Administrator])?;
                self.published(&proposed.text, Some((proposed.by, by)))
            }
            C::RefuseMailText(RefuseMailText { proposal, reason }) => {
                self.proposed(*proposal)?;
                Ok(OrganisationEvent::MailTextRefused {
                    proposal: *proposal,
                    reason: reason.clone(),
                    by: facts.by()?,
                })
            }
            _ => Err(Refusal::NoChange),
        }
    }

    fn proposed(&self, proposal: u32) -> Result<&Proposed, Refusal> {
        self.proposed.get(&proposal).ok_or(Refusal::NotProposed)
    }

    fn published(
        &self,
        text: &PublishMailText,
        two: Option<(PersonId, PersonId)>,
    ) -> Result<OrganisationEvent, Refusal> {
        text.can_be_written()?;
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

    fn none_waits_for(&mut self, mail: MailKind, fund: Option<FundId>, language: Language) {
        self.proposed.retain(|_, Proposed { text, .. }| {
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
                self.none_waits_for(*mail, *fund, *language);
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
                self.none_waits_for(*mail, *fund, *language);
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
                    Proposed {
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
