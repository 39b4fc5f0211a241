//! The content of `programme.json`: staff, money, groups, and how far each application and grant
//! gets.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::{SeedError, demo_id};
use crate::commands::organisation_id;
use crate::domain::fund::{FundState, Rules};
use crate::domain::funding_source::FundingSource;
use crate::domain::group::GroupMaturity;
use crate::domain::organisation::{PublishReport, Question};
use crate::domain::outcome::Sign;
use crate::domain::text::{Document, Line, Name, Prose, Slug};
use crate::domain::{Money, PersonId, Role};

/// The `programme.json` that is part of the program.
const BUNDLED_PROGRAMME: &str = include_str!("../../seeds/programme.json");

/// A complete illustrative programme.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoProgramme {
    /// A note in the file that its content is illustrative.
    #[expect(dead_code, reason = "for whoever reads the file")]
    illustrative: String,
    pub(super) organisation: Line,
    pub(super) staff: Vec<Staff>,
    pub(super) signs: Vec<Sign>,
    pub(super) questions: Vec<Question>,
    pub(super) agreement: Document,
    pub(super) fund: FundSeed,
    pub(super) other_funds: Vec<OtherFund>,
    pub(super) rounds: Vec<RoundSeed>,
    /// The texts of the public report, by area.
    pub(super) reports: Vec<PublishReport>,
    pub(super) groups: Vec<GroupSeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Staff {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) founder: bool,
    pub(super) roles: BTreeSet<Role>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FundSeed {
    pub(super) name: Line,
    pub(super) purpose: Prose,
    pub(super) areas: BTreeSet<Slug>,
    pub(super) rules: Rules,
    pub(super) funding: Vec<FundingSeed>,
}

/// A fund without money, and its final state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OtherFund {
    pub(super) name: Line,
    pub(super) comes_to: FundState,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FundingSeed {
    pub(super) day: i32,
    pub(super) source: FundingSource,
    pub(super) amount: Money,
    pub(super) reference: Line,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoundSeed {
    pub(super) round: Slug,
    pub(super) name: Line,
    pub(super) opens: i32,
    pub(super) closes: i32,
}

/// A group, and how far its application or grant gets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupSeed {
    pub(super) name: Name,
    pub(super) member: String,
    pub(super) area: Slug,
    pub(super) standing: GroupMaturity,
    pub(super) activity: Slug,
    pub(super) round: Slug,
    pub(super) asked: Money,
    pub(super) awarded: Option<Money>,
    pub(super) comes_to: Stage,
    pub(super) title: Line,
    pub(super) idea: String,
    /// The signs that its update mentions. The first one is strong.
    #[serde(default)]
    pub(super) signs: Vec<Slug>,
    #[serde(default)]
    pub(super) said: String,
    #[serde(default)]
    pub(super) people: u32,
    #[serde(default)]
    pub(super) volunteers: u32,
    /// The unspent amount, if any.
    #[serde(default)]
    pub(super) unspent: Option<Money>,
    /// Deviations from the usual course.
    #[serde(default)]
    pub(super) turns: Vec<Deviation>,
}

/// A deviation from the usual course of an application or grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Deviation {
    PaymentRejected,
    PaymentCancelled,
    PaymentFailed,
    PaymentReversed,
    Varied,
    Held,
    Clawback,
    InterestDeclared,
    KeyedIn,
    StoryPublished,
}

/// How far an application or grant gets, in the order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Draft,
    Lapsed,
    Submitted,
    ChangesRequested,
    Withdrawn,
    Ineligible,
    Eligible,
    InAssessment,
    Declined,
    UnderReview,
    Deferred,
    ReserveList,
    Offered,
    OfferDeclined,
    OfferLapsed,
    OfferWithdrawn,
    Accepted,
    Prepared,
    Approved,
    Sent,
    Live,
    Terminated,
    Queried,
    Excused,
    Reported,
    ReturnDue,
    Closed,
}

impl DemoProgramme {
    /// Reads `programme.json` from a folder, or the one that is part of the program.
    pub fn read(folder: Option<&Path>) -> Result<Self, SeedError> {
        let file = folder.unwrap_or(Path::new("seeds")).join("programme.json");
        let text = match folder {
            Some(_) => std::fs::read_to_string(&file).map_err(|cause| SeedError::File {
                file: file.clone(),
                cause,
            })?,
            None => BUNDLED_PROGRAMME.to_owned(),
        };
        serde_json::from_str(&text).map_err(|cause| SeedError::Malformed { file, cause })
    }

    /// The titles and meanings of the signs, which the catalogue of texts translates.
    #[must_use]
    pub fn sign_texts(&self) -> Vec<String> {
        self.signs
            .iter()
            .flat_map(|sign| [sign.title.to_string(), sign.meaning.to_string()])
            .collect()
    }

    /// The people of the demonstration as whom a visitor may sign in: all staff, and a member of
    /// the first group with a live grant. Each has a title.
    #[must_use]
    pub fn demo_accounts(&self, organisation: &str) -> Vec<(String, String, PersonId)> {
        let organisation = organisation_id(organisation);
        let staff = self.staff.iter().map(|staff| {
            (
                staff.name.clone(),
                staff.title.clone(),
                PersonId(demo_id(organisation, "person", &staff.key)),
            )
        });
        let group = self
            .groups
            .iter()
            .find(|group| group.comes_to == Stage::Live);
        let member = group.map(|group| {
            (
                group.member.clone(),
                format!("member of {}", group.name),
                PersonId(demo_id(organisation, "member", group.name.as_str())),
            )
        });
        staff.chain(member).collect()
    }
}
