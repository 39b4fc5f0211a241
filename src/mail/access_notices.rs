//! Access notices: mails about changes of who may act for the office or a group, and one that tells
//! the office that a lead asks for a hand.
//!
//! They let the recipient report a change that was not theirs: a given role, a changed address, a
//! changed membership, changed bank details, an invitation. Staff cannot edit their texts, and the
//! texts contain nothing that a person typed, except the organisation's name.

use uuid::Uuid;

use super::compose::MailDraft;
use super::fixed_text::FixedText;
use super::{Composer, MailError, Mailer, derive_id};
use crate::clock::day_of;
use crate::commands::Commands;
use crate::domain::language::Language;
use crate::domain::{Event, GatheringEvent, GroupEvent, OrganisationEvent, PersonEvent, PersonId};
use crate::eventlog::LogError;
use crate::eventlog::recorded_event::RecordedEvent;
use crate::outbox::{self, MailRow, NewMail};

/// The kinds of access notices. The names are stored in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
enum AccessNotice {
    /// A person was given a role, or was named as one of the first people.
    RoleGiven,
    /// The name or address of a person who holds a role, or is proposed for one, changed.
    ColleagueChanged,
    /// Bank details were entered for a group.
    PayeeChanged,
    /// A person joined a group or left it.
    MembersChanged,
    /// A group was merged with another. Members of both act for the merged group.
    GroupsMerged,
    /// The name or address of a member of a group changed.
    MemberChanged,
    /// The reader is asked to join a group.
    Invited,
    /// Someone who leads a gathering asks the office for a hand.
    HandAsked,
}

/// Recipients of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoticeRecipients {
    Administrators,
    /// The administrators without the person, who has just begun or was invited.
    AdministratorsExcept(PersonId),
    /// The administrators, if the person holds a role or is proposed for one; otherwise nobody.
    AdministratorsOf(PersonId),
    MembersOf(Uuid),
    /// The other members of the person's groups.
    OtherMembersWith(PersonId),
    Person(PersonId),
    /// The officers without the person, who may be one.
    OfficersExcept(PersonId),
}

/// The notices that an event causes, with their recipients.
fn notices_for(event: &RecordedEvent) -> Vec<(AccessNotice, NoticeRecipients)> {
    let group = event.stream;
    match &event.event {
        Event::Organisation(
            OrganisationEvent::RoleConfirmed { .. } | OrganisationEvent::RoleGiven { .. },
        ) => vec![(AccessNotice::RoleGiven, NoticeRecipients::Administrators)],
        Event::Organisation(OrganisationEvent::FounderNamed { person, .. }) => vec![(
            AccessNotice::RoleGiven,
            NoticeRecipients::AdministratorsExcept(*person),
        )],
        Event::Person(PersonEvent::ContactChanged { .. }) => {
            let changed = PersonId(event.stream);
            vec![
                (
                    AccessNotice::ColleagueChanged,
                    NoticeRecipients::AdministratorsOf(changed),
                ),
                (
                    AccessNotice::MemberChanged,
                    NoticeRecipients::OtherMembersWith(changed),
                ),
            ]
        }
        Event::Group(GroupEvent::PayeeProvided { .. }) => {
            vec![(
                AccessNotice::PayeeChanged,
                NoticeRecipients::MembersOf(group),
            )]
        }
        Event::Group(GroupEvent::MemberAdded {
            added_by: Some(_), ..
        }) => {
            vec![(
                AccessNotice::MembersChanged,
                NoticeRecipients::MembersOf(group),
            )]
        }
        Event::Group(GroupEvent::MemberRemoved { person, .. }) => {
            vec![
                (
                    AccessNotice::MembersChanged,
                    NoticeRecipients::MembersOf(group),
                ),
                (
                    AccessNotice::MembersChanged,
                    NoticeRecipients::Person(*person),
                ),
            ]
        }
        Event::Group(GroupEvent::GroupMerged { .. }) => {
            vec![(
                AccessNotice::GroupsMerged,
                NoticeRecipients::MembersOf(group),
            )]
        }
        Event::Group(GroupEvent::MemberInvited { person, .. }) => {
            vec![(AccessNotice::Invited, NoticeRecipients::Person(*person))]
        }
        Event::Gathering(GatheringEvent::HandAskedFor { lead, .. }) => vec![(
            AccessNotice::HandAsked,
            NoticeRecipients::OfficersExcept(*lead),
        )],
        _ => Vec::new(),
    }
}

