//! Settings of the organisation, the words of emails, webhooks and links to statements.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;

use super::{Broken, LogState, RuleRoom};
use crate::domain::mail::PublishMailText;
use crate::domain::organisation::Settings;
use crate::domain::{Event, OrganisationEvent, PersonId, Role, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

/// The roles that share statements.
const SHARING_ROLES: [Role; 3] = [Role::Administrator, Role::Officer, Role::Finance];
/// How many days a link opens its statement, and one, as the clocks of a program and of its
/// database differ.
const LINK_DAYS_MAX: i64 = 91;

#[derive(Default)]
pub(super) struct SettingsRoom {
    /// The settings that were proposed last, and who proposed them.
    proposed: Option<(PersonId, Settings)>,
    /// By webhook: its newest proposal, and who made it.
    webhooks: BTreeMap<u32, (u32, PersonId)>,
    /// By proposal: words of an email, and who proposed them.
    words: BTreeMap<u32, (PersonId, PublishMailText)>,
    /// Whether words of an email have ever been proposed.
    had_words_proposed: bool,
    /// The number of the newest link to a statement.
    newest_link: u32,
    /// Links to statements that nobody has ended.
    links: BTreeSet<u32>,
}

impl RuleRoom for SettingsRoom {
    fn rules(&self) -> &'static [Rule] {
        &[
            Rule::SettingsByTwo,
            Rule::WordsByTwo,
            Rule::WebhookByTwo,
            Rule::StatementShared,
        ]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let Event::Organisation(happened) = &event.event else {
            return;
        };
        self.check_settings(happened, before, broken);
        self.check_words(happened, before, broken);
        self.check_webhook(happened, before, broken);
        self.check_link(event, happened, before, broken);
    }
}

impl SettingsRoom {
    fn check_settings(
        &mut self,
        event: &OrganisationEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        match event {
            OrganisationEvent::SettingsProposed {
                settings,
                proposed_by,
                ..
            } => self.proposed = Some((*proposed_by, settings.clone())),
            OrganisationEvent::SettingsRefused { .. } => self.proposed = None,
            OrganisationEvent::SettingsSet {
                settings,
                proposed_by,
                set_by,
                ..
            } => {
                let proposed = self.proposed.take();
                let wrong = wrong_settings(settings, *proposed_by, *set_by, proposed, before);
                if let Some(wrong) = wrong {
                    broken.report(Rule::SettingsByTwo, wrong);
                }
            }
            _ => {}
        }
    }

    fn check_words(
        &mut self,
        event: &OrganisationEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        match event {
            OrganisationEvent::MailTextProposed {
                proposal,
                mail,
                fund,
                language,
                subject,
                body,
                proposed_by,
            } => {
                let words = PublishMailText {
                    mail: *mail,
                    fund: *fund,
                    language: *language,
                    subject: subject.clone(),
                    body: body.clone(),
                };
                self.words.insert(*proposal, (*proposed_by, words));
                self.had_words_proposed = true;
            }
            OrganisationEvent::MailTextRefused { proposal, .. } => {
                self.words.remove(proposal);
            }
            OrganisationEvent::MailTextPublished {
                mail,
                fund,
                language,
                subject,
                body,
                proposed_by,
                confirmed_by,
                ..
            } => {
                let words = PublishMailText {
                    mail: *mail,
                    fund: *fund,
                    language: *language,
                    subject: subject.clone(),
                    body: body.clone(),
                };
                if let Some(wrong) = self.wrong_words(&words, *proposed_by, *confirmed_by, before) {
                    broken.report(Rule::WordsByTwo, wrong);
                }
                self.words.retain(|_, (_, proposed)| {
                    (proposed.mail, proposed.fund, proposed.language) != (*mail, *fund, *language)
                });
            }
            _ => {}
        }
    }

