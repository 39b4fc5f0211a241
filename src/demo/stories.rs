//! The content of `stories/`: each group with its application, and how far that gets.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::SeedError;
use crate::domain::Money;
use crate::domain::application::Channel;
use crate::domain::group::GroupMaturity;
use crate::domain::language::Language;
use crate::domain::outcome::Strength;
use crate::domain::text::{Identifier, Line, Name, Prose, Slug};

/// The stories that are part of the program: a file for each area.
const BUNDLED_STORIES: [(&str, &str); 3] = [
    (
        "stockport.json",
        include_str!("../../seeds/stories/stockport.json"),
    ),
    (
        "oldham.json",
        include_str!("../../seeds/stories/oldham.json"),
    ),
    (
        "tameside.json",
        include_str!("../../seeds/stories/tameside.json"),
    ),
];

/// A group, its application, and how far the application or grant gets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupSeed {
    pub(super) name: Name,
    pub(super) contact: ContactSeed,
    pub(super) area: Slug,
    pub(super) standing: GroupMaturity,
    /// Its number as a charity or a company, if it is registered.
    #[serde(default)]
    pub(super) identifier: Option<Identifier>,
    pub(super) activity: Slug,
    pub(super) round: Slug,
    /// How the application arrived, if not on the pages.
    #[serde(default = "on_the_pages")]
    pub(super) channel: Channel,
    /// The language of the group, if not English, and who helps it with English.
    #[serde(default)]
    pub(super) language: Option<Language>,
    #[serde(default)]
    pub(super) helper: Option<String>,
    /// The language that they speak, if it is not English.
    #[serde(default)]
    pub(super) speaks: Option<String>,
    pub(super) asked: Money,
    #[serde(default)]
    pub(super) awarded: Option<Money>,
    pub(super) comes_to: Stage,
    /// The day on which the last update is due, relative to the end, if not as usual.
    #[serde(default)]
    pub(super) due: Option<i32>,
    pub(super) title: Line,
    pub(super) description: Prose,
    /// By question. The answer about money is the budget.
    pub(super) answers: BTreeMap<Slug, String>,
    pub(super) budget: Vec<BudgetSeed>,
    /// What the two assessors noted with their scores.
    #[serde(default)]
    pub(super) notes: Vec<Prose>,
    /// The reason of a decision, and what the group may do better.
    #[serde(default)]
    pub(super) reason: Option<Prose>,
    #[serde(default)]
    pub(super) feedback: Option<Prose>,
    #[serde(default)]
    pub(super) update: Option<UpdateSeed>,
    /// News of a grant that is under way.
    #[serde(default)]
    pub(super) news: Option<NewsSeed>,
    #[serde(default)]
    pub(super) story: Option<StorySeed>,
    /// Deviations from the usual course.
    #[serde(default)]
    pub(super) turns: BTreeMap<Deviation, TurnSeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactSeed {
    pub(super) name: String,
    #[serde(default)]
    pub(super) email: Option<String>,
    pub(super) telephone: String,
    /// The second member, who signs the agreement as well.
    pub(super) second: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetSeed {
    pub(super) item: String,
    pub(super) amount: Money,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateSeed {
    pub(super) words: String,
    pub(super) hard: String,
    pub(super) people: u32,
    pub(super) volunteers: u32,
    /// The unspent amount, if any.
    #[serde(default)]
    pub(super) unspent: Option<Money>,
    pub(super) signs: Vec<SignSeed>,
    /// Names of pictures in `photographs/`.
    #[serde(default)]
    pub(super) photographs: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignSeed {
    pub(super) sign: Slug,
    pub(super) strength: Strength,
    pub(super) words: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewsSeed {
    pub(super) words: String,
    /// What its pictures show.
    pub(super) pictured: String,
    /// Names of pictures in `photographs/`.
    pub(super) photographs: Vec<String>,
}

/// A published story: a quotation, and how consent was given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StorySeed {
    pub(super) words: Prose,
    pub(super) consent: Line,
}

/// What is said at a deviation, and the answer to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TurnSeed {
    pub(super) said: String,
    #[serde(default)]
    pub(super) answer: Option<String>,
}

/// A deviation from the usual course of an application or grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Deviation {
    /// The group answered a question, and its answer waits to be read.
    Resubmitted,
    /// Only one assessor has scored.
    OneScore,
    InterestDeclared,
    ReviewRefused,
    PaymentRejected,
    PaymentCancelled,
    PaymentFailed,
    /// The newest payment came back from the bank.
    PaymentBounced,
    PaymentReversed,
    Varied,
    VariationRefused,
    /// A later end is asked for and not decided.
    LaterEnd,
    Held,
    Clawback,
    SignDisputed,
    FiguresCorrected,
    /// Keeping the unspent money is proposed and not confirmed.
    WaiverProposed,
    StoryWithdrawn,
    /// An officer entered another telephone number, which a second person confirms.
    ContactMoved,
    ErasureRequested,
    Erased,
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

fn on_the_pages() -> Channel {
    Channel::Web
}

impl GroupSeed {
    /// Whether an officer keyed in what the group wrote or said.
    pub(super) fn is_keyed_in(&self) -> bool {
        self.channel != Channel::Web
    }

    /// The budget as the group's answer: a line for each item.
    pub(super) fn budget_text(&self) -> String {
        let lines = self.budget.iter().map(|line| {
            let amount = line.amount.to_string();
            let amount = amount.strip_suffix(".00").unwrap_or(&amount);
            format!("{}: {amount}", line.item)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The award; without one, the amount that the group asked for.
    pub(super) fn whole(&self) -> Money {
        self.awarded.unwrap_or(self.asked)
    }

    pub(super) fn unspent(&self) -> Option<Money> {
        self.update.as_ref().and_then(|update| update.unspent)
    }
}

/// Reads the stories from a folder, or those that are part of the program.
pub(super) fn read(folder: Option<&Path>) -> Result<Vec<GroupSeed>, SeedError> {
    let mut groups = Vec::new();
    for (name, bundled) in BUNDLED_STORIES {
        let file = folder
            .unwrap_or(Path::new("seeds"))
            .join("stories")
            .join(name);
        let text = match folder {
            Some(_) => std::fs::read_to_string(&file).map_err(|cause| SeedError::File {
                file: file.clone(),
                cause,
            })?,
            None => bundled.to_owned(),
        };
        let area: Vec<GroupSeed> =
            serde_json::from_str(&text).map_err(|cause| SeedError::Malformed { file, cause })?;
        groups.extend(area);
    }
    Ok(groups)
}
