//! The options of `audit replay`.

use clap::{Args, ValueEnum};
use jiff::civil::Date;

/// What `audit replay` prints.
#[derive(Clone, Debug, Args)]
pub struct ReplayQuery {
    /// The view.
    #[arg(long, default_value = "budget")]
    pub view: String,
    /// A day, meaning its end, or a position. A position inside a command gives the state before
    /// that command. Without it, the end of the folder.
    #[arg(long)]
    pub as_at: Option<String>,
    /// What the lines of `budget` and `outcomes` are of.
    #[arg(long, value_enum)]
    pub by: Option<FigureGroup>,
    /// Count every event of the folder by the day on which it took effect. `--as-at` is then a day;
    /// without it, today.
    #[arg(long)]
    pub effective: bool,
    /// The fund, by its id, or the funder of a `statement`.
    #[arg(long, value_name = "FUND_OR_FUNDER")]
    pub of: Option<String>,
    /// The first day of a `statement`. Without it, the last one.
    #[arg(long)]
    pub from: Option<Date>,
    /// The last day of a `statement`. Without it, today.
    #[arg(long)]
    pub until: Option<Date>,
}

/// What each line of figures is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FigureGroup {
    Fund,
    Funder,
    Area,
    Theme,
    Round,
    Sign,
    Grant,
}
