//! Commands and events of the organisation.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::aims::AdoptAims;
use super::checkpoint_key::RecordKeyRotation;
use super::lesson::{LessonRef, PublishLesson};
use super::notice::PublishNotice;
use super::pledge::PublishPledges;
use super::question::Question;
use super::settings::{RefuseSettings, Settings};
use super::statement_link::{ShareStatement, StatementLinkRef};
use super::webhook::{ProposeWebhook, WebhookRef};
use crate::domain::command::{ProposalRef, commands};
use crate::domain::id::PersonId;
use crate::domain::language::Language;
use crate::domain::mail::PublishMailText;
use crate::domain::outcome::Sign;
use crate::domain::role::{Permission, Role};
use crate::domain::text::{Document, Line, Prose, Slug};
use crate::domain::theme::Theme;

commands! {
    /// Commands of the organisation.
    OrganisationCommand {
        /// Founds the organisation. It is the first event of its log.
        Found(FoundOrganisation) = "found", Permission::Operator;
        /// Names one of the first people and their roles. It is possible until two administrators
        /// exist.
        NameFounder(NameFounder) = "name-founder", Permission::Operator;
        /// Records that the log was restored from a backup and continues under a new origin.
        RecordRestore(RecordRestore) = "record-restore", Permission::Operator;
        /// Records the key that signs checkpoints of the log after the current one.
        RecordKeyRotation(RecordKeyRotation) = "record-key-rotation", Permission::Operator;
        /// Proposes a role for a person.
        ProposeRole(RoleRef) = "propose-role", Permission::Staff(&[Role::Administrator]);
        /// Confirms, as a second administrator, a proposed role.
        ConfirmRole(ConfirmRole) = "confirm-role", Permission::Staff(&[Role::Administrator]);
        /// Ends a person's role, or withdraws a proposal of one.
        EndRole(RoleRef) = "end-role", Permission::Staff(&[Role::Administrator]);
        /// Ends every role of a person whom a restored backup brought back and who was erased
        /// again.
        EndRolesOfErased(PersonRef) = "end-roles-of-erased", Permission::Operator;
        /// Adopts a framework of signs of success, as its next version.
        AdoptSigns(AdoptSigns) = "adopt-signs", Permission::Staff(&[Role::Administrator]);
        /// Adopts themes, as the next version. Applications choose among them from then on.
        AdoptThemes(AdoptThemes) = "adopt-themes", Permission::Staff(&[Role::Administrator]);
        /// Publishes the pledges that people can take, as the next version.
        PublishPledges(PublishPledges) = "publish-pledges", Permission::Staff(&[Role::Officer]);
        /// Adopts aims, as the next version. Tallies answer their questions from then on.
        AdoptAims(AdoptAims) = "adopt-aims", Permission::Staff(&[Role::Administrator]);
        /// Publishes the questions of the application form, as its next version.
        PublishForm(PublishForm) = "publish-form",
            Permission::Staff(&[Role::Administrator, Role::Officer]);
        /// Publishes the text of the grant agreement, as its next version.
        PublishAgreement(PublishAgreement) = "publish-agreement",
            Permission::Staff(&[Role::Administrator]);
        /// Publishes what people read or hear before they agree to something, as its next version.
        /// Who agreed before keeps to the version that they were given.
        PublishNotice(PublishNotice) = "publish-notice",
            Permission::Staff(&[Role::Administrator]);
        /// Publishes staff's text on an area for the public report, as its next version.
        PublishReport(PublishReport) = "publish-report",
            Permission::Staff(&[Role::Administrator, Role::Officer]);
        /// Publishes a lesson for everyone to read.
        PublishLesson(PublishLesson) = "publish-lesson",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Withdraws a lesson. Nobody can read it any more, nor in the view of any past day.
        WithdrawLesson(LessonRef) = "withdraw-lesson",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Publishes staff's wording of an email, as its next version.
        PublishMailText(PublishMailText) = "publish-mail-text",
            Permission::Staff(&[Role::Administrator, Role::Officer]);
        /// Proposes a template for a mail whose template takes two administrators, such as the mail
        /// to sign in.
        ProposeMailText(PublishMailText) = "propose-mail-text",
            Permission::Staff(&[Role::Administrator]);
        /// Confirms, as a second administrator, a proposed template. It is used from then on.
        ConfirmMailText(ProposalRef) = "confirm-mail-text",
            Permission::Staff(&[Role::Administrator]);
        /// Refuses a proposed template, or withdraws one's own, with the reason.
        RefuseMailText(RefuseMailText) = "refuse-mail-text",
            Permission::Staff(&[Role::Administrator]);
        /// Sets the organisation's settings: its name, look, contact details, notices and
        /// languages. The first administrator can do this alone until there is a second one, but
        /// for the account to which groups return money.
        SetSettings(Settings) = "set-settings", Permission::Staff(&[Role::Administrator]);
        /// Proposes settings of the organisation. They replace all settings in force.
        ProposeSettings(Settings) = "propose-settings", Permission::Staff(&[Role::Administrator]);
        /// Confirms, as a second administrator, proposed settings. They are in force from then on.
        ConfirmSettings(ProposalRef) = "confirm-settings",
            Permission::Staff(&[Role::Administrator]);
        /// Refuses proposed settings, or withdraws one's own, with the reason.
        RefuseSettings(RefuseSettings) = "refuse-settings",
            Permission::Staff(&[Role::Administrator]);
        /// Proposes a webhook that sends events to an external address, or a change of one.
        ProposeWebhook(ProposeWebhook) = "propose-webhook",
            Permission::Staff(&[Role::Administrator]);
        /// Confirms, as a second administrator, a webhook or its change as proposed.
        ConfirmWebhook(ProposalRef) = "confirm-webhook", Permission::Staff(&[Role::Administrator]);
        /// Ends a webhook or its proposal. Nothing more is sent.
        EndWebhook(WebhookRef) = "end-webhook", Permission::Staff(&[Role::Administrator]);
        /// Makes the next secret of a webhook. It is shown once, to the person who requests it.
        MakeWebhookSecret(WebhookRef) = "make-webhook-secret",
            Permission::Download(&[Role::Administrator]);
        /// Makes a link that shows a funder's statement between two days without an account, for 90
        /// days.
        ShareStatement(ShareStatement) = "share-statement",
            Permission::Staff(&[Role::Administrator, Role::Officer, Role::Finance]);
        /// Ends a link to a funder's statement.
        EndStatementLink(StatementLinkRef) = "end-statement-link",
            Permission::Staff(&[Role::Administrator, Role::Officer, Role::Finance]);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundOrganisation {
    pub name: Line,
    /// The day on which a simulated log ends; absent for a real one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub simulated: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameFounder {
    pub person: PersonId,
    pub roles: BTreeSet<Role>,
}

/// How the log was restored under a new origin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordRestore {
    /// The origin under which checkpoints were signed before, and the number of events under the
    /// last checkpoint in the backup.
    pub origin: Line,
    pub sealed: u64,
    /// The number of events under the newest checkpoint known outside, if there is one.
    #[serde(default)]
    pub known: Option<u64>,
    pub reason: Prose,
}

/// A person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonRef {
    pub person: PersonId,
}

