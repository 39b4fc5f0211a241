//! Events of a fund. Their doc comments are the descriptions in `docs/events.md`.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::command::{BatchLine, Rules};
use crate::domain::aggregate::events;
use crate::domain::file::FileDigest;
use crate::domain::funding_source::{FundingSource, FundingSplit};
use crate::domain::id::{ApplicationId, GrantId, PersonId};
use crate::domain::money::Money;
use crate::domain::text::{Line, Prose, Slug};

events! {
    /// Events of a fund.
    FundEvent {
        /// A fund was set up.
        FundCreated {
            /// The public name.
            name: Line,
            /// What the money is for.
            purpose: Prose,
            /// The keys of the areas in which groups can apply.
            areas: BTreeSet<Slug>,
            /// The rules of the fund.
            rules: Rules,
        },
        /// One person set the rules of a fund that has not opened.
        RulesSet {
            /// All rules, which replace those before.
            rules: Rules,
        },
        /// New rules of a fund that has opened were proposed.
        RulesProposed {
            /// The proposed rules.
            rules: Rules,
            proposed_by: PersonId,
        },
        /// A second person confirmed the proposed rules. They apply from now on.
        RulesConfirmed {
            /// All rules, which replace those before.
            rules: Rules,
            confirmed_by: PersonId,
        },
        /// Proposed rules were refused or withdrawn.
        RulesRefused { reason: Prose, by: PersonId },
        /// The fund opened.
        FundOpened {},
        /// The fund takes and decides nothing for a while.
        FundPaused { reason: Prose },
        /// The fund goes on after a pause.
        FundResumed {},
        /// The fund closed.
        FundClosed {},
        /// The closed fund was put away.
        FundArchived {},
        /// A funder gave money to the fund.
        FundingAllocated {
            /// The funder, and the area that the money is for.
            source: FundingSource,
            /// How much was given.
            amount: Money,
            /// The funder's reference, or the office's own.
            reference: Line,
            /// The day on which the money came.
            received_on: Date,
        },
        /// Money that was given left the fund unspent.
        FundingWithdrawn {
            /// The funder, and the area that the money was for.
            source: FundingSource,
            /// How much was withdrawn.
            amount: Money,
            reason: Prose,
            /// The day on which the money left.
            withdrawn_on: Date,
        },
        /// A round of applications was planned.
        RoundPlanned {
            round: Slug,
            /// The public name of the round.
            name: Line,
            /// The first day on which groups can apply.
            opens_on: Date,
            /// The last day on which groups can apply.
            closes_on: Date,
            /// The day on which the panel meets; absent if it was not known.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            panel_meets_on: Option<Date>,
            /// The day by which every group has its answer; absent if none was promised.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            hear_by: Option<Date>,
            /// The version of the form that applications of the round answer.
            form: u32,
        },
        /// The round opened.
        RoundOpened { round: Slug },
        /// The round closes on a later day.
        RoundExtended {
            round: Slug,
            /// The new last day on which groups can apply.
            closes_on: Date,
            /// The new day on which the panel meets; absent if the day stays as it is.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            panel_meets_on: Option<Date>,
            /// The new day by which every group has its answer; absent if the day stays as it is.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            hear_by: Option<Date>,
        },
        /// The round closed.
        RoundClosed { round: Slug },
        /// The panel began to decide on the round.
        DecidingStarted { round: Slug },
        /// All applications of the round are decided.
        RoundCompleted { round: Slug },
        /// The decisions of a meeting were recorded together.
        PanelMet {
            round: Slug,
            /// The day of the meeting.
            met_on: Date,
            /// The applications that were decided.
            applications: Vec<ApplicationId>,
            /// The day on which the letters go out; absent if they went out immediately.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            letters_on: Option<Date>,
        },
        /// The held letters of a meeting go out on another day.
        LettersMoved {
            round: Slug,
            /// The day of the meeting.
            met_on: Date,
            /// The new day on which the letters go out.
            letters_on: Date,
            /// The applications whose letters were moved.
            applications: Vec<ApplicationId>,
        },
        /// The held letters of a meeting went out.
        LettersReleased {
            round: Slug,
            /// The day of the meeting.
            met_on: Date,
            /// The applications whose letters went out.
            applications: Vec<ApplicationId>,
        },
        /// The payments of a batch were sent to the bank together.
        BatchSent {
            batch: Slug,
            /// The day on which they were sent.
            sent_on: Date,
            /// How many payments the batch has.
            payments: u32,
            /// The sum of the payments.
            total: Money,
        },
        /// A payment file for the bank was made.
        BankFileMade {
            batch: Slug,
            /// The number of the file for its batch: 1, 2, 3 …
            number: u32,
            /// How many payments the file has.
            payments: u32,
            /// The sum of the payments.
            total: Money,
            /// SHA-256 of the file under the service's index key and the keys of the groups that
            /// are paid. Events of earlier versions have the plain SHA-256, or the one under the
            /// index key alone.
            digest: FileDigest,
            /// Why another file was made; null for the first.
            reason: Option<Prose>,
            by: PersonId,
            /// The payments of a batch that is not sent yet. Absent if the batch was sent before,
            /// or has the same payments as in the file before.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            lines: Vec<BatchLine>,
        },
        /// An application was put on the reserve list.
        ReserveListed {
            application: ApplicationId, round: Slug,
            /// Its place on the list, 1 being the first.
            rank: u16,
        },
        /// An application left the reserve list.
        ReserveUnlisted {
            application: ApplicationId, round: Slug,
            /// The place that it had.
            rank: u16,
        },
        /// The fund committed more money for a grant.
        CommitmentIncreased {
            grant: GrantId, area: Slug, round: Slug,
            /// How much more, split by source.
            sources: FundingSplit,
        },
        /// The fund committed the money of an award.
        Committed {
            grant: GrantId, area: Slug, round: Slug,
            /// The amount of the award, split by source.
            sources: FundingSplit,
        },
        /// The fund commits less for a grant, because a part was not needed, came back or is not
        /// claimed.
        CommitmentReduced {
            grant: GrantId,
            /// How much less, split by source.
            sources: FundingSplit,
            /// The day at the bank from which it counts; null for the day on which it was recorded.
            effective_on: Option<Date>,
        },
        /// What was still committed for a grant that is over is free again.
        CommitmentReleased {
            grant: GrantId,
            /// How much was released, split by source.
            sources: FundingSplit,
        },
        /// The commitment of an award that was taken back ended, as if it had never been.
        CommitmentTakenBack {
            grant: GrantId,
            /// How much was committed, split by source.
            sources: FundingSplit,
        },
    }
}