/// Enqueues the notice of an invitation to a group again, once a day at most. `position` is that of
/// the invitation.
pub async fn invite_again(
    commands: &Commands,
    person: PersonId,
    position: i64,
) -> Result<(), LogError> {
    let kind = <&str>::from(AccessNotice::Invited);
    let day = day_of(commands.now());
    let mail = NewMail {
        id: derive_id(commands, &format!("{position}/{kind}/{person}/{day}")),
        kind: kind.to_owned(),
        person: person.to_string(),
        about: position.to_string(),
    };
    outbox::enqueue(commands.log(), &[mail], commands.now().as_microsecond()).await
}

impl Mailer {
    /// The access notices to enqueue for an event. A group's first payee and a member's first
    /// address cause notices too.
    pub(super) async fn access_notice_mails(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<NewMail>, MailError> {
        let mut mails = Vec::new();
        for (notice, recipients) in notices_for(event) {
            let kind = <&str>::from(notice);
            for person in self
                .notice_recipients(recipients, event.recorded_on())
                .await?
            {
                let cause = format!("{}/{kind}/{person}", event.position);
                mails.push(NewMail {
                    id: derive_id(&self.commands, &cause),
                    kind: kind.to_owned(),
                    person: person.to_string(),
                    about: event.position.to_string(),
                });
            }
        }
        Ok(mails)
    }
}

impl Composer {
    /// Composes an access notice; none if the mail is of another kind.
    pub(super) async fn compose_access_notice(
        &self,
        mail: &MailRow,
    ) -> Result<Option<MailDraft>, MailError> {
        let Ok(notice) = mail.kind.parse::<AccessNotice>() else {
            return Ok(None);
        };
        let reader = self.load_fixed_text_reader(mail).await?;
        let event = self.load_event(&mail.about).await?;
        let (subject, words) = match &event.event {
            Event::Organisation(
                OrganisationEvent::FounderNamed { .. } | OrganisationEvent::RoleGiven { .. },
            ) => FIRST_ROLE_TEXT,
            _ => notice_text(notice, reader.language),
        };
        let text = FixedText {
            subject,
            words,
            path: link_path(notice, &event),
        };
        self.write_fixed_text(reader, &text).await.map(Some)
    }
}

/// Path of the page that a notice links to.
fn link_path(notice: AccessNotice, event: &RecordedEvent) -> String {
    match (notice, &event.event) {
        (
            AccessNotice::RoleGiven,
            Event::Organisation(
                OrganisationEvent::RoleConfirmed { person, .. }
                | OrganisationEvent::RoleGiven { person, .. }
                | OrganisationEvent::FounderNamed { person, .. },
            ),
        ) => format!("/desk/people/{person}"),
        (AccessNotice::ColleagueChanged, _) => format!("/desk/people/{}", event.stream),
        (AccessNotice::HandAsked, _) => format!("/desk/gatherings/{}", event.stream),
        _ => "/my".to_owned(),
    }
}

/// Subject and text of a notice about a role that nobody confirmed, because there were not yet two
/// administrators.
const FIRST_ROLE_TEXT: (&str, &str) = (
    "Someone was given a role",
    "Hello\n\nSomeone in our office now has a new role. Until there are two administrators, one \
        person can give the first roles alone.\n\nIf you did not expect that, talk to a \
        colleague. You can see who it is, and end the role, here:",
);

/// Subject and text of a notice. Notices to the office are in English only.
fn notice_text(notice: AccessNotice, language: Language) -> (&'static str, &'static str) {
    match language {
        Language::En => english_text(notice),
        Language::Pl => polish_text(notice).unwrap_or_else(|| english_text(notice)),
    }
}

fn english_text(notice: AccessNotice) -> (&'static str, &'static str) {
    match notice {
        AccessNotice::RoleGiven => (
            "Someone was given a role",
            "Hello\n\nSomeone in our office now has a new role. One administrator proposed it and \
                another confirmed it.\n\nIf you did not expect that, talk to a colleague. You can \
                see who it is, and end the role, here:",
        ),
        AccessNotice::ColleagueChanged => (
            "A colleague's name or address changed",
            "Hello\n\nThe name or address of a colleague has changed. They hold a role in our \
                office, or were proposed for one. Links to sign in go to the new address.\n\nIf \
                you did not expect that, phone them and ask. You can end their access here:",
        ),
        AccessNotice::PayeeChanged => (
            "We have bank details for your group",
            "Hello\n\nThank you. Someone told us where the money for your group should go. We will \
                check it before we pay anything.\n\nIf nobody in your group did this, phone us \
                straight away on {{ phone }}. You can look at it here:",
        ),
        AccessNotice::MembersChanged => (
            "Someone joined or left your group",
            "Hello\n\nSomeone has joined your group, or left it. Everyone in the group can send \
                applications and say where the money goes.\n\nIf nobody in your group expected \
                this, phone us straight away on {{ phone }}. You can see your group here:",
        ),
        AccessNotice::GroupsMerged => (
            "Your group was joined with another",
            "Hello\n\nSomeone in our office joined your group with another one, as we think they \
                are the same. Everyone in both can now send applications and say where the money \
                goes.\n\nIf that is wrong, phone us straight away on {{ phone }}. You can see your \
                group here:",
        ),
        AccessNotice::MemberChanged => (
            "The details of someone in your group changed",
            "Hello\n\nThe name or address of someone in your group changed. Links to sign in go to \
                the new address.\n\nIf nobody in your group expected this, phone us straight away \
                on {{ phone }}. You can see your group here:",
        ),
        AccessNotice::Invited => (
            "You are asked to join a group",
            "Hello\n\nSomeone asked you to join their group here. You are not in it until you say \
                yes.\n\nIf you do not know what this is about, you do not need to do anything. To \
                see which group it is, sign in here:",
        ),
        AccessNotice::HandAsked => (
            "A lead asks for a hand",
            "Hello\n\nSomeone who leads a gathering asks our office for a hand, and wrote what \
                would help.\n\nPlease agree with your colleagues who gets in touch with them. You can \
                read it here:",
        ),
    }
}

fn polish_text(notice: AccessNotice) -> Option<(&'static str, &'static str)> {
    let text = match notice {
        AccessNotice::RoleGiven | AccessNotice::ColleagueChanged | AccessNotice::HandAsked => {
            return None;
        }
        AccessNotice::PayeeChanged => (
            "Mamy dane konta Twojej grupy",
            "Dzień dobry!\n\nDziękujemy. Ktoś podał nam, dokąd mają trafić pieniądze dla Twojej \
                grupy. Sprawdzimy to, zanim cokolwiek wypłacimy.\n\nJeśli nie zrobił tego nikt z \
                Twojej grupy, od razu do nas zadzwoń: {{ phone }}. Tutaj możesz to zobaczyć:",
        ),
        AccessNotice::MembersChanged => (
            "Ktoś dołączył do Twojej grupy albo z niej odszedł",
            "Dzień dobry!\n\nKtoś dołączył u nas do Twojej grupy albo z niej odszedł. Każdy w \
                grupie może wysyłać wnioski i podać, dokąd mają trafić pieniądze.\n\nJeśli nikt w \
                grupie się tego nie spodziewał, od razu do nas zadzwoń: {{ phone }}. Tutaj \
                zobaczysz swoją grupę:",
        ),
        AccessNotice::GroupsMerged => (
            "Twoja grupa została połączona z inną",
            "Dzień dobry!\n\nKtoś w naszym biurze połączył Twoją grupę z inną, bo uważamy, że to \
                ta sama grupa. Wszyscy w obu mogą teraz wysyłać wnioski i podać, dokąd mają trafić \
                pieniądze.\n\nJeśli to pomyłka, od razu do nas zadzwoń: {{ phone }}. Tutaj \
                zobaczysz swoją grupę:",
        ),
        AccessNotice::MemberChanged => (
            "Zmienił się adres kogoś z Twojej grupy",
            "Dzień dobry!\n\nZmieniło się imię lub adres kogoś z Twojej grupy. Linki do logowania \
                trafiają na nowy adres.\n\nJeśli nikt w grupie się tego nie spodziewał, od razu do \
                nas zadzwoń: {{ phone }}. Tutaj zobaczysz swoją grupę:",
        ),
        AccessNotice::Invited => (
            "Zaproszenie do grupy",
            "Dzień dobry!\n\nKtoś zaprasza Cię do swojej grupy. Nie należysz do niej, dopóki się \
                nie zgodzisz.\n\nJeśli nie wiesz, o co chodzi, nie musisz nic robić. Aby zobaczyć, \
                która to grupa, zaloguj się tutaj:",
        ),
    };
    Some(text)
}
