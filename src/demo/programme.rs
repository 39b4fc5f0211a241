//! The content of `programme.json`: staff, texts, money and rounds.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::gatherings::{self, GatheringSeed};
use super::movement::{self, MovementFile};
use super::stories::{self, GroupSeed, Stage};
use super::{SeedError, demo_id};
use crate::commands::organisation_id;
use crate::domain::fund::{FundState, Rules};
use crate::domain::funding_source::FundingSource;
use crate::domain::organisation::{PublishReport, Question, Settings};
use crate::domain::outcome::Sign;
use crate::domain::text::{Document, Line, Prose, Slug};
use crate::domain::theme::Theme;
use crate::domain::{Money, PersonId, Role};
use crate::starter;

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
    #[serde(default)]
    pub(super) settings: Option<Settings>,
    pub(super) staff: Vec<Staff>,
    /// The signs, themes and questions to start from, unless the file has its own.
    #[serde(default = "starter::signs")]
    pub(super) signs: Vec<Sign>,
    #[serde(default = "starter::themes")]
    pub(super) themes: Vec<Theme>,
    #[serde(default = "starter::questions")]
    pub(super) questions: Vec<Question>,
    pub(super) agreement: Document,
    pub(super) fund: FundSeed,
    pub(super) other_funds: Vec<OtherFund>,
    pub(super) rounds: Vec<RoundSeed>,
    /// The texts of the public report, by area.
    pub(super) reports: Vec<PublishReport>,
    /// From `stories/`.
    #[serde(skip)]
    pub(super) groups: Vec<GroupSeed>,
    /// From `gatherings.json`.
    #[serde(skip)]
    pub(super) gatherings: Vec<GatheringSeed>,
    /// From `directory.json`, `introductions.json`, `heard.json` and `learning.json`.
    #[serde(skip)]
    pub(super) movement: Vec<MovementFile>,
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
    /// A role that was proposed lately and waits for a second administrator.
    #[serde(default)]
    pub(super) proposed: Option<Role>,
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
    /// The days on which the panel meets, and by which every group hears.
    #[serde(default)]
    pub(super) panel_meets: Option<i32>,
    #[serde(default)]
    pub(super) hear_by: Option<i32>,
    /// Whether every application of the round is decided.
    #[serde(default)]
    pub(super) completed: bool,
}

impl DemoProgramme {
    /// Reads `programme.json` and `stories/` from a folder, or those that are part of the program.
    pub fn read(folder: Option<&Path>) -> Result<Self, SeedError> {
        let file = folder.unwrap_or(Path::new("seeds")).join("programme.json");
        let text = match folder {
            Some(_) => std::fs::read_to_string(&file).map_err(|cause| SeedError::File {
                file: file.clone(),
                cause,
            })?,
            None => BUNDLED_PROGRAMME.to_owned(),
        };
        let mut programme: Self =
            serde_json::from_str(&text).map_err(|cause| SeedError::Malformed { file, cause })?;
        programme.groups = stories::read(folder)?;
        programme.gatherings = gatherings::read(folder)?;
        programme.movement = movement::read(folder)?;
        Ok(programme)
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
        let in_office = self.staff.iter().filter(|staff| !staff.roles.is_empty());
        let staff = in_office.map(|staff| {
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
                group.contact.name.clone(),
                format!("member of {}", group.name),
                PersonId(demo_id(organisation, "member", group.name.as_str())),
            )
        });
        staff.chain(member).collect()
    }
}