    /// What is wrong with words of an email that are published.
    fn wrong_words(
        &self,
        words: &PublishMailText,
        proposed_by: Option<PersonId>,
        confirmed_by: Option<PersonId>,
        before: &LogState,
    ) -> Option<&'static str> {
        let (first, second) = match (proposed_by, confirmed_by) {
            (Some(first), Some(second)) if first != second => (first, second),
            (None, None) => {
                let needs_two = words.mail.needs_two_people() && self.had_words_proposed;
                return needs_two.then_some("one person published words that two must agree to");
            }
            _ => return Some("one person proposed the words of an email and confirmed them"),
        };
        let mut proposals = self.words.values();
        if !proposals.any(|(by, proposed)| *by == first && proposed == words) {
            return Some("words of an email were confirmed that nobody had proposed");
        }
        let are_administrators = [first, second]
            .iter()
            .all(|person| before.holds_role(*person, Role::Administrator));
        (!are_administrators).then_some("words of an email were agreed to by no administrators")
    }

    fn check_webhook(
        &mut self,
        event: &OrganisationEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        match event {
            OrganisationEvent::WebhookProposed {
                webhook,
                proposal,
                proposed_by,
                ..
            } => drop(self.webhooks.insert(*webhook, (*proposal, *proposed_by))),
            OrganisationEvent::WebhookConfirmed {
                webhook,
                proposal,
                confirmed_by,
            } => {
                let proposed = self.webhooks.remove(webhook);
                let matching = proposed.filter(|(newest, _)| newest == proposal);
                let is_by_two = matching.is_some_and(|(_, by)| {
                    by != *confirmed_by && before.holds_role(by, Role::Administrator)
                });
                let says = "a webhook was confirmed that no second administrator had proposed";
                broken.unless(is_by_two, Rule::WebhookByTwo, says);
                let is_administrator = before.holds_role(*confirmed_by, Role::Administrator);
                let says = format!("{confirmed_by} confirmed a webhook, and is no administrator");
                broken.unless(is_administrator, Rule::WebhookByTwo, says);
            }
            OrganisationEvent::WebhookEnded { webhook } => drop(self.webhooks.remove(webhook)),
            _ => {}
        }
    }

    fn check_link(
        &mut self,
        event: &RecordedEvent,
        happened: &OrganisationEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let by = match happened {
            OrganisationEvent::StatementShared {
                link,
                funder,
                from,
                until,
                expires_on,
                shared_by,
            } => {
                let says = format!("a statement of {funder} was shared, who gave no money");
                broken.unless(before.has_funder(funder), Rule::StatementShared, says);
                let says = "a statement was shared that ends before it begins";
                broken.unless(from <= until, Rule::StatementShared, says);
                self.links.insert(*link);
                let is_next = *link == self.newest_link.saturating_add(1);
                self.newest_link = *link;
                let says = format!("the link {link} does not follow the one before");
                broken.unless(is_next, Rule::StatementShared, says);
                let says = "a link opens a statement for longer than 90 days";
                let latest = Span::new().days(LINK_DAYS_MAX);
                let is_short = *expires_on <= event.recorded_on().saturating_add(latest);
                broken.unless(is_short, Rule::StatementShared, says);
                Some(*shared_by)
            }
            OrganisationEvent::StatementLinkEnded { link } => {
                let says = "a link to a statement was ended that was not there";
                broken.unless(self.links.remove(link), Rule::StatementShared, says);
                LogState::actor(event)
            }
            _ => return,
        };
        let may_share = by.is_some_and(|person| {
            let mut roles = SHARING_ROLES.iter();
            roles.any(|role| before.holds_role(person, *role))
        });
        let says = "a person without the role shared a statement, or ended its link";
        broken.unless(may_share, Rule::StatementShared, says);
    }
}

/// What is wrong with settings that come into force.
fn wrong_settings(
    settings: &Settings,
    proposed_by: Option<PersonId>,
    set_by: PersonId,
    proposed: Option<(PersonId, Settings)>,
    before: &LogState,
) -> Option<String> {
    let mut people = proposed_by.iter().chain([&set_by]);
    let is_administrator = |person: &PersonId| before.holds_role(*person, Role::Administrator);
    if let Some(person) = people.find(|person| !is_administrator(person)) {
        return Some(format!(
            "{person} agreed to the settings, and is no administrator"
        ));
    }
    let Some(first) = proposed_by else {
        let needs_two = before.had_two_administrators() || settings.return_account.is_some();
        return needs_two.then(|| format!("{set_by} set the settings alone"));
    };
    if first == set_by {
        return Some(format!("{set_by} proposed the settings and confirmed them"));
    }
    match proposed {
        Some((by, same)) if by == first && same == *settings => None,
        _ => Some(format!(
            "{set_by} confirmed settings that {first} had not proposed"
        )),
    }
}