/// A person and a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRef {
    pub person: PersonId,
    pub role: Role,
}

/// A proposed role of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRole {
    pub person: PersonId,
    pub role: Role,
    /// The number of the proposal that was read. It is refused if a newer proposal replaced it.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub proposal: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptSigns {
    /// The signs in their order.
    #[schema(min_items = 1, max_items = 20)]
    pub signs: Vec<Sign>,
}

/// The themes that applications can be about. They replace all that were adopted before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptThemes {
    /// The themes in their order.
    #[schema(min_items = 1, max_items = 20)]
    pub themes: Vec<Theme>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishForm {
    /// The office's name for this form. Someone who plans a round chooses the form by it.
    #[serde(default)]
    pub name: Option<Line>,
    /// The questions in their order.
    #[schema(min_items = 1, max_items = 60)]
    pub questions: Vec<Question>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishAgreement {
    pub text: Document,
}

/// Staff's text on an area in the public report. It never contains text of a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishReport {
    pub area: Slug,
    /// A description of the area and the aims for it.
    pub context: Prose,
    pub hard: Prose,
    pub lessons: Prose,
    /// The same text in other languages.
    #[serde(default)]
    pub other_languages: BTreeMap<Language, AreaReportTranslation>,
}

/// Staff's text on an area in another language than English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaReportTranslation {
    pub context: Prose,
    pub hard: Prose,
    pub lessons: Prose,
}

/// A proposed template by its number, and why it is refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseMailText {
    #[schema(minimum = 1)]
    pub proposal: u32,
    pub reason: Prose,
}
