//! Events of a grant. Their doc comments are the descriptions in `docs/events.md`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::agreement::AcceptanceMethod;
use super::draft::DraftField;
use super::entry::{BankEntry, EntryKind, SettledAmounts};
use super::payment::PaymentDateMoved;
use super::returns::ReturnReason;
use super::revocation::RevocationKind;
use super::schedule::Instalment;
use super::update::{EncryptedOutcome, ReminderKind};
use super::variation::VariationChanges;
use crate::domain::ChangeMark;
use crate::domain::aggregate::events;
use crate::domain::application::{Channel, PanelSitting};
use crate::domain::file::FileDigest;
use crate::domain::funding_source::FundingSplit;
use crate::domain::id::{FundId, GrantId, GroupId, PersonId};
use crate::domain::money::Money;
use crate::domain::outcome::Strength;
use crate::domain::panel::Condition;
use crate::domain::payee::PaymentRoute;
use crate::domain::personal_data::Encrypted;
use crate::domain::text::{Line, Prose, Slug};

events! {
    /// Events of a grant.
    GrantEvent {
        /// A grant was offered, with everything that its rules will need. It repeats the award.
        GrantOffered {
            fund: FundId, round: Slug, group: GroupId, area: Slug,
            /// The theme that the application named. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            theme: Option<Slug>,
            /// The amount of the award, split by source.
            sources: FundingSplit,
            /// The public title.
            title: Line,
            /// The public description.
            description: Prose,
            /// The keys of the checks that must pass before money is paid.
            checks: BTreeSet<Slug>,
            /// The conditions of the award, by key.
            conditions: BTreeMap<Slug, Condition>,
            /// How many people of the group must accept the agreement.
            signers: u8,
            /// How many people must act on each payment: two or three.
            eyes: u8,
            /// The number of days between updates; null if there is only the final update.
            update_every_days: Option<u16>,
            /// The last day on which the offer can be accepted.
            expires_on: Date,
            /// The last day of the project.
            ends_on: Date,
            /// The day by which the final update is due.
            update_due_on: Date,
            /// The offer goes out once those named as present have confirmed their attendance.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            waits: bool,
            /// The day on which the offer goes out, if its letter is held.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            letters_on: Option<Date>,
        },
        /// The offer went out, after it had waited.
        OfferSent {
            /// The last day on which it can be accepted.
            expires_on: Date,
        },
        /// The held offer goes out on another day.
        LetterMoved {
            /// The new day.
            letters_on: Date,
            /// The new last day on which it can be accepted.
            expires_on: Date,
        },
        /// The held offer goes out now, unless it waits for confirmations.
        LetterReleased {},
        /// The award was taken back before the group heard of it.
        AwardTakenBack {},
        /// The panel proposed to withdraw an offer, to end a grant or to demand money back.
        RevocationProposed {
            /// The number of the proposal within the grant: 1, 2, 3 …
            revocation: u32,
            /// What is proposed.
            kind: RevocationKind,
            /// The amount that is demanded back; null for the other kinds.
            amount: Option<Money>,
            reason: Prose, sitting: PanelSitting,
        },
        /// A panel member confirmed a revocation for themselves.
        RevocationConfirmed {
            /// The number of the proposal within the grant.
            revocation: u32,
            by: PersonId,
        },
        /// A text of the agreement was issued for the grant.
        AgreementIssued {
            /// The version of the published text.
            version: u32,
            /// SHA-256 of the text, in hexadecimal.
            hash: String,
        },
        /// One person of the group signed with their own account.
        AgreementSigned {
            /// SHA-256 of the text that they signed, in hexadecimal.
            hash: String,
            /// The name that they signed with.
            name: Encrypted,
            by: PersonId,
        },
        /// The group accepted the agreement.
        AgreementAccepted {
            /// SHA-256 of the text that was accepted, in hexadecimal.
            hash: String,
            /// How it was accepted.
            method: AcceptanceMethod,
            /// The names of those who accepted it.
            names: Vec<Encrypted>,
            /// The person who read the text out, if it was accepted by phone.
            read_by: Option<PersonId>,
        },
        /// The group declined the offer.
        OfferDeclined {},
        /// The offer was not accepted in time.
        OfferLapsed {},
        /// The panel withdrew the offer.
        OfferWithdrawn { reason: Prose },
        /// Staff asked the group for what a check needs.
        CheckRequested {
            check: Slug,
            /// What the group is asked for.
            note: Prose,
            by: PersonId,
        },
        /// A check passed, or a condition was met.
        CheckPassed {
            check: Slug,
            /// The evidence that was seen.
            note: Prose,
            by: PersonId,
            /// The last day on which the check is valid; null if it does not expire.
            good_until: Option<Date>,
            /// The file that was seen, one of the group's.
            evidence: Option<FileDigest>,
        },
        /// A check that passed for another grant of the group counts for this grant.
        CheckReused {
            check: Slug,
            /// The grant for which it passed.
            from: GrantId,
            /// The last day on which the check is valid.
            good_until: Date,
        },
        /// A check failed.
        CheckFailed {
            check: Slug,
            /// Why it failed.
            note: Prose,
            by: PersonId,
        },
        /// It was proposed to go without a check.
        WaiverProposed { check: Slug, reason: Prose, by: PersonId },
        /// A second person agreed to go without a check.
        CheckWaived { check: Slug, by: PersonId },
        /// The unpaid money was split into instalments. It replaces the unpaid ones before.
        PaymentsScheduled {
            /// The number of the first of these instalments; the others count on from there.
            first: u16,
            /// The instalments, in their order.
            instalments: Vec<Instalment>,
        },
        /// Instalments were proposed that a second person must confirm.
        ScheduleProposed {
            proposal: u32,
            /// The instalments, in their order.
            instalments: Vec<Instalment>,
            by: PersonId,
        },
        /// A payment was prepared.
        PaymentPrepared {
            /// The number of the payment within the grant: 1, 2, 3 …
            payment: u16,
            /// The number of the instalment that it pays; null if none is scheduled.
            instalment: Option<u16>,
            /// The amount of the payment.
            amount: Money,
            /// Where the money goes.
            route: PaymentRoute,
            /// The number of the group's bank details that it goes to.
            payee: u32,
            /// The supplier, if the organisation buys for the group.
            supplier: Option<Line>,
            /// The person who prepared it.
            prepared_by: PersonId,
            /// How many people must act on it: two or three.
            eyes: u8,
            /// The day on which it was prepared.
            prepared_on: Date,
            /// The sources of the money. Old logs name them in `PaymentSent` only.
            #[serde(default, skip_serializing_if = "FundingSplit::is_empty")]
            sources: FundingSplit,
            /// The first day on which it may leave after a change at the group; absent if there is
            /// no wait.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            waits_until: Option<Date>,
        },
        /// It was proposed that a payment leaves before its wait is over.
        EarlyPaymentProposed {
            payment: u16,
            /// The day until which it waits.
            until: Date,
            /// The changes at the group that the proposer saw.
            mark: ChangeMark,
            reason: Prose, by: PersonId,
        },
        /// A second person agreed that a payment leaves before its wait is over.
        EarlyPaymentConfirmed {
            payment: u16,
            /// The day until which it waits.
            until: Date,
            /// The changes at the group that both people saw.
            mark: ChangeMark,
            by: PersonId,
        },
        /// A finance person approved a payment. With enough approvals it can be sent.
        PaymentApproved {
            payment: u16,
            /// The person who approved it.
            approved_by: PersonId,
            /// The day on which it was approved. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            approved_on: Option<Date>,
        },
        /// A prepared payment was rejected.
        PaymentRejected { payment: u16, reason: Prose },
        /// A payment that was not sent was cancelled.
        PaymentCancelled { payment: u16, reason: Prose },
        /// A payment was sent to the bank. The money counts as sent from its day on.
        PaymentSent {
            payment: u16,
            /// The amount that was sent, split by source.
            sources: FundingSplit,
            /// The day on which it was sent.
            sent_on: Date,
            /// The key of the batch that it was sent in; null if it was sent alone.
            batch: Option<Slug>,
        },
        /// The bank made the payment, or the purchase was paid.
        PaymentConfirmed {
            payment: u16,
            /// The day on which the money reached its place.
            paid_on: Date,
            /// The file of the receipt, one of the group's.
            receipt: Option<FileDigest>,
            /// The change of the day on which the money left, if this date moves it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            leaving: Option<PaymentDateMoved>,
        },
        /// The bank did not make the payment. The money is with the organisation again.
        PaymentFailed {
            payment: u16,
            /// The amount that was sent, split by source.
            sources: FundingSplit,
            reason: Prose,
            /// The day on which the money was back.
            failed_on: Date,
        },
        /// The bank took a confirmed payment back. The money is with the organisation again.
        PaymentReversed {
            payment: u16,
            /// The amount that came back, split by source.
            sources: FundingSplit,
            reason: Prose,
            /// The bank's day.
            reversed_on: Date,
            /// The part that is no longer committed, because it was due back or the grant has
            /// ended.
            #[serde(default, skip_serializing_if = "FundingSplit::is_empty")]
            released: FundingSplit,
            /// How much of it settles money that was due back, by reason.
            #[serde(default, skip_serializing_if = "SettledAmounts::is_empty")]
            #[schema(value_type = BTreeMap<ReturnReason, Money>)]
            satisfied: SettledAmounts,
        },
        /// The day on which the bank made the payment was corrected.
        PaymentCorrected {
            payment: u16,
            /// The day on which the money reached its place.
            paid_on: Date,
            reason: Prose,
            /// The sequence of this grant's event that it corrects.
            corrects: u32,
            /// The change of the day on which the money left, if this date moves it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            leaving: Option<PaymentDateMoved>,
        },
        /// Another purpose, other days or another amount were asked for.
        VariationRequested {
            variation: u16,
            /// What would change.
            change: VariationChanges,
            /// Why, in the words of the person who asks.
            words: Encrypted,
            by: PersonId,
        },
        /// A change was approved. It applies from now on; more money follows by `AwardGrown`.
        VariationApproved {
            variation: u16,
            /// What changes.
            change: VariationChanges,
            /// The part of the award that falls away, split by source.
            released: FundingSplit,
            /// The amount by which the award rises; 0.00 if it does not.
            more: Money,
            by: PersonId,
            /// Who decided; null if the award does not rise.
            sitting: Option<PanelSitting>,
        },
        /// A change was refused.
        VariationRefused { variation: u16, reason: Prose, by: PersonId },
        /// The money that was committed for a change was added to the award.
        AwardGrown {
            /// How much was added, split by source.
            sources: FundingSplit,
        },
        /// Payments of the grant were put on hold.
        GrantHeld {
            reason: Prose,
            /// The day on which the hold began. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            held_on: Option<Date>,
        },
        /// The hold ended.
        GrantResumed {},
        /// The panel ended the grant.
        GrantTerminated {
            reason: Prose,
            /// The unpaid part of the award, split by source.
            released: FundingSplit,
        },
        /// An update is due from the group.
        UpdateRequested {
            update: u16,
            /// The day by which it is due.
            due_on: Date,
            /// Whether it is the final update.
            last: bool,
        },
        /// An update is due on another day.
        UpdateMoved {
            update: u16,
            /// The new day.
            due_on: Date,
        },
        /// The group was reminded of an update.
        ReminderSent {
            update: u16,
            /// Whether the update is due soon or overdue.
            occasion: ReminderKind,
            /// The day of the reminder.
            sent_on: Date,
            /// A sentence that the office adds.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            note: Option<Prose>,
            /// The member of staff who sent it; absent if the service did.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            by: Option<PersonId>,
        },
        /// An unfinished update was saved. It replaces the draft before. Staff do not see it.
        UpdateSaved {
            update: u16,
            /// What was typed, by field of the update.
            answers: BTreeMap<DraftField, Encrypted>,
            /// How strong a change the group saw, by key of the sign of success.
            strengths: BTreeMap<Slug, Strength>,
            /// What the group noticed, by key of the sign of success.
            noticed: BTreeMap<Slug, Encrypted>,
            /// The files of the group that were added.
            files: BTreeSet<FileDigest>,
        },
        /// The group sent an update, or sent it again.
        UpdateReceived {
            update: u16,
            /// How it reached the organisation.
            channel: Channel,
            /// The report, in the group's words.
            words: Encrypted,
            /// Difficulties and lessons.
            learned: Option<Encrypted>,
            /// How many people took up the activity.
            people: u32,
            /// How many people helped.
            volunteers: u32,
            /// The amount that was spent so far.
            spent: Money,
            /// The version of the signs of success that the outcomes name.
            signs: u32,
            /// What changed, by sign of success.
            outcomes: Vec<EncryptedOutcome>,
            /// Receipts and photographs, each one of the group's files.
            files: BTreeSet<FileDigest>,
            /// What the photographs show, for people who cannot see them.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pictured: Option<Encrypted>,
            /// The day on which it reached the organisation.
            received_on: Date,
        },
        /// Staff accepted an update.
        UpdateAccepted { update: u16 },
        /// Staff asked a question about an update.
        UpdateQueried {
            update: u16,
            /// What the group is asked.
            question: Prose,
            /// The day by which the group answers.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            due_on: Option<Date>,
        },
        /// The group need not send an update.
        UpdateExcused { update: u16, reason: Prose },
        /// Staff corrected the figures of an update.
        UpdateCorrected {
            update: u16,
            /// How many people took up the activity.
            people: u32,
            /// How many people helped.
            volunteers: u32,
            /// The amount that was spent so far.
            spent: Money,
            reason: Prose,
            /// The sequence of this grant's event that it corrects.
            corrects: u32,
        },
        /// Staff recorded their own view of an outcome.
        OutcomeJudged {
            update: u16,
            /// The key of the sign of success.
            sign: Slug,
            /// How strong a change they saw.
            strength: Strength,
            reason: Prose, by: PersonId,
        },
        /// The group sent news.
        NewsSent {
            /// The number of the news within the grant: 1, 2, 3 …
            news: u16,
            /// How it reached the organisation.
            channel: Channel,
            /// What happened, in the group's words. Absent if it sent photographs only.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            words: Option<Encrypted>,
            /// What the photographs show, for people who cannot see them.
            pictured: Option<Encrypted>,
            /// Photographs, each one of the group's files.
            photographs: BTreeSet<FileDigest>,
            /// The day on which it was sent.
            sent_on: Date,
        },
        /// A part of the award will not be spent.
        UnderspendDeclared {
            /// How much will not be spent.
            amount: Money,
            /// The part of it that was not paid, split by source. It is free again.
            released: FundingSplit,
            /// The part of it that was paid. It is due back.
            due_back: Money,
        },
        /// The group was asked to return money that is due back.
        ReturnRequested {
            /// Why it is due back.
            owed: ReturnReason,
            /// The day by which it is asked for.
            due_on: Date,
        },
        /// The panel demanded paid money back.
        ClawbackDemanded {
            /// The amount that is due back from now on.
            amount: Money,
            reason: Prose,
        },
        /// Money came back from the group.
        ReturnReceived {
            /// Why it was due back.
            owed: ReturnReason,
            /// The amount that came, split by source.
            sources: FundingSplit,
            /// The bank's day.
            received_on: Date,
            /// How much it settles of the money that was due back, by reason. Old events without
            /// this field settle their whole amount, for the reason in `owed`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(value_type = Option<BTreeMap<ReturnReason, Money>>)]
            satisfied: Option<SettledAmounts>,
        },
        /// It was proposed to give up money that is due back.
        ReturnWaiverProposed {
            /// Why it is due back.
            owed: ReturnReason,
            /// The amount to give up.
            amount: Money,
            reason: Prose, by: PersonId,
        },
        /// A second person agreed to give up money that is due back.
        ReturnWaived {
            /// Why it was due back.
            owed: ReturnReason,
            /// The amount that was given up.
            amount: Money,
            by: PersonId,
        },
        /// A movement at the bank was recorded that two people must settle.
        EntryUnsettled {
            /// The number of the entry within the grant: 1, 2, 3 …
            entry: u16,
            /// Whether money came in or went out.
            kind: EntryKind,
            /// The amount, the day, and what it concerns.
            details: BankEntry,
            /// The bank's text, and why the entry matches nothing; null if the service made the
            /// entry.
            note: Option<Prose>,
            by: PersonId,
        },
        /// It was proposed how an entry of the bank is settled.
        SettlementProposed {
            entry: u16,
            /// How much of it counts as money that came back.
            counts: Money,
            reason: Prose, by: PersonId,
        },
        /// A second person agreed how an entry of the bank is settled.
        EntrySettled {
            entry: u16,
            /// The amount that counts as come back, split by source.
            sources: FundingSplit,
            /// How much of it settles money that was due back, by reason.
            #[schema(value_type = BTreeMap<ReturnReason, Money>)]
            satisfied: SettledAmounts,
            /// The bank's day.
            happened_on: Date,
            by: PersonId,
        },
        /// A person who was named as present confirmed that they took part in raising the award.
        AttendanceConfirmed {
            /// The number of the change that raised the award.
            decision: u32,
            /// The person who was named as present.
            person: PersonId,
            by: PersonId,
        },
        /// Staff published a story, with the group's consent.
        StoryPublished {
            /// The number of the story within the grant: 1, 2, 3 …
            story: u16,
            /// The text for the public.
            words: Prose,
            /// The day on which the group agreed.
            consented_on: Date,
            /// How it agreed: a signed form, a phone call.
            consent: Line,
            /// Photographs, each one of the group's files.
            photographs: BTreeSet<FileDigest>,
            /// What the photographs show, for people who cannot see them.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pictured: Option<Line>,
        },
        /// A story is not public any more.
        StoryWithdrawn {
            /// The number of the story within the grant.
            story: u16,
        },
        /// The grant is finished.
        GrantClosed {
            /// What was not paid, split by source. It is free again.
            released: FundingSplit,
        },
    }
}
