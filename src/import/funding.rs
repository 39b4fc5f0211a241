//! Import of funding: one allocation to a fund per line.

use super::line::{ImportLine, RowError};
use super::{ExistingRecords, PlannedCommand, slugify};
use crate::domain::days::earliest_day;
use crate::domain::fund::Allocate;
use crate::domain::funding_source::FundingSource;
use crate::domain::language::day_text;
use crate::domain::text::{Line as Name, place_name};
use crate::domain::{Command, FundCommand, FundId};

/// Titles of the columns that are read.
pub(super) const TITLES: &[&str] = &[
    "reference",
    "fund",
    "funder",
    "area",
    "amount",
    "received on",
    "date",
];
/// Titles of the column of days.
pub(super) const DAYS: &[&str] = &["received on", "date"];

pub(super) fn plan_commands(
    line: &ImportLine,
    there: &ExistingRecords,
) -> Result<Vec<PlannedCommand>, RowError> {
    let reference: Name = line.parse(&["reference"])?;
    let fund = there.find_fund(line.required_text(&["fund"])?)?;
    let source = FundingSource {
        funder: slugify(line.required_text(&["funder"])?)?,
        area: line.text(&["area"])?.map(slugify).transpose()?,
    };
    let amount = line.money(&["amount"])?;
    let received_on = line.day(DAYS, earliest_day(there.today), there.today)?;
    let funder = place_name(source.funder.as_str());
    let says = format!("{amount} from {funder} will go to {}", fund.name);
    let area = source.area.as_ref().map(|area| place_name(area.as_str()));
    let values = vec![
        ("Reference", reference.to_string()),
        ("Fund", fund.name.clone()),
        ("Funder", funder),
        ("Area", area.unwrap_or_else(|| "Any".to_owned())),
        ("Amount", amount.to_string()),
        ("Received on", day_text(received_on)),
    ];
    let own = format!("import/funding/{}/{reference}", fund.id);
    let allocate = Allocate {
        source,
        amount,
        reference,
        received_on,
    };
    let command = Command::Fund(FundId(fund.id), FundCommand::Allocate(allocate));
    Ok(vec![PlannedCommand {
        line: line.number,
        description: says,
        values,
        key: own,
        command,
        needs_new_group: false,
    }])
}
