//! Events of the organisation. Their doc comments are the descriptions in `docs/events.md`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::checkpoint_key::CheckpointKey;
use super::command::AreaReportTranslation;
use super::lesson::{LessonConsent, LessonKind, LessonLink, LessonOrigin, LessonVoice};
use super::notice::NoticePurpose;
use super::pledge::Pledge;
use super::question::Question;
use super::settings::Settings;
use super::webhook::WebhookAddress;
use crate::domain::aggregate::events;
use crate::domain::aim::Aim;
use crate::domain::event::EventKind;
use crate::domain::id::{FundId, GatheringId, PersonId};
use crate::domain::language::Language;
use crate::domain::mail::MailKind;
use crate::domain::outcome::Sign;
use crate::domain::role::Role;
use crate::domain::text::{Document, Line, Prose, Slug};
use crate::domain::theme::Theme;

events! {
    /// Events of the organisation.
    OrganisationEvent {
        /// The log began.
        OrganisationFounded {
            /// The organisation's name.
            name: Line,
            /// The last day of the simulation that made the log; null for a real log.
            simulated: Option<Date>,
        },
        /// The operator gave a person roles, while there were fewer than two administrators.
        FounderNamed {
            /// The person who got the roles.
            person: PersonId,
            /// The roles.
            roles: BTreeSet<Role>,
        },
        /// The log was restored from a backup, and goes on under a new origin.
        LogRestored {
            /// The origin under which the log was signed before.
            origin: Line,
            /// The number of events under the last head in the backup.
            sealed: u64,
            /// The number of events under the newest head that was known outside; null if none was.
            known: Option<u64>,
            reason: Prose,
        },
        /// The key that signs checkpoints of the log was named that comes after the current one.
        CheckpointKeyRotated {
            /// The public key of the next signer, as a line of `key.txt`.
            key: CheckpointKey,
        },
        /// One person gave a role to a person. It is in old logs only.
        RoleGiven {
            /// The person who got the role.
            person: PersonId,
            role: Role,
        },
        /// A role was proposed for a person.
        RoleProposed {
            /// The person who would get the role.
            person: PersonId,
            role: Role, proposed_by: PersonId,
            /// The number of the proposal: 1, 2, 3 … Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            proposal: Option<u32>,
            /// How often the person's contact details had changed when the role was proposed.
            /// Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            contact: Option<u32>,
        },
        /// A second person confirmed a role. The person has it from now on.
        RoleConfirmed {
            /// The person who got the role.
            person: PersonId,
            role: Role, confirmed_by: PersonId,
        },
        /// A person does not have a role any more, or a proposed role was withdrawn.
        RoleEnded {
            /// The person who had the role.
            person: PersonId,
            role: Role,
            /// The day on which it ended. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            ended_on: Option<Date>,
        },
        /// The signs of success were set.
        SignsAdopted {
            version: u32,
            /// All signs, which replace those before.
            signs: Vec<Sign>,
        },
        /// The themes of applications were set.
        ThemesAdopted {
            version: u32,
            /// All themes, which replace those before.
            themes: Vec<Theme>,
        },
        /// The pledges that people can take were published.
        PledgesPublished {
            version: u32,
            /// All pledges, which replace those before.
            pledges: Vec<Pledge>,
            /// The gathering at which people wrote them together; absent if they did not.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            co_designed_at: Option<GatheringId>,
        },
        /// The aims were set, with what is counted and asked for each.
        AimsAdopted {
            version: u32,
            /// All aims, which replace those before.
            aims: Vec<Aim>,
        },
        /// The questions of an application form were published.
        FormPublished {
            version: u32,
            /// The questions, in their order.
            questions: Vec<Question>,
            /// The name of the form in the office.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            name: Option<Line>,
        },
        /// The text of an agreement was published.
        AgreementPublished {
            version: u32,
            /// The text.
            text: Document,
            /// SHA-256 of the text, in hexadecimal.
            hash: String,
        },
        /// What people read or hear before they agree to something was published.
        NoticePublished {
            /// The version of the notice for this purpose: 1, 2, 3 …
            version: u32,
            /// What the notice is about.
            purpose: NoticePurpose,
            /// SHA-256 of the text, in hexadecimal.
            hash: String,
            /// The text in English.
            text: Prose,
            /// The text in other languages.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            other_languages: BTreeMap<Language, Prose>,
        },
        /// The office published its text about an area, for the page of figures.
        ReportPublished {
            version: u32, area: Slug,
            /// What the area is like.
            context: Prose,
            /// What was hard.
            hard: Prose,
            /// What was learned.
            lessons: Prose,
            /// The text in other languages.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            other_languages: BTreeMap<Language, AreaReportTranslation>,
        },
        /// A lesson was published. Everyone can read it until it is withdrawn.
        LessonPublished {
            /// The number of the lesson: 1, 2, 3 …
            lesson: u32,
            /// Its title.
            title: Line,
            /// Its words.
            words: Prose,
            /// What kind of lesson it is.
            kind: LessonKind,
            /// Whose words it is in.
            voice: LessonVoice,
            /// The keys of its themes.
            themes: BTreeSet<Slug>,
            /// The keys of the signs of success that it tells of.
            signs: BTreeSet<Slug>,
            /// The key of the area; absent if it is for everyone.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            area: Option<Slug>,
            /// A page to read on; absent if there is none.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            link: Option<LessonLink>,
            /// What it grew from; absent if that is not said.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            grew_from: Option<LessonOrigin>,
            /// The consent of the group; absent if no words of a group are used.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            consent: Option<LessonConsent>,
            /// The day on which it was published.
            published_on: Date,
        },
        /// A lesson was withdrawn. Nobody reads it any more.
        LessonWithdrawn {
            /// The number of the lesson.
            lesson: u32,
        },
        /// The words of an email were published.
        MailTextPublished {
            version: u32,
            /// The kind of email.
            mail: MailKind,
            /// The fund whose emails they are for; null for all funds.
            fund: Option<FundId>,
            /// The language of the words.
            language: Language,
            /// The subject of the email.
            subject: Line,
            /// The words, with names in braces that are filled in.
            body: Prose,
            /// The person who proposed them; absent if one person published them.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            proposed_by: Option<PersonId>,
            /// The person who confirmed them; absent if one person published them.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            confirmed_by: Option<PersonId>,
        },
        /// The words of an email were proposed.
        MailTextProposed {
            proposal: u32,
            /// The kind of email.
            mail: MailKind,
            /// The fund whose emails they are for; null for all funds.
            fund: Option<FundId>,
            /// The language of the words.
            language: Language,
            /// The subject of the email.
            subject: Line,
            /// The words, with names in braces that are filled in.
            body: Prose,
            proposed_by: PersonId,
        },
        /// Proposed words of an email were refused or withdrawn.
        MailTextRefused { proposal: u32, reason: Prose, by: PersonId },
        /// Settings were proposed.
        SettingsProposed {
            proposal: u32,
            /// All settings that are proposed.
            settings: Settings,
            proposed_by: PersonId,
        },
        /// The settings were set.
        SettingsSet {
            version: u32,
            /// All settings, which replace those before.
            settings: Settings,
            /// The proposer; absent if the first administrator set them before there were two.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            proposed_by: Option<PersonId>,
            /// The person who set or confirmed them.
            set_by: PersonId,
        },
        /// Proposed settings were refused or withdrawn.
        SettingsRefused { proposal: u32, reason: Prose, by: PersonId },
        /// An address was proposed that receives new events.
        WebhookProposed {
            webhook: u32, proposal: u32,
            /// The address.
            address: WebhookAddress,
            /// The kinds of event that it receives. None means all.
            events: BTreeSet<EventKind>,
            proposed_by: PersonId,
        },
        /// A second person confirmed the address. It receives events from now on.
        WebhookConfirmed { webhook: u32, proposal: u32, confirmed_by: PersonId },
        /// The address does not receive events any more.
        WebhookEnded { webhook: u32 },
        /// A secret was made that signs the deliveries to the address.
        WebhookSecretMade {
            webhook: u32,
            /// The number of the secret of this webhook: 1, 2, 3 …
            secret: u32,
        },
        /// A funder's statement was shared by a link.
        StatementShared {
            /// The number of the link: 1, 2, 3 …
            link: u32,
            /// The key of the funder.
            funder: Slug,
            /// The first day of the statement.
            from: Date,
            /// The last day of the statement.
            until: Date,
            /// The last day on which the link opens.
            expires_on: Date,
            /// The person who shared it.
            shared_by: PersonId,
        },
        /// The link does not open any more.
        StatementLinkEnded {
            /// The number of the link.
            link: u32,
        },
    }
}
